"""The forest plot: every published number with its interval, and the model's beside it."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from calibration.verdict import Row

PAPER: Final = "#4d4d4d"
MODEL: Final = {"agrees": "#007A5A", "misses": "#C44E00", "too few runs": "#8A6200"}
_ROW_INCHES: Final = 0.34


def draw(rows: Sequence["Row"]) -> dict[str, bytes]:
    """forest.svg and forest.png. Factors on a log scale; differences in units of the published effect."""
    from experiments.figure_style import files, new_figure, style

    told = [row for row in rows if math.isfinite(row.paper)]  # a direction alone has no place on an axis
    factors, others = [row for row in told if row.ratio], [row for row in told if not row.ratio]
    parts = [(part, title) for part, title in (
        (factors, "Factors: 1 is no effect"),
        (others, "Differences, published effect = 1: 0 is no effect"),
    ) if part]  # fmt: skip
    if not parts:
        return {}
    heights = [len(part) + 1.6 for part, _ in parts]
    with style():
        figure = new_figure(_ROW_INCHES * sum(heights) + 0.9)
        tall = figure.get_figheight()
        grid = figure.add_gridspec(
            len(parts), 1, height_ratios=heights, left=0.42, right=0.97, hspace=0.16, top=1 - 0.55 / tall,
            bottom=0.45 / tall,
        )  # fmt: skip
        for at, (part, title) in enumerate(parts):
            _panel(figure.add_subplot(grid[at]), part, title)
        _legend(figure)
        return files(figure, "forest", "Published experiments: paper and model")


def _panel(axes: Any, rows: Sequence["Row"], title: str) -> None:
    from calibration.replicate import name_of

    ratio = rows[0].ratio
    axes.set_title(title)
    ends = []
    for k, row in enumerate(rows):
        unit = 1.0 if ratio else abs(row.paper)
        y = -k
        low, high = (row.paper_low / unit, row.paper_high / unit)
        if math.isfinite(low):
            axes.plot([low, high], [y + 0.14] * 2, color=PAPER, linewidth=1.3)
            ends += [low, high]
        axes.plot([row.paper / unit], [y + 0.14], "s", color=PAPER, markersize=4.5)
        ends.append(row.paper / unit)
        if math.isfinite(row.model):
            colour = MODEL.get(row.verdict, PAPER)
            low, high = (row.model - row.error) / unit, (row.model + row.error) / unit
            if ratio:  # an error in a factor is one in its log
                half = row.error / row.model
                low, high = row.model * math.exp(-half), row.model * math.exp(half)
            if math.isfinite(low):
                axes.plot([low, high], [y - 0.14] * 2, color=colour, linewidth=1.3)
                ends += [low, high]
            axes.plot([row.model / unit], [y - 0.14], "o", color=colour, markersize=4.5)
            ends.append(row.model / unit)
    axes.axvline(1.0 if ratio else 0.0, color="#9a9a9a", linewidth=0.9)
    if ratio:
        axes.set_xscale("log")
        ticks = [0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.4, 1.6, 2.0, 2.5]
        low, high = max(0.4, min([*ends, 0.8]) * 0.96), min(2.6, max([*ends, 1.25]) * 1.04)
        shown = [tick for tick in ticks if low <= tick <= high]
        axes.set_xticks(shown, [f"{tick:g}" for tick in shown])
        axes.minorticks_off()
    else:
        low, high = max(-3.0, min([*ends, -0.2]) - 0.1), min(3.0, max([*ends, 1.2]) + 0.1)
    axes.set_xlim(low, high)
    axes.set_ylim(-len(rows) + 0.4, 0.6)
    labels = [f"{name_of(row)}{'' if math.isfinite(row.model) else ' (no model)'}" for row in rows]
    axes.set_yticks([-k for k in range(len(rows))], labels)
    axes.grid(axis="y", visible=False)


def _legend(figure: Any) -> None:
    from matplotlib.lines import Line2D

    marks = [
        Line2D(
            [],
            [],
            color=PAPER,
            marker="s",
            markersize=4.5,
            label="published, with its 95 % interval or range",
        )
    ]
    marks += [
        Line2D([], [], color=colour, marker="o", markersize=4.5, label=f"model: {verdict}")
        for verdict, colour in MODEL.items()
    ]
    figure.legend(handles=marks, loc="upper left", ncols=4, frameon=False, fontsize=8.5, handlelength=1.4)
