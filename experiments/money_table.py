"""Money over time of a comparison as one tidy table (money.csv). Schema: docs/results.md."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from experiments.money import (
    band,
    choices,
    cost_per_week,
    discount_factors,
    payback_chances,
    present_value,
    price_index,
)
from experiments.money_lines import OWED, WAGE_YEAR, Change, Line, growth, lines
from sim import codes
from sim.calendar import year_of
from sim.records.outcomes import WEEKS_PER_YEAR, Key
from sim.records.weekly import NAMES
from sim.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

MONEY_COLUMNS: Final = (
    "scenario",
    "evidence_class",
    "part",  # net cost | present value | payback | self-support | choice | not in the headline
    "measure",
    "frame",  # all | service; a payer in "not in the headline"
    "year",  # a budget year, or "all"
    "prices",  # fixed | current | present value
    "unit",
    "value",
    "low",
    "high",
    "spread",  # what low and high are over
    "rows",  # runs or draws
    "status",
    "source",
)
OVER_RUNS: Final = "paired runs with fixed behaviour: luck and calculation error mixed, not knowledge"
OVER_DRAWS: Final = "parameter draws: knowledge"
OVER_INDEX: Final = "range of the years whose prices are not known"
OVER_PARAMETERS: Final = "range of the declared parameters, mean over rows"
RANKED: Final = ("A",)  # classes that may be ranked against each other; B and C only when asked
FRAMES: Final = ("all", "service")
LAST_WEEKS: Final = 4  # stock at the horizon: mean of so many weeks


class Run(Protocol):
    """What is needed of a run or of the mean of a draw's runs (experiments.compare.Summary)."""

    @property
    def keys(self) -> tuple[Key, ...]: ...
    @property
    def values(self) -> np.ndarray: ...
    @property
    def series(self) -> np.ndarray: ...  # weekly columns first, in the order of NAMES


@dataclass(frozen=True)
class Calendar:
    """Budget years of a horizon."""

    years: tuple[int, ...]
    person_years: np.ndarray  # length of each in years
    middle: np.ndarray  # years from the start to its middle
    whole: int  # year-ends the horizon reaches

    @classmethod
    def of(cls, start: int, weeks: int) -> "Calendar":
        """The years touched by `weeks` weeks from week index `start`."""
        named = np.array([year_of(start + week) for week in range(weeks)])
        years, first, count = np.unique(named, return_index=True, return_counts=True)
        last_is_whole = year_of(start + weeks) > years[-1]
        return cls(
            tuple(map(int, years)),
            count / WEEKS_PER_YEAR,
            (first + count / 2.0) / WEEKS_PER_YEAR,
            len(years) if last_is_whole else len(years) - 1,
        )


class Differences:
    """A scenario minus the base, row by row."""

    def __init__(self, base: Sequence[Run], other: Sequence[Run], calendar: Calendar):
        self.base, self.other, self.calendar = base, other, calendar
        self._at = {key: k for k, key in enumerate(base[0].keys)}

    def by_year(self, outcome: str, group: str = "all") -> np.ndarray:
        """Difference by budget year, (rows, years)."""
        columns = [self._at[Key(outcome, group, str(year))] for year in self.calendar.years]
        return np.array(
            [b.values[columns] - a.values[columns] for a, b in zip(self.base, self.other, strict=True)]
        )

    def net(self, frame: str) -> np.ndarray:
        """The municipality's net cost by year over all frames or the service frame alone, (rows, years)."""
        if frame == "all":
            return self.by_year("net_municipal_cost")
        return self.by_year("money", f"municipality/{frame}")

    def at_horizon(self, status: str) -> float:
        """Persons more at the end of the horizon, mean over rows."""
        row = NAMES.index(f"stock.{status}")
        pairs = zip(self.base, self.other, strict=True)
        return float(np.mean([np.mean((b.series - a.series)[row, -LAST_WEEKS:]) for a, b in pairs]))


def change_of(scenario: Scenario, difference: Differences, factors: np.ndarray, weeks: int) -> Change:
    """What the lines beside the headline are computed from."""
    calendar, rate = difference.calendar, scenario.prices.discount_rate
    level = scenario.prices.level_year
    between = range(min(level, WAGE_YEAR) + 1, max(level, WAGE_YEAR) + 1)
    paid = np.sum([difference.by_year("benefit_paid", name) for name in codes.BENEFITS], axis=0)
    jobs = difference.by_year("full_time_persons", "job") * calendar.person_years

    def base_mean(outcome: str, group: str) -> float:
        at = difference.base[0].keys.index(Key(outcome, group, "all"))
        return float(np.mean([run.values[at] for run in difference.base]))

    persons = {name: base_mean("full_time_persons", name) for name in OWED}
    shares = scenario.law.rule_set.share_bp
    return Change(
        job_person_years=float(np.mean(jobs @ factors)),
        benefits_paid_kr=float(np.mean(paid @ factors)),
        transfers_kr=float(np.mean(difference.by_year("money", "municipality/transfers") @ factors)),
        persons_at_horizon={name: difference.at_horizon(name) for name in OWED},
        kr_per_person_year={
            name: base_mean("benefit_paid", name) * WEEKS_PER_YEAR / (persons[name] * weeks) if persons[name] else 0.0
            for name in OWED
        },
        municipal_share={
            name: 1.0 - float(shares[codes.BENEFITS.index(name)][codes.ACT_NONE][-1]) / 10_000.0 for name in OWED
        },
        horizon_factor=float(discount_factors(np.array([weeks / WEEKS_PER_YEAR]), rate)[0]),
        discount_rate=rate,
        wage_factor=float(price_index([level], growth(scenario, between), WAGE_YEAR)[0]),
    )  # fmt: skip


def money_frame(
    base: Scenario,
    names: Sequence[str],
    others: Sequence[Scenario],
    runs: Sequence[Sequence[Run]],
    weeks: int,
    spread: str = OVER_RUNS,
    ranked: Sequence[str] = RANKED,
) -> "pd.DataFrame":
    """Money over time of all strategies; contexts are nobody's outlay and have none.

    Args:
        base: The scenario the others are set against; its prices and law/economy hold for all.
        names: Names of the others as they are printed.
        others: The others.
        runs: One list for each scenario, the base first; row k of all lists shares its luck and its draw.
        weeks: Horizon.
        spread: What the rows stand for.
        ranked: Evidence classes that stand in one ranking with "do nothing".
    """
    import pandas as pd

    calendar = Calendar.of(base.start_week, weeks)
    rows: list[dict[str, Any]] = []
    values: dict[str, np.ndarray] = {}
    for name, scenario, of_one in zip(names, others, runs[1:], strict=True):
        if scenario.kind == "context":
            continue
        difference = Differences(runs[0], of_one, calendar)
        mine = _Writer(name, scenario.evidence_class or "", spread, len(of_one))
        worth = _costs(mine, base, difference, weeks)
        if scenario.evidence_class in ranked:
            values[name] = worth
        rows += mine.rows
    classes = {name: other.evidence_class or "" for name, other in zip(names, others, strict=True)}
    rows += _choice_rows(values, classes, spread)
    return pd.DataFrame(rows, columns=list(MONEY_COLUMNS))


class _Writer:
    def __init__(self, scenario: str, grade: str, spread: str, n: int):
        self.same = {"scenario": scenario, "evidence_class": grade, "rows": n}
        self.spread = spread
        self.rows: list[dict[str, Any]] = []

    def add(self, part: str, measure: str, value: float, unit: str = "kr.", **more: Any) -> None:
        given = {"frame": "all", "year": "all", "prices": "fixed", "low": np.nan, "high": np.nan, "spread": self.spread,
                 "status": "", "source": ""}  # fmt: skip
        self.rows.append(
            {**self.same, **given, "part": part, "measure": measure, "value": value, "unit": unit, **more}
        )


def _costs(out: _Writer, base: Scenario, difference: Differences, weeks: int) -> np.ndarray:
    """All rows of one strategy but its place among others; returns the present value of each row (all frames)."""
    calendar, rate = difference.calendar, base.prices.discount_rate
    worth = np.empty(0)
    for frame in reversed(FRAMES):
        cost = difference.net(frame)
        for k, year in enumerate(calendar.years):
            mean, low, high = band(cost[:, k])
            out.add("net cost", "net cost", mean, frame=frame, year=str(year), low=low, high=high)
        _current(out, base, cost, frame, calendar)
        worth = present_value(cost, calendar.middle, rate)
        mean, low, high = band(worth)
        out.add("present value", "present value of net cost", mean, frame=frame, prices="present value",
                low=low, high=high, source=f"{rate:g} a year, real (prices.discount_rate)")  # fmt: skip
        chance = payback_chances(cost, calendar.whole)
        for years, share in chance.within.items():
            out.add("payback", f"within {years}", share, "share", frame=frame)
        out.add("payback", "not within the horizon", chance.not_within_horizon, "share", frame=frame)
    net = difference.net("all").sum(axis=1)
    job_weeks = (difference.by_year("full_time_persons", "job") * calendar.person_years).sum(
        axis=1
    ) * WEEKS_PER_YEAR
    mean, low, high = band(job_weeks)
    out.add("self-support", "weeks gained", mean, "person-weeks", low=low, high=high, prices="")
    each = cost_per_week(net, job_weeks)
    out.add(
        "self-support",
        "net cost per week gained",
        each,
        "kr. per week",
        status="" if np.isfinite(each) else "cannot be stated",
    )
    factors = discount_factors(calendar.middle, rate)
    for line in lines(base, change_of(base, difference, factors, weeks)):
        out.add("not in the headline", line.name, line.value, frame=line.payer, prices="present value", low=line.low,
                high=line.high, spread=OVER_PARAMETERS, status=line.status, source=line.source)  # fmt: skip
    return worth


def _current(out: _Writer, base: Scenario, cost: np.ndarray, frame: str, calendar: Calendar) -> None:
    """The same cost in kroner of each year; the range is that of years whose prices nobody knows."""
    level = base.prices.level_year
    span = range(min(level, *calendar.years) + 1, max(level, *calendar.years) + 1)  # each on the year before
    mean = cost.mean(axis=0)
    found = {
        which: mean * price_index(calendar.years, growth(base, span, which), level)
        for which in ("value", "low", "high")
    }
    for k, year in enumerate(calendar.years):
        ends = sorted((found["low"][k], found["high"][k]))
        out.add("net cost", "net cost", found["value"][k], frame=frame, year=str(year), prices="current", low=ends[0],
                high=ends[1], spread=OVER_INDEX, source="law/economy.yaml: index_growth")  # fmt: skip


def _choice_rows(
    values: Mapping[str, np.ndarray], classes: Mapping[str, str], spread: str
) -> Iterator[dict[str, Any]]:
    """Probability best and expected regret, "do nothing" always among them; no row without an option."""
    for name, choice in choices(values).items():
        out = _Writer(name, classes.get(name, ""), spread, len(next(iter(values.values()))))
        status = "B and C ranked because asked" if set(map(classes.get, values)) - set(RANKED) else ""
        out.add(
            "choice",
            "probability best",
            choice.probability_best,
            "share",
            prices="present value",
            status=status,
        )
        out.add("choice", "expected regret", choice.expected_regret_kr, prices="present value", status=status)
        yield from out.rows


def lines_of(frame: "pd.DataFrame", scenario: str) -> list[Line]:
    """The lines beside the headline, read back from the table."""
    mine = frame[(frame.scenario == scenario) & (frame.part == "not in the headline")]
    columns = [
        mine[name].tolist() for name in ("measure", "frame", "value", "low", "high", "status", "source")
    ]
    return [Line(*row) for row in zip(*columns, strict=True)]
