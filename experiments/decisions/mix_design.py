"""Which splits of the budget are lived: the corners, the middle, and points spread over the rest."""

from collections.abc import Sequence
from itertools import permutations
from typing import Final

import numpy as np

CANDIDATES: Final = 1024  # a power of two
MOST_ORDERED: Final = 5  # levers whose every order of preference is a candidate: 120


def coefficients(levers: int) -> int:
    """Numbers a quadratic response through nothing has: a line, a curve and the pairs of each lever."""
    return levers + levers * (levers + 1) // 2


def usual_splits(levers: int) -> int:
    """Splits of a design: half as many again as the response has numbers."""
    return coefficients(levers) + (coefficients(levers) + 1) // 2


def within_budget(u: np.ndarray, most_kr: Sequence[float], budget_kr: float) -> np.ndarray:
    """Which splits cost no more than the budget. u: (splits, levers) in parts of what each lever can use."""
    return np.asarray(u @ np.asarray(most_kr) <= budget_kr * (1.0 + 1e-9))


def feasible(levers: int, most_kr: Sequence[float], budget_kr: float, seed: int = 1) -> np.ndarray:
    """Splits spread evenly over what the budget and the levers allow, (splits, levers) in parts of what each can use:
    Sobol's points, and the splits of `corners`."""
    from scipy.stats import qmc

    points = qmc.Sobol(levers, seed=seed).random(CANDIDATES)
    fixed = corners(levers, most_kr, budget_kr, every_order=levers <= MOST_ORDERED)
    return np.vstack([fixed, points[within_budget(points, most_kr, budget_kr)]])


def corners(levers: int, most_kr: Sequence[float], budget_kr: float, every_order: bool = False) -> np.ndarray:
    """Each lever alone at its most; the budget filled up beginning with each lever, or in every order of preference;
    all in proportion; half of each alone."""
    most = np.asarray(most_kr)
    rows = [np.eye(levers)[k] for k in range(levers)]
    rotated = [(first, *(k for k in range(levers) if k != first)) for first in range(levers)]
    for order in permutations(range(levers)) if every_order else rotated:
        left, row = budget_kr, np.zeros(levers)
        for k in order:
            row[k] = min(1.0, left / most[k])
            left -= row[k] * most[k]
        rows.append(row)
    rows.append(np.full(levers, min(1.0, budget_kr / most.sum())))
    rows += [0.5 * np.eye(levers)[k] for k in range(levers)]
    unique = np.unique(np.floor(1e9 * np.array(rows)) / 1e9, axis=0)
    return np.asarray(unique[within_budget(unique, most_kr, budget_kr)])


def design(levers: int, most_kr: Sequence[float], budget_kr: float, splits: int) -> np.ndarray:
    """The splits to live, (splits, levers): the corners, then always the candidate farthest from those chosen."""
    fixed = corners(levers, most_kr, budget_kr)
    chosen, left = list(fixed), feasible(levers, most_kr, budget_kr)
    while len(chosen) < splits:
        distance = np.min([((left - one) ** 2).sum(axis=1) for one in chosen], axis=0)
        chosen.append(left[int(distance.argmax())])
    return np.array(chosen)
