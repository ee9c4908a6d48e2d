"""Money over time in the report: its table, the ranking of class A, and the figure of what could turn the sign."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from experiments.comparison import Comparison
from experiments.equal_budget_table import budget_words, by_class, years_of
from experiments.figure_axes import heading
from experiments.figure_series import palette_of, words
from experiments.figure_style import INK, SOFT, WIDTH, new_figure, style
from experiments.money_words import MIO, Money, choice_words, money_rows
from experiments.report_answer import columns, in_pages
from experiments.report_cells import UNKNOWN, Cell, Column, Row, Table, number, signed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# What is drawn beside the headline: what the municipality would feel.
DRAWN: Final = (
    ("tax_after_equalisation", "with tax after equalisation"),
    ("guarantee_1", "if all municipalities do it"),
    ("owed_pension_municipality", "with pensions owed later"),
    ("owed_fleksjob_municipality", "with fleksjob owed later"),
)


def money_of(comparison: Comparison) -> Money | None:
    """Money over time, where the comparison has a strategy with it."""
    if comparison.money is None or comparison.money.empty:
        return None
    money = Money(comparison)
    return money if money.names else None


def money_tables(comparison: Comparison, money: Money) -> list[Table]:
    """The table over strategies, in pages."""
    out = []
    for names in in_pages(money.names):
        rows = [
            Row(
                row.label,
                row.unit,
                cells=tuple(Cell(c.text, hint=c.beside) for c in row.cells),
                part=row.part,
            )
            for row in money_rows(money, names)
        ]
        out.append(
            Table(
                columns(comparison, names),
                tuple(rows),
                has_base=False,
                corner="Net cost, expenditure positive",
            )
        )
    return out


def choice_table(money: Money) -> Table | None:
    """Options as rows: chance to be the best, expected regret."""
    options = money.options()
    if not options:
        return None
    rows = tuple(
        Row(words(name), "", cells=(Cell(f"{100 * best:.0f} %"), Cell(f"{number(regret / MIO, 2)} mio. kr.")))
        for name, best, regret in options
    )
    over = (Column("best", "best in", "inherit"), Column("regret", "expected regret", "inherit"))
    return Table(over, rows, has_base=False, corner=choice_words(money))


def parameters(money: Money) -> list[tuple[str, str, str]]:
    """(line, status, parameters with source) of what is not in the headline."""
    return [(line.label, line.status, line.source) for line in money.lines(money.names[0])]


def equal_budget_tables(comparison: Comparison) -> list[Table]:
    """Strategies as rows, a table for each class of evidence, "do nothing" at the head of each."""
    if comparison.equal_budget is None:
        return []
    over = tuple(
        Column(name, name, "inherit")
        for name in (
            "dose",
            "authorised",
            "off the budget",
            "spent, and by year",
            "the lever itself",
            "municipality, net",
        )
    )
    out = []
    for grade, found in by_class(comparison.equal_budget):
        rows = tuple(
            Row(words(row["scenario"]), "mio. kr. a year", cells=_priced_cells(comparison, row))
            for row in found
        )
        out.append(Table(over, rows, has_base=False, corner=f"Class {grade}"))
    return out


def equal_budget_is(comparison: Comparison) -> str:
    """B in words; empty where every strategy costs what it costs."""
    if comparison.equal_budget is None:
        return ""
    budget = float(comparison.equal_budget.budget_kr.max())
    return budget_words(budget / float(comparison.equal_budget.budget_municipality_kr.max()), budget)


def _priced_cells(comparison: Comparison, row: dict[str, Any]) -> tuple[Cell, ...]:
    assert comparison.equal_budget is not None
    if not row["budget_kr"]:
        return (Cell(UNKNOWN), Cell("0"), Cell(""), Cell("0"), Cell("0"), Cell("0"))
    told = "; ".join(
        f"{one['year']} {signed(one['spent_kr'] / MIO, 2)} ± {number(one['spent_error_kr'] / MIO, 2)}"
        for one in years_of(comparison.equal_budget, row["scenario"])
    )
    return (
        Cell(row["dose"]),
        Cell(signed(row["authorised_kr"] / MIO, 2)),
        Cell(f"{signed(100 * row['off_share'], 1)} %", hint=row["reason"]),
        Cell(signed(row["spent_kr"] / MIO, 2), hint=told),
        Cell(signed(row["own_kr"] / MIO, 2)),
        Cell(signed(row["net_kr"] / MIO, 2)),
    )


def sign_figure(comparison: Comparison, names: Sequence[str]) -> "Figure":
    """Present value of each strategy, and where it would stand with each line that is not in the headline."""
    money, palette = Money(comparison), palette_of(comparison)
    per = len(DRAWN) + 1
    with style():
        figure = new_figure(0.85 + 0.235 * (per + 0.8) * len(names))
        height = figure.get_figheight()
        axes = figure.add_axes((2.75 / WIDTH, 0.42 / height, (WIDTH - 3.15) / WIDTH, 1 - 1.02 / height))
        at, ticks, labels = 0.0, [], []
        for name in names:
            colour, (worth, low, high) = palette.colour(name), money.headline(name)
            lines = {line.name: line for line in money.lines(name)}
            drawn = [(words(name), worth, low, high)]
            drawn += [
                (label, worth + lines[key].value, worth + lines[key].low, worth + lines[key].high)
                for key, label in DRAWN
            ]
            for k, (label, value, least, most) in enumerate(drawn):
                main = k == 0
                if least < most:
                    width, alpha = (4.5, 0.35) if main else (1.6, 0.8)
                    ends = [least / MIO, most / MIO]
                    axes.plot(
                        ends, [at, at], color=colour, linewidth=width, alpha=alpha, solid_capstyle="butt"
                    )
                axes.plot(
                    [value / MIO],
                    [at],
                    marker="o" if main else "|",
                    color=colour,
                    markersize=7 if main else 8,
                )
                ticks.append(at)
                labels.append((label, colour if main else SOFT, "bold" if main else "normal"))
                at += 1.0
            at += 0.8
        axes.axvline(0, color=INK, linewidth=0.9)
        axes.set_ylim(at - 0.9, -0.7)
        axes.margins(x=0.06)
        axes.set_yticks(ticks, [text for text, _, _ in labels])
        for tick, (_, colour, weight) in zip(axes.get_yticklabels(), labels, strict=True):
            tick.set_color(colour)
            tick.set_fontweight(weight)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("\u2190 saves      mio. kr.      costs \u2192")
        heading(
            figure,
            f"Does the sign hold? Net cost to the municipality, difference from {words(comparison.base)}",
            f"present value at {100 * comparison.discount_rate:g} %, {comparison.price_level} prices; dot and bar:"
            " headline, 80 %; below: with one line added, range of its parameters",
            0.985,
        )  # fmt: skip
    return figure
