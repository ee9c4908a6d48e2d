"""An emulator: the targets as smooth functions of the levels, learnt from runs, with its own error measured.

For each target a line, a quadratic and, where both are poor, a Gaussian process; the one with the smallest error in
cross-validation is taken. That error, less what is luck, goes into the posterior.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

FOLDS: Final = 5
POOR: Final = 1.5  # a Gaussian process is tried where the error is so many times the luck ...
MATTERS: Final = 0.3  # ... and such a part of what may lie between model and target anyway
KINDS: Final = ("linear", "quadratic", "gaussian process")
Predict = Callable[[np.ndarray], np.ndarray]  # points float64 (n, levels) -> float64 (n,)


@dataclass(frozen=True)
class Emulator:
    """Fitted functions, one per target; polynomials share their terms, the few processes stand apart."""

    terms: np.ndarray  # float64 (1 + terms of the quadratic, targets): coefficients
    processes: dict[int, Predict]  # by number of the target
    kinds: tuple[str, ...]
    cv_error: (
        np.ndarray
    )  # root mean square error in cross-validation, luck of the runs in it, float64 (targets,)
    error: np.ndarray  # the emulator's own s.d., luck taken out, float64 (targets,)
    points: int

    def __call__(self, t: np.ndarray) -> np.ndarray:
        """Targets at points of the scale, float64 (points, targets)."""
        out = quadratic_terms(t) @ self.terms
        for k, predict in self.processes.items():
            out[:, k] = predict(t)
        return np.asarray(out)


def quadratic_terms(t: np.ndarray) -> np.ndarray:
    """1, every level, every product of two: float64 (points, terms); the first 1 + levels are those of a line."""
    first, second = np.triu_indices(t.shape[1])
    return np.hstack([np.ones((len(t), 1)), t, t[:, first] * t[:, second]])


def fit_emulator(
    t: np.ndarray, y: np.ndarray, luck_variance: np.ndarray, scale: np.ndarray, curved: bool = True
) -> Emulator:
    """Learns from runs; points at which some target is NaN are left out, the caller has counted them.

    t: float64 (points, levels); y: float64 (points, targets). luck_variance: of each y, scale: s.d. of what may lie
    between model and counted value, float64 (targets,). curved: whether Gaussian processes may be tried.
    """
    known = np.isfinite(y).all(axis=1)
    t, y = t[known], y[known]
    terms = quadratic_terms(t)
    fitted = [_ridge(terms[:, 1 : 1 + t.shape[1]], y), _ridge(terms[:, 1:], y)]
    line = np.vstack([fitted[0][0], np.zeros((terms.shape[1] - 1 - t.shape[1], y.shape[1]))])
    square = fitted[1][0]
    better = fitted[1][1] < fitted[0][1]
    mse = np.where(better, fitted[1][1], fitted[0][1])
    kinds = [KINDS[int(x)] for x in better]
    processes: dict[int, Predict] = {}
    poor = (mse > POOR**2 * luck_variance) & (mse > (MATTERS * scale) ** 2)
    for k in np.flatnonzero(poor & curved):
        predict, score = _process(t, y[:, k])
        if score < mse[k]:
            processes[int(k)], mse[k], kinds[k] = predict, score, KINDS[2]
    # With the luck taken out, what is left is at least what the number of points allows.
    floor = luck_variance * min(1.0, (t.shape[1] + 1) / max(1, len(t)))
    own = np.sqrt(np.maximum(mse - luck_variance, floor))
    return Emulator(
        np.where(better, square, line), processes, tuple(kinds), np.sqrt(mse), own, int(known.sum())
    )


def _ridge(terms: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients, the constant first, and the mean square error of leaving each point out, by target."""
    from sklearn.linear_model import RidgeCV

    middle, spread = terms.mean(axis=0), np.maximum(terms.std(axis=0), 1e-12)
    unit = np.maximum(y.std(axis=0), 1e-12)
    model = RidgeCV(alphas=np.logspace(-2, 4, 13), alpha_per_target=True)
    model.fit((terms - middle) / spread, y / unit)
    slopes = np.atleast_2d(model.coef_).T * unit / spread[:, None]
    constant = np.atleast_1d(model.intercept_) * unit - middle @ slopes
    return np.vstack([constant, slopes]), -np.atleast_1d(model.best_score_) * unit**2


def _process(t: np.ndarray, y: np.ndarray) -> tuple[Predict, float]:
    """A Gaussian process and its mean square error in cross-validation, its lengths found once on all points."""
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
    from sklearn.model_selection import KFold, cross_val_predict

    kernel = ConstantKernel(1.0) * RBF(np.full(t.shape[1], 2.0), (0.2, 50.0)) + WhiteKernel(0.1, (1e-4, 10.0))
    found = GaussianProcessRegressor(kernel, normalize_y=True, random_state=1).fit(t, y)
    fixed = GaussianProcessRegressor(found.kernel_, optimizer=None, normalize_y=True)
    left_out = cross_val_predict(fixed, t, y, cv=KFold(FOLDS, shuffle=True, random_state=1))
    return _quick(found, t, y), float(((left_out - y) ** 2).mean())


def _quick(process: Any, t: np.ndarray, y: np.ndarray) -> Predict:
    """The mean of a process without the checks that cost most of the time when it is asked a hundred thousand times."""
    signal = process.kernel_.k1
    height, lengths = signal.k1.constant_value, signal.k2.length_scale
    weights, middle, spread = process.alpha_, y.mean(), y.std()
    known = t / lengths
    squares = (known**2).sum(axis=1)

    def predict(points: np.ndarray) -> np.ndarray:
        asked = points / lengths
        apart = (asked**2).sum(axis=1)[:, None] + squares - 2 * asked @ known.T
        return np.asarray(height * np.exp(-0.5 * apart) @ weights * spread + middle)

    return predict


def design(low: np.ndarray, high: np.ndarray, points: int, seed: int) -> np.ndarray:
    """Points spread evenly over a box of the scale, float64 (points, levels): a scrambled Sobol sequence."""
    from scipy.stats import qmc

    unit = qmc.Sobol(low.size, scramble=True, rng=seed).random_base2(max(1, int(np.ceil(np.log2(points)))))
    return np.asarray(low + unit[:points] * (high - low))


def stacked(pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Points and outcomes of several designs as one."""
    return np.vstack([t for t, _ in pairs]), np.vstack([y for _, y in pairs])
