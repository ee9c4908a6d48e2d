"""Figures of a sensitivity analysis: what moves the effect and by how much, in its own unit where that can be said."""

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Final

import numpy as np

from experiments.figure_style import GRID, INK, SCENARIO_COLOURS, SOFT, new_figure, style
from experiments.sensitivity.analysis import MAIN, OF_VARIANCE, Analysis, Ends
from experiments.sensitivity.indices import Index
from experiments.sensitivity.words import Unit, factor_range, factor_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN: Final = 10  # factors a figure has room for
LINES: Final = 5  # over time
PALE: Final = 0.3
_LOW, _HIGH = SCENARIO_COLOURS[0], SCENARIO_COLOURS[1]


def tornado(analysis: Analysis, found: Sequence[Ends], unit: Unit) -> "Figure":
    """The mean effect where a factor lies in the lowest and in the highest third of what is possible.

    Pale: what the factor moves cannot be told from luck, neither by its swing nor between the two ends.
    """
    told = {*analysis.moved_by(), *(k for k, one in enumerate(found) if one.apart)}
    order = sorted(range(len(found)), key=lambda k: -abs(found[k].high - found[k].low))[:SHOWN]
    middle = float(analysis.effect.mean.mean()) * unit.scale
    with style():
        figure = new_figure(1.1 + 0.36 * len(order))
        axes = figure.subplots()
        for row, k in enumerate(order):
            one = found[k]
            for value, error, colour, beside in (
                (one.low * unit.scale, one.low_error * unit.scale, _LOW, -0.12),
                (one.high * unit.scale, one.high_error * unit.scale, _HIGH, 0.12),
            ):
                shade = 1.0 if k in told else PALE
                axes.barh(row, value - middle, left=middle, height=0.62, color=colour, alpha=shade)
                axes.plot(
                    [value - error, value + error], [row + beside] * 2, color=INK, linewidth=0.9, alpha=shade
                )
        axes.axvline(middle, color=SOFT, linewidth=0.9)
        axes.axvline(0.0, color=INK, linewidth=1.2)
        _rows(axes, [factor_range(found[k].factor) for k in order])
        axes.margins(x=0.06)
        axes.set_xlabel(
            f"{unit.words}: mean effect where the factor is low (lowest third, blue) and high (orange)"
            + "\nlines: calculation error, for all factors at once"
            + ("" if told.issuperset(order) else "; pale: what it moves cannot be told from luck")
        )
        axes.set_title(f"{analysis.effect.name}: what moves the effect")
        figure.tight_layout()
    return figure


def importance(analysis: Analysis, unit: Unit) -> "Figure":
    """The method's indices as bars with 95 % intervals; for screening the mu*-sigma plane."""
    with style():
        if analysis.method == "morris":
            return _plane(analysis, unit)
        order = analysis.order()[:SHOWN]
        figure = new_figure(1.1 + 0.36 * len(order))
        axes = figure.subplots()
        names = (
            [name for name in ("ST", "S1") if name in analysis.indices[0]]
            if analysis.method == "sobol"
            else []
        )
        for at, name in enumerate(names or [MAIN[analysis.method]]):
            height = 0.62 / max(1, len(names))
            for row, k in enumerate(order):
                index = analysis.indices[k][name]
                place = row + (at - 0.5) * height if names else row
                axes.barh(place, max(0.0, index.value), height=height, color=SCENARIO_COLOURS[at],
                          label=_LABELS.get(name, name) if row == 0 else None)  # fmt: skip
                if np.isfinite(index.low):
                    axes.plot(
                        [max(0.0, index.low), max(0.0, index.high)], [place, place], color=INK, linewidth=0.9
                    )
        _rows(axes, [factor_words(analysis.factors[k].name) for k in order])
        whole = analysis.method in OF_VARIANCE
        axes.set_xlim(0.0, 1.02 if whole else None)
        beyond = whole and any(one[MAIN[analysis.method]].high > 1.0 for one in analysis.indices)
        axes.set_xlabel(
            "share of what is not known about the effect, 95 % interval over the design"
            + (" (cut off at 1: luck leaves the rest open)" if beyond else "")
        )
        axes.set_title(f"{analysis.effect.name}: whose ignorance it is ({analysis.method})")
        if names:
            axes.legend(loc="lower right", facecolor="white", edgecolor="none", framealpha=0.9)
        figure.tight_layout()
    return figure


_LABELS: Final = {"ST": "with everything it acts together with (total)", "S1": "alone (first order)"}


def _plane(analysis: Analysis, unit: Unit) -> "Figure":
    figure = new_figure(4.6)
    axes = figure.subplots()
    mu = [one["mu_star"].value * unit.scale for one in analysis.indices]
    sigma = [one["sigma"].value * unit.scale for one in analysis.indices]
    top = analysis.order()[:SHOWN]
    axes.scatter(mu, sigma, s=18, color=GRID, edgecolor=SOFT, linewidth=0.6)
    axes.scatter([mu[k] for k in top], [sigma[k] for k in top], s=24, color=_LOW)
    most = max([*mu, *sigma, 1e-12])
    axes.plot([0, most], [0, most], color=SOFT, linewidth=0.8, linestyle="--")
    taken: list[tuple[float, float]] = []
    for k in sorted(top, key=lambda k: sigma[k]):
        height = sigma[k]
        while any(abs(height - y) < 0.045 * most and abs(mu[k] - x) < 0.6 * most for x, y in taken):
            height += 0.045 * most
        taken.append((mu[k], height))
        axes.annotate(factor_words(analysis.factors[k].name), (mu[k], sigma[k]), (mu[k] + 0.02 * most, height),
                      fontsize=8, color=INK)  # fmt: skip
    axes.set_xlim(0, most * 1.55)
    axes.set_ylim(0, most * 1.1)
    axes.set_xlabel(f"{unit.words}: mean size of what going from low to high does (mu*)")
    axes.set_ylabel("how much that depends on the rest (sigma), luck taken out")
    axes.set_title(f"{analysis.effect.name}: screening of {len(mu)} factors")
    figure.tight_layout()
    return figure


def over_time(analysis: Analysis, by_year: Mapping[str, Analysis], units: Mapping[str, Unit]) -> "Figure":
    """How far those that can be told to move the effect move it year by year. by_year, units: of each year."""
    years = sorted(by_year)
    found = [(by_year[year].swings, units[year].scale) for year in years]
    words = units[years[0]].words.replace(f", {years[0]}", "")
    return _swinging(analysis, years, found, words, "what going from low to high does, by year (band: 95 %)")


def converging(analysis: Analysis, steps: Mapping[int, Analysis], unit: Unit) -> "Figure":
    """The same swings from a part of the design and from all of it: still moving, or settled? steps: by rows."""
    rows = sorted(steps)
    found = [(steps[n].swings, unit.scale) for n in rows]
    labels = [f"{n} rows" for n in rows]
    return _swinging(analysis, labels, found, unit.words, "the same as the design grows (band: 95 %)")


def _swinging(
    analysis: Analysis,
    places: Sequence[str],
    found: Sequence[tuple[list[Index], float]],
    words: str,
    title: str,
) -> "Figure":
    """Swings of those that can be told to move the effect. found: swings of all factors and their scale, by place."""
    with style():
        figure = new_figure(3.2)
        axes = figure.subplots()
        axes.axhline(0.0, color=SOFT, linewidth=0.9)
        for at, k in enumerate((analysis.moved_by() or analysis.by_swing())[:LINES]):
            value, low, high = (
                [getattr(swings[k], name) * scale for swings, scale in found]
                for name in ("value", "low", "high")
            )
            axes.fill_between(places, low, high, color=SCENARIO_COLOURS[at], alpha=0.15, linewidth=0)
            axes.plot(places, value, color=SCENARIO_COLOURS[at], marker="o", markersize=3.5,
                      label=fill(factor_words(analysis.factors[k].name), 28))  # fmt: skip
        axes.margins(x=0.05)
        axes.set_ylabel(fill(words, 30))
        axes.set_title(f"{analysis.effect.name}: {title}")
        axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
        figure.tight_layout()
    return figure


def _rows(axes: "Axes", names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)
