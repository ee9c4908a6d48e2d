"""A quadratic emulator over independent uniform factors, and the indices that follow from it in closed form.

In Legendre polynomials that are orthonormal on [0, 1] every coefficient squared is a part of the variance (polynomial
chaos: Sudret 2008), and with independent factors a Shapley effect is the sum of a factor's parts, those it shares with
another by halves (Owen 2014). How much the quadratic misses is measured in cross-validation and said.
"""

from typing import Final

import numpy as np

from experiments.sensitivity.indices import Index

FOLDS: Final = 5
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

    mean = y.mean(axis=1)
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
