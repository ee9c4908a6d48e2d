"""The block "Money over time" of `jobcenter compare`, as lines of plain text."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from jobcenter.screen import columns

if TYPE_CHECKING:
    from experiments.comparison import Comparison

NAMES_A_TABLE = 2  # with their ranges beside them no more fit on a screen


def money_lines(comparison: "Comparison") -> Iterator[str]:
    """The table of strategies, the ranking of class A, and which sign is not settled. Nothing without a strategy."""
    from experiments.money_words import Money, choice_words, money_rows, sign_sentence

    if comparison.money is None or not (money := Money(comparison)).names:
        return
    yield (
        f"Money over time, expenditure positive; intervals over {len(comparison.seeds)} {money.spread('present value')}"
    )
    for name in money.names:
        if said := sign_sentence(money, name):
            yield f"* {name}: {said}"
    for at in range(0, len(money.names), NAMES_A_TABLE):
        names = money.names[at : at + NAMES_A_TABLE]
        table: list[tuple[str, ...]] = [("", *names)]
        parts: dict[int, str] = {}
        for row in money_rows(money, names):
            if row.part:
                parts[len(table)] = row.part
            else:
                table.append((f"  {row.label}", *map(str, row.cells)))
        for k, line in enumerate(columns(table)):
            if k in parts:
                yield parts[k]
            yield line
    options = money.options()
    if options:
        yield choice_words(money)
        rows = [("", "best in", "expected regret, mio. kr.")]
        rows += [
            (f"  {name}", f"{100 * best:.0f} %", f"{regret / 1e6:.2f}") for name, best, regret in options
        ]
        yield from columns(rows)
