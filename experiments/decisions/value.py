"""What more knowledge is worth, in the unit of the benefit.

Benefits: float64 (draws, options), "do nothing" among them.

All of it assumes that the form of the model is right (economics rule 24).
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

SHUFFLES: Final = 199  # how often parameters are set against the wrong draws, to see what chance alone finds
SURE: Final = 0.95


class Part(NamedTuple):
    """What knowing a part of the parameters is worth, kr."""

    kr: float
    by_chance: (
        np.ndarray
    )  # kr. the same part seems to be worth against wrong draws, (SHUFFLES,), the same for all parts


def perfect(benefit: np.ndarray) -> float:
    """EVPI: gained on average by choosing after everything is known instead of now."""
    return max(0.0, float(benefit.max(axis=1).mean() - benefit.mean(axis=0).max()))


def partial(benefit: np.ndarray, parameter: np.ndarray) -> Part:
    """EVPPI of one parameter (draws,): a cubic spline of it, as Strong, Oakley & Brennan (2014), Medical Decision
    Making 34(3). By chance: the parameter set against shuffled draws."""
    from sklearn.preprocessing import SplineTransformer

    if np.ptp(parameter) == 0:
        return Part(0.0, np.zeros(SHUFFLES))
    spline = SplineTransformer(n_knots=4, degree=3, knots="quantile").fit_transform(parameter[:, None])
    return _against_chance(benefit, spline)


def partial_of_group(benefit: np.ndarray, parameters: Sequence[np.ndarray]) -> Part:
    """EVPPI of several parameters known together, each (draws,): a ridge regression on their normal scores, squares and
    products, the penalty chosen by leaving draws out. Curved effects of three or more at once are missed, so with few
    draws the value is rather too low."""
    columns = [_normal_score(one) for one in parameters if np.ptp(one) > 0]
    if not columns:
        return Part(0.0, np.zeros(SHUFFLES))
    z = np.column_stack(columns)
    first, second = np.triu_indices(z.shape[1])
    # Many products must not drown the straight lines: together they weigh no more than these.
    products = (z[:, first] * z[:, second] - (first == second)) / np.sqrt(z.shape[1] + 1.0)
    return _against_chance(benefit, np.hstack([z, products]))


def _normal_score(values: np.ndarray) -> np.ndarray:
    from scipy.special import ndtri

    ranks = np.argsort(np.argsort(values))
    return np.asarray(ndtri((ranks + 0.5) / len(values)))


def _against_chance(benefit: np.ndarray, features: np.ndarray) -> Part:
    """What the benefits fitted by the features would gain by choosing, and what shuffled benefits seem to."""
    from sklearn.linear_model import RidgeCV

    draws, options = benefit.shape
    # Benefits against the first option: only differences decide, and what is common to all would add noise.
    against = benefit - benefit[:, :1]
    scale = float(against.std()) or 1.0
    chance = np.random.default_rng(1)
    orders = [np.arange(draws), *(chance.permutation(draws) for _ in range(SHUFFLES))]
    together = np.hstack([against[order] / scale for order in orders])
    ridge = RidgeCV(np.logspace(-3, 4, 15), alpha_per_target=True)
    fits = ridge.fit(features, together).predict(features).reshape(draws, len(orders), options)
    found, *null = (scale * perfect(fits[:, k]) for k in range(len(orders)))
    return Part(found, np.array(null))


def bounds_by_chance(parts: Mapping[str, Part]) -> dict[str, float]:
    """Kr. above which, if no part has any influence, none of all these parts comes in 95 % of cases.

    The largest of many is large by chance. All parts meet the same shuffles, so the largest of each shuffle, in units
    of what its part gives by chance on average, says how large; parts of many parameters give more by chance.
    """
    usual = {name: float(part.by_chance.mean()) for name, part in parts.items()}
    over = [part.by_chance / usual[name] for name, part in parts.items() if usual[name] > 0.0]
    largest = float(np.quantile(np.max(over, axis=0), SURE, method="higher")) if over else 0.0
    return {name: largest * one for name, one in usual.items()}


def trial(benefit: np.ndarray, effect: np.ndarray, standard_error: float) -> float:
    """EVSI of a trial that measures `effect` (draws,) with a standard error, by moment matching.

    A trial resolves the share V / (V + se²) of the variance V of the effect; benefits follow the effect linearly
    (Heath, Manolopoulou & Baio 2018, Medical Decision Making 38(2), with a linear fit).
    """
    centred = effect - effect.mean()
    variance = float(centred @ centred) / len(effect)
    if variance == 0.0:
        return 0.0
    slope = centred @ (benefit - benefit.mean(axis=0)) / len(effect) / variance
    resolved = np.sqrt(resolved_share(variance, standard_error))
    return perfect(benefit.mean(axis=0) + resolved * centred[:, None] * slope)


def resolved_share(variance: float, standard_error: float) -> float:
    """Part of what is not known of an effect that a trial with this standard error takes away."""
    return float(variance / (variance + standard_error**2)) if variance > 0.0 else 0.0


def widened(benefit: np.ndarray, factor: float) -> np.ndarray:
    """The same benefits under a prior `factor` times as wide around the same means (0.5 and 2 in economics rule 24)."""
    mean = benefit.mean(axis=0)
    return np.asarray(mean + factor * (benefit - mean))
