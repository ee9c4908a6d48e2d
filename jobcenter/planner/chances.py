"""What may be said of an effect's sign and of the chance of payback: one rule for the paper and for a frozen plan."""

import math
from typing import Final

import numpy as np

from experiments.four_spreads import ENOUGH_FOR_95, Z_95, Spreads
from experiments.money import NEVER, PAYBACK_YEARS, payback
from experiments.money_table import Calendar
from experiments.stored import Stored
from jobcenter.planner.blocks import Number
from jobcenter.planner.words import Words
from sim.records.outcomes import Key

MOST_YEARS: Final = max(PAYBACK_YEARS)


def settled(effect: Spreads) -> bool:
    """Whether the sign of an effect is known: neither what is unknown of behaviour (80 %) nor the few runs made
    (calculation error, 95 %) leave zero possible."""
    known = effect.knowledge_80
    return known is not None and known[0] * known[1] > 0.0 and abs(effect.mean) > effect.calculation_error


def starred(say: Words, effect: Spreads, decimals: int) -> str:
    """An effect with a star where its sign is not settled."""
    text = say.signed(effect.mean, decimals)
    return text.marked(" *") if isinstance(text, Number) and effect.mean and not settled(effect) else text


def range_of_share(share: float, n: int) -> tuple[float, float]:
    """Where a share counted in n draws may lie, 95 %.

    Source: Wilson (1927), Probable inference, the law of succession, and statistical inference, JASA 22(158).
    Example: 4 of 10 is 17 to 69 %.
    """
    z2 = Z_95**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def chance(say: Words, share: float, n: int) -> str:
    """A chance counted in n draws: below 40 of them never without what so few leave open."""
    if not math.isfinite(share) or n >= ENOUGH_FOR_95:
        return say.percent(share)
    low, high = range_of_share(share, n)
    return say("chance.few", share=say.percent(share), low=say.number(100 * low), high=say.percent(high), n=n)


def paid_back(stored: Stored, name: str) -> tuple[list[bool], int]:
    """Whether each pair's draw has paid back for good, luck taken out as the paper does.

    Returns:
        One answer a pair, and within how many years: four, or 0 for "within the horizon" where it is shorter.
    """
    draws = stored.draw_of()
    numbers = np.unique(draws) if (draws >= 0).any() else np.arange(len(draws))
    keys = [Key("net_municipal_cost", "all", str(year)) for year in stored.years]
    columns = [stored.keys.index(key) for key in keys]
    base, other = stored.rows(0), stored.rows(1 + stored.names.index(name))
    at = payback(np.array([o.values[columns] - b.values[columns] for b, o in zip(base, other, strict=True)]))
    within = MOST_YEARS if Calendar.of(stored.base.start_week, stored.weeks).whole >= MOST_YEARS else 0
    back = (at != NEVER) & ((at < within) if within else True)
    of_draw = dict(zip(numbers.tolist(), back.tolist(), strict=True))
    return [of_draw[int(d)] if d >= 0 else of_draw[k] for k, d in enumerate(draws)], within
