"""How far the numbers of a decision may lie off because only so many draws were run: a bootstrap over draws.

It is the calculation error of economics rule 1: it shrinks with more pairs and says nothing of what is not known.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import numpy as np

RESAMPLES: Final = 200
Z_95: Final = 1.959964


def resampled(
    draw: np.ndarray, repeats: int = RESAMPLES, seed: int = 1
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Draws chosen anew with replacement, each with all its pairs: (rows, their draws numbered anew), int64 (pairs,).

    Draws that are repeated under other luck and draws that are not are chosen apart, so that luck can be told from
    what is not known in every sample as well as in the pairs there are. draw: int64 (pairs,).
    """
    numbers, counts = np.unique(draw, return_counts=True)
    rows_of = {int(number): np.flatnonzero(draw == number) for number in numbers}
    kinds = [numbers[counts == size] for size in np.unique(counts)]
    chance = np.random.default_rng(seed)
    for _ in range(repeats):
        chosen = np.concatenate([chance.choice(kind, len(kind)) for kind in kinds])
        parts = [rows_of[int(number)] for number in chosen]
        anew = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
        yield np.concatenate(parts), anew


Statistics = Callable[
    [np.ndarray, np.ndarray], Mapping[str, float]
]  # (rows, draws) as `resampled` gives -> values


def half_widths(draw: np.ndarray, statistics: Statistics) -> dict[str, float]:
    """Half-widths of 95 % intervals of named statistics."""
    found = _of_samples(draw, statistics)
    return {name: Z_95 * float(np.std(values, ddof=1)) for name, values in found.items()}


def reaches_above(draw: np.ndarray, statistics: Statistics, found: Mapping[str, float]) -> dict[str, float]:
    """How far above the values found the true ones may lie: the half-width, or what 99 % of samples stay within where
    that is more. For values that cannot fall below 0 and have a long tail: where they come out too small, so do their
    half-widths."""
    return {
        name: max(Z_95 * float(np.std(values, ddof=1)), float(np.quantile(values, 0.99)) - found[name])
        for name, values in _of_samples(draw, statistics).items()
    }


def _of_samples(draw: np.ndarray, statistics: Statistics) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for rows, anew in resampled(draw):
        for name, value in statistics(rows, anew).items():
            found.setdefault(name, []).append(value)
    return found


def share_reach(share: float, draws: int) -> float:
    """How far the true share may lie from the one found in so many draws: the farther end of Wilson's 95 % interval.

    Draws chosen anew say nothing of a share of 0 or 1, as all of them are alike. Example: 0 of 81 draws is 0 ± 4.5 %.
    """
    square = Z_95**2 / draws
    middle = (share + square / 2) / (1 + square)
    half = np.sqrt(square * share * (1 - share) + square**2 / 4) / (1 + square)
    return float(max(middle + half - share, share - (middle - half)))
