"""How far one factor moves the mean effect, in the unit of the outcome, from all points of a design at once.

Shares of variance are differences of a few points and drown in luck: where nine tenths of what varies is luck, hundreds
of rows cannot tell them from nothing. A line through all points can: every point says something of every factor. Points
of a row share luck, so the line is fitted with an intercept of luck to each row (random-effects least squares,
Wooldridge 2010, chapter 10), and its error is that of leaving out a part of the rows at a time, whatever luck looks
like inside a row. What only acts together with others, or up and down again, has no swing: that is what ST is for.
"""

from typing import Final

import numpy as np

from experiments.sensitivity.indices import Index, means, student

SWING: Final = "swing"
THIRDS_APART: Final = 2.0 / 3.0  # between the middles of the lowest and the highest third
MOST_GROUPS: Final = 64  # of rows, left out one at a time
FEWEST_GROUPS: Final = 8  # for an error


def swings(u: np.ndarray, y: np.ndarray, row: int) -> list[Index]:
    """For each factor what the effect is in its highest third beyond that in its lowest, on a line; 95 % interval.

    u: float64 (points, factors), quantiles of a design with independent factors; y: float64 (points, seeds), NaN where
    a point has fewer seeds; row: points of a row, which share luck. NaN: more factors than points, or, for bounds,
    fewer than eight rows.
    """
    points, factors = u.shape
    rows = points // row
    nan = float("nan")
    if points <= factors + 1:
        return [Index(SWING, nan, nan, nan)] * factors
    inner = _shared(y, row)
    left = 1.0 - ((1.0 - inner) / (1.0 - inner + row * inner)) ** 0.5  # of a row's mean, taken off its points
    x = np.hstack([np.ones((points, 1)), u - 0.5]).reshape(rows, row, factors + 1)
    z = means(y).reshape(rows, row)
    x, z = x - left * x.mean(axis=1, keepdims=True), z - left * z.mean(axis=1, keepdims=True)
    squares, products = np.einsum("rpi,rpj->rij", x, x), np.einsum("rpi,rp->ri", x, z)
    whole = squares.sum(axis=0), products.sum(axis=0)
    line = np.linalg.lstsq(*whole)[0]
    groups = min(rows, MOST_GROUPS)
    if groups < FEWEST_GROUPS:
        return [Index(SWING, float(value), nan, nan) for value in THIRDS_APART * line[1:]]
    without = np.array(
        [
            np.linalg.lstsq(
                whole[0] - squares[group::groups].sum(axis=0), whole[1] - products[group::groups].sum(axis=0)
            )[0]
            for group in range(groups)
        ]
    )
    error = np.sqrt((groups - 1) / groups * ((without - without.mean(axis=0)) ** 2).sum(axis=0))
    half = student(0.025, groups - 1) * error
    return [
        Index(SWING, *(float(THIRDS_APART * bound) for bound in (value, value - wide, value + wide)))
        for value, wide in zip(line[1:], half[1:], strict=True)
    ]


def told(found: Index, factors: int, rows: int) -> bool:
    """Whether a swing is told from none, said of all factors of an analysis at once (95 %, Bonferroni)."""
    freedom = min(rows, MOST_GROUPS) - 1
    if not np.isfinite(found.low):
        return False
    wider = student(0.025 / factors, freedom) / student(0.025, freedom)
    return abs(found.value) > wider * (found.high - found.value)


def _shared(y: np.ndarray, row: int) -> float:
    """Part of the luck of a point that the other points of its row have too, under the seeds all points have."""
    common = y[:, np.isfinite(y).all(axis=0)]
    if common.shape[1] < 2 or row < 2:
        return 0.0
    luck = (common - common.mean(axis=1, keepdims=True)).reshape(-1, row, common.shape[1])
    own = float((luck**2).sum())
    if own <= 0.0:
        return 0.0
    together = float((luck.sum(axis=1) ** 2).sum()) - own
    return float(np.clip(together / (row - 1) / own, 0.0, 0.999))
