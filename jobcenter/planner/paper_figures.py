"""Figures of the committee paper: net cost added up, people on support, and how sure it is beside a year's luck."""

import io
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from textwrap import fill
from typing import TYPE_CHECKING

from experiments.figure_style import Palette, new_figure, style, svg
from experiments.stored import NET, Stored
from jobcenter.planner.blocks import Block, Figure, Heading
from jobcenter.planner.words import Words
from sim.records.outcomes import Key

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from experiments.four_spreads import Spreads

MIO = 1e6
LABEL_WIDTH = 36  # characters of a line beside an axis


def figures(stored: Stored, names: Sequence[str], say: Words, years: Sequence[int]) -> list[Block]:
    """Three figures with their captions."""
    palette = Palette("", list(stored.names))
    asked = {name: one.question for name, one in zip(stored.names, stored.others, strict=True)}
    label = {name: fill(say.option(name, asked[name]), LABEL_WIDTH) for name in names}

    def net(name: str, year: int) -> "Spreads":
        return stored.effect_until(name, NET.outcome, year, 1.0 / MIO)

    def people(name: str, year: int) -> "Spreads":
        return stored.effect(name, Key("full_time_persons", "support", str(year)))

    out: list[Block] = [Heading(say("figures.title"))]
    courses: tuple[tuple[str, Callable[[str, int], Spreads]], ...] = (("net", net), ("people", people))
    for key, take in courses:
        out.append(_drawn(key, say, partial(_courses, label, years, take, palette, say, key)))
    sure = partial(_sure, stored, label, palette, say, years)
    out.append(_drawn("sure", say, sure, 1.3 + 0.45 * len(names)))
    return out


def _drawn(key: str, say: Words, draw: Callable[["Axes"], None], height: float = 2.7) -> Figure:
    caption = say(f"figure.{key}")
    with style():
        figure = new_figure(height)
        axes = figure.add_subplot()
        draw(axes)
        axes.set_title(say(f"figure.{key}.title"))
        figure.tight_layout()
        png = io.BytesIO()
        figure.savefig(png, format="png", dpi=150)
        return Figure(key, svg(figure, f"{say.language}-{key}", caption), png.getvalue(), caption)


def _courses(
    names: Mapping[str, str],
    years: Sequence[int],
    take: Callable[[str, int], "Spreads"],
    palette: Palette,
    say: Words,
    key: str,
    ax: "Axes",
) -> None:
    """Budget years side by side, the strategies beside each other, a bar for the knowledge interval."""
    step = 0.8 / max(1, len(names))
    for k, name in enumerate(names):
        found = [take(name, year) for year in years]
        x = [at + (k - (len(names) - 1) / 2) * step for at in range(len(years))]
        for at, effect in zip(x, found, strict=True):
            if effect.knowledge_80 is not None:
                ax.plot([at, at], effect.knowledge_80, color=palette.colour(name), linewidth=6, alpha=0.3)
        ax.plot(x, [e.mean for e in found], "o", color=palette.colour(name), markersize=5,
                label=names[name])  # fmt: skip
        for at, effect in zip(x, found, strict=True):
            text = say.signed(effect.mean, 1 if key == "net" else 0)
            ax.annotate(
                text, (at, effect.mean), (6, 0), textcoords="offset points", va="center", fontsize=7.5
            )
    ax.axhline(0, color="#4d4d4d", linewidth=1)
    ax.set_xlim(-0.5, len(years) - 0.5)
    ax.set_xticks(range(len(years)), list(map(str, years)))
    ax.yaxis.set_major_formatter(lambda value, _: say.number(value, 1 if abs(value) % 1 else 0))
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncol=len(names), frameon=False, fontsize=8.5)
    ax.grid(axis="x", visible=False)


def _sure(
    stored: Stored, names: Mapping[str, str], palette: Palette, say: Words, years: Sequence[int], ax: "Axes"
) -> None:
    """Net cost a year: knowledge (bar), mean (point), and what luck alone moves one year's accounts by."""
    scale = 1.0 / MIO / stored.horizon_years
    luck = stored.effect(next(iter(names)), Key(NET.outcome, "all", str(years[-1])), scale=1.0 / MIO).luck
    for k, name in enumerate(reversed(list(names))):
        effect = stored.effect(name, NET, scale=scale)
        if effect.knowledge_95:
            ax.plot(effect.knowledge_95, [k, k], color=palette.colour(name), linewidth=2, alpha=0.5)
        if effect.knowledge_80:
            ax.plot(effect.knowledge_80, [k, k], color=palette.colour(name), linewidth=8, alpha=0.5)
        ax.plot([effect.mean], [k], "o", color=palette.colour(name))
    ax.plot([-luck, luck], [len(names)] * 2, color="#8c8c8c", linewidth=8, alpha=0.5)
    labels = [*reversed(list(names.values())), say("figure.sure.luck")]
    ax.set_yticks(range(len(labels)), labels)
    ax.set_ylim(-0.6, len(names) + 0.6)
    ax.margins(x=0.05)
    ax.axvline(0, color="#4d4d4d", linewidth=1)
    ax.xaxis.set_major_formatter(lambda value, _: say.number(value, 1 if abs(value) % 1 else 0))
    ax.set_xlabel(say("figure.sure.axis"))
