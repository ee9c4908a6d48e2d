"""The result store of a batch: atomic Parquet parts in a folder, one writer, many readers. Files: docs/store.md."""

from experiments.store.rows import SCHEMA, Failure, RunRow
from experiments.store.store import Store

__all__ = ["SCHEMA", "Failure", "RunRow", "Store"]
