"""Four spreads of an effect, never mixed (economics rule 1): calculation error, knowledge, luck, structure.

A pair's difference is d = effect under its draw + what pairing leaves of luck. Pairs that repeat a draw with other luck
show the second part: half the mean square of their differences. What is left of the variance over draws is knowledge.

* **calculation error** of the mean: how far the mean of these runs may lie from the mean of endlessly many; it shrinks
  with runs. 95 %, Student's t. It is printed as "± calculation error" and never as the interval.
* **knowledge**: the effect over draws, the municipality's implementation draw among them, luck subtracted: each draw's
  mean is moved towards the mean of all by the share of variance that luck explains. 80 %, and 95 % from 40 draws on.
  The headline. How much luck there is is itself estimated; only what is luck with 90 % confidence (chi square) is taken
  out, so that few repeats make the interval rather too wide than too narrow.
* **luck**: what one municipality's own number varies by with everything known: s.d. over luck alone, not of the
  difference. What an evaluation of the accounts could not tell apart.
* **structure**: the same effect under every declared variant, listed, never averaged.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.records.student import t_95

ENOUGH_FOR_95: Final = 40  # draws
ENOUGH_FOR_80: Final = 10  # draws
ENOUGH_REPEATS: Final = 2  # pairs that repeat a draw; fewer say next to nothing of luck
Z_95: Final = 1.959964


@dataclass(frozen=True)
class Spreads:
    """One effect (a paired difference) with three of its spreads; structure is a list of these."""

    mean: float
    calculation_error: float  # half-width, 95 %; NaN with one pair
    knowledge_80: tuple[float, float] | None  # None: nothing was drawn, or it cannot be told from luck
    knowledge_95: tuple[float, float] | None  # None as above, or fewer than 40 draws
    luck: float  # half-width, 95 %, of the base's own number in one world; NaN without two pairs on one draw
    pairs: int
    draws: int
    noise_share: float  # share of the variance of the differences that luck explains

    @property
    def knowledge_half(self) -> float:
        """Half the width of the 80 % interval."""
        return math.nan if self.knowledge_80 is None else (self.knowledge_80[1] - self.knowledge_80[0]) / 2


def spreads(difference: np.ndarray, base: np.ndarray, draw: np.ndarray) -> Spreads:
    """Spreads of paired differences. difference, base: float64 (pairs,); draw: int64 (pairs,), -1 for central values.

    Raises ValueError when nothing is known of any pair.
    """
    known = np.isfinite(difference) & np.isfinite(base)
    difference, base, draw = difference[known], base[known], draw[known]
    n = difference.size
    if n == 0:
        raise ValueError("no pair in which both sides are known")
    centres, counts, noise, freedom = _by_draw(difference, draw)
    _, _, luck_variance, _ = _by_draw(base, draw)
    drawn = bool((draw >= 0).any())
    luck = Z_95 * math.sqrt(luck_variance) if freedom >= ENOUGH_REPEATS or not drawn else math.nan
    if not drawn:
        error = t_95(n - 1) * float(np.std(difference, ddof=1)) / math.sqrt(n) if n > 1 else math.nan
        return Spreads(float(difference.mean()), error, None, None, luck, n, 0, 1.0)
    draws = centres.size
    mean = float(centres.mean())
    error = t_95(draws - 1) * float(np.std(centres, ddof=1)) / math.sqrt(draws) if draws > 1 else math.nan
    shrunk, share = _without_luck(centres, counts, _surely(noise, freedom))
    # Without repeats luck cannot be taken out; and where runs on one draw differ as much as runs on different draws no
    # width could be defended.
    few = draws < ENOUGH_FOR_80 or freedom < ENOUGH_REPEATS
    if share >= 1.0 or (few and float(np.ptp(centres)) > 0.0):
        return Spreads(mean, error, None, None, luck, n, draws, share)
    wide = _quantiles(shrunk, 0.025, 0.975) if draws >= ENOUGH_FOR_95 else None
    return Spreads(mean, error, _quantiles(shrunk, 0.1, 0.9), wide, luck, n, draws, share)


def _surely(variance: float, freedom: int) -> float:
    """The variance that is exceeded with 90 % confidence; nothing where there were no repeats."""
    from scipy.special import chdtri

    return variance * freedom / float(chdtri(freedom, 0.1)) if freedom else 0.0


def _by_draw(values: np.ndarray, draw: np.ndarray) -> tuple[np.ndarray, np.ndarray, float, int]:
    """Mean and number of pairs of every draw; variance between pairs on one draw (NaN without repeats), its freedom."""
    numbers, at, counts = np.unique(draw, return_inverse=True, return_counts=True)
    means = np.bincount(at, values) / counts
    freedom = values.size - numbers.size
    squares = float(((values - means[at]) ** 2).sum())
    return means, counts, squares / freedom if freedom else math.nan, freedom


def _without_luck(centres: np.ndarray, counts: np.ndarray, noise: float) -> tuple[np.ndarray, float]:
    """Each draw's mean moved towards the mean of all, so that their variance is that of knowledge alone."""
    total = float(np.var(centres, ddof=1)) if centres.size > 1 else 0.0
    if total <= 0.0:
        return centres, 0.0
    share = min(1.0, noise * float(np.mean(1.0 / counts)) / total)
    return centres.mean() + (centres - centres.mean()) * math.sqrt(1.0 - share), share


def _quantiles(values: np.ndarray, low: float, high: float) -> tuple[float, float]:
    a, b = np.quantile(values, (low, high))
    return float(a), float(b)


def dominating(found: Spreads) -> str:
    """A plain sentence: which spread is the largest, and what would make it smaller."""
    if found.knowledge_80 is None:
        return (
            "What is not known cannot be told from luck with these pairs: run more."
            if found.draws
            else "Nothing was drawn: calculation error only, which does not say how well the effect is known."
        )
    know, error, luck = found.knowledge_half, found.calculation_error, found.luck
    more = (
        f"More runs would still help (calculation error ± {error:,.3g})."
        if error > know / 3.0
        else "More runs will not narrow the answer, better evidence would."
    )
    if math.isfinite(luck) and luck > max(know, error):
        return (
            f"Luck is the largest spread (± {luck:,.3g}): one municipality's accounts vary by more than what is unknown"
            f" of the effect (± {know:,.3g}), so they alone cannot show whether it worked. {more}"
        )
    if error > know:
        return f"Calculation error is the largest spread (± {error:,.3g}): run more pairs before reading the mean."
    return f"What is not known about behaviour is the largest spread (± {know:,.3g}). {more}"


def sequence_half_width(sd: float, n: int, planned: int, alpha: float = 0.05) -> float:
    """Half-width of an asymptotic confidence sequence for a mean after `n` of at most `planned` values.

    Valid at every look at once, so stopping when it is small enough is honest. Source: Waudby-Smith, Arbour, Sinha,
    Kennedy & Ramdas (2024), Time-uniform central limit theory and asymptotic confidence sequences, Annals of Statistics
    52(6), equation for the Gaussian mixture boundary; rho is set so that it is tightest at `planned`.
    """
    if n < 2:
        return math.inf
    log_alpha = -2.0 * math.log(alpha)
    rho2 = (log_alpha + math.log(log_alpha + 1.0)) / planned
    inside = 2.0 * (n * rho2 + 1.0) / (n * n * rho2) * math.log(math.sqrt(n * rho2 + 1.0) / alpha)
    return sd * math.sqrt(inside)
