"""Axes, keys and words on a figure: years along the foot, names at the ends of lines, a title with its unit."""

from collections.abc import Callable, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.figure_style import SOFT, WIDTH, Palette
from sim import calendar

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NOTHING = 1e-9  # differences of means below it are rounding


def label_ends(
    axes: "Axes", ends: Sequence[tuple[str, float, str]], size: float = 9.0, room: int = 24
) -> None:
    """Writes each line's name beside the right edge at its last height (name, y, colour), none over another.

    Names longer than `room` letters are broken into lines.
    """
    low, high = axes.get_ylim()
    inches = axes.get_position().height * axes.get_figure(root=True).get_figheight()  # type: ignore[union-attr]
    line = (high - low) * size * 1.2 / 72.0 / inches
    texts = ["\n".join(row for part in name.split("\n") for row in wrap(part, room)) for name, *_ in ends]
    heights = [line * (text.count("\n") + 1.25) for text in texts]
    places = spread([y for _, y, _ in ends], heights)
    for text, (_, _, colour), y in zip(texts, ends, places, strict=True):
        axes.annotate(
            text,
            (axes.get_xlim()[1], y),
            xytext=(5, 0),
            textcoords="offset points",
            color=colour,
            fontsize=size,
            va="center",
            linespacing=1.15,
            annotation_clip=False,
        )


def spread(values: Sequence[float], heights: Sequence[float]) -> list[float]:
    """The same middles moved as little as possible so that texts of these heights do not overlap, order kept."""
    # Blocks of texts that touch stand around their mean; blocks that then touch are joined.
    blocks: list[tuple[float, list[int]]] = []
    for k in sorted(range(len(values)), key=lambda k: values[k]):
        blocks.append((values[k], [k]))
        while len(blocks) > 1:
            (y0, a), (y1, b) = blocks[-2], blocks[-1]
            if y1 - y0 >= (sum(heights[k] for k in (*a, *b)) / 2.0) * (1.0 - 1e-9):
                break
            blocks[-2:] = [((y0 * len(a) + y1 * len(b)) / (len(a) + len(b)), a + b)]
    placed = [0.0] * len(values)
    for centre, members in blocks:
        floor = centre - sum(heights[k] for k in members) / 2.0
        for k in members:
            placed[k] = floor + heights[k] / 2.0
            floor += heights[k]
    return placed


def key_rows(names: Sequence[str], width: float = WIDTH) -> list[list[tuple[str, float]]]:
    """Rows of (name, inches from the left) that fit side by side in a key, in reading order."""
    rows: list[list[tuple[str, float]]] = [[]]
    x = 0.08
    for name in names:
        long = 0.5 + 0.083 * len(name)
        if rows[-1] and x + long > width:
            rows.append([])
            x = 0.08
        rows[-1].append((name, x))
        x += long + 0.15
    return rows


def draw_key(
    figure: "Figure", names: Sequence[str], palette: Palette, words: Callable[[str], str], top: float
) -> None:
    """Names beside a piece of their line, `top` inches below the figure's upper edge."""
    from matplotlib.lines import Line2D

    wide, high = figure.get_size_inches()
    spoken = {words(name): name for name in names}
    for row, entries in enumerate(key_rows(list(spoken))):
        y = 1 - (top + 0.2 * row) / high
        for text, x in entries:
            line = palette.line(spoken[text])
            figure.add_artist(Line2D([x / wide, (x + 0.34) / wide], [y, y], **line))
            figure.text((x + 0.42) / wide, y, text, color=line["color"], fontsize=9, va="center")


def time_axis(axes: "Axes", start: int, weeks: int, short: bool = False) -> np.ndarray:
    """Years along the foot, each named in its middle; weeks where there is less than a year. Returns the weeks."""
    first, last = start, start + weeks
    axes.set_xlim(first - 0.5, last - 0.5)
    if weeks < 52:
        shown = sorted({first, last - 1})
        axes.set_xticks(shown, [calendar.iso(week) for week in shown])
        if len(shown) > 1:  # both inside the panel
            axes.get_xticklabels()[0].set_horizontalalignment("left")
            axes.get_xticklabels()[-1].set_horizontalalignment("right")
        return np.arange(first, last)
    years = list(range(calendar.year_of(first), calendar.year_of(last - 1) + 1))
    edges = [week for year in years if first <= (week := calendar.year_start(year)) < last]
    axes.set_xticks(edges, [""] * len(edges))
    middles: list[float] = []
    names: list[str] = []
    for year in years:
        begin, end = max(first, calendar.year_start(year)), min(last, calendar.year_start(year + 1))
        if end - begin >= 26:
            middles.append((begin + end) / 2.0)
            names.append(str(year) if not (names or short) else f"\u2019{year % 100:02d}")
    axes.set_xticks(middles, names, minor=True)
    axes.tick_params(axis="x", which="minor", length=0)
    return np.arange(first, last)


def plot(axes: "Axes", weeks: np.ndarray, values: np.ndarray, **line: Any) -> None:
    """A line; a dot where there is one week only."""
    axes.plot(weeks, values, marker="o" if len(weeks) == 1 else "", markersize=4, **line)


def thin(values: np.ndarray, every: int) -> np.ndarray:
    """Every so many weeks and the last: a small panel shows no more than that."""
    return np.concatenate((values[:-1:every], values[-1:])) if len(values) > 3 * every else values


def room_around_zero(axes: "Axes", largest: float) -> None:
    """Zero stays in sight and a difference of nothing does not become a picture of noise."""
    if largest <= NOTHING:
        axes.set_ylim(-1, 1)
        return
    low, high = axes.get_ylim()
    pad = 0.15 * (max(high, 0) - min(low, 0))  # room for the words at the left
    axes.set_ylim(min(low, -pad), max(high, pad))


def say(axes: "Axes", text: str) -> None:
    """Words in the middle of a panel that has nothing to draw."""
    axes.text(0.5, 0.6, text, transform=axes.transAxes, ha="center", va="center", color=SOFT, fontsize=10)


def signed(value: float, decimals: int = 0) -> str:
    """A difference with its sign; what rounds to nothing has none."""
    text = f"{value:+,.{decimals}f}".replace("-", "\u2212")
    return text if float(f"{value:.{decimals}f}") != 0.0 else f"{0:.{decimals}f}"


def thousands(value: float, _: object) -> str:
    """An axis number, 12,000."""
    return f"{value:,.10g}".replace("-", "\u2212")


def heading(figure: "Figure", text: str, unit: str, top: float) -> None:
    """What is shown, in words, and its unit, at the upper left."""
    figure.text(0.008, top, text, fontsize=11, fontweight="bold", va="top")
    figure.text(0.008, top - 0.21 / figure.get_figheight(), unit, fontsize=9, color=SOFT, va="top")
