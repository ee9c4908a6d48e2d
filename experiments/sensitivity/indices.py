"""Indices of runs with noise in them: what luck adds is taken out, not shared among the factors.

Every row of a design (a trajectory, a base point with its neighbours) has a few seeds of its own, which its points
share. What differs between two points under *different* seeds has no luck in common, so products across seeds estimate
squares and variances of the mean without the luck that ordinary formulas would add (a U-statistic; for nested
simulation see Sun, Apley and Staum 2011, Operations Research 59(4)). Seeds common to all rows would be cheaper to
cache, but a seed can have a slope of its own along a factor, which no number of rows would average out and no bootstrap
over rows would see. Factors that matter may have more seeds than others (`study.py`). The formulas are those of Morris
(1991) with Campolongo's mu*, Saltelli et al. (2010) for first-order and Jansen (1999) for total indices. Intervals:
bootstrap over rows of the design. Arrays: float64 (points, seeds), NaN where a point was not lived under a seed.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

BOOTSTRAPS: Final = 400
SEED: Final = 20_260_101
INTERVAL: Final = (2.5, 97.5)


@dataclass(frozen=True)
class Index:
    """One number of one factor with its 95 % interval over the design; NaN where it cannot be stated."""

    name: str
    value: float
    low: float
    high: float


def _products(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Mean product over pairs of different seeds, the last axis; where there is one seed the plain product.

    NaN where a point has no run under a seed: some points have more seeds than others.
    """
    both = a * b
    if not np.isnan(both).any():
        seeds = np.full(both.shape[:-1], a.shape[-1])
        total, squares = a.sum(-1) * b.sum(-1), both.sum(-1)
    else:
        there = np.isfinite(both)
        seeds = there.sum(-1)
        total = np.where(there, a, 0.0).sum(-1) * np.where(there, b, 0.0).sum(-1)
        squares = np.where(there, both, 0.0).sum(-1)
    return np.asarray(np.where(seeds > 1, (total - squares) / np.maximum(seeds * (seeds - 1), 1), squares))


def means(y: np.ndarray) -> np.ndarray:
    """Mean over the seeds each point has, the last axis."""
    return np.asarray(np.nanmean(y, axis=-1))


def variance(y: np.ndarray) -> float:
    """Variance of the mean outcome over points, luck taken out."""
    centred = y - means(y).mean()
    return float(_products(centred, centred).sum() / (len(y) - 1))


def variance_bound(y: np.ndarray, row: int, bootstraps: int = BOOTSTRAPS) -> float:
    """What `variance` is not below, at 97.5 %: rows of the design drawn again. row: points of a row.

    Student's quantile on the bootstrap's spread, as a screening has few rows. Luck is in it where there is one seed.
    """
    rows = y.reshape(-1, row, y.shape[1])
    n = len(rows)
    if n < 3:
        return float("-inf")
    lots = np.random.default_rng(SEED)
    drawn = [variance(rows[lots.integers(0, n, n)].reshape(y.shape)) for _ in range(bootstraps)]
    spread = float(np.std(drawn, ddof=1)) * (n / (n - 1)) ** 0.5
    return float(variance(y) - student(0.025, n - 1) * spread)


def student(beyond: float, freedom: int) -> float:
    """The point of Student's distribution that so much lies beyond."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 1.0 - beyond))


def noise_variance(y: np.ndarray) -> float:
    """Variance that luck leaves in the mean over seeds at one point; NaN with one seed."""
    seeds = np.isfinite(y).sum(axis=1)
    return float((np.nanvar(y, axis=1, ddof=1) / seeds).mean()) if seeds.min() > 1 else float("nan")


def morris(
    points: np.ndarray, y: np.ndarray, trajectories: int, bootstraps: int = BOOTSTRAPS
) -> list[dict[str, Index]]:
    """For each factor mu (signed), mu_star, sigma and rms: the root mean square effect with luck taken out.

    points: float64 (trajectories x (factors + 1), factors) in [0, 1]. Effects are per whole range.
    """
    k = points.shape[1]
    steps = np.diff(points.reshape(trajectories, k + 1, k), axis=1)
    moved = np.argmax(np.abs(steps), axis=2)  # which factor each step moves
    size = np.take_along_axis(steps, moved[:, :, None], axis=2)[:, :, 0]
    rise = np.diff(y.reshape(trajectories, k + 1, -1), axis=1) / size[:, :, None]
    effects = np.empty((trajectories, k, y.shape[1]))
    np.put_along_axis(effects, moved[:, :, None], rise, axis=1)

    def of(at: np.ndarray) -> np.ndarray:
        mine = effects[at]
        each = means(mine)
        away = mine - each.mean(axis=0)[None, :, None]
        squares = [_products(one, one).mean(axis=0) for one in (mine, away)]
        spread = squares[1] * len(at) / max(1, len(at) - 1)
        return np.stack(
            [
                each.mean(axis=0),
                np.abs(each).mean(axis=0),
                np.sqrt(np.maximum(0.0, spread)),
                np.sqrt(np.maximum(0.0, squares[0])),
            ]
        )

    return _with_bounds(("mu", "mu_star", "sigma", "rms"), of, trajectories, bootstraps)


def sobol(y: np.ndarray, factors: int, bootstraps: int = BOOTSTRAPS) -> list[dict[str, Index]]:
    """S1 and ST of each factor. y: rows in the order of SALib's sample without second order (A, AB_1 ... AB_k, B)."""
    rows = y.reshape(-1, factors + 2, y.shape[1])
    a, b, ab = rows[:, :1], rows[:, -1:], rows[:, 1:-1]

    def of(at: np.ndarray) -> np.ndarray:
        both = np.concatenate([a[at, 0], b[at, 0]])
        step = ab[at] - a[at]
        alone = _products(b[at] - means(both).mean(), step).mean(axis=0)
        whole = _positive(variance(both))
        return np.stack([alone / whole, _products(step, step).mean(axis=0) / 2.0 / whole])

    return _with_bounds(("S1", "ST"), of, len(rows), bootstraps)


def _positive(value: float) -> float:
    return value if value > 0 else float("nan")


def _with_bounds(
    names: Sequence[str], of: Callable[[np.ndarray], np.ndarray], n: int, bootstraps: int
) -> list[dict[str, Index]]:
    """Every index of every factor with bounds over rows drawn again with replacement; none with no bootstraps.

    of: rows, int64 -> float64 (indices, factors).
    """
    values = of(np.arange(n))
    low = high = np.full_like(values, np.nan)
    if bootstraps:
        from scipy.stats import bootstrap

        with warnings.catch_warnings():  # a factor that does nothing is the same in every lot: no fault
            warnings.simplefilter("ignore")
            lots = bootstrap(
                (np.arange(n),),
                of,
                vectorized=False,
                n_resamples=bootstraps,
                batch=1,
                method="percentile",
                rng=SEED,
            ).bootstrap_distribution
            low, high = np.nanpercentile(lots, INTERVAL, axis=-1)
    return [
        {
            name: Index(name, float(values[at, k]), float(low[at, k]), float(high[at, k]))
            for at, name in enumerate(names)
        }
        for k in range(values.shape[1])
    ]
