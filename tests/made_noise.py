"""Factors and luck for tests of sensitivity indices on functions whose answer is known."""

import numpy as np

from experiments.draws import Range
from experiments.sensitivity.factors import Factor


def factors(count: int) -> list[Factor]:
    return [Factor(f"x{k}", "mechanism", Range(0.5, 0.0, 1.0, "uniform")) for k in range(count)]


def noisy(values: np.ndarray, u: np.ndarray, row: int, sd: float, seeds: int, number: int) -> np.ndarray:
    """Luck that the points of a row share: a level of each seed, and a slope of each seed along every factor. And some
    that belongs to the point."""
    lots = np.random.default_rng(number)
    rows = len(values) // row
    level = np.repeat(lots.normal(size=(rows, seeds)), row, axis=0)
    slopes = np.repeat(lots.normal(size=(rows, u.shape[1], seeds)), row, axis=0)
    own = lots.normal(size=(len(values), seeds))
    along = np.einsum("pk,pks->ps", u - 0.5, slopes) * np.sqrt(12.0 / u.shape[1])
    return np.asarray(values[:, None] + sd * (level + along + own) / np.sqrt(3.0))
