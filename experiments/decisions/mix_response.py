"""What an outcome answers to a split of the budget: a quadratic through nothing, fitted pair by pair."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from sim.records.student import t_95

MISSES: Final = 3.5  # standard errors by which a lived split may lie off the curve


def terms(u: np.ndarray) -> np.ndarray:
    """Lines, curves and products of doses, (splits, coefficients). u: (splits, levers). No dose has no effect."""
    first, second = np.triu_indices(u.shape[1])
    return np.hstack([u, u[:, first] * u[:, second]])


@dataclass(frozen=True)
class Response:
    """An outcome of the splits that were lived, minus doing nothing on the same draw and luck."""

    u: np.ndarray  # (splits, levers)
    y: np.ndarray  # (pairs, splits)

    @cached_property
    def _of_pairs(self) -> np.ndarray:
        """Coefficients of every pair, (pairs, coefficients): least squares is a line in the outcomes."""
        return np.asarray(self.y @ np.linalg.pinv(terms(self.u)).T)

    def mean(self, u: np.ndarray) -> np.ndarray:
        """Mean over draws at other splits, (splits,)."""
        return np.asarray(terms(u) @ self._of_pairs.mean(axis=0))

    def of_pairs(self, u: np.ndarray) -> np.ndarray:
        """What every pair says of other splits, (pairs, splits)."""
        return np.asarray(self._of_pairs @ terms(u).T)

    def error(self, u: np.ndarray, against: np.ndarray | None = None) -> np.ndarray:
        """Half-width (95 %) of the calculation error of the mean, or of its difference from the split `against`."""
        phi = terms(u) if against is None else terms(u) - terms(against)
        n = len(self.y)
        values = self._of_pairs @ phi.T  # (pairs, splits)
        return np.asarray(t_95(n - 1) * values.std(axis=0, ddof=1) / np.sqrt(n))

    def worst_miss(self) -> float:
        """By how many standard errors the curve misses the split it fits worst."""
        rest = self.y - self._of_pairs @ terms(self.u).T
        error = rest.std(axis=0, ddof=1) / np.sqrt(len(rest))
        sure = error > 1e-12 * max(1.0, float(np.abs(self.y).max()))
        return float(np.abs(rest.mean(axis=0)[sure] / error[sure]).max()) if sure.any() else 0.0
