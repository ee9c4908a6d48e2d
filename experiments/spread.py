"""Calculation error of a mean paired difference, and how much of the luck pairing takes away."""

from typing import NamedTuple

import numpy as np

from sim.records.student import t_95


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
