"""How far options must lie behind the one that came out best before luck no longer explains it, all of them at once."""

from typing import Final

import numpy as np

FLIPS: Final = 999
SURE: Final = 0.95


def errors_behind(loss: np.ndarray, best: int) -> np.ndarray:
    """How far the mean of each option may lie behind the best one's by luck, (options,): in 95 % of cases none of all
    options lies farther behind where all are equal. loss: what is to be small, (pairs, options); best: the option
    with the smallest mean.

    A t interval of each option by itself would call some of many equal options worse, the more so as the best one is
    chosen by its luck. So the same is done with luck alone: signs of the pairs' deviations are turned at random, the
    best is chosen, and the standard errors are noted by which the option farthest behind it lies.
    """
    pairs = len(loss)
    luck = loss - loss.mean(axis=0)
    chance = np.random.default_rng(1)
    farthest = []
    for _ in range(FLIPS):
        turned = luck * chance.choice([-1.0, 1.0], (pairs, 1))
        behind = turned - turned[:, turned.mean(axis=0).argmin(), None]
        error = _standard_errors(behind)
        farthest.append(float((behind.mean(axis=0) / np.where(error > 0.0, error, np.inf)).max()))
    return np.asarray(np.quantile(farthest, SURE, method="higher") * _standard_errors(loss - loss[:, [best]]))


def _standard_errors(values: np.ndarray) -> np.ndarray:
    return np.asarray(values.std(axis=0, ddof=1) / np.sqrt(len(values)))
