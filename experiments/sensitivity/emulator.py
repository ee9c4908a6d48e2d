"""A quadratic emulator over independent uniform factors, and the indices that follow from it in closed form.

In Legendre polynomials that are orthonormal on [0, 1] every coefficient squared is a part of the variance (polynomial
chaos: Sudret 2008), and with independent factors a Shapley effect is the sum of a factor's parts, those it shares with
another by halves (Owen 2014). How much the quadratic misses is measured in cross-validation and said.

Factors of a posterior are correlated. For them the emulator is a line in normal scores: what the first factors of an
order explain follows from a Cholesky root, and a Shapley effect is the mean over orders (Owen and Prieur 2017).
"""

from typing import Final

import numpy as np

from experiments.sensitivity.indices import Index, means

FOLDS: Final = 5
ORDERS: Final = 2000
SEED: Final = 20_260_103
PENALTIES: Final = np.logspace(-3, 3, 13)


def basis(u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(terms float64 (points, terms), owners int64 (terms, 2)): the two factors of each term, equal for its own."""
    k = u.shape[1]
    first = np.sqrt(3.0) * (2.0 * u - 1.0)
    second = np.sqrt(5.0) * (6.0 * u**2 - 6.0 * u + 1.0)
    a, b = np.triu_indices(k, 1)
    own = np.arange(k)
    owners = np.concatenate([np.stack([own, own], 1), np.stack([own, own], 1), np.stack([a, b], 1)])
    return np.hstack([first, second, first[:, a] * first[:, b]]), owners


def emulated(u: np.ndarray, y: np.ndarray) -> tuple[list[dict[str, Index]], float]:
    """Sh (Shapley share), S1 and ST of each factor, and the share of variance missed in cross-validation.

    u: float64 (points, factors) in [0, 1]; y: float64 (points, seeds). Luck in the means counts as missed.
    """
    from sklearn.linear_model import RidgeCV
    from sklearn.model_selection import KFold, cross_val_predict

    mean = means(y)
    terms, owners = basis(u)
    model = RidgeCV(PENALTIES)
    predicted = cross_val_predict(model, terms, mean, cv=KFold(FOLDS, shuffle=True, random_state=1))
    missed = float(((mean - predicted) ** 2).mean() / mean.var()) if mean.var() > 0 else 0.0
    part = model.fit(terms, mean).coef_ ** 2
    whole = part.sum()
    share = part / whole if whole > 0 else part
    k = u.shape[1]
    alone, total, fair = np.zeros(k), np.zeros(k), np.zeros(k)
    own = owners[:, 0] == owners[:, 1]
    np.add.at(alone, owners[own, 0], share[own])
    for side in (0, 1):
        np.add.at(total, owners[~own, side], share[~own])
        np.add.at(fair, owners[~own, side], share[~own] / 2.0)
    nan = float("nan")
    return [
        {
            "Sh": Index("Sh", float(alone[i] + fair[i]), nan, nan),
            "S1": Index("S1", float(alone[i]), nan, nan),
            "ST": Index("ST", float(alone[i] + total[i]), nan, nan),
        }
        for i in range(k)
    ], missed


def of_correlated(u: np.ndarray, y: np.ndarray) -> tuple[list[dict[str, Index]], float]:
    """Sh of each factor where factors are correlated, and the share of variance missed in cross-validation.

    u: float64 (points, factors), ranks in (0, 1); y: float64 (points, seeds). Luck in the means counts as missed.
    """
    from scipy.stats import norm
    from sklearn.linear_model import RidgeCV
    from sklearn.model_selection import KFold, cross_val_predict

    mean, scores = means(y), norm.ppf(u)
    model = RidgeCV(PENALTIES)
    predicted = cross_val_predict(model, scores, mean, cv=KFold(FOLDS, shuffle=True, random_state=1))
    missed = float(((mean - predicted) ** 2).mean() / mean.var()) if mean.var() > 0 else 0.0
    slopes = model.fit(scores, mean).coef_
    covariance = np.cov(scores.T)
    covariance[np.diag_indices_from(covariance)] *= (
        1.0 + 1e-9
    )  # a column that follows from others stays solvable
    lots = np.random.default_rng(SEED)
    part = np.zeros(len(slopes))
    for _ in range(ORDERS):
        order = lots.permutation(len(slopes))
        root = np.linalg.cholesky(covariance[np.ix_(order, order)])
        part[order] += (root.T @ slopes[order]) ** 2
    share = part / part.sum() if part.sum() > 0 else part
    nan = float("nan")
    return [{"Sh": Index("Sh", float(one), nan, nan)} for one in share], missed
