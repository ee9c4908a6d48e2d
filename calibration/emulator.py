"""An emulator: the targets as smooth functions of the levels, learnt from runs, with its own error measured.

For each target a line, a quadratic and, where both are poor, a Gaussian process; the one with the smallest error in
cross-validation is taken. That error, less what is luck, goes into the posterior: as a covariance, since what is missed
in one target is missed in its neighbours too.
"""

import warnings
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
    t: np.ndarray, y: np.ndarray, luck: np.ndarray, scale: np.ndarray, curved: bool = True
) -> Emulator:
    """Learns from runs; points at which some target is NaN are left out, the caller has counted them.

    t: float64 (points, levels); y: float64 (points, targets). luck: covariance of each y from luck alone, float64
    (targets, targets). scale: s.d. of what may lie between model and counted value, float64 (targets,). curved: whether
    Gaussian processes may be tried.
    """
    known = np.isfinite(y).all(axis=1)
    t, y = t[known], y[known]
    terms = quadratic_terms(t)
    line, line_left = _ridge(terms[:, 1 : 1 + t.shape[1]], y)
    square, left = _ridge(terms[:, 1:], y)
    line = np.vstack([line, np.zeros((len(square) - len(line), y.shape[1]))])
    better = _mse(left) < _mse(line_left)
    left = np.where(better, left, line_left)
    kinds = [KINDS[int(x)] for x in better]
    processes: dict[int, Predict] = {}
    poor = (_mse(left) > POOR**2 * np.diag(luck)) & (_mse(left) > (MATTERS * scale) ** 2)
    for k in np.flatnonzero(poor & curved):
        predict, its_left = _process(t, y[:, k])
        if _mse(its_left) < _mse(left[:, k]):
            processes[int(k)], left[:, k], kinds[k] = predict, its_left, KINDS[2]
    # With the luck taken out, what is left is at least what the number of points allows.
    floor = np.diag(np.diag(luck)) * min(1.0, (t.shape[1] + 1) / max(1, len(t)))
    return Emulator(
        np.where(better, square, line),
        processes,
        tuple(kinds),
        np.sqrt(_mse(left)),
        _without(luck_covariance(left), luck) + floor,
        int(known.sum()),
    )


def luck_covariance(runs: np.ndarray) -> np.ndarray:
    """Covariance of the targets of runs, shrunk as they are few, float64 (targets, targets). runs: (runs, targets)."""
    from sklearn.covariance import LedoitWolf

    whole = runs[np.isfinite(runs).all(axis=1)]
    scale = np.maximum(whole.std(axis=0, ddof=1), 1e-12)
    return np.asarray(LedoitWolf().fit(whole / scale).covariance_ * np.outer(scale, scale))


def _without(whole: np.ndarray, part: np.ndarray) -> np.ndarray:
    """A covariance less another, as far as something is left: no direction may vary less than not at all."""
    unit = np.sqrt(np.maximum(np.diag(whole), 1e-300))
    size, direction = np.linalg.eigh((whole - part) / np.outer(unit, unit))
    return np.asarray((direction * np.maximum(size, 0.0)) @ direction.T * np.outer(unit, unit))


def _mse(left: np.ndarray) -> np.ndarray:
    return np.asarray((left**2).mean(axis=0))


def _ridge(terms: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients, the constant first, and what cross-validation leaves of each point, float64 (points, targets)."""
    from sklearn.linear_model import Ridge, RidgeCV
    from sklearn.model_selection import cross_val_predict

    middle, spread = terms.mean(axis=0), np.maximum(terms.std(axis=0), 1e-12)
    unit = np.maximum(y.std(axis=0), 1e-12)
    x, z = (terms - middle) / spread, y / unit
    model = RidgeCV(alphas=np.logspace(-2, 4, 13), alpha_per_target=True).fit(x, z)
    left = cross_val_predict(Ridge(alpha=model.alpha_), x, z, cv=_folds()).reshape(z.shape) - z
    slopes = np.atleast_2d(model.coef_).T * unit / spread[:, None]
    constant = np.atleast_1d(model.intercept_) * unit - middle @ slopes
    return np.vstack([constant, slopes]), left * unit


def _process(t: np.ndarray, y: np.ndarray) -> tuple[Predict, np.ndarray]:
    """A Gaussian process and what it leaves in cross-validation, its lengths found once on all points."""
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
    from sklearn.model_selection import cross_val_predict

    kernel = ConstantKernel(1.0) * RBF(np.full(t.shape[1], 2.0), (0.2, 50.0)) + WhiteKernel(0.1, (1e-4, 10.0))
    with warnings.catch_warnings():  # a length at its bound is a level that does nothing here
        warnings.simplefilter("ignore")
        found = GaussianProcessRegressor(kernel, normalize_y=True, random_state=1).fit(t, y)
    fixed = GaussianProcessRegressor(found.kernel_, optimizer=None, normalize_y=True)
    return _quick(found, t, y), cross_val_predict(fixed, t, y, cv=_folds()) - y


def _folds() -> Any:
    from sklearn.model_selection import KFold

    return KFold(FOLDS, shuffle=True, random_state=1)


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
