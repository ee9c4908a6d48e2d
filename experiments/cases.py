"""A jobcentre's cases at the start of a scenario, sorted by barriers to work and by months without work.

The sorting a business case begins with: how many there are of each kind, and how many of them are in ordinary work a
year later if nothing is begun. Groups under 30 persons, all runs together, have no share (docs/estimands.md).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from experiments.trial_summary import FEWEST
from sim.codes import BENEFITS, FIRST_BENEFIT, JOB
from sim.errors import UserError
from sim.model import JobcenterModel
from sim.population.citizens import SOCIAL_BARRIER
from sim.population.history import starting_state
from sim.scenario import Scenario
from sim.scenario.yaml_tree import nearest

if TYPE_CHECKING:
    import pandas as pd

BARRIERS: Final = ("none", "one", "two", "three or more")
MONTHS_FROM: Final = (0, 3, 6, 12, 24, 36)  # first month of each band
WEEKS_PER_MONTH: Final = 52.1775 / 12.0
FOLLOW_UP_WEEKS: Final = 52
# The adult department of the business case: cash benefit from 30 on.
ADULTS: Final = ("kontanthjaelp_jobready", "kontanthjaelp_activityready")


class Cases(NamedTuple):
    """Cases by months without work (rows) and barriers (columns), means over runs."""

    persons: np.ndarray  # float64 (months, barriers)
    in_work_share: (
        np.ndarray
    )  # float64 (months, barriers): in ordinary work a year later; NaN under 30 persons
    runs: int


def barriers_in(columns: Mapping[str, np.ndarray], rows: np.ndarray) -> np.ndarray:
    """Barriers to work of the persons in `rows`, int64: as sim/behaviour/entry.py counts one person's."""
    social = (columns["flags"][rows] & SOCIAL_BARRIER) != 0
    count = columns["health"][rows].astype(np.int64) + social + (columns["education"][rows] == 0)
    return np.asarray(count)


def check_benefits(names: Sequence[str]) -> tuple[str, ...]:
    """The benefits, in the model's order. Raises UserError for a name that is none."""
    for name in names:
        if name not in BENEFITS:
            raise UserError(f"no benefit is called '{name}'{nearest(name, BENEFITS)}")
    return tuple(name for name in BENEFITS if name in names)


def sort_cases(
    scenario: Scenario,
    benefits: Sequence[str] = ADULTS,
    seeds: Sequence[int] = (1,),
    progress: Callable[[int], None] | None = None,
) -> Cases:
    """Sorts everybody on the benefits in the scenario's first week, and looks where they are a year later.

    Example: sort_cases(load("slagelse_2015")).persons.sum() is about 2,000.
    """
    shape = (len(MONTHS_FROM), len(BARRIERS))
    persons, working = np.zeros(shape), np.zeros(shape)
    wanted = [FIRST_BENEFIT + BENEFITS.index(name) for name in check_benefits(benefits)]
    for at, seed in enumerate(seeds, 1):
        state = starting_state(scenario, seed)
        rows = np.flatnonzero(np.isin(state["status"], wanted))
        months = (state.week - state["support_since"][rows]) / WEEKS_PER_MONTH
        band = np.searchsorted(MONTHS_FROM, months, side="right") - 1
        barriers = np.minimum(barriers_in(state.columns, rows), len(BARRIERS) - 1)
        ids = state["id"][rows].astype(np.int64)
        model = JobcenterModel(scenario.for_weeks(FOLLOW_UP_WEEKS), seed, state=state).run()
        after = model.state["status"][model.state["row_of"][ids]] == JOB
        np.add.at(persons, (band, barriers), 1)
        np.add.at(working, (band, barriers), after)
        if progress is not None:
            progress(at)
    shown = persons >= FEWEST
    share = np.divide(working, persons, out=np.full(shape, np.nan), where=shown)
    return Cases(persons / len(seeds), share, len(seeds))


def months_label(band: int) -> str:
    """'0-2', '3-5', ..., '36+'."""
    first = MONTHS_FROM[band]
    return f"{first}+" if band + 1 == len(MONTHS_FROM) else f"{first}-{MONTHS_FROM[band + 1] - 1}"


def cases_frame(found: Cases) -> "pd.DataFrame":
    """cases.csv: months_without_work, barriers, persons, in_work_after_52_weeks_share."""
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "months_without_work": months_label(band),
                "barriers": name,
                "persons": found.persons[band, k],
                "in_work_after_52_weeks_share": found.in_work_share[band, k],
            }
            for band in range(len(MONTHS_FROM))
            for k, name in enumerate(BARRIERS)
        ]
    )
