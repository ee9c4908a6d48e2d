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


def equal_budget_lines(comparison: "Comparison") -> Iterator[str]:
    """Every strategy at one price: dose, authorised, spent, net; then how far each budget year is off."""
    from experiments.equal_budget_table import by_class, years_of

    frame = comparison.equal_budget
    if frame is None:
        return
    budget = float(frame.budget_kr.max())
    yield (
        f"Equal budget: {budget / 1e6:g} mio. kr. extra gross operating spending a budget year,"
        f" {comparison.price_level} prices, before any saving; mio. kr. a year, classes never ranked against each other"
    )
    for grade, rows in by_class(frame):
        table: list[tuple[str, ...]] = [
            (f"Class {grade}", "dose", "authorised", "spent a year", "off", "net, municipality")
        ]
        for row in rows:
            money = (f"{row[key] / 1e6:+.2f}" if row[key] else "0" for key in ("authorised_kr", "spent_kr"))
            off = "" if row["budget_kr"] == 0 else f"{100 * row['off_share']:+.1f} %"
            net = f"{row['net_kr'] / 1e6:+.2f}" if row["net_kr"] else "0"
            table.append((f"  {row['scenario']}", row["dose"] or "-", *money, off, net))
        yield from columns(table, left=2)
        for row in rows:
            if row["reason"]:
                yield f"  ! {row['scenario']}: {row['reason']}"
            years = years_of(frame, row["scenario"])
            if years:
                told = ", ".join(
                    f"{year} {100 * off:+.1f} ± {100 * error:.1f} %" for year, off, error, _ in years
                )
                yield f"  {row['scenario']}, spent against the budget by year: {told}"
            first = next((reason for _, _, _, reason in years if reason.startswith("start-up")), "")
            if first:
                yield f"    {years[0][0]}: {first}"
