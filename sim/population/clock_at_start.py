"""Refusion clocks at the start, moved to the shares by step a municipality knows of its own people (economics rule 7).

Simulated careers give every clock. Where the municipality file says how the people of a benefit are spread over the
ladder's weeks (`clock_at_start`), they are ranked by their clock, the steps take their shares in that order, and a
clock moves only as far as into the weeks of its step. Everything else of a career stays: spells, self-support weeks,
people in work.
"""

import numpy as np

from sim.codes import BENEFITS, FIRST_BENEFIT, FLEKSJOB, FOERTIDSPENSION
from sim.population.citizens import LEGACY_AWARD
from sim.scenario import Scenario
from sim.scenario.municipality import CLOCK_BANDS
from sim.state import State

LAST_WEEK = int(np.iinfo(np.int16).max)


def set_clocks(state: State, scenario: Scenario) -> None:
    """Moves the clocks of the benefits named; shares hold within one person for the first week that is paid.

    Pensions and fleksjob awarded before the ladder have their own share for good and are left out.
    """
    given = scenario.municipality.clock_at_start or {}
    clock, since, flags = state["clock_n"], state["since"], state["flags"]
    for benefit, shares in given.items():
        b = BENEFITS.index(benefit)
        mine = state["status"] == FIRST_BENEFIT + b
        if b in (FOERTIDSPENSION, FLEKSJOB):
            mine &= (flags & LEGACY_AWARD) == 0
        rows = np.flatnonzero(mine)
        rows = rows[np.lexsort((state["id"][rows], -since[rows].astype(np.int64), clock[rows]))]
        ends = np.round(np.cumsum([shares.get(name, 0.0) for name in CLOCK_BANDS]) * rows.size).astype(
            np.int64
        )
        ends[-1] = rows.size
        for first, after, low, high in zip(
            np.r_[0, ends[:-1]],
            ends,
            CLOCK_BANDS.values(),
            [*list(CLOCK_BANDS.values())[1:], LAST_WEEK],
            strict=True,
        ):
            # A week counts before it is paid: who has used n weeks is paid for week n + 1.
            clock[rows[first:after]] = np.clip(clock[rows[first:after]], low - 1, high - 2)
