"""A scenario as flat tables: what the kernels read. A lever only changes tables."""

from sim.tables.build import Tables, build_tables, change_weeks

__all__ = ["Tables", "build_tables", "change_weeks"]
