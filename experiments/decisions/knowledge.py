"""Effects draw by draw with luck taken out, for several strategies at once.

A pair's differences are effect under its draw + luck. Ranking pairs as they are would send every "probability best"
towards 1 / number of strategies: luck reshuffles them. Pairs that repeat a draw under other luck show the covariance of
luck; it is subtracted from that of the draws' means, and every draw's means are moved linearly so that they have what
is left (the Gaussian transport map, which keeps which draws are high and which low).

The covariance of luck is estimated from the repeats alone. Directions in which it happens to come out too small keep
luck, those in which it comes out too large lose no more than there is, so some luck stays: the more columns go in
together and the fewer repeats there are, the more. So only the columns that one answer compares go in together.
"""

from typing import Final

import numpy as np

FEWEST_REPEATS: Final = 10  # pairs that repeat a draw, for one column too
REPEATS_A_COLUMN: Final = 3


def repeats_needed(columns: int) -> int:
    """How many pairs must repeat a draw before luck can be taken out of so many columns together."""
    return max(FEWEST_REPEATS, REPEATS_A_COLUMN * columns)


def without_luck(values: np.ndarray, draw: np.ndarray) -> np.ndarray:
    """Effects by draw. values: float64 (pairs, columns); draw: int64 (pairs,). Returns (draws, columns).

    Raises ValueError with fewer pairs that repeat a draw than `repeats_needed`: luck cannot be told from knowledge.
    """
    numbers, at, counts = np.unique(draw, return_inverse=True, return_counts=True)
    freedom, needed = len(draw) - len(numbers), repeats_needed(values.shape[1])
    if freedom < needed:
        raise ValueError(
            f"{freedom} pairs repeat a draw; {needed} are needed to take luck out of {values.shape[1]} columns"
        )
    means = np.zeros((len(numbers), values.shape[1]))
    np.add.at(means, at, values)
    means /= counts[:, None]
    scale = np.where(values.std(axis=0) > 0, values.std(axis=0), 1.0)  # kroner and persons side by side
    rest, centred = (values - means[at]) / scale, (means - means.mean(axis=0)) / scale
    total = centred.T @ centred / (len(numbers) - 1)
    luck = rest.T @ rest / freedom * float(np.mean(1.0 / counts))
    known = _power(total - luck, 1.0)  # negative directions are luck entirely
    root, inverse = _power(total, 0.5), _power(total, -0.5)
    move = inverse @ _power(root @ known @ root, 0.5) @ inverse
    return np.asarray(means.mean(axis=0) + centred @ move * scale)


def _power(matrix: np.ndarray, exponent: float) -> np.ndarray:
    """A symmetric matrix to a power; directions that are not positive become nothing."""
    size, way = np.linalg.eigh((matrix + matrix.T) / 2)
    keep = size > 1e-10 * max(float(np.abs(size).max()), 1e-300)
    changed = np.where(keep, np.where(keep, size, 1.0) ** exponent, 0.0)
    return np.asarray((way * changed) @ way.T)
