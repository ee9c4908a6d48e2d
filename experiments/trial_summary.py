"""A replayed trial as tables: effects by estimand with calculation error, power by size. Files: docs/trials.md."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from experiments.evaluator import Estimate, Needed, Rate, needed_size, rate
from experiments.trial import TOTALS, Arms, Pair, Study, outcome_names
from sim.records.student import t_95

if TYPE_CHECKING:
    import pandas as pd

FEWEST: Final = 30  # persons behind a group's mean, all runs together (docs/estimands.md)
PERSON_WEEKS: Final = ("weeks_on_support", "weeks_in_job")


@dataclass(frozen=True)
class Effect:
    """One number of a trial: the mean over simulated trials, with the error of the calculation."""

    size: int
    estimand: str  # trial_view, treated, untreated or total
    group: str
    outcome: str
    unit: str
    persons: int  # behind the mean, all runs together; 0 for all residents
    control_mean: float  # what the evaluator finds in the control group; NaN elsewhere
    value: float  # NaN where the group is too small to be shown
    error: float  # half-width of the 95 % calculation error; NaN with one run
    standard_error: float  # what the evaluator of one trial states; NaN elsewhere
    runs: int


@dataclass(frozen=True)
class Power:
    """How often the evaluator's two-sided 5 % test rejects at one size."""

    size: int
    outcome: str
    enrolled: float  # persons really enrolled, mean over runs
    power: Rate
    false_alarms: Rate  # the same trials without the lever
    needed: Needed  # persons for 80 % power


def effects(study: Study) -> list[Effect]:
    """Every estimand of every size."""
    return [row for size in study.sizes for row in _of_size(study, size, study.of(size))]


def _of_size(study: Study, size: int, pairs: Sequence[Pair]) -> Iterator[Effect]:
    units = outcome_names(study.trial.follow_up_weeks)
    treated, control = sum(pair.trial.treated for pair in pairs), sum(pair.trial.control for pair in pairs)

    def row(
        estimand: str,
        group: str,
        outcome: str,
        unit: str,
        persons: int,
        values: Sequence[float],
        **more: float,
    ) -> Effect:
        shown = persons == 0 or persons >= FEWEST
        mean, error = _mean_and_error(values) if shown else (math.nan, math.nan)
        extra = {"control_mean": math.nan, "standard_error": math.nan} | (more if shown else {})
        return Effect(
            size, estimand, group, outcome, unit, persons, value=mean, error=error, runs=len(pairs), **extra
        )

    for name, unit in units.items():
        found = [pair.trial.estimates[name] for pair in pairs]
        yield row(
            "trial_view", "treated - control", name, unit, min(treated, control), [one.difference for one in found],
            control_mean=_mean([one.control for one in found]),
            standard_error=math.sqrt(_mean([one.standard_error**2 for one in found])),
        )  # fmt: skip
    for at, (estimand, group, persons) in enumerate(
        (("treated", "treated", treated), ("untreated", "control", control))
    ):
        for name, unit in units.items():
            changes = [pair.trial.mean[name][at] - pair.nothing.mean[name][at] for pair in pairs]
            yield row(estimand, group, name, unit, persons, changes)
    for name, unit in TOTALS.items():
        yield row("total", "all residents", name, unit, 0, [pair.total[name] for pair in pairs])
    for name in PERSON_WEEKS:
        of_treated, of_control = (
            [_arm_total(pair, f"{name}_to_end", at) for pair in pairs] for at in range(2)
        )
        others = [pair.total[name] - mine for pair, mine in zip(pairs, of_treated, strict=True)]
        yield row("treated", "all treated", name, "weeks", treated, of_treated)
        yield row("untreated", "all others", name, "weeks", 0, others)
        yield row("untreated", "all controls", name, "weeks", control, of_control)


def _arm_total(pair: Pair, name: str, at: int) -> float:
    """Person-weeks of an arm, with the lever minus without, from enrolment to the horizon."""
    persons = (pair.trial.treated, pair.trial.control)[at]
    return persons * (pair.trial.mean[name][at] - pair.nothing.mean[name][at]) if persons else 0.0


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan


def _mean_and_error(values: Sequence[float]) -> tuple[float, float]:
    known = np.array([value for value in values if not math.isnan(value)])
    if known.size < 2:
        return _mean(values), math.nan
    return float(known.mean()), float(t_95(known.size - 1) * known.std(ddof=1) / math.sqrt(known.size))


def powers(study: Study) -> list[Power]:
    """Power of every outcome at every size."""
    rows = []
    for size in study.sizes:
        pairs = study.of(size)
        for name in outcome_names(study.trial.follow_up_weeks):
            trial, nothing = (
                [arms.estimates[name] for arms in worlds]
                for worlds in ([pair.trial for pair in pairs], [pair.nothing for pair in pairs])
            )
            rows.append(
                Power(
                    size,
                    name,
                    _mean([_enrolled(pair.trial) for pair in pairs]),
                    rate(sum(one.rejects for one in trial), len(trial)),
                    rate(sum(one.rejects for one in nothing), len(nothing)),
                    _needed(study, _mean([_enrolled(pair.trial) for pair in pairs]), trial, nothing),
                )
            )
    return rows


def _needed(study: Study, enrolled: float, trial: Sequence[Any], nothing: Sequence[Any]) -> Needed:
    """Persons for 80 % power from what the evaluators of one size found."""
    if study.trial.by == "team":
        nan = math.nan
        return Needed(
            nan, nan, nan, "lots are drawn by caseworker, and a larger trial has no more caseworkers"
        )
    return needed_size(enrolled, *columns(trial, nothing))


def columns(
    trial: Sequence[Estimate], nothing: Sequence[Estimate]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Differences, standard errors, and differences without the lever, float64 (simulated trials)."""
    return (
        np.array([one.difference for one in trial], float),
        np.array([one.standard_error for one in trial], float),
        np.array([one.difference for one in nothing], float),
    )


def _enrolled(arms: Arms) -> int:
    return arms.treated + arms.control


def notes(study: Study) -> list[str]:
    """What a reader must know of this replay."""
    out = [
        "A trial sees treated minus control. What the treated gain and others lose (the same jobs, the same hours of"
        " caseworkers) is in the total and not in the trial view.",
        "± is the calculation error over the simulated trials (95 %), not what is known about the effect;"
        " behaviour is held at its central values.",
    ]
    for size in study.sizes:
        pairs = study.of(size)
        short = [pair for pair in pairs if _enrolled(pair.trial) < size]
        if short:
            mean = _mean([_enrolled(pair.trial) for pair in short])
            out.append(
                f"Size {size}: in {len(short)} of {len(pairs)} runs the places were not filled (on average {mean:.0f}"
                " enrolled); more enrol_weeks, more groups or another intake would fill them."
            )
    if any(row.persons and row.persons < FEWEST for row in effects(study)):
        out.append(f"Means of groups under {FEWEST} persons (all runs together) are not shown.")
    return out


def effect_frame(study: Study) -> "pd.DataFrame":
    """trial_effects.csv."""
    import pandas as pd

    return pd.DataFrame([asdict(row) for row in effects(study)])


def power_frame(study: Study) -> "pd.DataFrame":
    """trial_power.csv."""
    import pandas as pd

    return pd.DataFrame([flat_power(row) for row in powers(study)])


def flat_power(row: Power) -> dict[str, Any]:
    """A row of power with plain names."""
    return {
        "size": row.size,
        "outcome": row.outcome,
        "enrolled": row.enrolled,
        "power": row.power.share,
        "power_low": row.power.low,
        "power_high": row.power.high,
        "false_alarms": row.false_alarms.share,
        "false_alarms_low": row.false_alarms.low,
        "false_alarms_high": row.false_alarms.high,
        "needed_for_80": row.needed.persons,
        "needed_low": row.needed.low,
        "needed_high": row.needed.high,
        "why_not_stated": row.needed.why_not,
    }


def estimate_frame(study: Study) -> "pd.DataFrame":
    """trial_estimates.csv: one row per simulated trial, size and outcome, with and without the lever."""
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "size": pair.size,
                "seed": pair.seed,
                "lever": world,
                "outcome": name,
                "treated": arms.treated,
                "control": arms.control,
                "control_mean": found.control,
                "difference": found.difference,
                "standard_error": found.standard_error,
                "rejects": found.rejects,
            }
            for size in study.sizes
            for pair in study.of(size)
            for world, arms in (("given", pair.trial), ("not given", pair.nothing))
            for name, found in arms.estimates.items()
        ]
    )


def write_trial(study: Study, folder: Path, force: bool, command: str) -> None:
    """Fills `folder` with the tables and a manifest; all of it or nothing."""
    from experiments.calibrated import watermark
    from experiments.folder import new_folder, write_manifest
    from experiments.provenance import describe, unverified_rules, versions
    from experiments.trial_power import curve_frame, power_figures
    from sim.version import code_version

    with new_folder(folder, force) as part:
        frames = {
            "power_curve": curve_frame(study),
            "effects": effect_frame(study),
            "power": power_frame(study),
            "estimates": estimate_frame(study),
        }
        for name, frame in frames.items():
            frame.to_csv(part / f"trial_{name}.csv", index=False, lineterminator="\n")
        for name, content in power_figures(study).items():
            (part / name).write_bytes(content)
        write_manifest(
            part,
            {
                "made_by": "jobcenter trial",
                "watermark": watermark(study.scenario),
                "command": command,
                "code_version": code_version(),
                "scenario": describe(study.scenario),
                "trial": study.trial.model_dump(mode="json"),
                "sizes": list(study.sizes),
                "seeds": sorted({pair.seed for pair in study.pairs}),
                "weeks": study.scenario.weeks,
                "interval_kind": "calculation error",
                "notes": notes(study),
                "unverified_rules": unverified_rules(study.scenario),
                "versions": versions(),
            },
        )
