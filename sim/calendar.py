"""ISO weeks as integers: the model's only clock.

Week 0 is the week of Monday 3 January 2000 (2000-W01). A week belongs to the month and the year of its Thursday,
so 2026 has 53 weeks (ISO 8601).
"""

import re
from datetime import date, timedelta
from functools import cache
from typing import Final

EPOCH: Final = date(2000, 1, 3)
# Addresses of chance hold a week in eleven bits: a vacancy's (sim/week/companies.py), a spell's
# (sim/week/assignment.py).
LAST_WEEK: Final = 2047
_LABEL = re.compile(r"^(\d{4})-W(\d{2})$")


def week_of(label: str) -> int:
    """Week index of an ISO label such as '2027-W01'. Raises ValueError when the week does not exist."""
    match = _LABEL.match(label)
    if not match:
        raise ValueError(f"{label!r} is not an ISO week; write it as 2027-W01")
    year, week = int(match[1]), int(match[2])
    try:
        monday = date.fromisocalendar(year, week, 1)
    except ValueError:
        raise ValueError(f"{label!r} does not exist: {year} has {weeks_in_year(year)} ISO weeks") from None
    return (monday - EPOCH).days // 7


def week_of_date(day: date) -> int:
    """Week that contains `day`."""
    return (day - EPOCH).days // 7


def first_week_from(day: date) -> int:
    """First week whose Thursday is on or after `day`: from then a rule dated `day` governs whole weeks."""
    return -((EPOCH + timedelta(days=3) - day).days // 7)


@cache
def monday_of(week: int) -> date:
    """The Monday that opens `week`."""
    return EPOCH + timedelta(weeks=int(week))


def iso(week: int) -> str:
    """ISO label of a week index."""
    year, number, _ = monday_of(week).isocalendar()
    return f"{year}-W{number:02d}"


@cache
def year_of(week: int) -> int:
    """Year of the week's Thursday: the budget year the week is booked in."""
    return (monday_of(week) + timedelta(days=3)).year


def month_of(week: int) -> int:
    """Month (1-12) of the week's Thursday."""
    return (monday_of(week) + timedelta(days=3)).month


def weeks_in_year(year: int) -> int:
    """52 or 53."""
    return date(year, 12, 28).isocalendar().week


def year_start(year: int) -> int:
    """Index of the first ISO week of `year`."""
    return week_of(f"{year}-W01")
