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


def half_widths(
    draw: np.ndarray,
    statistics: Callable[[np.ndarray, np.ndarray], Mapping[str, float]],
    repeats: int = RESAMPLES,
) -> dict[str, float]:
    """Half-widths of 95 % intervals of named statistics. statistics: (rows, draws) -> values, as `resampled` gives."""
    found: dict[str, list[float]] = {}
    for rows, anew in resampled(draw, repeats):
        for name, value in statistics(rows, anew).items():
            found.setdefault(name, []).append(value)
    return {name: Z_95 * float(np.std(values, ddof=1)) for name, values in found.items()}
