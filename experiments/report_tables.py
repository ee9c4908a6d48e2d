"""The report's other tables: ten goals, refusion rules in three lines, money by frame and year, pairing."""

import math
from collections.abc import Sequence

from experiments.comparison import Comparison
from experiments.figure_series import moves_people, others, words
from experiments.report_answer import Numbers, in_pages, money_row, number_of, strategies, table
from experiments.report_cells import (
    MIO,
    Cell,
    Column,
    Row,
    Table,
    cell,
    kroner_scale,
    number,
    percent,
    signed,
)
from sim import codes
from sim.calendar import weeks_in_year, year_start
from sim.records.outcome_list import GOALS, OUTCOMES

# Goals that are counted over the horizon: told a year.
COUNTED = ("long_term_inflow", "companies_cooperating")


def goal_tables(comparison: Comparison, numbers: Numbers) -> list[Table]:
    """The ten goals, each with how it could look good without being reached (economics rule 18)."""
    names = [name for name in others(comparison) if moves_people(comparison, name)] or others(comparison)

    def rows(members: Sequence[str]) -> list[Row]:
        out = []
        for goal in GOALS:
            heading = f"{goal.number}. {goal.name}"
            out.append(Row("", part=heading, hint=f"can look good by {goal.looks_good_by}"))
            for outcome, group, label in goal.rows:
                better = 0 if "(apart)" in label else goal.better
                out.append(_goal_row(numbers, members, outcome, group, label, better))
        return out

    return [table(comparison, members, rows(members)) for members in in_pages(names)]


def _goal_row(
    numbers: Numbers, names: Sequence[str], outcome: str, group: str, label: str, better: int
) -> Row:
    per_year = outcome in COUNTED
    found = [numbers.take(name, outcome, group, per_year=per_year) for name in names]
    unit = OUTCOMES[outcome].unit
    if unit == "share":
        largest = max((abs(d) for _, d, _ in found if math.isfinite(d)), default=0.0)
        points = 1 if largest >= 0.01 else 2
        return Row(
            label,
            "%, points",
            percent(found[0][0], 1) if found else "",
            tuple(cell(100.0 * d, 100.0 * half, points, better) for _, d, half in found),
        )
    decimals = 2 if unit.startswith("changes per") else 1 if unit == "weeks" else 0
    return Row(
        label,
        f"{unit} a year" if per_year else unit,
        number(found[0][0], decimals) if found else "",
        tuple(cell(d, half, decimals, better) for _, d, half in found),
    )


def refusion_rows(comparison: Comparison) -> list[tuple[str, list[tuple[str, str, str, str]]]]:
    """A refusion rule in three lines: (scenario, [(line, municipality, state, people)]), mio. kr. a year."""
    out = []
    for name in dict.fromkeys(comparison.refusion_lines["scenario"]):
        rows = comparison.refusion_lines[comparison.refusion_lines.scenario == name]
        lines = [
            (
                str(row.line),
                signed(float(row.municipal_kr_year) / MIO, 1),
                signed(float(row.state_kr_year) / MIO, 1),
                signed(float(row.people)),
            )
            for row in rows.itertuples()
        ]
        out.append((str(name), lines))
    return out


def frame_tables(comparison: Comparison, numbers: Numbers) -> list[Table]:
    """Money by payer and budget frame, a year."""

    def rows(names: Sequence[str]) -> list[Row]:
        out = []
        for payer in codes.PAYERS:
            out.append(Row("", part=f"Paid by the {payer}"))
            out += [
                money_row(numbers, names, f"{frame} frame", "money", f"{payer}/{frame}")
                for frame in codes.FRAMES
                if any(any(numbers.take(name, "money", f"{payer}/{frame}")[:2]) for name in names)
            ]
        return out

    return [table(comparison, names, rows(names)) for names in in_pages(others(comparison))]


def year_tables(comparison: Comparison, numbers: Numbers) -> list[Table]:
    """The municipality's extra net spending by budget year, not added up."""

    def rows(names: Sequence[str]) -> list[Row]:
        out = []
        for year in comparison.years:
            found = [numbers.take(name, "net_municipal_cost", "all", str(year)) for name in names]
            by, unit, decimals = kroner_scale([d for _, d, _ in found])
            out.append(
                Row(
                    _year_words(comparison, year),
                    unit,
                    number(found[0][0] / by, decimals),
                    tuple(cell(d / by, half / by, decimals, -1) for _, d, half in found),
                )
            )
        return out

    names = strategies(comparison) or others(comparison)
    return [table(comparison, page, rows(page)) for page in in_pages(names)]


def _year_words(comparison: Comparison, year: int) -> str:
    """The year, with its weeks where the horizon holds only a part of it."""
    last = comparison.start + comparison.weeks
    lived = min(last, year_start(year + 1)) - max(comparison.start, year_start(year))
    whole = weeks_in_year(year)
    return str(year) if lived == whole else f"{year} ({lived} of {whole} weeks)"


PAIRED_OUTCOMES = (
    ("net_municipal_cost", "all", "Municipality, net"),
    ("full_time_persons", "support", "On support"),
    ("full_time_persons", "job", "In ordinary work"),
    ("changes_per_citizen_year", "counted", "Caseworker changes"),
)


def pairing_tables(comparison: Comparison) -> list[Table]:
    """Share of the variance that pairing takes away, by budget year: 1 - Var(d) / (Var(a) + Var(b))."""
    if len(comparison.seeds) < 2:
        return []
    found = {
        (row.scenario, row.outcome, row.group, row.year): number_of(row.variance_removed)
        for row in comparison.pairing.itertuples()
    }
    periods = (*map(str, comparison.years), "all")
    rows = []
    for outcome, group, label in PAIRED_OUTCOMES:
        rows.append(Row("", part=label))
        rows += [
            Row(
                words(name),
                "%",
                cells=tuple(
                    Cell(percent(found.get((name, outcome, group, period), math.nan))) for period in periods
                ),
            )
            for name in others(comparison)
        ]
    over = tuple(Column(p, "whole horizon" if p == "all" else p, "inherit") for p in periods)
    return [Table(over, tuple(rows), has_base=False, corner="Variance removed")]


def questions(comparison: Comparison) -> list[tuple[str, str, str, str]]:
    """(name, words, what it is, question) of the base and every scenario, in the order given."""
    what = {name: kind for kind, members in comparison.by_class().items() for name in members}
    out = [(comparison.base, words(comparison.base), "baseline", comparison.questions[comparison.base])]
    for name in others(comparison):
        kind = what.get(name, "none")
        label = {"context": "context", "none": "another baseline"}.get(kind, f"class {kind}")
        out.append((name, words(name), label, comparison.questions[name]))
    return out
