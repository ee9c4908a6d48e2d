"""The figures of a comparison, one function each; every one returns a matplotlib figure that stands alone.

Scenarios keep their colour and dashes in all figures. Lines are means over the paired runs, a band their calculation
error (95 %), a whisker that of the last full year's mean. Contexts (another law, another business cycle) get a panel of
their own scale beside the strategies.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from experiments.comparison import Comparison
from experiments.figure_axes import (
    NOTHING,
    draw_key,
    heading,
    key_rows,
    label_ends,
    plot,
    say,
    thin,
    thousands,
    time_axis,
)
from experiments.figure_differences import differences, draw, money_added_up, people_on_support
from experiments.figure_series import (
    BENEFIT_WORDS,
    CAUSE_WORDS,
    changes_per_citizen_year,
    moves_people,
    others,
    palette_of,
    quarter_mean,
    ratio,
    steps,
    words,
)
from experiments.figure_style import INK, SOFT, STEP_COLOURS, WIDTH, Palette, new_figure, style
from sim import codes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_CAUSE_COLOURS: Final = {
    "resignation": "#0b4f7d",
    "absence": "#4a8fc7",
    "group_shift": "#E69F00",
    "reorganisation": "#9b6a1f",
    "own_request": "#d9d9d9",
}


def people(comparison: Comparison) -> "Figure":
    """How many more or fewer are on support than in the base, over time."""
    with style():
        names = [name for name in others(comparison) if moves_people(comparison, name)] or others(comparison)
        return differences(comparison, names, people_on_support(comparison))


def net_cost(comparison: Comparison) -> "Figure":
    """The municipality's extra net spending added up since the start; below zero it has paid back."""
    with style():
        return differences(comparison, others(comparison), money_added_up(comparison))


def overview(comparison: Comparison) -> "Figure":
    """People and money of the strategies side by side: the picture for somebody who sees one."""
    names = [name for name in others(comparison) if comparison.kinds[name] != "context"]
    with style():
        figure = new_figure(3.9)
        label, left, gap = 1.9 / WIDTH, 0.5 / WIDTH, 0.4 / WIDTH
        width = (1.0 - left - 2 * label - gap) / 2
        people_, money = people_on_support(comparison), money_added_up(comparison)
        for k, (measure, title, unit) in enumerate(
            (
                (people_, "People on support", "persons, mean of the quarter"),
                (
                    money,
                    "The municipality's net spending added up",
                    f"mio. kr., {comparison.price_level} prices",
                ),
            )
        ):
            axes = figure.add_axes((left + k * (width + label + gap), 0.15, width, 0.68))
            draw(axes, comparison, names, measure)
            x = k * (width + label + gap) + 0.008
            figure.text(x, 0.985, title, fontsize=11, fontweight="bold", va="top")
            text = f"{unit}; difference from {words(comparison.base)}"
            figure.text(x, 0.985 - 0.21 / 3.9, text, fontsize=9, color=SOFT, va="top")
        runs = len(comparison.seeds)
        error = "; shaded and whiskers: calculation error (95 %), not the uncertainty of the forecast"
        foot = f"{comparison.municipality}, {runs} paired runs{error if runs > 1 else ''}."
        if comparison.watermark:
            foot += f" {comparison.watermark.split(':')[0]}."
        figure.text(0.008, 0.02, foot, fontsize=9, color=SOFT)
        return figure


def _grid(panels: int, names: Sequence[str], palette: Palette) -> "tuple[Figure, list[Axes]]":
    """A figure of small panels, four in a row, with room for a title and a key above."""
    columns = 4
    rows = -(-panels // columns)
    head = 0.66 + 0.2 * len(key_rows([words(name) for name in names]))
    height = head + rows * 1.55
    figure = new_figure(height)
    grid = figure.subplots(rows, columns, squeeze=False)
    figure.subplots_adjust(
        left=0.055, right=0.992, top=1 - head / height, bottom=0.26 / height, wspace=0.26, hspace=0.42
    )
    draw_key(figure, names, palette, words, 0.36)
    flat = [axes for row in grid for axes in row]
    for axes in flat[panels:]:
        axes.remove()
    return figure, flat[:panels]


def stocks(comparison: Comparison) -> "Figure":
    """Persons on each benefit over time, base and scenarios; each panel has its own scale from zero."""
    names = [
        comparison.base,
        *(name for name in others(comparison) if moves_people(comparison, name)),
    ]
    present = [
        benefit
        for benefit in codes.BENEFITS
        if any(float(np.max(comparison.weekly[name][f"stock.{benefit}"])) > NOTHING for name in names)
    ]
    with style():
        palette = palette_of(comparison)
        figure, panels = _grid(max(len(present), 1), names, palette)
        for axes, benefit in zip(panels, present, strict=False):
            weeks = thin(time_axis(axes, comparison.start, comparison.weeks), 4)
            for name in reversed(names):
                plot(axes, weeks, thin(comparison.weekly[name][f"stock.{benefit}"], 4), **palette.line(name))
            top = max(float(np.max(comparison.weekly[name][f"stock.{benefit}"])) for name in names)
            axes.set_ylim(0, 1.12 * top)
            axes.yaxis.set_major_formatter(thousands)
            axes.set_title(BENEFIT_WORDS[benefit], fontsize=8.8, pad=4)
        heading(figure, "People on each benefit (persons; every panel starts at 0)", "", 0.99)
        return figure


def stock_differences(comparison: Comparison) -> "Figure":
    """Persons on each benefit minus the base, one scale for all panels: where people come from and go to."""
    moving = [name for name in others(comparison) if moves_people(comparison, name)]
    strategies = [name for name in moving if comparison.kinds[name] != "context"]
    names = strategies or moving
    statuses = (*codes.BENEFITS, "job", "education", "outside", "subsidised_job")

    def gap(name: str, status: str) -> np.ndarray:
        column = f"stock.{status}"
        return np.asarray(comparison.weekly[name][column] - comparison.weekly[comparison.base][column])

    largest = {
        status: max((float(np.max(np.abs(gap(name, status)))) for name in names), default=0.0)
        for status in statuses
    }
    most = max(largest.values())
    shown = [status for status in statuses if most > NOTHING and largest[status] >= 0.1 * most]
    with style():
        from matplotlib.ticker import MaxNLocator

        palette = palette_of(comparison)
        figure, panels = _grid(max(len(shown), 1), names, palette)
        low = min((float(np.min(gap(name, s))) for name in names for s in shown), default=-1.0)
        high = max((float(np.max(gap(name, s))) for name in names for s in shown), default=1.0)
        pad = 0.06 * max(high - low, NOTHING)
        for axes, status in zip(panels, shown or statuses[:1], strict=True):
            weeks = thin(time_axis(axes, comparison.start, comparison.weeks), 4)
            axes.axhline(0, color=INK, linewidth=0.8)
            if not shown:
                say(axes, "no difference")
            for name in names:
                plot(axes, weeks, thin(gap(name, status), 4), **palette.line(name))
            axes.set_ylim(min(low - pad, -pad), max(high + pad, pad))
            axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
            axes.yaxis.set_major_formatter(thousands)
            title = BENEFIT_WORDS.get(status, status.replace("_", " ").capitalize())
            axes.set_title(title, fontsize=9, pad=4, color=INK if status in BENEFIT_WORDS else _NOT_A_BENEFIT)
        heading(
            figure,
            f"Where people come from and go to, difference from {words(comparison.base)}"
            " (persons, same scale everywhere)",
            "",
            0.99,
        )
        return figure


_NOT_A_BENEFIT: Final = "#00674a"  # work, education and outside stand apart from benefits


def caseworker_changes(comparison: Comparison) -> "Figure":
    """New caseworkers a year for each open case, by cause: one bar a scenario."""
    names = [
        comparison.base,
        *(name for name in others(comparison) if moves_people(comparison, name)),
    ]
    rates = {name: changes_per_citizen_year(comparison, name) for name in names}
    with style():
        height = 1.0 + 0.36 * len(names)
        figure = new_figure(height)
        axes = figure.add_axes((0.235, 0.28 / height, 0.70, 0.36 * len(names) / height))
        palette = palette_of(comparison)
        for row, name in enumerate(names):
            start = 0.0
            for cause, rate in rates[name].items():
                axes.barh(
                    row,
                    rate,
                    left=start,
                    height=0.66,
                    color=_CAUSE_COLOURS[cause],
                    edgecolor="white",
                    linewidth=0.6,
                    label=CAUSE_WORDS[cause] if row == 0 else None,
                    hatch="////" if cause == "own_request" else None,
                )
                start += rate
            forced = sum(rate for cause, rate in rates[name].items() if cause != "own_request")
            axes.annotate(
                f"{forced:.2f}",
                (start, row),
                xytext=(5, 0),
                textcoords="offset points",
                va="center",
                fontweight="bold",
            )
        axes.set_yticks(range(len(names)), [words(name) for name in names])
        for tick, name in zip(axes.get_yticklabels(), names, strict=True):
            tick.set_color(palette.colour(name))
            tick.set_fontsize(9.5)
        axes.set_ylim(len(names) - 0.5, -0.5)
        widest = max(sum(rate.values()) for rate in rates.values())
        axes.set_xlim(0, widest * 1.08 if widest > NOTHING else 1.0)
        axes.grid(axis="y", visible=False)
        axes.spines["left"].set_visible(False)
        figure.legend(
            loc="upper left",
            bbox_to_anchor=(0.0, 1 - 0.42 / height),
            ncols=len(CAUSE_WORDS),
            frameon=False,
            fontsize=9,
            handlelength=1.1,
            handleheight=0.9,
            columnspacing=1.4,
            borderaxespad=0.2,
        )
        heading(
            figure,
            "Caseworker changes by cause",
            "changes a year for each open case; the number leaves out changes the citizen asked for",
            0.985,
        )
        return figure


def ladder(comparison: Comparison) -> "Figure":
    """People on benefits by refusion step, base and each refusion context: who pays how much of whom."""
    contexts = list(dict.fromkeys(comparison.refusion_lines["scenario"]))
    names = [comparison.base, *(name for name in others(comparison) if name in contexts)]
    with style():
        figure = new_figure(3.3)
        label, left, gap = 1.3 / WIDTH, 0.55 / WIDTH, 0.32 / WIDTH
        columns = max(len(names), 2)
        width = (1.0 - left - label * columns - gap * (columns - 1)) / columns
        top = max(float(np.max(steps(comparison, name).sum(axis=0))) for name in names)
        for k, name in enumerate(names):
            axes = figure.add_axes((left + k * (width + label + gap), 0.09, width, 0.68))
            weeks = time_axis(axes, comparison.start, comparison.weeks, short=True)
            bands = _bands(comparison, name)
            floor, ends = np.zeros(comparison.weeks), []
            for s, (text, persons) in enumerate(bands):
                roof = floor + persons
                _area(axes, weeks, floor, roof, STEP_COLOURS[round(s * 5 / max(len(bands) - 1, 1))])
                ends.append((text, float(floor[-1] + roof[-1]) / 2.0, INK))
                floor = roof
            axes.set_ylim(0, top * 1.02 if top > NOTHING else 1.0)
            axes.yaxis.set_major_formatter(thousands)
            if k:
                axes.tick_params(labelleft=False)
            axes.set_title(words(name), fontsize=9, pad=5)
            label_ends(axes, ends, size=8.5, room=20)
        heading(
            figure,
            "Who is on which step of the refusion ladder",
            "persons on a benefit, by the weeks their clock has counted; every rule has its own steps",
            0.985,
        )
        return figure


def _bands(comparison: Comparison, scenario: str) -> list[tuple[str, np.ndarray]]:
    """Steps with somebody on them, name and persons; those too thin to be seen become one."""
    persons = steps(comparison, scenario)
    visible = 0.02 * float(np.max(persons.sum(axis=0), initial=0.0))
    bands: list[tuple[str, np.ndarray]] = []
    rest = [k for k in range(len(persons)) if NOTHING < float(np.max(persons[k])) < visible]
    for k, label in enumerate(comparison.step_labels[scenario]):
        if k not in rest and float(np.max(persons[k])) > NOTHING:
            bands.append((f"weeks {label}" if label[:1].isdigit() else label, persons[k]))
    if rest:
        text = f"{len(rest)} small steps" if len(rest) > 1 else comparison.step_labels[scenario][rest[0]]
        bands.append((text, persons[rest].sum(axis=0)))
    return bands


def _area(axes: "Axes", weeks: np.ndarray, floor: np.ndarray, roof: np.ndarray, colour: str) -> None:
    if len(weeks) == 1:
        axes.bar(weeks, roof - floor, bottom=floor, width=0.6, color=colour, edgecolor="white")
        return
    x, low, high = (thin(values, 2) for values in (weeks, floor, roof))
    axes.fill_between(x, low, high, color=colour, edgecolor="white", linewidth=0.6)


def waiting(comparison: Comparison) -> "Figure":
    """Weeks until the first meeting, and people whose due meeting or task did not fit into the week."""
    names = [
        comparison.base,
        *(name for name in others(comparison) if moves_people(comparison, name)),
    ]
    panels = (
        ("Weeks from entry to the first meeting", "weeks; mean of the quarter", 1),
        (
            "Queue: people whose due task did not fit",
            "persons at the end of the week; mean of the quarter",
            0,
        ),
    )
    with style():
        figure = new_figure(3.3)
        palette = palette_of(comparison)
        label = 1.9 / WIDTH
        left, gap = 0.5 / WIDTH, 0.5 / WIDTH
        width = (1.0 - left - 2 * label - gap) / 2
        for k, (title, unit, decimals) in enumerate(panels):
            axes = figure.add_axes((left + k * (width + label + gap), 0.09, width, 0.70))
            weeks = time_axis(axes, comparison.start, comparison.weeks)
            ends = []
            for name in names:
                series = comparison.weekly[name]
                values = (
                    quarter_mean(series["queue.persons"])
                    if k
                    else ratio(series["meetings.first_wait_weeks"], series["meetings.first_held"])
                )
                plot(axes, weeks, values, **palette.line(name))
                known = values[np.isfinite(values)]
                if len(known):
                    text = f"{known[-1]:,.{decimals}f}  {words(name)}"
                    ends.append((text, float(known[-1]), palette.colour(name)))
            top = axes.get_ylim()[1]
            axes.set_ylim(0, top if top > NOTHING else 1.0)
            axes.yaxis.set_major_formatter(thousands)
            label_ends(axes, ends, size=8.5, room=30)
            x = k * (width + label + gap) + 0.008
            figure.text(x, 0.985, title, fontsize=11, fontweight="bold", va="top")
            figure.text(x, 0.985 - 0.21 / 3.3, unit, fontsize=9, color=SOFT, va="top")
        return figure
