"""What the evaluator of a trial does: the difference between two groups, its standard error, the test; and power.

An evaluator knows the persons enrolled, their arms and how they fared, nothing of the world without the trial.
"""

import math
from statistics import NormalDist
from typing import Final, NamedTuple

import numpy as np

from sim.records.student import t_95
from sim.trial import CONTROL, TREATED

_Z_TEST: Final = 1.959964  # two-sided 5 %
_Z_POWER: Final = 0.841621  # 80 %


class Estimate(NamedTuple):
    """Treated minus control with what a paper would print beside it."""

    control: float  # mean of the control group
    difference: float
    standard_error: float  # NaN with fewer than two persons (or caseworkers) in an arm
    rejects: bool  # whether the two-sided 5 % test says there is an effect


def estimate(values: np.ndarray, arm: np.ndarray, cluster: np.ndarray | None = None) -> Estimate:
    """The difference between the arms of one trial.

    values: float64 (persons). cluster: the caseworker whose lot a person shares; the evaluator then compares the means
    of caseworkers, as persons of one caseworker are no independent draws. Test: Student's t, variances apart, with
    n1 + n2 - 2 degrees of freedom.
    """
    groups = [
        values[arm == one] if cluster is None else _means(values[arm == one], cluster[arm == one])
        for one in (TREATED, CONTROL)
    ]
    if not all(group.size for group in groups):
        return Estimate(math.nan, math.nan, math.nan, False)
    treated, control = (float(group.mean()) for group in groups)
    difference = treated - control
    if min(group.size for group in groups) < 2:
        return Estimate(control, difference, math.nan, False)
    error = math.sqrt(sum(float(group.var(ddof=1)) / group.size for group in groups))
    df = sum(group.size for group in groups) - 2
    return Estimate(control, difference, error, bool(error > 0 and abs(difference) > t_95(df) * error))


def _means(values: np.ndarray, cluster: np.ndarray) -> np.ndarray:
    """Mean of each cluster there is, float64 (clusters)."""
    _, where = np.unique(cluster, return_inverse=True)
    return np.asarray(np.bincount(where, values) / np.maximum(np.bincount(where), 1))


class Rate(NamedTuple):
    """A share of simulated trials with its Monte-Carlo error: Wilson's 95 % interval, which also holds at 0 and 1."""

    share: float
    low: float
    high: float


def rate(hits: int, trials: int) -> Rate:
    """How often something happened in `trials` simulated trials."""
    if not trials:
        return Rate(math.nan, math.nan, math.nan)
    p, z2 = hits / trials, _Z_TEST**2
    middle = (p + z2 / (2 * trials)) / (1 + z2 / trials)
    half = _Z_TEST * math.sqrt(p * (1 - p) / trials + z2 / (4 * trials**2)) / (1 + z2 / trials)
    low = 0.0 if hits == 0 else max(0.0, middle - half)
    high = 1.0 if hits == trials else min(1.0, middle + half)
    return Rate(p, low, high)


class Found(NamedTuple):
    """The effect over simulated trials with the luck of the lot taken off, and what one trial's test rests on."""

    effect: float  # NaN with fewer than two trials that can be used
    error: float  # half-width of its calculation error, 95 %
    standard_error: float  # of the evaluator of one trial, root mean square


def found(differences: np.ndarray, standard_errors: np.ndarray, control_differences: np.ndarray) -> Found:
    """Differences of the arms, standard errors, and differences of the same trials without the lever, each float64
    (simulated trials). What the arms differ by without the lever is luck of the lot and is taken off."""
    effect = differences - control_differences
    known = np.isfinite(effect) & np.isfinite(standard_errors)
    n = int(known.sum())
    if n < 2:
        return Found(math.nan, math.nan, math.nan)
    effect, spread = effect[known], float(np.sqrt(np.mean(standard_errors[known] ** 2)))
    error = float(t_95(n - 1) * effect.std(ddof=1) / math.sqrt(n))
    return Found(float(effect.mean()), error, spread)


def power_of(effect: float, standard_error: float) -> float:
    """How often a two-sided 5 % test rejects when the estimate is normal around `effect` with this standard error.

    Example: nothing is found significant in 5 % of trials, 2.8 standard errors in 80 %.
    """
    z = effect / standard_error
    normal = NormalDist()
    return normal.cdf(z - _Z_TEST) + normal.cdf(-z - _Z_TEST)


class Needed(NamedTuple):
    """Persons to enrol for 80 % power: at the mean effect, and at the ends of its calculation error."""

    persons: float  # NaN where it cannot be stated
    low: float
    high: float
    why_not: str


def needed_size(
    enrolled: float, differences: np.ndarray, standard_errors: np.ndarray, control_differences: np.ndarray
) -> Needed:
    """The size at which four of five trials reject, if effect and spread per person stay what they are at `enrolled`.

    The three arrays as in `found`. Stated only where the mean effect exceeds its own calculation error.
    """
    mean, error, spread = found(differences, standard_errors, control_differences)
    if math.isnan(mean):
        return Needed(math.nan, math.nan, math.nan, "needs at least two simulated trials")
    if abs(mean) <= error:
        return Needed(math.nan, math.nan, math.nan, "the mean effect lies within its calculation error")
    persons = [
        enrolled * ((_Z_TEST + _Z_POWER) * spread / one) ** 2
        for one in (abs(mean), abs(mean) + error, abs(mean) - error)
    ]
    return Needed(persons[0], persons[1], persons[2], "")
