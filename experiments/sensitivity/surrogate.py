"""Sobol' indices of an emulator: far fewer runs, at the price of an error that is measured and said.

A quadratic and a Gaussian process (scikit-learn) are fitted to the mean effect at the points of a Latin hypercube; the
one that leaves less in cross-validation is kept. Its indices come from a large design that costs no run. What it misses
is measured at fresh points, lived under luck of their own, which no emulator has seen: luck taken out, as a share of
the variance there.
"""

import warnings
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from experiments.sensitivity.analysis import SEED, VARIANCE, Analysis, Effect, design
from experiments.sensitivity.emulator import FOLDS, PENALTIES, basis
from experiments.sensitivity.factors import Factor
from experiments.sensitivity.indices import (
    BOOTSTRAPS,
    INTERVAL,
    Index,
    noise_variance,
    sobol,
    variance,
    variance_bound,
)

FRESH: Final = 64  # points the emulator is judged at
FEWEST: Final = 32  # points it can be fitted to
POINTS: Final = 2048  # base points of the design the emulator is asked
LOTS: Final = 60  # of the points, drawn again for the intervals
LOT_POINTS: Final = 512
LENGTHS: Final = (0.3, 1.0)  # length scales the search begins at, in widths of a range
Predict = Callable[[np.ndarray], np.ndarray]


def of_emulator(factors: Sequence[Factor], u: np.ndarray, effect: Effect) -> Analysis:
    """S1 and ST of each factor. u, effect: points to fit and after them FRESH points to judge."""
    n = len(u) - FRESH
    mean = effect.mean
    fits = {
        "quadratic": _quadratic,
        "Gaussian process": _process(u[:n], mean[:n], noise_variance(effect.y[:n])),
    }
    left = {name: _left(fit, u[:n], mean[:n]) for name, fit in fits.items()}
    name = min(left, key=lambda one: left[one])
    fit = fits[name]
    k = len(factors)
    whole = _indices(fit(u[:n], mean[:n]), factors, POINTS)
    lots = np.random.default_rng(SEED)
    drawn = np.array(
        [
            _indices(fit(u[at], mean[at]), factors, LOT_POINTS)
            for at in (lots.integers(0, n, n) for _ in range(LOTS))
        ]
    )
    low, high = np.nanpercentile(drawn, INTERVAL, axis=0)
    indices = [
        {
            index: Index(index, float(whole[row, at]), float(low[row, at]), float(high[row, at]))
            for row, index in enumerate(("S1", "ST"))
        }
        for at in range(k)
    ]
    predicted = fit(u[:n], mean[:n])(u[n:])
    missed, most = missed_share(predicted, effect.y[n:])
    error = (
        f"at {FRESH} fresh points it misses {missed:.0%} of the variance, luck taken out; hardly more than {most:.0%}"
        if np.isfinite(missed)
        else "what it misses cannot be measured with one seed"
        if effect.y.shape[1] < 2
        else f"what it misses cannot be measured: {FRESH} fresh points differ by no more than luck"
    )
    said = (
        f"from an emulator ({name}) of {n} points; {error};"
        " intervals hold the choice of points, not what it misses"
    )
    judged = Effect(effect.scenario, effect.outcome, effect.y[:n], effect.context)
    return Analysis(judged, VARIANCE, factors, indices, [said], missed=most)


def missed_share(predicted: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Part of the variance of the mean effect that predictions miss, luck taken out, and what it is not beyond (95 %).

    predicted: float64 (points,); y: float64 (points, seeds). NaN with one seed, and where points cannot be told to
    differ by more than luck.
    """
    seeds = y.shape[1]
    if seeds < 2 or variance_bound(y, 1) <= 0:
        return float("nan"), float("nan")
    off = y - predicted[:, None]
    between = (off.sum(axis=1) ** 2 - (off**2).sum(axis=1)) / (seeds * (seeds - 1))
    lots = np.random.default_rng(SEED)
    drawn = [lots.integers(0, len(y), len(y)) for _ in range(BOOTSTRAPS)]
    shares = [float(between[at].mean()) / max(variance(y[at]), 1e-300) for at in drawn]
    most = float(np.quantile(shares, 0.95))
    return min(1.0, max(0.0, float(between.mean()) / variance(y))), min(1.0, max(0.0, most))


def _indices(predict: Predict, factors: Sequence[Factor], points: int) -> np.ndarray:
    """S1 and ST, float64 (2, factors), of a function that costs nothing."""
    y = predict(design(VARIANCE, factors, points))[:, None]
    found = sobol(y, len(factors), 0)
    return np.array([[one[name].value for one in found] for name in ("S1", "ST")])


def _left(fit: Callable[[np.ndarray, np.ndarray], Predict], u: np.ndarray, y: np.ndarray) -> float:
    """Mean squared error in cross-validation."""
    from sklearn.model_selection import KFold

    folds = KFold(FOLDS, shuffle=True, random_state=1).split(u)
    return float(np.mean([((fit(u[a], y[a])(u[b]) - y[b]) ** 2).mean() for a, b in folds]))


def _quadratic(u: np.ndarray, y: np.ndarray) -> Predict:
    from sklearn.linear_model import RidgeCV

    model = RidgeCV(PENALTIES).fit(basis(u)[0], y)
    return lambda at: np.asarray(model.predict(basis(at)[0]))


def _process(u: np.ndarray, y: np.ndarray, luck: float) -> Callable[[np.ndarray, np.ndarray], Predict]:
    """Fits of a Gaussian process whose length scales were found once, on all points. luck: variance in y; NaN where it
    is not known, and then it is found with the scales."""
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

    scale = float(y.std()) or 1.0
    known = luck / scale**2 if np.isfinite(luck) else 0.3
    white = WhiteKernel(max(known, 1e-6), (max(known / 10.0, 1e-8), max(known * 10.0, 1e-4)))
    tried = []
    for length in LENGTHS:  # the likelihood has more than one top
        kernel: Any = (
            ConstantKernel(1.0, (1e-3, 1e3)) * RBF(np.full(u.shape[1], length), (0.1, 100.0)) + white
        )
        with warnings.catch_warnings():  # a length at its bound is a factor that does nothing
            warnings.simplefilter("ignore")
            tried.append(GaussianProcessRegressor(kernel, random_state=1).fit(u, (y - y.mean()) / scale))
    found = max(tried, key=lambda one: one.log_marginal_likelihood_value_)

    def fit(at: np.ndarray, values: np.ndarray) -> Predict:
        middle = float(values.mean())
        model = GaussianProcessRegressor(found.kernel_, optimizer=None).fit(at, (values - middle) / scale)
        return lambda where: np.asarray(model.predict(where) * scale + middle)

    return fit
