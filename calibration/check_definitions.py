"""Ways of counting beside those of 2024: spells without interruption, unemployment by calendar year, shares.

Apart from `definitions.py`, so that a new check does not make the runs of a calibration unknown to its store.
"""

import numpy as np

from calibration.definitions import (
    definition,
    full_time_unemployed,
    long_term_unemployed,
    runs_of,
    weekly_unemployed,
)
from calibration.register import Lived
from sim.calendar import year_of
from sim.codes import GONE


@definition("share")
def long_term_share(run: Lived, window: slice, group: str) -> float:
    """Long-term unemployed persons over full-time unemployed: unemployed in at least 42 of the last 52 weeks."""
    everybody = full_time_unemployed(run, window, group)
    return long_term_unemployed(run, window, group) / everybody if everybody else float("nan")


@definition("share")
def still_on_benefit_after(run: Lived, window: slice, group: str, weeks: int) -> float:
    """Of spells that began, those still running without any week off so many weeks later."""
    spells = runs_of(run, group)
    entered = (spells.begin == spells.seen) & (spells.begin >= window.start) & (spells.begin < window.stop)
    entered &= spells.begin + weeks < run.weeks
    lasted = (spells.end - spells.begin + 1)[entered] > weeks
    after = np.minimum(spells.end[entered] + 1, run.weeks - 1)
    known = lasted | (run.status[after, spells.person[entered]] != GONE)
    return float(lasted[known].mean()) if known.any() else float("nan")


@definition("% of labour force")
def unemployment_rate(run: Lived, window: slice, group: str, year: int, labour_force: int) -> float:
    """Unemployed and activated, mean of the weeks of a calendar year, over a labour force that was counted once."""
    return _yearly(run, group, labour_force).get(year, float("nan"))


@definition("% points")
def unemployment_rise(
    run: Lived, window: slice, group: str, base: int, until: int, labour_force: int
) -> float:
    """Highest yearly unemployment rate after a base year, less that of the base year."""
    rates = _yearly(run, group, labour_force)
    after = [rate for year, rate in rates.items() if base < year <= until]
    return max(after) - rates[base] if after and base in rates else float("nan")


@definition("% points")
def unemployment_change(
    run: Lived, window: slice, group: str, base: int, until: int, labour_force: int
) -> float:
    """Yearly unemployment rate of a later year, less that of a base year."""
    rates = _yearly(run, group, labour_force)
    return rates[until] - rates[base] if {base, until} <= rates.keys() else float("nan")


@definition("years")
def years_to_peak(run: Lived, window: slice, group: str, base: int, until: int) -> float:
    """Years from a base year to the year with the highest unemployment."""
    rates = _yearly(run, group, 1)
    after = {year: rate for year, rate in rates.items() if base < year <= until}
    return float(max(after, key=lambda year: after[year]) - base) if after else float("nan")


def _yearly(run: Lived, group: str, labour_force: int) -> dict[int, float]:
    """Rate of each calendar year that was lived, percent."""
    weekly = 100.0 * weekly_unemployed(run, group) / run.share / labour_force
    years = np.array([year_of(run.result.start + week) for week in range(run.weeks)])
    return {int(year): float(weekly[years == year].mean()) for year in np.unique(years)}
