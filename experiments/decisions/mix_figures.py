"""Figures of a mix: what splits give and cost with the finalists on fresh luck, and how flat the top is."""

from typing import TYPE_CHECKING

import numpy as np

from experiments.decisions.amounts import in_part
from experiments.decisions.mix import Mix
from experiments.decisions.mix_search import VIEW_OUTCOME
from experiments.figure_style import INK, SCENARIO_COLOURS, SOFT, new_figure, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def mix_figures(mix: Mix) -> "list[Figure]":
    """Both figures."""
    return [front(mix), region(mix)]


def front(mix: Mix) -> "Figure":
    """Weeks in work against net cost: the front as fitted, the finalists as lived on fresh luck."""
    with style():
        figure = new_figure(4.2)
        axes = figure.subplots()
        cost, weeks = mix.front_values["municipal"] / 1e6, mix.front_values["weeks"]
        barrier = mix.front_values["vulnerable_weeks"]
        dots = axes.scatter(cost, weeks, c=barrier, cmap="viridis", s=22)
        bar = figure.colorbar(dots, ax=axes, pad=0.01)
        bar.set_label("weeks in work of people with a health barrier", fontsize=8.5)
        bar.outline.set_visible(False)
        axes.plot([0], [0], marker="s", color=INK, markersize=6)
        axes.annotate("do nothing", (0, 0), (6, -12), textcoords="offset points", fontsize=8.5)
        for k, one in enumerate(mix.finalists):
            x, x_error = (value / 1e6 for value in one.values["municipal"])
            y, y_error = one.values["weeks"]
            axes.errorbar(
                x, y, xerr=x_error, yerr=y_error, color="#C44E00", marker="D", markersize=5, linewidth=0.9
            )
            axes.annotate(str(k + 1), (x, y), (5, 5), textcoords="offset points", fontsize=9, color="#C44E00")
        axes.margins(x=0.08, y=0.1)
        axes.set_xlabel(
            f"net municipal cost over the horizon, mio. kr.{in_part(mix.world_share)} (left is cheaper)"
        )
        axes.set_ylabel("weeks in work gained")
        axes.set_title("What splits of the budget cost and give")
        named = [f"{k + 1} {', '.join(one.names)}" for k, one in enumerate(mix.finalists)]
        told = "Dots: fitted, none better in all three. Diamonds: lived on fresh draws and luck (± calculation error):"
        figure.text(0.01, 0.01, "\n".join([told, *_wrapped(named)]), fontsize=8.5, color=SOFT, va="bottom")
        figure.tight_layout(rect=(0, 0.06 + 0.04 * len(_wrapped(named)), 1, 1))
    return figure


def region(mix: Mix) -> "Figure":
    """For each viewpoint how much of each lever: the best split, and the span of those that cannot be told apart."""
    most = np.array([one.most_kr for one in mix.instruments]) / 1e6
    with style():
        figure = new_figure(1.1 + 0.4 * len(most))
        panels = figure.subplots(1, len(VIEW_OUTCOME), sharey=True)
        for axes, view in zip(panels, VIEW_OUTCOME, strict=True):
            near = mix.flat[view]
            for row in range(len(most)):
                colour = SCENARIO_COLOURS[row % len(SCENARIO_COLOURS)]
                axes.barh(row, most[row], height=0.55, color="#f0f0f0")
                low, high = near.low[row] * most[row], near.high[row] * most[row]
                axes.barh(row, high - low, left=low, height=0.55, color=colour, alpha=0.4)
                axes.plot(
                    [mix.best_kr[view][row] / 1e6] * 2, [row - 0.34, row + 0.34], color=colour, linewidth=3
                )
            axes.set_yticks(range(len(most)), [one.strategy for one in mix.instruments])
            axes.set_ylim(len(most) - 0.4, -0.6)
            axes.set_xlim(0, mix.budget_kr / 1e6)
            axes.grid(axis="y", visible=False)
            axes.set_title(view)
        panels[1].set_xlabel(
            f"mio. kr. a year{in_part(mix.world_share)}; line: best by the fitted answer, colour: cannot be told apart"
            " from it, grey: what the lever can use"
        )
        figure.tight_layout()
    return figure


def _wrapped(named: list[str]) -> list[str]:
    from textwrap import wrap

    return wrap("; ".join(named) + ".", 135)
