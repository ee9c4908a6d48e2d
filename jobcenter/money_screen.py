"""The blocks "Money over time" and "Savings that flow back" of `jobcenter compare`, as lines of plain text."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from jobcenter.screen import columns

if TYPE_CHECKING:
    import pandas as pd

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
    """The equal-budget table of a comparison; nothing without one."""
    if comparison.equal_budget is not None:
        yield from priced_lines(comparison.equal_budget, comparison.price_level)


def priced_lines(frame: "pd.DataFrame", price_level: object) -> Iterator[str]:
    """Every strategy at one price: dose, authorised, spent, net; then what was spent in each budget year."""
    from experiments.decisions.amounts import in_part, in_whole
    from experiments.equal_budget_table import budget_words, by_class, years_of

    budget, whole = float(frame.budget_kr.max()), float(frame.budget_municipality_kr.max())
    share = budget / whole
    part, everywhere = (
        ("", "") if share == 1.0 else (f" in the {100 * share:g} % simulated", ", whole municipality")
    )
    yield (
        f"Equal budget: {budget_words(share, budget)} authorised more a budget year, {price_level} prices,"
        f" before any saving; mio. kr. a year{in_part(share)}"
    )
    head = f"dose{in_whole(share)}", "authorised", "off", "spent", "the lever itself", "net, municipality"
    for grade, rows in by_class(frame):
        table: list[tuple[str, ...]] = [(f"Class {grade}", *head)]
        for row in rows:
            authorised, spent, own, net = (
                f"{row[key] / 1e6:+.2f}" if row[key] else "0"
                for key in ("authorised_kr", "spent_kr", "own_kr", "net_kr")
            )
            off = f"{100 * row['off_share']:+.1f} %" if row["budget_kr"] else ""
            table.append((f"  {row['scenario']}", row["dose"] or "-", authorised, off, spent, own, net))
        yield from columns(table, left=2)
        for row in rows:
            if row["reason"]:
                yield f"  ! {row['scenario']}: {row['reason']}"
            if years := years_of(frame, row["scenario"]):
                told = ", ".join(
                    f"{one['year']} {one['spent_kr'] / 1e6:+.2f} ± {one['spent_error_kr'] / 1e6:.2f}"
                    for one in years
                )
                yield f"  {row['scenario']}, spent by year: {told}"
    yield (
        "  Spent is not authorised: posts stand empty, and people who are met more often are offered more out of pots"
        "\n  that exist anyway. The lever itself: its posts, pay and one-off costs; the rest of what is spent, places"
        "\n  in programmes too, is other pots, which may pay less than before."
        "\n  Classes are never ranked against each other."
    )


def flow_lines(comparison: "Comparison") -> Iterator[str]:
    """Savings of each year and what they add to the next; nothing where no savings flow back."""
    frame = comparison.flows_back
    if frame is None:
        return
    rows = [("Savings that flow back", "saved in", "counted", "mean, mio. kr.", "lowest to highest run",
             "luck left (s.d.)", "without pairing", "added next year")]  # fmt: skip
    for row in frame.to_dict("records"):
        saved, low, high, sd, unpaired, added = (
            row[key] / 1e6
            for key in (
                "saved_kr",
                "saved_low_kr",
                "saved_high_kr",
                "saved_sd_kr",
                "unpaired_sd_kr",
                "added_kr",
            )
        )
        rows.append((row["scenario"], str(row["year"]), row["counted"], f"{saved:+.2f}", f"{low:+.2f} to {high:+.2f}",
                     f"{sd:.2f}", f"{unpaired:.2f}", f"{added:+.2f}"))  # fmt: skip
    yield from columns(rows, left=3)
