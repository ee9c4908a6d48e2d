"""The report of a comparison: one HTML file with its figures inside; the same bytes for the same input."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from experiments import figures
from experiments.comparison import EXIT_DOORS, Comparison
from experiments.figure_differences import last_full_year
from experiments.figure_series import moves_people, others, palette_of, words
from experiments.figure_style import svg
from experiments.report_answer import (
    Numbers,
    answer_tables,
    context_tables,
    contexts,
    sentence,
    split_of,
    strategies,
)
from experiments.report_cells import listing
from experiments.report_money import (
    choice_table,
    equal_budget_is,
    equal_budget_tables,
    money_of,
    money_tables,
    parameters,
    sign_figure,
)
from experiments.report_tables import (
    frame_tables,
    goal_tables,
    pairing_tables,
    questions,
    refusion_rows,
    year_tables,
)
from sim.calendar import iso

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TEMPLATES: Final = Path(__file__).parent / "templates"
DOOR_COLOURS: Final = {
    "job": "#00674a",
    "ordinary education": "#4a8fc7",
    "other benefit": "#E69F00",
    "neither": "#8c8c8c",
}
SIGNS: Final = 6  # strategies one figure has room for
# What no comparison of this kind can tell, whatever the scenarios are.
CANNOT_TELL: Final = (
    "How large an effect really is: behaviour is held at its central values; the interval is calculation error only.",
    "What one municipality's accounts will show: luck alone moves a year's municipal benefit bill by several mio. kr.",
    "Tax, equalisation, the budget guarantee, what is owed after the horizon: only their size, under Money over time.",
    "Who is better or worse off: single persons in two runs are one arbitrary coupling: no share of winners is given.",
    "What a person should be offered: nothing here decides about a person.",
)


def write_report(comparison: Comparison, path: str | Path) -> Path:
    """Writes the report to `path` (.html) and returns it."""
    path = Path(path)
    path.write_text(render(comparison), encoding="utf-8", newline="\n")
    return path


def render(comparison: Comparison) -> str:
    """The report as HTML text."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("report.html.j2").render(**context(comparison))


def interval_sentence(comparison: Comparison) -> str:
    """What the interval is, and is not (economics rule 1)."""
    runs = len(comparison.seeds)
    if runs < 2:
        return "One run with fixed parameters: no calculation error can be stated, and no uncertainty of the forecast."
    return (
        f"± is the calculation error (95 %) of {runs} paired runs with fixed parameters; it is not the uncertainty of"
        " the forecast."
    )


def title(comparison: Comparison) -> str:
    """Which municipality, which years, how many strategies and contexts."""
    first, last = comparison.years[0], comparison.years[-1]
    counted = [
        f"{len(names)} {word if len(names) == 1 else plural}"
        for names, word, plural in (
            (strategies(comparison), "strategy", "strategies"),
            (contexts(comparison), "context", "contexts"),
        )
        if names
    ]
    span = str(first) if first == last else f"{first}\u2013{last}"
    what = f"{listing(counted)} against {words(comparison.base)}" if counted else words(comparison.base)
    return f"{comparison.municipality or 'A municipality'} {span}: {what}"


def horizon(comparison: Comparison) -> str:
    """First to last week, with its length."""
    last = comparison.start + comparison.weeks - 1
    return f"{iso(comparison.start)} to {iso(last)} ({comparison.weeks} week{'s' if comparison.weeks != 1 else ''})"


def drawn(comparison: Comparison) -> list[dict[str, str]]:
    """The figures: the one sentence to read first, and the drawing. Where nobody moves there is nothing to subtract."""
    still = [name for name in others(comparison) if not moves_people(comparison, name)]
    nobody = len(still) == len(others(comparison))
    same = (
        f" The same people as in {words(comparison.base)}: {listing([words(n) for n in still])}."
        if still
        else ""
    )
    money = money_of(comparison)
    runs = len(comparison.seeds)
    error = f"calculation error (95 %) of {runs} paired runs" if runs > 1 else ""
    year = last_full_year(comparison)
    several: list[tuple[str, Callable[[Comparison], Figure], str]] = [
        (
            "people",
            figures.people,
            f"Below zero: fewer people on support.{same}"
            + (f" Whiskers: {error}, {year}." if error and year else ""),
        ),
        (
            "net_cost",
            figures.net_cost,
            "What spends first and comes back to zero has paid back."
            + (f" Bands: {error}." if error else ""),
        ),
        *(
            [
                (
                    "sign",
                    lambda c: sign_figure(c, money.names[:SIGNS]),
                    "Where a bar crosses zero, whether the strategy pays is not settled.",
                )
            ]
            if money
            else []
        ),
        (
            "stocks",
            figures.stocks,
            "Nobody's status differs in any week, so these are everybody's numbers." + same
            if nobody
            else "Levels. Where lines cannot be told apart, little changes there.",
        ),
        (
            "stock_differences",
            figures.stock_differences,
            "The strategies as differences, one scale. What moves less than a tenth of the most is left out.",
        ),
        (
            "changes",
            figures.caseworker_changes,
            "How often a citizen gets another caseworker, and why. First assignments are not counted.",
        ),
        ("waiting", figures.waiting, "Overload shows as waiting before it shows in the accounts."),
        (
            "ladder",
            figures.ladder,
            "The step decides the state's share of each benefit; another rule moves the bands, not the people.",
        ),
    ]
    return [
        {"svg": svg(draw(comparison), name, text), "caption": text, "name": name}
        for name, draw, text in several
        if not (nobody and name in ("people", "stock_differences"))
    ]


def context(comparison: Comparison) -> dict[str, Any]:
    """All the template prints."""
    numbers = Numbers(comparison)
    palette = palette_of(comparison)
    chosen = strategies(comparison)
    money = money_of(comparison)
    return {
        "title": title(comparison),
        "base": words(comparison.base),
        "municipality": comparison.municipality,
        "world_share": comparison.world_share,
        "horizon": horizon(comparison),
        "first_year": comparison.years[0],
        "last_year": comparison.years[-1],
        "price_level": comparison.price_level,
        "watermark": comparison.watermark,
        "questions": questions(comparison),
        "colours": {name: palette.colour(name) for name in (comparison.base, *others(comparison))},
        "interval": interval_sentence(comparison),
        "sentences": [(name, words(name), sentence(comparison, numbers, name)) for name in chosen],
        "answers": answer_tables(comparison, numbers),
        "splits": {name: split_of(comparison, name) for name in chosen},
        "doors": [(door, DOOR_COLOURS[door]) for door in EXIT_DOORS],
        "door_colours": DOOR_COLOURS,
        "contexts": context_tables(comparison, numbers) if contexts(comparison) else [],
        "figures": drawn(comparison),
        "goals": goal_tables(comparison, numbers),
        "refusion": [(words(name), lines) for name, lines in refusion_rows(comparison)],
        "frames": frame_tables(comparison, numbers),
        "by_year": year_tables(comparison, numbers),
        "pairing": pairing_tables(comparison),
        "equal_budget": equal_budget_tables(comparison),
        "equal_budget_is": equal_budget_is(comparison),
        "over_time": money_tables(comparison, money) if money else [],
        "choice": choice_table(money) if money else None,
        "beside": parameters(money) if money else [],
        "money_spread": money.spread("present value") if money else "",
        "discount_rate": f"{100 * comparison.discount_rate:g}",
        "warnings": [note for note in comparison.notes if note.startswith("WARNING")],
        "notes": [note for note in comparison.notes if not note.startswith("WARNING")],
        "cannot_tell": CANNOT_TELL,
        "rules_not_verified": comparison.rules_not_verified,
        "runs": len(comparison.seeds),
        "seeds": listing([str(seed) for seed in comparison.seeds]) if len(comparison.seeds) <= 8 else "",
        "command": comparison.command,
        "version": comparison.version,
    }
