"""Page one of the report: what each strategy gives and costs, in a sentence and in a table."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from experiments.bounds import MUNICIPAL_SHARE, break_even_persons
from experiments.comparison import EXIT_DOORS, NEITHER_LIMIT, Comparison
from experiments.figure_series import others, palette_of, words
from experiments.money_words import Money, sign_sentence
from experiments.report_cells import (
    MIO,
    UNKNOWN,
    Cell,
    Column,
    Row,
    Table,
    cell,
    group_columns,
    kroner_scale,
    listing,
    number,
    percent,
    signed,
)
from sim import codes
from sim.records.outcomes import WEEKS_PER_YEAR

if TYPE_CHECKING:
    import pandas as pd

CLASS_WORDS: Final = {
    "A": "A: effect with evidence",
    "B": "B: direction only; nothing measured",
    "C": "C: process or accounting",
    "none": "no lever: another baseline",
    "context": "context",
}
TABLE_WIDTH: Final = 5  # scenarios side by side on a page


def number_of(value: object) -> float:
    """A number out of a table's cell, whose type pandas does not tell."""
    assert isinstance(value, int | float | np.number), value
    return float(value)


class Numbers:
    """The rows of a comparison by name, with levels and differences per year where they are totals."""

    def __init__(self, comparison: Comparison):
        self.comparison = comparison
        self.years = comparison.weeks / WEEKS_PER_YEAR
        frame = comparison.differences
        self._rows = {
            (row.scenario, row.outcome, row.group, row.year): (
                number_of(row.baseline),
                number_of(row.difference),
                number_of(row.high),
            )
            for row in frame.itertuples()
        }

    def take(
        self, scenario: str, outcome: str, group: str = "all", year: str = "all", per_year: bool = False
    ) -> tuple[float, float, float]:
        """(level in the base, difference, half-width of its calculation error); totals of the horizon a year."""
        base, difference, high = self._rows[scenario, outcome, group, year]
        by = self.years if per_year else 1.0
        return base / by, difference / by, (high - difference) / by

    def difference(self, scenario: str, outcome: str, group: str = "all", per_year: bool = False) -> float:
        """The difference alone."""
        return self.take(scenario, outcome, group, per_year=per_year)[1]


def strategies(comparison: Comparison) -> list[str]:
    """What could be decided, classes in their order; everything that is not a context."""
    return [
        name
        for what, names in comparison.by_class().items()
        for name in names
        if what != "context" and name in others(comparison)
    ]


def contexts(comparison: Comparison) -> list[str]:
    """Other laws and other business cycles."""
    return [name for name in others(comparison) if comparison.kinds[name] == "context"]


def columns(comparison: Comparison, names: Sequence[str]) -> tuple[Column, ...]:
    """The scenarios as columns, with the colours of the figures."""
    palette = palette_of(comparison)
    what = {name: kind for kind, members in comparison.by_class().items() for name in members}
    return tuple(
        Column(name, words(name), palette.colour(name), CLASS_WORDS[what.get(name, "none")]) for name in names
    )


def table(comparison: Comparison, names: Sequence[str], rows: Sequence[Row]) -> Table:
    """A table of differences over some scenarios."""
    over, base = columns(comparison, names), words(comparison.base)
    return Table(over, tuple(rows), group_columns(over), base, corner=f"Difference from {base}")


def in_pages(names: Sequence[str]) -> list[list[str]]:
    """At most so many scenarios in one table."""
    return [list(names[k : k + TABLE_WIDTH]) for k in range(0, len(names), TABLE_WIDTH)]


# ---- rows ------------------------------------------------------------------------------------------------------


def count_row(
    numbers: Numbers,
    names: Sequence[str],
    label: str,
    unit: str,
    outcome: str,
    group: str = "all",
    better: int = 0,
    decimals: int = 0,
    per_year: bool = False,
    hint: str = "",
) -> Row:
    """Persons, weeks, hires: the base's level and each scenario's difference."""
    found = [numbers.take(name, outcome, group, per_year=per_year) for name in names]
    return Row(
        label,
        unit,
        number(found[0][0], decimals) if found else "",
        tuple(cell(d, half, decimals, better) for _, d, half in found),
        hint=hint,
    )


def money_row(
    numbers: Numbers, names: Sequence[str], label: str, outcome: str, group: str = "all", better: int = 0
) -> Row:
    """Kroner a year, expenditure positive."""
    found = [numbers.take(name, outcome, group, per_year=True) for name in names]
    by, unit, decimals = kroner_scale([d for _, d, _ in found])
    return Row(
        label,
        f"{unit} a year",
        number(found[0][0] / by, decimals) if found else "",
        tuple(cell(d / by, half / by, decimals, better) for _, d, half in found),
    )


# ---- payback, split, ceiling, displacement -----------------------------------------------------------------------


def cumulated(numbers: Numbers, scenario: str, groups: Sequence[str]) -> list[tuple[int, float]]:
    """(budget year, extra municipal kroner added up to its end) over some `payer/frame` groups."""
    total, out = 0.0, []
    for year in numbers.comparison.years:
        total += sum(numbers.take(scenario, "money", group, str(year))[1] for group in groups)
        out.append((year, total))
    return out


def paid_back(course: Sequence[tuple[int, float]]) -> int | None:
    """First year-end after which the added-up extra cost stays at or below zero to the horizon (economics rule 22)."""
    found = None
    for year, total in reversed(course):
        if total > 0.0:
            break
        found = year
    return found


def payback_words(course: Sequence[tuple[int, float]]) -> str:
    """When it pays back, in words."""
    if all(total == 0.0 for _, total in course):
        return "costs and saves nothing"
    year = paid_back(course)
    if year is None:
        return f"not by the end of {course[-1][0]}"
    return f"within the first year, {year}" if year == course[0][0] else f"by the end of {year}"


def payback(numbers: Numbers, scenario: str, service_only: bool = False) -> str:
    """Payback over all frames, or counting the service frame alone."""
    frames = ("service",) if service_only else codes.FRAMES
    return payback_words(cumulated(numbers, scenario, [f"municipality/{frame}" for frame in frames]))


@dataclass(frozen=True)
class Split:
    """Where saved benefit weeks went, and whether "neither" is too large."""

    parts: tuple[
        tuple[str, str, float], ...
    ]  # (door, share, width in per cent of the bar) from left to right
    listed: tuple[tuple[str, str], ...]  # (door, share), the same order everywhere
    below: float  # per cent of the bar left of zero
    warns: bool
    text: str
    neither: float


def split_of(comparison: Comparison, scenario: str) -> Split:
    """A scenario's saved weeks by door; a door through which fewer went than in the base stands left of zero."""
    frame: pd.DataFrame = comparison.exit_split
    rows = frame[frame.scenario == scenario]
    shares = {str(row.door): number_of(row.share) for row in rows.itertuples()}
    if not shares or any(not math.isfinite(share) for share in shares.values()):
        return Split((), (), 0.0, False, "none saved beyond the calculation error", math.nan)
    text = ", ".join(f"{door} {percent(shares[door])}" for door in EXIT_DOORS)
    length = sum(abs(share) for share in shares.values())
    widths = {door: 100.0 * abs(shares[door]) / length if length else 0.0 for door in EXIT_DOORS}
    order = sorted(EXIT_DOORS, key=lambda door: shares[door] >= 0.0)  # what shrank stands left of zero
    below = sum(widths[door] for door in EXIT_DOORS if shares[door] < 0.0)
    parts = tuple((door, percent(shares[door]), widths[door]) for door in order)
    listed = tuple((door, percent(shares[door])) for door in EXIT_DOORS)
    return Split(parts, listed, below, shares["neither"] > NEITHER_LIMIT, text, shares["neither"])


def ceiling(comparison: Comparison, scenario: str) -> Cell:
    """The simulated fall in the benefit bill beside the arithmetic upper bound (economics rule 9)."""
    rows = comparison.bounds[comparison.bounds.scenario == scenario]
    if rows.empty:
        return Cell(UNKNOWN, hint="no lever with a published effect")
    row = rows.iloc[0]
    text = f"{number(row.simulated_kr_year / MIO, 1)} of at most {number(row.bound_kr_year / MIO, 1)}"
    hint = f"{number(row.persons_reached)} persons reached a year; {row.evidence}"
    return Cell(text, "" if row.within else "more than twice the bound", "" if row.within else "worse", hint)


def full_year_kr(numbers: Numbers, scenario: str) -> float:
    """The municipality's kroner for a full year on cash benefit at the 20 % step, as the base pays it."""
    benefits = [codes.BENEFITS[b] for b in codes.CASH_BENEFITS]
    paid = sum(numbers.take(scenario, "benefit_paid", b, per_year=True)[0] for b in benefits)
    persons = sum(numbers.take(scenario, "full_time_persons", b)[0] for b in benefits)
    return MUNICIPAL_SHARE * paid / persons if persons > 0.0 else math.nan


def break_even(numbers: Numbers, scenario: str) -> Cell:
    """How many full-year recipients fewer pay for the extra operating spending."""
    extra = numbers.difference(scenario, "gross_operating_spending", per_year=True)
    kr = full_year_kr(numbers, scenario)
    if extra <= 0.0 or not math.isfinite(kr) or kr <= 0.0:
        return Cell(UNKNOWN, hint="spends nothing extra")
    return Cell(number(break_even_persons(extra, kr)))


def displaced(numbers: Numbers, scenario: str) -> Cell:
    """Hires a year by who was hired: what people from benefits gain and others lose."""
    found = {who: numbers.difference(scenario, "hires", who, per_year=True) for who in codes.APPLICANTS}
    return Cell(
        f"{signed(found['benefit'])} from benefits",
        hint=f"{signed(found['resident_in_work'])} residents in work; {signed(found['non_resident'])} non-residents",
    )


# ---- the page --------------------------------------------------------------------------------------------------


def answer_rows(comparison: Comparison, numbers: Numbers, names: Sequence[str]) -> list[Row]:
    """The answer table's rows; the bar of saved weeks is drawn by the page."""

    def each(make: Callable[[str], Cell]) -> tuple[Cell, ...]:
        return tuple(make(name) for name in names)

    return [
        Row("", part="People, mean of the horizon"),
        count_row(
            numbers,
            names,
            "On support",
            "full-time persons",
            "full_time_persons",
            "support",
            -1,
            hint="fleksjob and førtidspension apart",
        ),
        count_row(numbers, names, "In ordinary work", "full-time persons", "full_time_persons", "job", 1),
        Row(
            "Where the saved benefit weeks went",
            "share of weeks",
            cells=each(lambda name: Cell(split_of(comparison, name).text)),
            part="split",
            hint=f"more than {percent(NEITHER_LIMIT)} to neither is a warning: a saving is not a job; below 0: fewer"
            " there than in the base",
        ),
        Row(
            "Hires and displacement",
            "a year, who is hired",
            cells=each(lambda name: displaced(numbers, name)),
            hint="displaced: fewer hired among the others; inside the first number people on benefits who lost a post"
            " to others on benefits cancel out",
        ),
        Row("", part=f"Money, {comparison.price_level} prices, expenditure positive"),
        money_row(numbers, names, "Gross operating spending", "gross_operating_spending"),
        money_row(
            numbers, names, "Benefits paid by the municipality", "municipal_by_account", "benefit", better=-1
        ),
        money_row(numbers, names, "Municipality, net", "net_municipal_cost", better=-1),
        money_row(numbers, names, "State, net", "net_state_cost", better=-1),
        Row("Paid back", "all frames", cells=each(lambda name: Cell(payback(numbers, name)))),
        Row("Paid back", "service frame only", cells=each(lambda name: Cell(payback(numbers, name, True)))),
        Row("", part="How large it can be"),
        Row(
            "Gain in the benefit bill",
            "mio. kr. a year, of at most",
            cells=each(lambda name: ceiling(comparison, name)),
            hint="arithmetic upper bound: persons reached × yearly job chance × the largest published effect of its"
            " kind × two years",
        ),
        Row(
            "Breaks even at",
            "full-year recipients fewer",
            cells=each(lambda name: break_even(numbers, name)),
            hint="at the 20 % step the municipality pays"
            f" {number(full_year_kr(numbers, names[0]) / 1e3)} thousand kr. of a full year of cash benefit",
        ),
    ]


def answer_tables(comparison: Comparison, numbers: Numbers) -> list[Table]:
    """Page one's table, in as many parts as there are fives of strategies."""
    return [
        table(comparison, names, answer_rows(comparison, numbers, names))
        for names in in_pages(strategies(comparison))
    ]


def context_tables(comparison: Comparison, numbers: Numbers) -> list[Table]:
    """Contexts apart, with what they do to the base."""

    def rows(names: Sequence[str]) -> list[Row]:
        return [
            count_row(numbers, names, "On support", "full-time persons", "full_time_persons", "support"),
            count_row(numbers, names, "In ordinary work", "full-time persons", "full_time_persons", "job"),
            money_row(numbers, names, "Gross operating spending", "gross_operating_spending"),
            money_row(numbers, names, "Municipality, net", "net_municipal_cost"),
            money_row(numbers, names, "State, net", "net_state_cost"),
        ]

    return [table(comparison, names, rows(names)) for names in in_pages(contexts(comparison))]


def _change(
    value: float, half: float, less: str, more: str, decimals: int, unit: str, by: float = 1.0
) -> str:
    """'87 fewer full-time persons on support', with a word when the runs cannot tell it from nothing."""
    size = f"{number(abs(value) / by, decimals)}{unit}"
    text = f"{size} {less if value < 0 else more}"
    if math.isfinite(half) and abs(value) <= half:
        text += f" (within the calculation error of \u00b1 {number(half / by, decimals)})"
    return text


def sentence(comparison: Comparison, numbers: Numbers, scenario: str) -> str:
    """A strategy's answer in words."""
    rows = {
        "support": numbers.take(scenario, "full_time_persons", "support"),
        "job": numbers.take(scenario, "full_time_persons", "job"),
        "spent": numbers.take(scenario, "gross_operating_spending", per_year=True),
        "net": numbers.take(scenario, "net_municipal_cost", per_year=True),
        "state": numbers.take(scenario, "net_state_cost", per_year=True),
    }
    if all(difference == 0.0 for _, difference, _ in rows.values()):
        return f"No difference at all from {words(comparison.base)}."
    (_, support, e1), (_, job, e2) = rows["support"], rows["job"]
    (_, spent, _), (_, net, e4), (_, state, e5) = rows["spent"], rows["net"], rows["state"]
    people = listing(
        [
            _change(support, e1, "fewer on support", "more on support", 0, ""),
            _change(job, e2, "fewer in ordinary work", "more in ordinary work", 0, ""),
        ]
    )
    by, unit, decimals = kroner_scale([spent, net, state])
    if by < MIO:  # in a sentence small amounts are told in full
        by, unit = 1.0, "kr."
    money = (
        f"It {'takes' if spent >= 0 else 'frees'} {number(abs(spent) / by, decimals)} {unit} of operating money a"
        f" year; net, the municipality pays {_change(net, e4, 'less', 'more', decimals, f' {unit}', by)} a year and"
        f" the state {_change(state, e5, 'less', 'more', decimals, f' {unit}', by)}."
    )
    back = payback(numbers, scenario)
    ends = {True: f"Not paid back{back.removeprefix('not')}.", False: f"Paid back {back}."}
    text = f"{people[:1].upper()}{people[1:]}. {money} {ends[back.startswith('not')]}"
    if comparison.money is not None and scenario in (over_time := Money(comparison)).names:
        text += f" {said}" if (said := sign_sentence(over_time, scenario)) else ""
    split = split_of(comparison, scenario)
    if split.warns:
        text += (
            f" {percent(split.neither)} of the saved benefit weeks went to neither job, education nor another benefit:"
            " a saving is not a job."
        )
    return text
