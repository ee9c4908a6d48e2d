"""Figures of a calibration: the fit, marginals, pairs, screening, the way of the search. SVG and PNG."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from calibration.fit import Fit
from experiments.figure_style import BASE_COLOUR, GRID, SCENARIO_COLOURS, SOFT, new_figure, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_PAIRS: Final = 8  # levels side by side in the figure of pairs
MOST_SCREENED: Final = 40


def draw_all(fits: Sequence[Fit], folder: Path) -> list[Path]:
    """Every figure of every variant."""
    out = []
    for fit in fits:
        figures = {
            "fit": fit_figure(fit), "marginals": marginals(fit), "pairs": pairs(fit), "search": search(fit),
        } | ({"screening": screening(fit)} if fit.screening.effects.any() else {})  # fmt: skip
        for name, figure in figures.items():
            for ending in ("svg", "png"):
                path = folder / f"{name}_{fit.variant.name}.{ending}"
                with style():
                    figure.savefig(path, dpi=150, bbox_inches="tight")
                out.append(path)
    return out


def fit_figure(fit: Fit) -> "Figure":
    """Every target: how far off before and after, in what is allowed."""
    verdicts = list(fit.verdicts)[::-1]
    before = list(fit.start)[::-1]
    with style():
        figure = new_figure(0.24 * len(verdicts) + 1.2)
        axes = figure.subplots()
        axes.axvspan(-1, 1, color="#e8f1e8", zorder=0)
        for k, (old, new) in enumerate(zip(before, verdicts, strict=True)):
            colour = SCENARIO_COLOURS[("fit", "check", "hold").index(new.target.row.role)]
            axes.plot(
                [_clip(old.tolerances), _clip(new.tolerances)], [k, k], color=GRID, linewidth=2, zorder=1
            )
            axes.plot(_clip(old.tolerances), k, "o", markersize=4, markerfacecolor="white", color=SOFT)
            half = new.error / new.target.allowed
            axes.errorbar(
                _clip(new.tolerances), k, xerr=half, fmt="o", markersize=5, color=colour, elinewidth=1
            )
        axes.set_yticks(range(len(verdicts)), [f"{v.target.name} ({v.target.row.role})" for v in verdicts])
        axes.set_xlim(-5.2, 5.2)
        axes.set_ylim(-0.7, len(verdicts) - 0.3)
        axes.set_xlabel("model less counted, in what is allowed (beyond 5 drawn at 5)")
        axes.set_title(
            f"{_head(fit)}: open circle the values of the file, filled fitted, band what is allowed"
        )
    return figure


def marginals(fit: Fit) -> "Figure":
    """Posterior of every level against its prior, on the scale low (-1) to high (1)."""
    across = 5
    down = -(-len(fit.levels) // across)
    sample = fit.waves[-1].sample.t
    grid = np.linspace(-1, 1, 201)
    with style():
        figure = new_figure(1.55 * down + 0.5)
        axes = np.atleast_1d(figure.subplots(down, across)).ravel()
        for k, level in enumerate(fit.levels):
            prior = np.exp(level.log_prior(grid))
            axes[k].hist(sample[:, k], bins=30, range=(-1, 1), density=True, color="#7fb2dc")
            axes[k].plot(grid, prior / (prior.mean() * 2), color=BASE_COLOUR, linewidth=1)
            axes[k].axvline(level.start, color=SOFT, linewidth=1, linestyle=":")
            axes[k].axvline(fit.best.t[k], color=SCENARIO_COLOURS[1], linewidth=1.2)
            _small(axes[k], level.name.replace(".", "\n", 1))
            axes[k].set_yticks([])
        for spare in axes[len(fit.levels) :]:
            spare.set_visible(False)
        figure.suptitle(
            f"{_head(fit)}: posterior (bars), prior (line), file (dots), best (orange)", fontsize=9.5
        )
        figure.tight_layout()
    return figure


def pairs(fit: Fit) -> "Figure":
    """The levels whose posterior is tied most to that of others, two by two."""
    sample = fit.waves[-1].sample.t
    count = min(MOST_PAIRS, len(fit.levels))
    tied = (
        np.abs(np.corrcoef(sample.T)) - np.eye(len(fit.levels)) if len(fit.levels) > 1 else np.zeros((1, 1))
    )
    chosen = sorted(np.argsort(-tied.max(axis=0), kind="stable")[:count].tolist())
    shown = sample[np.linspace(0, len(sample) - 1, min(1500, len(sample))).astype(int)]
    with style():
        figure = new_figure(1.15 * count + 0.6)
        grid = np.atleast_2d(figure.subplots(count, count))
        for row, a in enumerate(chosen):
            for column, b in enumerate(chosen):
                axes = grid[row, column]
                if column > row:
                    axes.set_visible(False)
                    continue
                if a == b:
                    axes.hist(sample[:, a], bins=25, range=(-1, 1), color="#7fb2dc")
                else:
                    axes.plot(shown[:, b], shown[:, a], ",", color=SCENARIO_COLOURS[0], alpha=0.5)
                    axes.set_ylim(-1, 1)
                _small(axes, fit.levels[b].name.split(".")[1][:22] if row == column else "")
                axes.set_yticks([])
        figure.suptitle(
            f"{_head(fit)}: levels whose posteriors are tied, scale low (-1) to high (1)", fontsize=9.5
        )
        figure.tight_layout()
    return figure


def screening(fit: Fit) -> "Figure":
    """What moves the targets: root mean square of the elementary effects, in s.d. of the targets."""
    order = np.argsort(fit.screening.importance)[-MOST_SCREENED:]
    with style():
        figure = new_figure(0.2 * len(order) + 1.0)
        axes = figure.subplots()
        kept = [fit.screening.levels[k] in fit.levels for k in order]
        colours = [SCENARIO_COLOURS[0] if one else "#c9c9c9" for one in kept]
        axes.barh(range(len(order)), fit.screening.importance[order], color=colours, height=0.7)
        axes.set_yticks(range(len(order)), [fit.screening.levels[k].name for k in order])
        axes.set_xlabel("root mean square elementary effect over targets, s.d.")
        axes.set_title(f"{_head(fit)}: levels by what they move; blue ones are fitted")
    return figure


def search(fit: Fit) -> "Figure":
    """The objective along the search."""
    with style():
        figure = new_figure(3.0)
        axes = figure.subplots()
        best = [step[2] for step in fit.best.history]
        typical = [step[3] for step in fit.best.history]
        axes.plot(typical, color=BASE_COLOUR, linewidth=1, label="typical of the step")
        axes.plot(best, color=SCENARIO_COLOURS[0], label="best so far")
        stages = [step[0] for step in fit.best.history]
        first = stages.index("evolution") if "evolution" in stages else len(stages)
        axes.axvline(first - 0.5, color=SOFT, linewidth=0.8, linestyle=":")
        axes.set_yscale("log")
        for axis in (axes.yaxis.set_major_formatter, axes.yaxis.set_minor_formatter):
            axis("{x:,.0f}")  # the figures' style shows no powers of ten
        axes.set_xlabel("steps on local runs, then (from the dotted line) generations of CMA-ES")
        axes.set_title(f"{_head(fit)}: distance less twice the log prior")
        axes.legend(frameon=False)
    return figure


def _head(fit: Fit) -> str:
    return f"{fit.targets.name}, {fit.variant.name}, {fit.effort.name}"


def _clip(x: float) -> float:
    return float(np.clip(x, -5, 5)) if np.isfinite(x) else float("nan")


def _small(axes: Any, title: str) -> None:
    axes.set_xlim(-1, 1)
    axes.set_xticks([-1, 0, 1])
    axes.tick_params(labelsize=6)
    axes.set_title(title, fontsize=6.5, fontweight="normal")
