"""Money over time as it is read: the same cells for the screen and the report, out of the table of money.csv."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from experiments.comparison import Comparison
from experiments.money import DO_NOTHING, PAYBACK_YEARS
from experiments.money_lines import Line, turning
from experiments.money_table import lines_of
from experiments.report_cells import UNKNOWN, listing, number, signed

if TYPE_CHECKING:
    import pandas as pd

MIO: Final = 1e6
FRAME_WORDS: Final = {"all": "all frames", "service": "service frame only"}


@dataclass(frozen=True)
class MoneyCell:
    """A number and what stands small beside it."""

    text: str
    beside: str = ""

    def __str__(self) -> str:
        return f"{self.text} ({self.beside})" if self.beside else self.text


@dataclass(frozen=True)
class MoneyRow:
    """A line of the table over scenarios; `part` opens a new part and has no cells."""

    label: str
    unit: str = ""
    cells: tuple[MoneyCell, ...] = ()
    part: str = ""
    hint: str = ""


class Money:
    """The table by name."""

    def __init__(self, comparison: Comparison):
        assert comparison.money is not None
        self.comparison = comparison
        self.frame: pd.DataFrame = comparison.money
        self._rows = {
            (r["scenario"], r["part"], r["measure"], r["frame"], r["year"], r["prices"]): r
            for r in self.frame.to_dict("records")
        }

    def take(
        self,
        scenario: str,
        part: str,
        measure: str,
        frame: str = "all",
        year: str = "all",
        prices: str = "fixed",
    ) -> tuple[float, float, float]:
        """(value, low, high)."""
        row = self._rows[scenario, part, measure, frame, year, prices]
        return float(row["value"]), float(row["low"]), float(row["high"])

    @property
    def names(self) -> list[str]:
        """Strategies with money over time, in the order given."""
        parted = self.frame[self.frame.part == "present value"]
        return list(dict.fromkeys(str(name) for name in parted.scenario))

    def spread(self, part: str) -> str:
        """What the intervals of a part are over."""
        rows = self.frame[self.frame.part == part]
        return str(rows.spread.iloc[0]) if len(rows) else ""

    def options(self) -> list[tuple[str, float, float]]:
        """(option, probability best, expected regret in kr.), "do nothing" first; empty with nothing to choose."""
        rows = self.frame[(self.frame.part == "choice") & (self.frame.measure == "probability best")]
        return [
            (name, self.take(name, "choice", "probability best", prices="present value")[0],
             self.take(name, "choice", "expected regret", prices="present value")[0])
            for name in map(str, rows.scenario)
        ]  # fmt: skip

    def headline(self, scenario: str, frame: str = "all") -> tuple[float, float, float]:
        """Present value of the net cost."""
        return self.take(
            scenario, "present value", "present value of net cost", frame, prices="present value"
        )

    def lines(self, scenario: str) -> list[Line]:
        """What is not in the headline."""
        return lines_of(self.frame, scenario)


def mio(value: float, low: float = math.nan, high: float = math.nan) -> MoneyCell:
    """Kroner in mio., with the range beside it where there is one."""
    if not math.isfinite(value):
        return MoneyCell(UNKNOWN)
    largest = max(abs(v) for v in (value, low, high) if math.isfinite(v))
    digits = 1 if largest >= MIO else 2
    ends = (
        f"{signed(low / MIO, digits)} to {signed(high / MIO, digits)}"
        if math.isfinite(low + high) and low != high
        else ""
    )
    return MoneyCell(signed(value / MIO, digits), ends)


def chance(share: float) -> str:
    """A probability in whole percent."""
    return UNKNOWN if not math.isfinite(share) else f"{100 * share:.0f}"


def payback_cell(money: Money, name: str, frame: str) -> MoneyCell:
    """P(within 1 / 2 / 3 / 4 years), and P(not within the horizon) beside it."""
    if all(
        money.take(name, "net cost", "net cost", frame, str(y)) == (0.0, 0.0, 0.0)
        for y in money.comparison.years
    ):
        return MoneyCell("costs and saves nothing")
    within = [chance(money.take(name, "payback", f"within {k}", frame)[0]) for k in PAYBACK_YEARS]
    never = chance(money.take(name, "payback", "not within the horizon", frame)[0])
    return MoneyCell(f"{' / '.join(within)} %", f"not: {never} %")


def week_cell(money: Money, name: str) -> MoneyCell:
    """Net kroner per week in ordinary work gained."""
    each = money.take(name, "self-support", "net cost per week gained")[0]
    return MoneyCell(f"{number(each)} kr." if math.isfinite(each) else "cannot be stated")


def gained_cell(money: Money, name: str) -> MoneyCell:
    """Weeks in ordinary work gained by all residents together."""
    gained, low, high = money.take(name, "self-support", "weeks gained", prices="")
    return MoneyCell(signed(gained), f"{signed(low)} to {signed(high)}" if math.isfinite(low) else "")


def money_rows(money: Money, names: Sequence[str]) -> list[MoneyRow]:
    """The table, part by part."""
    comparison = money.comparison
    level, rate = comparison.price_level, f"{100 * comparison.discount_rate:g} %"
    rows = [MoneyRow("", part=f"Net cost of the municipality, mio. kr. of {level} (80 % interval)")]
    for year in map(str, comparison.years):
        rows.append(
            MoneyRow(
                f"{year}",
                "mio. kr.",
                tuple(mio(*money.take(n, "net cost", "net cost", year=year)) for n in names),
            )
        )
    for frame, words in FRAME_WORDS.items():
        rows.append(
            MoneyRow(
                f"present value, {words}",
                f"mio. kr., {rate} a year",
                tuple(mio(*money.headline(n, frame)) for n in names),
            )
        )
    rows.append(
        MoneyRow("", part="The same in current prices, all frames (range: years whose prices are not known)")
    )
    current = [
        [money.take(n, "net cost", "net cost", year=str(y), prices="current") for y in comparison.years]
        for n in names
    ]
    rows.append(
        MoneyRow(
            "sum over the horizon",
            "mio. kr.",
            tuple(mio(*(sum(ends) for ends in zip(*of_one, strict=True))) for of_one in current),
        )
    )
    rows.append(
        MoneyRow(
            "",
            part="Paid back within 1 / 2 / 3 / 4 years (not within the horizon; the rest in its fifth year or later),"
            " share of the runs, fixed prices",
        )
    )
    for frame, words in FRAME_WORDS.items():
        rows.append(MoneyRow(words, "% of the runs", tuple(payback_cell(money, n, frame) for n in names)))
    rows.append(MoneyRow("", part="Self-support: weeks in ordinary work, all residents, whole horizon"))
    rows.append(MoneyRow("weeks gained", "person-weeks", tuple(gained_cell(money, n) for n in names)))
    rows.append(MoneyRow("net cost per week", "kr., fixed prices", tuple(week_cell(money, n) for n in names)))
    rows.append(
        MoneyRow(
            "",
            part="Not in the headline, always shown: present value, mio. kr. (range of the declared parameters)",
        )
    )
    by_name = {n: {line.name: line for line in money.lines(n)} for n in names}
    for key, line in next(iter(by_name.values())).items() if names else ():
        cells = tuple(mio(by_name[n][key].value, by_name[n][key].low, by_name[n][key].high) for n in names)
        rows.append(MoneyRow(line.label, line.status, cells, hint=line.source))
    return rows


def sign_sentence(money: Money, scenario: str) -> str:
    """One sentence when the sign depends on a line that is not in the headline; empty when it does not."""
    worth = money.headline(scenario)[0]
    lines = turning(worth, money.lines(scenario))
    if not lines:
        return ""
    what = "cost" if worth > 0 else "saving"
    told = [
        f"{line.label} ({number((worth + line.low) / MIO, 1)} to {number((worth + line.high) / MIO, 1)})"
        for line in lines
    ]
    return (
        f"Whether it costs or saves depends on what is not in the headline: the {what} of"
        f" {number(abs(worth) / MIO, 1)} mio. kr. (present value) can turn. Net cost with such a line in it:"
        f" {listing(told)}."
    )


def choice_words(money: Money) -> str:
    """What the ranking is over."""
    options = [name for name, _, _ in money.options() if name != DO_NOTHING]
    grades = sorted({str(money.comparison.evidence_class[name]) for name in options})
    kind = f"class {listing(grades)} and do nothing" + (
        " (ranked because asked)" if set(grades) - {"A"} else ""
    )
    return f"Chance to be the best choice and expected regret, {kind}, present value, all frames"
