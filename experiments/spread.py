"""Calculation error of a mean paired difference, and how much of the luck pairing takes away."""

from typing import Final, NamedTuple

import numpy as np

# 97.5 % points of Student's t for 1 to 30 degrees of freedom; beyond, the first terms of its expansion in 1/df.
_T: Final = (
    12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281, 2.2010, 2.1788, 2.1604, 2.1448,
    2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860, 2.0796, 2.0739, 2.0687, 2.0639, 2.0595, 2.0555, 2.0518, 2.0484,
    2.0452, 2.0423,
)  # fmt: skip
_Z: Final = 1.959964


def t_95(df: int) -> float:
    """The factor that turns a standard error into the half-width of a 95 % interval; infinite at zero df."""
    if df < 1:
        return float("inf")
    if df <= len(_T):
        return _T[df - 1]
    return _Z + (_Z**3 + _Z) / (4 * df) + (5 * _Z**5 + 16 * _Z**3 + 3 * _Z) / (96 * df**2)


class Paired(NamedTuple):
    """Mean paired differences; every field is an array over outcomes."""

    baseline: np.ndarray
    difference: np.ndarray
    half_width: np.ndarray  # 95 %; NaN with fewer than two runs
    runs: np.ndarray  # int64: pairs in which both sides are known
    variance_removed: np.ndarray  # 1 - Var(d) / (Var(a) + Var(b)); NaN where neither side varies
    var_difference: np.ndarray


def paired(base: np.ndarray, other: np.ndarray) -> Paired:
    """Paired statistics of two tables (seeds, outcomes), row by row the same seed.

    A pair in which either side is NaN (a share of nothing) is left out of that outcome.
    """
    known = np.isfinite(base) & np.isfinite(other)
    runs = known.sum(axis=0)
    some = np.maximum(runs, 1)
    a, b = np.where(known, base, 0.0), np.where(known, other, 0.0)
    d = b - a
    difference = np.where(runs > 0, d.sum(axis=0) / some, np.nan)
    baseline = np.where(runs > 0, a.sum(axis=0) / some, np.nan)
    var_a, var_b, var_d = (_variance(values, known, runs) for values in (a, b, d))
    factor = np.array([t_95(int(n) - 1) if n > 1 else np.nan for n in runs])
    half = factor * np.sqrt(var_d / some)
    both = var_a + var_b
    removed = np.full(both.shape, np.nan)
    np.divide(var_d, both, out=removed, where=both > 0)
    return Paired(baseline, difference, half, runs.astype(np.int64), 1.0 - removed, var_d)


def _variance(values: np.ndarray, known: np.ndarray, runs: np.ndarray) -> np.ndarray:
    mean = values.sum(axis=0) / np.maximum(runs, 1)
    squares = (np.where(known, values - mean, 0.0) ** 2).sum(axis=0)
    return np.asarray(np.where(runs > 1, squares / np.maximum(runs - 1, 1), np.nan))
