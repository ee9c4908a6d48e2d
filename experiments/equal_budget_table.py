"""The equal-budget table: what each strategy may spend, spends and costs net, by budget year (docs/results.md)."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from experiments.comparison import Comparison
from experiments.equal_budget import (
    TOLERANCE,
    Priced,
    authorised_kr,
    dose_words,
    horizon_words,
    running_years,
)
from experiments.money import DO_NOTHING
from sim.records.outcomes import WEEKS_PER_YEAR
from sim.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

EQUAL_BUDGET_COLUMNS: Final = (
    "scenario",
    "evidence_class",
    "dose",
    "year",  # a whole budget year, or "solved for": the mean of the years the dose was solved for
    "budget_kr",
    "authorised_kr",  # the levers' own posts and pay at full strength
    "spent_kr",  # extra gross operating spending
    "spent_error_kr",  # 95 % calculation error
    "off_share",  # spent against the budget
    "net_kr",  # municipality, all frames
    "net_error_kr",
    "within_1_percent",
    "reason",
)
SOLVED_FOR: Final = "solved for"
START_UP: Final = "start-up: posts stand empty until somebody is hired, one-off costs fall"


def with_equal_budget(comparison: Comparison, base: Scenario, priced: Sequence[Priced]) -> Comparison:
    """The comparison of the solved scenarios with its equal-budget table and a note on how it was made."""
    share = base.world.share
    part = f" (of {priced[0].budget_kr / share / 1e6:g} in the whole municipality)" if share < 1.0 else ""
    notes = [
        f"Equal budget: {priced[0].budget_kr / 1e6:g} mio. kr.{part} of extra gross operating spending a budget year,"
        f" before any saving. Doses solved for the mean of {horizon_words(base)} on the runs shown;"
        " the years differ by luck and start-up."
    ]
    notes += [f"{name}: {dose_words(one)}." for name, one in zip(comparison.scenarios, priced, strict=True)]
    return replace(
        comparison,
        equal_budget=equal_budget_frame(comparison, base, priced),
        notes=[*comparison.notes, *notes],
    )


def equal_budget_frame(comparison: Comparison, base: Scenario, priced: Sequence[Priced]) -> "pd.DataFrame":
    """One row a strategy for the years solved for, one for each whole budget year; "do nothing" first."""
    import pandas as pd

    kroner = (
        "budget_kr",
        "authorised_kr",
        "spent_kr",
        "spent_error_kr",
        "off_share",
        "net_kr",
        "net_error_kr",
    )
    zero = dict.fromkeys(kroner, 0.0)
    rows: list[dict[str, Any]] = [
        {"scenario": DO_NOTHING, "evidence_class": "", "dose": "", "year": SOLVED_FOR, **zero, "within_1_percent": True,
         "reason": ""}
    ]  # fmt: skip
    for name, one in zip(comparison.scenarios, priced, strict=True):
        rows += _rows_of(comparison, base, name, one)
    return pd.DataFrame(rows, columns=list(EQUAL_BUDGET_COLUMNS))


def _rows_of(comparison: Comparison, base: Scenario, name: str, priced: Priced) -> Iterator[dict[str, Any]]:
    whole, running = running_years(base.start_week, base.weeks)
    at_a_year = 1.0 if whole else WEEKS_PER_YEAR / base.weeks
    periods = {
        str(year): comparison.difference(name, "gross_operating_spending", "all", str(year)) for year in whole
    }
    net = {str(year): comparison.difference(name, "net_municipal_cost", "all", str(year)) for year in whole}
    if not whole:
        periods = {"all": comparison.difference(name, "gross_operating_spending")}
        net = {"all": comparison.difference(name, "net_municipal_cost")}
    means = [str(year) for year in running] or ["all"]
    same = {
        "scenario": name,
        "evidence_class": comparison.evidence_class[name] or "",
        "dose": dose_words(priced),
        "budget_kr": priced.budget_kr,
        "authorised_kr": authorised_kr(priced.scenario),
    }

    def row(
        year: str, spent: float, error: float, cost: float, cost_error: float, reason: str
    ) -> dict[str, Any]:
        off = spent / priced.budget_kr - 1.0
        return {
            **same, "year": year, "spent_kr": spent, "spent_error_kr": error, "off_share": off, "net_kr": cost,
            "net_error_kr": cost_error, "within_1_percent": bool(abs(off) <= TOLERANCE), "reason": reason,
        }  # fmt: skip

    spent = float(np.mean([periods[year].difference for year in means])) * at_a_year
    reasons = "; ".join(f"{solved.lever}: {solved.reason}" for solved in priced.levers if solved.reason)
    cost = float(np.mean([net[year].difference for year in means])) * at_a_year
    yield row(SOLVED_FOR, spent, np.nan, cost, np.nan, reasons)
    for year in map(str, whole):
        one, error = periods[year].difference, periods[year].high - periods[year].difference
        off = abs(one / priced.budget_kr - 1.0)
        reason = ""
        if off > TOLERANCE:
            luck = abs(one - priced.budget_kr) <= error
            by_luck = "within its calculation error" if luck else "spending differs by year"
            reason = reasons or (START_UP if year not in means else by_luck)
        yield row(year, one, error, net[year].difference, net[year].high - net[year].difference, reason)


def by_class(frame: "pd.DataFrame") -> list[tuple[str, list[dict[str, Any]]]]:
    """(class, the rows of the years solved for): classes apart, "do nothing" at the head of each."""
    rows = [
        {str(key): value for key, value in row.items()}
        for row in frame[frame.year == SOLVED_FOR].to_dict("records")
    ]
    nothing, others = rows[:1], rows[1:]
    grades = sorted({str(row["evidence_class"]) for row in others})
    return [
        (grade, [*nothing, *(row for row in others if row["evidence_class"] == grade)]) for grade in grades
    ]


def years_of(frame: "pd.DataFrame", scenario: str) -> list[tuple[str, float, float, str]]:
    """(budget year, spent off the budget as a share, its calculation error as a share, reason)."""
    rows = frame[(frame.scenario == scenario) & (frame.year != SOLVED_FOR)]
    return [
        (
            str(r["year"]),
            float(r["off_share"]),
            float(r["spent_error_kr"]) / float(r["budget_kr"]),
            str(r["reason"]),
        )
        for r in rows.to_dict("records")
    ]
