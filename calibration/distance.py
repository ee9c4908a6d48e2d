"""How far a run is from what was counted, and the verdict on every target.

distance = sum over targets of (model - counted)² / (sigma² + discrepancy² + luck² / runs)

sigma is half the tolerance (the tolerance is read as two standard deviations), the discrepancy says how far the model
itself may be off with the best levels there are, luck is the s.d. of one run. Nothing far off is let out.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from calibration.target_file import Target
from sim.records.student import t_95

SIGMAS_PER_TOLERANCE: Final = 2.0


class Verdict(NamedTuple):
    """One target against the mean of some runs. `verdict`: within | off | far off | not measured | not modelled."""

    target: Target
    model: float
    error: float  # half-width of the 95 % calculation error of `model`
    deviations: float  # (model - counted) in standard deviations: sigma and discrepancy together
    tolerances: float  # the same in what is allowed; within is 1 or less
    verdict: str


def variances(targets: Sequence[Target]) -> np.ndarray:
    """sigma² + discrepancy² of each target, float64 (targets,)."""
    sigma = np.array([target.row.tolerance / SIGMAS_PER_TOLERANCE for target in targets])
    return np.asarray(sigma**2 + np.array([target.discrepancy for target in targets]) ** 2)


def distance(
    model: np.ndarray, targets: Sequence[Target], luck_variance: np.ndarray | float = 0.0
) -> np.ndarray:
    """The weighted squared distance. model: float64 (..., targets); luck_variance: of the mean of the runs."""
    counted = np.array([target.value for target in targets])
    return np.asarray(((model - counted) ** 2 / (variances(targets) + luck_variance)).sum(axis=-1))


def judge(runs: np.ndarray, targets: Sequence[Target]) -> list[Verdict]:
    """The verdict on each target. runs: float64 (runs, targets), NaN where a run had nothing to count."""
    out = []
    for values, target, variance in zip(runs.T, targets, variances(targets), strict=True):
        known = values[np.isfinite(values)]
        if not known.size:
            nan = float("nan")
            out.append(Verdict(target, nan, nan, nan, nan, "not measured"))
            continue
        model = float(known.mean())
        error = (
            t_95(known.size - 1) * float(known.std(ddof=1)) / known.size**0.5
            if known.size > 1
            else float("nan")
        )
        off = (model - target.value) / target.allowed
        word = "within" if abs(off) <= 1 else "off" if abs(off) <= 2 else "far off"
        out.append(
            Verdict(target, model, error, float((model - target.value) / variance**0.5), float(off), word)
        )
    return out


def passes(verdicts: Sequence[Verdict]) -> bool:
    """Whether the fit targets pass: nine in ten within tolerance, none off by more than twice it, all measured."""
    fit = [verdict for verdict in verdicts if verdict.target.row.role == "fit"]
    within = sum(verdict.verdict == "within" for verdict in fit)
    return bool(fit) and within >= 0.9 * len(fit) and all(v.verdict in ("within", "off") for v in fit)
