"""What a calibration says: text for the screen, tables, the posterior as a file of draws, and a behaviour file."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from calibration.distance import Verdict
from calibration.fit import Fit, compared
from calibration.levels import values_at
from calibration.posterior import cut_by_box, spread_over
from calibration.target_file import Targets
from experiments.behaviour_file import behaviour_text
from experiments.draws import draw, ranges

if TYPE_CHECKING:
    import pandas as pd

NOT_IDENTIFIED: Final = 0.9  # posterior s.d. over prior s.d. from which the data are said to tell nothing
TOGETHER: Final = 0.5  # correlation from which a pair is named
DRAWS: Final = 400  # rows of the files of draws


def verdict_lines(verdicts: Sequence[Verdict], targets: Targets, start: Sequence[Verdict] = ()) -> list[str]:
    """The table of targets: counted, model, how far off, verdict; what is not modelled stands in it too."""
    before = {verdict.target.name: verdict for verdict in start}
    rows = [["target", "role", "counted", "allowed", "before", "model", "±", "s.d. off", "of allowed", ""]]
    for verdict in verdicts:
        target = verdict.target
        old = before.get(target.name)
        rows.append(
            [
                target.name, target.row.role, _text(target.value), f"± {_text(target.allowed)}",
                _text(old.model) if old else "", _text(verdict.model), _text(verdict.error),
                f"{verdict.deviations:+.1f}", f"{verdict.tolerances:+.2f}", verdict.verdict,
            ]
        )  # fmt: skip
    for target in targets.not_modelled:
        rows.append(
            [
                target.name,
                target.row.role,
                _text(target.value),
                f"± {_text(target.allowed)}",
                *[""] * 5,
                "not modelled",
            ]
        )
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return [
        "  ".join(
            f"{cell:<{w}}" if k < 2 else f"{cell:>{w}}"
            for k, (cell, w) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def count_lines(verdicts: Sequence[Verdict], targets: Targets) -> list[str]:
    """How many pass, by role, and what is not in the count."""
    out = []
    for role in ("fit", "check", "hold"):
        own = [verdict for verdict in verdicts if verdict.target.row.role == role]
        if not own:
            continue
        within = sum(verdict.verdict == "within" for verdict in own)
        far = [verdict.target.name for verdict in own if verdict.verdict not in ("within", "off")]
        line = f"{role}: {within} of {len(own)} within what is allowed"
        out.append(line + (f"; off by more than twice it: {', '.join(far)}" if far else "") + ".")
    for target in targets.not_modelled:
        out.append(f"Not modelled: {target.name} ({target.row.not_modelled}).")
    return out


def fit_lines(fit: Fit) -> list[str]:
    """The report of one variant."""
    last = fit.waves[-1]
    lines = [
        f"Variant {fit.variant.name}: {fit.variant.meaning}.",
        *verdict_lines(fit.verdicts, fit.targets, fit.start),
        *count_lines(fit.verdicts, fit.targets),
        f"Distance {fit.start_distance:,.1f} with the values of the file, {fit.best_distance:,.1f} fitted"
        f" ({fit.effort.judge} fresh runs each).",
        "",
        *_level_lines(fit),
        "",
        f"Emulator, last of {len(fit.waves)} rounds, {last.emulator.points} runs: "
        + ", ".join(
            f"{last.emulator.kinds.count(kind)} {kind}" for kind in dict.fromkeys(last.emulator.kinds)
        )
        + f"; its own error at most {_worst(fit)} of what may lie between model and counted value.",
        f"Convergence: split R-hat at most {last.sample.rhat.max():.2f}, worth {last.sample.independent:,.0f}"
        f" independent draws, acceptance {last.sample.acceptance:.2f}.",
    ]
    vague = [
        level.name for level, width in zip(fit.levels, fit.width, strict=True) if width >= NOT_IDENTIFIED
    ]
    if vague:
        lines.append(f"Not identified by these targets (posterior as wide as prior): {', '.join(vague)}.")
    if cut := cut_by_box(last):
        lines.append(f"Cut by the box of the last round, so wider than told: {', '.join(cut)}.")
    lines += [f"Go together: {a} and {b} ({r:+.2f})." for a, b, r in pairs_together(fit)]
    lines += [f"Unreachable: {text}." for text in fit.unreachable]
    held = predictive_share(fit)
    if held:
        worst = min(held, key=lambda name: held[name])
        lines.append(
            f"Draws of the posterior, one run each: on average {np.mean(list(held.values())):.0%} of them hold a fit"
            f" target; the least held is {worst} ({held[worst]:.0%}). One run has the luck of one world in it."
        )
    lost = sum(wave.lost for wave in fit.waves)
    if lost or fit.screening.lost or fit.failed:
        lines.append(
            f"Left out and counted: {fit.screening.lost} trajectories of the screening, {lost} runs of the emulator,"
            f" {fit.failed} runs that failed now."
        )
    return lines


def report_lines(fits: Sequence[Fit]) -> list[str]:
    """The whole report."""
    fit = fits[0]
    world = fit.scenario.world.share
    part = "" if world == 1 else f", {world:g} of it simulated"
    head = (
        f"Calibration of {fit.targets.name}: {fit.scenario.municipality.name}{part}, weeks"
        f" {fit.targets.window.start + 1} to {min(fit.targets.window.stop, fit.scenario.weeks)} measured, effort"
        f" '{fit.effort.name}'."
    )
    lines = [head]
    if world < 1 or fit.effort.name == "quick":
        lines.append(
            "A small world and few runs: to see that it works and where it leads, not to be used as fitted."
        )
    for one in fits:
        lines += ["", *fit_lines(one)]
    said = compared(fits)
    return [*lines, "", said] if said else lines


def _level_lines(fit: Fit) -> list[str]:
    sample = fit.waves[-1].sample.t
    rows = [["level", "range", "file", "best", "posterior 90 %", "width to prior"]]
    for k, level in enumerate(fit.levels):
        low, high = (level.at(float(np.quantile(sample[:, k], q))) for q in (0.05, 0.95))
        rows.append(
            [
                level.name, f"{level.range.low:.4g} to {level.range.high:.4g}", f"{level.range.value:.4g}",
                f"{level.at(float(fit.best.t[k])):.4g}", f"{low:.4g} to {high:.4g}", f"{fit.width[k]:.2f}",
            ]
        )  # fmt: skip
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return [
        "  ".join(
            f"{cell:<{w}}" if k < 1 else f"{cell:>{w}}"
            for k, (cell, w) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def pairs_together(fit: Fit) -> list[tuple[str, str, float]]:
    """Pairs of levels whose posterior goes together, the strongest first."""
    if len(fit.levels) < 2:
        return []
    correlation = np.corrcoef(fit.waves[-1].sample.t.T)
    first, second = np.triu_indices(len(fit.levels), 1)
    found = [
        (fit.levels[a].name, fit.levels[b].name, float(correlation[a, b]))
        for a, b in zip(first, second, strict=True)
        if abs(correlation[a, b]) >= TOGETHER
    ]
    return sorted(found, key=lambda pair: -abs(pair[2]))


def predictive_share(fit: Fit) -> dict[str, float]:
    """Fit target -> part of the posterior's draws whose one run holds it."""
    return {
        target.name: float((np.abs(fit.predictive[:, k] - target.value) <= target.allowed).mean())
        for k, target in enumerate(fit.targets.modelled)
        if target.row.role == "fit"
    }


def _worst(fit: Fit) -> str:
    from calibration.distance import variances

    last, aimed = fit.waves[-1], fit.targets.role("fit", "hold")
    ratio = np.sqrt(np.diag(last.emulator.error) / variances(aimed))
    at = int(np.argmax(ratio))
    return f"{ratio[at]:.2f} ({aimed[at].name})"


def _text(value: float) -> str:
    if not np.isfinite(value):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 2 else f"{value:.3f}"


# ---- files


def posterior_frame(fit: Fit, effects: bool) -> "pd.DataFrame":
    """Draws of the posterior, one row each, one column per level in its own unit; `draws:` of an experiment reads it.

    effects: with a draw of every other behavioural number from its range beside it, row k with draw k.
    """
    import pandas as pd

    rows = [values_at(fit.levels, t) for t in spread_over(fit.waves[-1].sample.t, DRAWS)]
    if effects:
        known = ranges(fit.scenario)
        rows = [{**draw(known, number), **row} for number, row in enumerate(rows)]
    return pd.DataFrame(rows)


def tables(fits: Sequence[Fit]) -> dict[str, "pd.DataFrame"]:
    """fit, levels, screening and search as tidy tables, the variant in a column."""
    import pandas as pd

    fit_rows, level_rows, screen_rows, search_rows = [], [], [], []
    for fit in fits:
        name = fit.variant.name
        for before, after in zip(fit.start, fit.verdicts, strict=True):
            row = after.target.row
            fit_rows.append(
                [name, after.target.name, row.role, row.unit, row.value, after.target.allowed, before.model,
                 after.model, after.error, after.deviations, after.tolerances, after.verdict]
            )  # fmt: skip
        for target in fit.targets.not_modelled:
            row = target.row
            nan = float("nan")
            fit_rows.append(
                [
                    name,
                    target.name,
                    row.role,
                    row.unit,
                    row.value,
                    target.allowed,
                    nan,
                    nan,
                    nan,
                    nan,
                    nan,
                    "not modelled",
                ]
            )
        sample = fit.waves[-1].sample
        for k, level in enumerate(fit.levels):
            ends = [level.at(float(np.quantile(sample.t[:, k], q))) for q in (0.05, 0.25, 0.5, 0.75, 0.95)]
            level_rows.append(
                [name, level.name, level.range.low, level.range.high, level.range.value, level.at(float(fit.best.t[k])),
                 *ends, float(fit.width[k]), float(sample.rhat[k])]
            )  # fmt: skip
        for k, level in enumerate(fit.screening.levels):
            screen_rows.append([name, level.name, float(fit.screening.importance[k]), level in fit.levels])
        search_rows += [[name, *step] for step in fit.best.history]
    return {
        "fit": pd.DataFrame(
            fit_rows,
            columns=["variant", "target", "role", "unit", "counted", "allowed", "before", "model", "error", "sd_off",
                     "of_allowed", "verdict"],
        ),
        "levels": pd.DataFrame(
            level_rows,
            columns=["variant", "level", "low", "high", "file", "best", "q05", "q25", "q50", "q75", "q95",
                     "width_to_prior", "rhat"],
        ),
        "screening": pd.DataFrame(screen_rows, columns=["variant", "level", "importance", "fitted"]),
        "search": pd.DataFrame(
            search_rows, columns=["variant", "stage", "number", "best_objective", "typical_objective"]
        ),
    }  # fmt: skip


def write_all(fits: Sequence[Fit], folder: Path, behaviour: Path) -> list[Path]:
    """Report, tables, posteriors and behaviour files into a folder; what stood there of an earlier call is replaced."""
    from calibration.fit_figures import draw_all

    folder.mkdir(parents=True, exist_ok=True)
    made = []

    def path(name: str) -> Path:
        made.append(folder / name)
        return made[-1]

    path("report.txt").write_text("\n".join(report_lines(fits)) + "\n", encoding="utf-8")
    for name, frame in tables(fits).items():
        frame.to_csv(path(f"{name}.csv"), index=False, lineterminator="\n")
    for fit in fits:
        name = fit.variant.name
        posterior_frame(fit, False).to_parquet(path(f"posterior_{name}.parquet"), index=False)
        posterior_frame(fit, True).to_parquet(path(f"draws_{name}.parquet"), index=False)
        text = behaviour_text(behaviour.read_text(encoding="utf-8"), fit.best.values)
        path(f"behaviour_{name}.yaml").write_text(text, encoding="utf-8")
    return [*made, *draw_all(fits, folder)]
