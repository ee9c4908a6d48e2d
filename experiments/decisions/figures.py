"""Figures of a decision: who is best how often, what a week in work is worth, when it pays back, what a trial gives."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from experiments.decisions.amounts import in_part, in_whole, kroner
from experiments.decisions.answer import Decision
from experiments.decisions.pays_back import Needed
from experiments.decisions.pilot import Pilot
from experiments.figure_style import INK, SOFT, Palette, new_figure, style
from experiments.money import DO_NOTHING, PAYBACK_YEARS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STEPS: Final = tuple(float(kr) for kr in range(0, 4001, 100))  # kr. for a self-supporting week
ROW: Final = 0.42  # inches a bar
_VIEW_TITLES: Final = {
    "municipality": "Municipality's money",
    "all public money": "All public money",
    "people": "Weeks in ordinary work",
}


def palette(names: Sequence[str]) -> Palette:
    """One colour for each strategy, grey for doing nothing, in every figure of a decision."""
    return Palette(DO_NOTHING, names)


def best(found: Decision, share: float = 1.0) -> "Figure":
    """How often each option is best, from three viewpoints, with what choosing it loses on average. share: of the
    municipality that is simulated."""
    colours, options = palette(found.names), (DO_NOTHING, *found.names)
    with style():
        figure = new_figure(1.25 + ROW * len(options))
        panels = figure.subplots(1, 3, sharey=True)
        for axes, (view, of) in zip(panels, found.views().items(), strict=True):
            for row, name in enumerate(options):
                often = 100 * of[name].probability_best
                axes.barh(row, often, height=0.62, color=colours.colour(name))
                error = 100 * found.errors[f"best/{view}/{name}"]
                axes.plot(
                    [max(0.0, often - error), min(100.0, often + error)],
                    [row, row],
                    color=INK,
                    linewidth=0.9,
                )
                axes.text(104, row, _lost(view, of[name].expected_regret_kr), va="center", fontsize=8.5)
            axes.set_xlim(0, 150)
            axes.set_xticks([0, 50, 100], ["0 %", "50 %", "100 %"])
            axes.set_title(_VIEW_TITLES[view])
            _rows(axes, options)
        panels[1].set_xlabel(
            "bar: draws in which it is best (line: calculation error); number: what choosing it loses on average"
            + in_part(share)
        )
        figure.tight_layout()
    return figure


def _lost(view: str, regret: float) -> str:
    return f"{regret:,.0f} weeks" if view == "people" else kroner(regret)


def acceptability(found: Decision) -> "Figure":
    """How often each option is best when a week in work is worth so much to the municipality."""
    curve, colours = found.acceptability(STEPS), palette(found.names)
    with style():
        figure = new_figure(3.4)
        axes = figure.subplots()
        ends = []
        for name in (DO_NOTHING, *found.names):
            values = [100 * of[name] for of in curve.values()]
            axes.plot(STEPS, values, **colours.line(name))
            ends.append((name, values[-1]))
        _names_at_ends(axes, ends, colours, STEPS[-1], (0.0, 100.0))
        axes.set_ylim(0, 100)
        axes.set_yticks([0, 25, 50, 75, 100], ["0 %", "25 %", "50 %", "75 %", "100 %"])
        axes.set_xlim(0, STEPS[-1])
        axes.set_xticks(np.arange(0, 4001, 1000), [f"{kr:,}" for kr in range(0, 4001, 1000)])
        axes.set_xlabel("kr. the municipality would give for one more week in work, beside its own money")
        axes.set_title("Chance of being the best choice")
        figure.tight_layout()
    return figure


def payback(found: Decision) -> "Figure":
    """Chance that the money has come back for good at the end of each year."""
    colours = palette(found.names)
    with style():
        figure = new_figure(3.0)
        axes = figure.subplots()
        groups = [f"within {year} year{'s' if year > 1 else ''}" for year in PAYBACK_YEARS]
        width = 0.8 / len(found.names)
        for k, (name, paid) in enumerate(found.money().items()):
            shares = [paid["payback_within"][year] for year in PAYBACK_YEARS] + [paid["not_within_horizon"]]
            for at, share in enumerate(shares):
                if share is None:
                    continue
                place = at + (k - (len(found.names) - 1) / 2) * width + (0.35 if at == len(groups) else 0.0)
                axes.bar(place, 100 * share, width=0.9 * width, color=colours.colour(name),
                         alpha=1.0 if at < len(groups) else 0.55,
                         label=name if at == 0 else None)  # fmt: skip
                axes.text(place, 100 * share + 1.5, f"{100 * share:.0f}", ha="center", fontsize=8, color=SOFT)
        axes.set_xticks([0, 1, 2, 3, 4.35], [*groups, "not within\nthe horizon"])
        axes.set_ylim(0, 108)
        axes.set_yticks([0, 50, 100], ["0 %", "50 %", "100 %"])
        axes.set_xlim(-0.6, 4.95)
        axes.axvline(3.68, color=SOFT, linewidth=0.7)
        axes.set_title("Chance that the money has come back, and stays")
        axes.legend(frameon=False, loc="upper center", ncols=len(found.names), bbox_to_anchor=(0.5, -0.16))
        axes.grid(axis="x", visible=False)
        figure.tight_layout()
    return figure


def trial_value(pilots: Sequence[Pilot], everything_kr: float, share: float = 1.0) -> "Figure":
    """What a trial is worth at most, over the priors, beside its price, by size."""
    names = tuple(dict.fromkeys(one.strategy for one in pilots))
    colours = palette(names)
    with style():
        figure = new_figure(3.4)
        panels = figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
        for axes, name in zip(panels, names, strict=True):
            own = [one for one in pilots if one.strategy == name]
            sizes = [one.persons_per_arm for one in own]
            worth = np.array([[kr / 1e6 for kr in one.worth_kr.values()] for one in own])
            axes.fill_between(
                sizes, worth.min(axis=1), worth.max(axis=1), color=colours.colour(name), alpha=0.25
            )
            axes.plot(sizes, np.median(worth, axis=1), color=colours.colour(name), marker="o", markersize=4)
            axes.plot(
                sizes,
                [one.price_kr / 1e6 for one in own],
                color=INK,
                linestyle="--",
                marker="o",
                markersize=3,
            )
            axes.axhline(everything_kr / 1e6, color=SOFT, linewidth=0.8)
            axes.text(
                sizes[0], everything_kr / 1e6, "knowing everything", va="bottom", fontsize=8.5, color=SOFT
            )
            axes.text(sizes[-1], own[-1].price_kr / 1e6, "its price ", va="bottom", ha="right", fontsize=8.5)
            axes.set_xscale("log")
            axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
            axes.minorticks_off()
            axes.margins(x=0.06)
            axes.set_xlabel("persons in each arm")
            axes.set_title(f"Trial of {name}")
        # One scale for all panels, set last: the dearest trial must not lie above it.
        most = max(everything_kr, *(kr for one in pilots for kr in (one.price_kr, *one.worth_kr.values())))
        panels[0].set_ylim(0, 1.12 * most / 1e6)
        panels[0].set_ylabel(f"mio. kr. over the horizon{in_whole(share)}")
        figure.text(
            0.01,
            0.01,
            "Colour: what the trial is worth at most (line: middle prior; band: narrowest to widest prior), without"
            " calculation error.",
            fontsize=8.5,
            color=SOFT,
        )
        figure.tight_layout(rect=(0, 0.06, 1, 1))
    return figure


def break_even(rows: Sequence[Needed], largest_of_any_kind: float) -> "Figure":
    """The rise of the chance of work that pays for each strategy, beside the largest found for its kind."""
    asked = [one for one in rows if not one.why_not]
    with style():
        figure = new_figure(1.2 + ROW * len(asked))
        axes = figure.subplots()
        most = 3.0 * 100 * largest_of_any_kind
        for row, one in enumerate(asked):
            need, kind = 100 * one.effect_needed, 100 * one.largest_of_its_kind
            within = np.isfinite(kind) and need <= kind
            axes.barh(row, min(need, most), height=0.55, color="#007A5A" if within else "#C44E00")
            if need > most:
                axes.text(
                    most * 0.985,
                    row,
                    f"{need:,.0f} % ▸",
                    va="center",
                    ha="right",
                    color="white",
                    fontsize=8.5,
                )
            if np.isfinite(kind):
                axes.plot([kind, kind], [row - 0.42, row + 0.42], color=INK, linewidth=2.2)
        axes.axvline(100 * largest_of_any_kind, color=SOFT, linestyle="--", linewidth=1.0)
        axes.set_xlim(0, most)
        axes.xaxis.set_major_formatter(lambda value, _: f"+{value:.0f} %")
        _rows(axes, [f"{one.strategy} ({one.evidence_class})" for one in asked])
        axes.set_xlabel(
            "rise of the yearly chance of work that pays back (bar); largest found for its kind (black line),"
            " for any lever (dashed)"
        )
        axes.set_title("How much it must help to pay for itself")
        figure.tight_layout()
    return figure


def _rows(axes: "Axes", names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)


def _names_at_ends(
    axes: "Axes",
    ends: Sequence[tuple[str, float]],
    colours: Palette,
    x: float,
    within: tuple[float, float],
) -> None:
    """Names beside the ends of their lines, moved apart where they would lie on each other."""
    gap = (within[1] - within[0]) * 0.075
    placed = -np.inf
    for name, value in sorted(ends, key=lambda end: end[1]):
        placed = max(value, placed + gap)
        axes.text(x * 1.012, placed, name, va="center", fontsize=9, color=colours.colour(name))
