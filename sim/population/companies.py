"""Companies: one row per workplace in the municipality."""

from collections import namedtuple
from typing import Final

from sim.population.citizens import Column

COMPANIES: Final = (
    Column("company_sector", "uint8", "code", "index into the municipality's sectors"),
    Column("company_jobs", "int32", "jobs", "ordinary employees"),
    Column("company_openness", "float64", "0-1", "chance that a request for a placement is met; learns"),
    Column("company_guests", "int16", "persons", "placements and wage subsidies running"),
    Column(
        "company_replaced", "int16", "vacancies", "posts it will not open: somebody supported does the work"
    ),
    Column("company_open", "int16", "vacancies", "vacancies open this week"),
    Column("company_first", "int32", "position", "first of them in the sorted list of vacancies"),
    Column(
        "company_contact_week",
        "int16",
        "week",
        "latest week with a placement or a hire through the jobcentre",
    ),
    Column(
        "company_contacts", "int16", "contacts", "placements and hires of supported citizens this budget year"
    ),
)

Companies = namedtuple("Companies", [column.name for column in COMPANIES])  # type: ignore[misc]
