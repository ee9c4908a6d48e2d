"""The equal-budget table: what each strategy may spend, spends and costs net, by budget year (docs/results.md)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from experiments.comparison import Comparison
from experiments.equal_budget import TOLERANCE, Priced, authorised_kr, dose_words, whole_years
from experiments.experiment_file import PLAIN
from experiments.money import DO_NOTHING
from sim.records.outcomes import WEEKS_PER_YEAR
from sim.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

    from experiments.batch import Batch

# (scenario, outcome, group, year) -> mean difference from the base, half-width of its 95 % calculation error
Figures = Callable[[str, str, str, str], tuple[float, float]]

EQUAL_BUDGET_COLUMNS: Final = (
    "scenario",
    "evidence_class",
    "dose",
    "year",  # a whole budget year, or "full year": what is authorised in one, and the mean of what those held
    "budget_municipality_kr",  # B as it was given
    "budget_kr",  # B in the simulated part of the municipality, as all kroner of the table
    "authorised_kr",
    "off_share",  # authorised against the budget
    "within_1_percent",
    "spent_kr",  # extra gross operating spending, as it came
    "spent_error_kr",  # 95 % calculation error
    "own_kr",  # on the levers' own posts, pay and one-off costs; the rest of spent_kr is other pots, and may be below 0
    "net_kr",  # municipality, all frames
    "net_error_kr",
    "reason",
)
FULL_YEAR: Final = "full year"
OWN: Final = ("staff", "retention_pay", "lever_one_off")  # accounts


def with_equal_budget(comparison: Comparison, base: Scenario, priced: Sequence[Priced]) -> Comparison:
    """The comparison of the solved scenarios with its equal-budget table and a note on how it was made."""

    def figures(name: str, outcome: str, group: str, year: str) -> tuple[float, float]:
        row = comparison.difference(name, outcome, group, year)
        return float(row.difference), float(row.high - row.difference)

    grades = [comparison.evidence_class[name] or "" for name in comparison.scenarios]
    return replace(
        comparison,
        equal_budget=equal_budget_frame(base, comparison.scenarios, grades, priced, figures),
        notes=[*comparison.notes, *equal_budget_notes(base, comparison.scenarios, priced)],
    )


def priced_frame(job: "Batch") -> "pd.DataFrame | None":
    """The table of a batch, its plain world: means over the pairs in the store. None without an equal budget, or as
    long as no pair is whole."""
    experiment = job.experiment
    names = experiment.names[1:]
    effects = cache(job.effects)  # of every scenario at once
    if PLAIN not in experiment.priced or set(names) - effects("net_municipal_cost/all/all").keys():
        return None

    def figures(name: str, outcome: str, group: str, year: str) -> tuple[float, float]:
        effect = effects(f"{outcome}/{group}/{year}")[name]
        return effect.mean, effect.calculation_error

    base, *others = experiment.worlds[PLAIN]
    grades = [scenario.evidence_class or "" for scenario in others]
    return equal_budget_frame(base, names, grades, experiment.priced[PLAIN], figures)


def equal_budget_notes(base: Scenario, names: Sequence[str], priced: Sequence[Priced]) -> list[str]:
    """How the table was made, and the doses."""
    return [
        f"Equal budget: {budget_words(base.world.share, priced[0].budget_kr)} authorised more a budget year, before any"
        " saving. A dose authorises the same in every full year, whatever is drawn; spending follows and differs.",
        *(f"{name}: {dose_words(one)}." for name, one in zip(names, priced, strict=True)),
    ]


def budget_words(share: float, budget_kr: float) -> str:
    """'5 mio. kr.', or what the simulated part of the municipality has of it."""
    whole = f"{budget_kr / share / 1e6:g} mio. kr."
    if share == 1.0:
        return whole
    return f"{budget_kr / 1e6:g} mio. kr. (the {share:g} of {whole} that falls on the part simulated)"


def equal_budget_frame(
    base: Scenario, names: Sequence[str], grades: Sequence[str], priced: Sequence[Priced], figures: Figures
) -> "pd.DataFrame":
    """One row a strategy for a full year, one for each whole budget year; "do nothing" first."""
    import pandas as pd

    zero = {column: 0.0 for column in EQUAL_BUDGET_COLUMNS if column.endswith(("_kr", "_share"))}
    rows: list[dict[str, Any]] = [
        {**zero, "scenario": DO_NOTHING, "evidence_class": "", "dose": "", "year": FULL_YEAR, "within_1_percent": True,
         "reason": ""}
    ]  # fmt: skip
    for name, grade, one in zip(names, grades, priced, strict=True):
        rows += _rows_of(base, name, grade, one, figures)
    return pd.DataFrame(rows, columns=list(EQUAL_BUDGET_COLUMNS))


def _rows_of(
    base: Scenario, name: str, grade: str, priced: Priced, figures: Figures
) -> Iterator[dict[str, Any]]:
    whole = whole_years(base)
    periods = [str(year) for year in whole] or ["all"]
    at_a_year = 1.0 if whole else WEEKS_PER_YEAR / base.weeks
    spent, net = (
        np.array([figures(name, outcome, "all", year) for year in periods]) * at_a_year
        for outcome in ("gross_operating_spending", "net_municipal_cost")
    )
    own = at_a_year * np.array(
        [sum(figures(name, "municipal_by_account", one, year)[0] for one in OWN) for year in periods]
    )

    def row(year: str, authorised: float, reason: str, figure: Sequence[float]) -> dict[str, Any]:
        off = authorised / priced.budget_kr - 1.0
        paid, paid_error, mine, cost, cost_error = map(float, figure)
        return {
            "scenario": name, "evidence_class": grade, "dose": dose_words(priced), "year": year,
            "budget_municipality_kr": priced.budget_kr / base.world.share, "budget_kr": priced.budget_kr,
            "authorised_kr": authorised, "off_share": off, "within_1_percent": bool(abs(off) <= TOLERANCE),
            "spent_kr": paid, "spent_error_kr": paid_error, "own_kr": mine, "net_kr": cost,
            "net_error_kr": cost_error, "reason": reason,
        }  # fmt: skip

    reasons = "; ".join(f"{solved.lever}: {solved.reason}" for solved in priced.levers if solved.reason)
    full = authorised_kr(priced.scenario)
    mean = (spent[:, 0].mean(), np.nan, own.mean(), net[:, 0].mean(), np.nan)
    yield row(FULL_YEAR, full, reasons, mean)
    for at, year in enumerate(whole):
        here = authorised_kr(priced.scenario, year)
        other = "" if abs(here - full) < 1.0 else "not a full year, or a one-off cost falls"
        figure = (*spent[at], own[at], *net[at])
        yield row(str(year), here, "; ".join(filter(None, (reasons, other))), figure)


def by_class(frame: "pd.DataFrame") -> list[tuple[str, list[dict[str, Any]]]]:
    """(class, the rows of a full year): classes apart, "do nothing" at the head of each."""
    rows = [
        {str(key): value for key, value in row.items()}
        for row in frame[frame.year == FULL_YEAR].to_dict("records")
    ]
    nothing, others = rows[:1], rows[1:]
    grades = sorted({str(row["evidence_class"]) for row in others})
    return [
        (grade, [*nothing, *(row for row in others if row["evidence_class"] == grade)]) for grade in grades
    ]


def years_of(frame: "pd.DataFrame", scenario: str) -> list[dict[str, Any]]:
    """The rows of a strategy's whole budget years."""
    rows = frame[(frame.scenario == scenario) & (frame.year != FULL_YEAR)]
    return [{str(key): value for key, value in row.items()} for row in rows.to_dict("records")]
