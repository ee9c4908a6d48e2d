"""The power of a trial by its size: a curve through the sizes not simulated, drawn and as a table.

The effect and the spread between persons are those found at the largest size simulated; between sizes only the standard
error changes, with the root of the persons per arm. Points are simulated trials. docs/trials.md.
"""

import math
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from experiments.evaluator import Found, found, power_of
from experiments.trial import Study, label, outcome_names
from experiments.trial_summary import Power, columns, powers

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

POINTS: Final = 41  # sizes of the curve, evenly on a log scale
WANTED: Final = 0.80
_PER_ROW: Final = 2
_TICKS: Final = [digit * 10**power for power in range(7) for digit in (1, 2, 5)]
_FEWER_TICKS: Final = [digit * 10**power for power in range(7) for digit in (1, 3)]
_MOST_TICKS: Final = 7


class Curve(NamedTuple):
    """Power of one outcome by persons per arm, at the effect found and at the ends of its calculation error."""

    outcome: str
    found: Found
    per_arm: np.ndarray  # float64 (sizes)
    power: np.ndarray  # float64 (sizes)
    low: np.ndarray
    high: np.ndarray


def curves(study: Study) -> list[Curve]:
    """A curve for every outcome; none where lots were drawn by caseworker or no effect can be worked out."""
    if study.trial.by == "team":
        return []
    largest = max(study.sizes)
    pairs = study.of(largest)
    enrolled = float(np.mean([pair.trial.treated + pair.trial.control for pair in pairs]))
    sizes = _sizes(study)
    out = []
    for name in outcome_names(study.trial.follow_up_weeks):
        one = found(
            *columns(
                [pair.trial.estimates[name] for pair in pairs],
                [pair.nothing.estimates[name] for pair in pairs],
            )
        )
        if math.isnan(one.effect) or one.standard_error <= 0:
            continue
        spread = one.standard_error * np.sqrt(enrolled / 2.0 / sizes)
        size = abs(one.effect)
        rows = [
            np.array([power_of(effect, each) for each in spread])
            for effect in (size, max(size - one.error, 0.0), size + one.error)
        ]
        out.append(Curve(name, one, sizes, *rows))
    return out


def _sizes(study: Study) -> np.ndarray:
    """Persons per arm, from a quarter of the smallest trial to beyond what 80 % takes; the trial's own among them."""
    own = study.trial.n_enrolled / 2.0
    needed = [row.needed.persons for row in powers(study) if math.isfinite(row.needed.persons)]
    low = min(own, min(study.sizes) / 2.0) / 4.0
    high = max(4.0 * own, 2.0 * max(study.sizes), *(0.75 * persons for persons in needed))
    return np.unique(np.append(np.round(np.geomspace(max(low, 2.0), high, POINTS)), own))


def curve_frame(study: Study) -> "pd.DataFrame":
    """trial_power_curve.csv."""
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "outcome": one.outcome,
                "persons_per_arm": persons,
                "power": power,
                "power_low": low,
                "power_high": high,
                "effect": one.found.effect,
                "effect_error": one.found.error,
            }
            for one in curves(study)
            for persons, power, low, high in zip(one.per_arm, one.power, one.low, one.high, strict=True)
        ],
        columns=["outcome", "persons_per_arm", "power", "power_low", "power_high", "effect", "effect_error"],
    )


def power_figure(study: Study) -> "Figure":
    """One panel for each outcome: the curve, its band, the trials simulated, the 80 % line and the trial's own size."""
    from experiments.figure_style import SOFT, new_figure, style

    names = list(outcome_names(study.trial.follow_up_weeks))
    rows = math.ceil(len(names) / _PER_ROW)
    drawn = {one.outcome: one for one in curves(study)}
    simulated = powers(study)
    with style():
        height = 0.55 + 2.1 * rows
        figure = new_figure(height)
        figure.text(
            0.008,
            1 - 0.06 / height,
            "Would a trial of that size have shown it?",
            fontsize=11,
            fontweight="bold",
            va="top",
        )
        figure.text(
            0.008, 1 - 0.27 / height, va="top", fontsize=9, color=SOFT,
            s="trials that find a significant difference, %, by persons per arm; band: calculation error of the effect,"
            " points: simulated trials (95 %)",
        )  # fmt: skip
        for at, name in enumerate(names):
            row, column = divmod(at, _PER_ROW)
            bottom = (0.3 + 2.1 * (rows - 1 - row)) / height
            axes = figure.add_axes((0.05 + 0.5 * column, bottom, 0.43, 1.55 / height))
            _panel(axes, study, name, drawn.get(name), [each for each in simulated if each.outcome == name])
        return figure


def _panel(axes: "Axes", study: Study, outcome: str, curve: Curve | None, simulated: list[Power]) -> None:
    from matplotlib.ticker import NullLocator

    from experiments.figure_axes import say, signed, thousands
    from experiments.figure_style import INK, SCENARIO_COLOURS, SOFT

    colour = SCENARIO_COLOURS[0]
    own = study.trial.n_enrolled / 2.0
    title = label(outcome)
    axes.set_xscale("log")
    if curve is None:
        say(axes, "no curve: lots by caseworker" if study.trial.by == "team" else "no curve: too few trials")
    else:
        share = outcome.endswith("_share")
        effect = signed(100 * curve.found.effect if share else curve.found.effect, 1 if share else 2)
        error = 100 * curve.found.error if share else curve.found.error
        title += f": {effect} ± {error:.{1 if share else 2}f} {'points' if share else 'weeks'}"
        axes.fill_between(
            curve.per_arm, 100 * curve.low, 100 * curve.high, color=colour, alpha=0.15, linewidth=0
        )
        axes.plot(curve.per_arm, 100 * curve.power, color=colour)
        axes.set_xlim(curve.per_arm[0], curve.per_arm[-1])
    for row in simulated:
        power, low, high = (100 * value for value in row.power)
        axes.errorbar(
            row.enrolled / 2.0, power, yerr=[[power - low], [high - power]], color=colour, marker="o",
            markersize=4, linewidth=1.0, capsize=2.5, zorder=3,
        )  # fmt: skip
    axes.axhline(100 * WANTED, color=SOFT, linewidth=0.9, linestyle=(0, (4, 2)))
    axes.axvline(own, color=INK, linewidth=0.9)
    axes.set_ylim(0, 100)
    axes.set_yticks([0, 20, 40, 60, 80, 100])
    axes.set_title(title, pad=7)
    low, high = axes.get_xlim()
    ticks = [value for value in _TICKS if low <= value <= high]
    if len(ticks) > _MOST_TICKS:
        ticks = [value for value in _FEWER_TICKS if low <= value <= high]
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(ticks, [thousands(value, None) for value in ticks])
    here = f"this trial: {own:,.0f} per arm"
    if curve is not None:
        here += f", {100 * float(curve.power[np.flatnonzero(curve.per_arm == own)[0]]):.0f} %"
    axes.annotate(
        here, (own, 97), xytext=(4, 0), textcoords="offset points", fontsize=8.5, va="top", color=INK,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
    )  # fmt: skip
    needed = max(simulated, key=lambda row: row.size).needed
    if math.isfinite(needed.persons):
        axes.annotate(
            f"80 % at {needed.persons / 2:,.0f}", (needed.persons / 2, 80), xytext=(-4, 3), textcoords="offset points",
            fontsize=8.5, ha="right", color=SOFT,
        )  # fmt: skip


def power_figures(study: Study) -> dict[str, bytes]:
    """trial_power.svg and trial_power.png: the same bytes each time."""
    from experiments.figure_style import files

    return files(power_figure(study), "trial_power", "Power of the trial by persons per arm")
