"""Lines of scenario minus base over time, with zero in sight, calculation error and the names at the line ends."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from experiments.comparison import CUMULATIVE, Comparison
from experiments.figure_axes import (
    NOTHING,
    heading,
    label_ends,
    plot,
    room_around_zero,
    say,
    signed,
    thin,
    thousands,
    time_axis,
)
from experiments.figure_series import in_panels, palette_of, quarter_mean, support, words
from experiments.figure_style import INK, SOFT, WIDTH, Palette, new_figure
from sim.calendar import year_start

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Measure:
    """What is subtracted: a weekly series of a scenario, how it is told, and where its calculation error stands."""

    title: str
    unit: str
    above: str  # what it means to lie above zero, and below
    below: str
    series: Callable[[str], np.ndarray]  # scenario -> float64 (weeks,)
    scale: float = 1.0
    decimals: int = 0
    band: str = ""  # a series of `weekly_error`, drawn as a band ...
    whisker: tuple[str, str] | None = None  # ... or an outcome and group: its error in the last full year


def people_on_support(comparison: Comparison) -> Measure:
    """Persons on support; weeks of few people jump, so it is the mean of the quarter."""
    return Measure(
        f"People on support, difference from {words(comparison.base)}",
        "persons, mean of the quarter; fleksjob and førtidspension apart",
        "\u2191 more on support",
        "\u2193 fewer on support",
        lambda name: quarter_mean(support(comparison, name)),
        whisker=("full_time_persons", "support"),
    )


def money_added_up(comparison: Comparison) -> Measure:
    """The municipality's net spending since the start."""
    series = f"{CUMULATIVE}net_municipal_kr"
    return Measure(
        f"The municipality's net spending added up, difference from {words(comparison.base)}",
        f"mio. kr., {comparison.price_level} prices; all budget frames, after refusion",
        f"\u2191 has cost more than {words(comparison.base)}",
        "\u2193 has cost less: paid back",
        lambda name: comparison.weekly[name][series],
        scale=1e6,
        decimals=1,
        band=series,
    )


def differences(comparison: Comparison, names: Sequence[str], measure: Measure) -> "Figure":
    """A panel for strategies and, with its own scale, one for contexts."""
    panels = in_panels(comparison, names)
    figure = new_figure(3.6)
    label, left, gap = 1.95 / WIDTH, 0.62 / WIDTH, 0.55 / WIDTH  # inches: names, axis numbers, between
    width = (1.0 - left - label * len(panels) - gap * (len(panels) - 1)) / len(panels)
    for k, (kind, members) in enumerate(panels):
        axes = figure.add_axes((left + k * (width + label + gap), 0.085, width, 0.70))
        # A context is nobody's outlay, so it pays nothing back.
        below = (
            measure.below.split(":")[0]
            if comparison.kinds.get(members[0] if members else "") == "context"
            else ""
        )
        draw(axes, comparison, members, replace(measure, below=below or measure.below))
        if len(panels) > 1:
            axes.set_title(kind, fontsize=9, color=SOFT, fontweight="normal", pad=5)
    heading(figure, measure.title, measure.unit, 0.985)
    return figure


def draw(axes: "Axes", comparison: Comparison, names: Sequence[str], measure: Measure) -> None:
    """One panel: each scenario minus the base."""
    palette = palette_of(comparison)
    weeks = time_axis(axes, comparison.start, comparison.weeks)
    axes.axhline(0, color=INK, linewidth=0.9)
    base = measure.series(comparison.base)
    ends: list[tuple[str, float, str]] = []
    largest = 0.0
    for k, name in enumerate(names):
        values = (measure.series(name) - base) / measure.scale
        largest = max(largest, float(np.max(np.abs(values), initial=0.0)))
        error = comparison.weekly_error.get(name, {}).get(measure.band)
        if error is not None and len(weeks) > 1:
            low, high = values - error / measure.scale, values + error / measure.scale
            axes.fill_between(
                thin(weeks, 4),
                thin(low, 4),
                thin(high, 4),
                color=palette.colour(name),
                alpha=0.13,
                linewidth=0,
            )
        if measure.whisker:
            place = (k + 0.5) / len(names)
            _whisker(axes, comparison, name, measure.whisker, place, palette)
        plot(axes, weeks, values, **palette.line(name))
        text = f"{words(name)}\n{signed(values[-1], measure.decimals)}"
        ends.append((text, float(values[-1]), palette.colour(name)))
    room_around_zero(axes, largest)
    if largest <= NOTHING:
        say(axes, "no difference in any week")
    axes.yaxis.set_major_formatter(thousands)
    label_ends(axes, ends)
    for text, height, side in ((measure.above, 0.985, "top"), (measure.below, 0.02, "bottom")):
        axes.text(
            0.012, height, text, transform=axes.transAxes, fontsize=8, color=SOFT, va=side, style="italic"
        )


def last_full_year(comparison: Comparison) -> int | None:
    """The last budget year that lies wholly inside the horizon."""
    last = comparison.start + comparison.weeks
    full = [y for y in comparison.years if year_start(y) >= comparison.start and year_start(y + 1) <= last]
    return full[-1] if full else None


def _whisker(
    axes: "Axes",
    comparison: Comparison,
    scenario: str,
    outcome: tuple[str, str],
    place: float,
    palette: Palette,
) -> None:
    """Calculation error of the last full year's mean, drawn at `place` (0 to 1) of that year beside its neighbours'."""
    year = last_full_year(comparison)
    if year is None:
        return
    row = comparison.difference(scenario, *outcome, str(year))
    half = float(row.high) - float(row.difference)
    if half > 0.0:
        axes.errorbar(
            year_start(year) + place * (year_start(year + 1) - year_start(year)),
            float(row.difference),
            yerr=half,
            color=palette.colour(scenario),
            linewidth=1.0,
            capsize=2.5,
        )
