"""Money over time: present value, current prices, payback, cost per week, best choice and regret. Pure arithmetic.

Series are arrays (rows, periods): a row is a paired run or a parameter draw, a period a week or a budget year. Costs
are net spending of the municipality under the scenario minus under the base, expenditure positive, fixed prices. What
the rows stand for (luck or knowledge) only the caller knows, and every table made from them says it.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

PAYBACK_YEARS: Final = (1, 2, 3, 4)
LOW, HIGH = 0.10, 0.90  # the 80 % interval
FEWEST_ROWS: Final = 5  # with fewer no interval over rows is stated
DO_NOTHING: Final = "do nothing"


class Band(NamedTuple):
    """A mean over rows and its 80 % interval; NaN bounds where there are too few rows."""

    mean: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval is known and lies on one side of zero."""
        return bool(np.isfinite(self.low) and np.isfinite(self.high) and self.low * self.high > 0.0)


def band(values: np.ndarray) -> Band:
    """Mean and 80 % interval (10 to 90 %) over rows that are known."""
    known = np.asarray(values, np.float64)
    known = known[np.isfinite(known)]
    if len(known) == 0:
        return Band(np.nan, np.nan, np.nan)
    if len(known) < FEWEST_ROWS:
        return Band(float(known.mean()), np.nan, np.nan)
    low, high = np.quantile(known, (LOW, HIGH))
    return Band(float(known.mean()), float(low), float(high))


def by_period(weekly: np.ndarray, period_of_week: np.ndarray) -> np.ndarray:
    """Weekly series (rows, weeks) added up to periods; `period_of_week`: a rising number for each week, from 0."""
    begins = np.flatnonzero(np.diff(period_of_week, prepend=-1))
    return np.asarray(np.add.reduceat(weekly, begins, axis=1))


# ---- prices and present value --------------------------------------------------------------------------------------


def price_index(years: Sequence[int], growth: Mapping[int, float], level_year: int) -> np.ndarray:
    """Prices of each year over those of `level_year`. `growth`: of each year between on the year before."""
    out = []
    for year in years:
        factor = 1.0
        for passed in range(level_year + 1, year + 1):
            factor *= 1.0 + growth[passed]
        for passed in range(year + 1, level_year + 1):
            factor /= 1.0 + growth[passed]
        out.append(factor)
    return np.array(out)


def discount_factors(years_from_start: np.ndarray, rate: float) -> np.ndarray:
    """What a krone (fixed prices) is worth at the start; a period counts at its middle."""
    return np.asarray((1.0 + rate) ** -np.asarray(years_from_start, np.float64))


def present_value(cost: np.ndarray, years_from_start: np.ndarray, rate: float) -> np.ndarray:
    """Present value of each row, (rows,).

    Example: 100 in the middle of year one and of year two at 3.5 %: 98.29 + 94.97 = 193.26.
    """
    return np.asarray(np.asarray(cost, np.float64) @ discount_factors(years_from_start, rate))


def annuity(years: float, rate: float) -> float:
    """Present value of one krone a year, paid all the year round, for so many years."""
    return years if rate == 0.0 else (1.0 - (1.0 + rate) ** -years) / float(np.log1p(rate))


# ---- payback -------------------------------------------------------------------------------------------------------

NEVER: Final = -1
HALF_OERE: Final = 0.005  # kroner: a sum of whole øre that is smaller is nothing


def payback(cost: np.ndarray) -> np.ndarray:
    """First year-end after which the cumulative net never is a cost again, to the horizon (economics rule 22).

    Args:
        cost: Net cost by budget year, (rows, years); the last year-end is the horizon.

    Returns:
        0 for the end of the first year, and so on; NEVER where the horizon ends with a cost. (rows,)

    Example: costs 5, -8, +6, -9 add up to 5, -3, 3, -6: in the black after year two, again in the red, paid back
    for good at the end of year four.
    """
    total = np.cumsum(np.asarray(cost, np.float64), axis=1)
    red = total > HALF_OERE
    years = red.shape[1]
    last_red = np.where(red.any(axis=1), years - 1 - np.argmax(red[:, ::-1], axis=1), -1)
    return np.where(last_red == years - 1, NEVER, last_red + 1)


class Payback(NamedTuple):
    """Shares of the rows."""

    within: dict[int, float]  # years -> share paid back by then; NaN beyond the horizon
    not_within_horizon: float


def payback_chances(cost: np.ndarray, whole_years: int | None = None) -> Payback:
    """P(paid back within 1, 2, 3, 4 years) and P(not within the horizon), over the rows.

    `whole_years`: year-ends the horizon reaches; a last year cut short has none. All columns if None.
    """
    rows, years = np.shape(cost)
    ends = years if whole_years is None else whole_years
    if rows == 0 or years == 0:
        return Payback(dict.fromkeys(PAYBACK_YEARS, np.nan), np.nan)
    at = payback(cost)
    within = {k: float(np.mean((at != NEVER) & (at < k))) if k <= ends else np.nan for k in PAYBACK_YEARS}
    return Payback(within, float(np.mean(at == NEVER)))


# ---- cost of a week, choice ----------------------------------------------------------------------------------------


def cost_per_week(cost: np.ndarray, weeks: np.ndarray) -> float:
    """Kroner per week gained: mean cost over mean weeks. NaN ("cannot be stated") unless the 80 % interval of the
    weeks gained excludes zero."""
    gained = band(weeks)
    return float(np.mean(cost) / gained.mean) if gained.excludes_zero and gained.mean > 0.0 else np.nan


class Choice(NamedTuple):
    """One option among those that may be ranked together."""

    probability_best: float
    expected_regret_kr: float  # lost on average by taking it, against knowing each row beforehand


def choices(cost: Mapping[str, np.ndarray]) -> dict[str, Choice]:
    """Probability best and expected regret of each option; "do nothing" costs 0 in every row and always stands in it.

    `cost`: present value of the net cost, (rows,), the same rows for all. Ties share the row.
    Example: rows (-4, +2) and (-1, -1): best is the first once, the second once; regret 1.5 and 1.5; nothing 2.5.
    """
    if not cost:
        return {}
    rows = len(next(iter(cost.values())))
    table = np.vstack([np.zeros(rows), *cost.values()])
    best = table.min(axis=0)
    winners = table == best
    share = (winners / winners.sum(axis=0)).mean(axis=1)
    regret = (table - best).mean(axis=1)
    names = (DO_NOTHING, *cost)
    return {name: Choice(float(share[k]), float(regret[k])) for k, name in enumerate(names)}
