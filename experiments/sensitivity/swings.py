"""How far one factor moves the mean effect, in the unit of the outcome, from all points of a design at once.

Shares of variance are differences of a few points and drown in luck: where nine tenths of what varies is luck, hundreds
of rows cannot tell them from nothing. A line through all points can: every point says something of every factor. Points
of a row share luck, so the line is fitted with an intercept of luck to each row (random-effects least squares,
Wooldridge 2010, chapter 10), and its error is that of leaving out a part of the rows at a time, whatever luck looks
like inside a row. What only acts together with others, or up and down again, has no swing: that is what ST is for.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from experiments.sensitivity.factors import Factor
from experiments.sensitivity.indices import Index, means, student

SWING: Final = "swing"
THIRDS_APART: Final = 2.0 / 3.0  # between the middles of the lowest and the highest third
MOST_GROUPS: Final = 64  # of rows, left out one at a time
FEWEST_GROUPS: Final = 8  # for an error


def swings(factors: Sequence[Factor], u: np.ndarray, y: np.ndarray, row: int) -> list[Index]:
    """For each factor what the effect is in its highest third beyond that in its lowest, on a line; 95 % interval.

    Of two choices (structures, scenarios) what the second is beyond the first; of more there is no line. A factor whose
    steps from point to point change no run at all has exactly none.

    u: float64 (points, factors), quantiles of a design with independent factors; y: float64 (points, seeds), NaN where
    a point has fewer seeds; row: points of a row, which share luck. NaN: a factor of three choices or more, more
    unknowns than points, or, for bounds, fewer than eight rows.
    """
    points, rows = len(u), len(u) // row
    idle = _idle(u, y, row)
    columns, owner = [], []  # owner: the factor whose swing a column is, -1 for one of three choices or more
    for k, factor in enumerate(factors):
        if not idle[k]:
            mine = _columns(factor, u[:, k])
            columns += mine
            owner += [k if len(mine) == 1 else -1] * len(mine)
    found = [Index(SWING, *((0.0,) * 3 if idle[k] else (float("nan"),) * 3)) for k in range(len(factors))]
    if points <= len(columns) + 1:
        return found
    inner = _shared(y, row)
    left = 1.0 - ((1.0 - inner) / (1.0 - inner + row * inner)) ** 0.5  # of a row's mean, taken off its points
    x = np.column_stack([np.ones(points), *columns]).reshape(rows, row, -1)
    z = means(y).reshape(rows, row)
    x, z = x - left * x.mean(axis=1, keepdims=True), z - left * z.mean(axis=1, keepdims=True)
    squares, products = np.einsum("rpi,rpj->rij", x, x), np.einsum("rpi,rp->ri", x, z)
    whole = squares.sum(axis=0), products.sum(axis=0)
    line = np.linalg.lstsq(*whole)[0]
    half = np.full(len(line), np.nan)
    groups = min(rows, MOST_GROUPS)
    if groups >= FEWEST_GROUPS:
        without = np.array(
            [
                np.linalg.lstsq(
                    whole[0] - squares[group::groups].sum(axis=0),
                    whole[1] - products[group::groups].sum(axis=0),
                )[0]
                for group in range(groups)
            ]
        )
        error = np.sqrt((groups - 1) / groups * ((without - without.mean(axis=0)) ** 2).sum(axis=0))
        half = student(0.025, groups - 1) * error
    for k, value, wide in zip(owner, line[1:], half[1:], strict=True):
        if k >= 0:
            found[k] = Index(SWING, float(value), float(value - wide), float(value + wide))
    return found


def _columns(factor: Factor, u: np.ndarray) -> list[np.ndarray]:
    """What a line takes of a factor: its place, one for what lies between the thirds, or each choice but the first."""
    if not factor.choices:
        return [(u - 0.5) / THIRDS_APART]
    chosen = np.array([factor.choices.index(str(factor.at(float(one)))) for one in u])
    return [(chosen == one).astype(np.float64) for one in range(1, len(factor.choices))]


def _idle(u: np.ndarray, y: np.ndarray, row: int) -> np.ndarray:
    """Whether every step of a row in which a factor moves alone leaves every run as it was: bool (factors,)."""
    stepped, changed = np.zeros(u.shape[1], bool), np.zeros(u.shape[1], bool)
    at = np.arange(len(u))
    for before in (at - 1, at - at % row):  # the point before (trajectories), the first of the row (Saltelli)
        pair = (at % row > 0) & ((u != u[before]).sum(axis=1) == 1)
        factor = np.argmax(u != u[before], axis=1)
        stepped[factor[pair]] = True
        changed[factor[pair & (np.abs(y - y[before]) > 0.0).any(axis=1)]] = True
    return stepped & ~changed


def told(found: Index, factors: int, rows: int) -> bool:
    """Whether a swing is told from none, said of all factors of an analysis at once (95 %, Bonferroni)."""
    freedom = min(rows, MOST_GROUPS) - 1
    if not np.isfinite(found.low) or found.value == 0.0:
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
