"""A weekly register of everybody in a run, as a statistical office would hold it, beside the run's own tables.

Statistics count persons on dates and spells with their own rule of what a break is. The model's own spells end at the
first week off. So the status of every person in every week lived is written down, and `calibration/definitions.py`
counts on that as the statistic does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sim.calendar import month_of, year_of
from sim.codes import ABSENT, FIRST_BENEFIT, GONE, SUBSIDISED_JOB
from sim.model import JobcenterModel
from sim.population.history import starting_state
from sim.records.result import RunResult
from sim.scenario import Scenario

NONE: int = 255  # belongs to no benefit
MENTOR: int = 128  # bit of `measure`: a mentor runs this week


@dataclass(frozen=True)
class Lived:
    """One run as it was lived. Rows are weeks from the start, columns persons who were on a benefit at some time."""

    result: RunResult
    status: np.ndarray  # uint8 (weeks, persons): codes.STATUSES, as it held for the whole week
    belongs: (
        np.ndarray
    )  # uint8 (weeks, persons): benefit, that of origin during a wage subsidy; NONE for none
    measure: np.ndarray  # uint8 (weeks, persons): codes.MEASURES, plus MENTOR
    since: (
        np.ndarray
    )  # int32 (persons): week the first status seen began, counted from the start, so mostly negative
    share: float  # part of the municipality simulated (world.share)
    kept: dict[str, Any] = field(default_factory=dict)  # spells by group, which many definitions ask for

    @property
    def weeks(self) -> int:
        """Weeks lived."""
        return int(self.status.shape[0])

    def months(self) -> np.ndarray:
        """Calendar month of every week, counted through the years, int64 (weeks,)."""
        weeks = range(self.result.start, self.result.start + self.weeks)
        return np.array([12 * year_of(week) + month_of(week) for week in weeks])


class _Watched(JobcenterModel):
    """The model with somebody writing down each week who is where, after it was lived and before anybody moves."""

    def watch(self) -> None:
        n, weeks = self.state["row_of"].size, self.weeks
        self.status = np.full((weeks, n), ABSENT, np.uint8)
        self.belongs = np.full((weeks, n), NONE, np.uint8)
        self.measure = np.zeros((weeks, n), np.uint8)
        self.since = np.zeros(n, np.int32)
        self.seen = np.zeros(n, bool)

    def _transitions(self, week: int) -> None:
        self._write_down(week)
        super()._transitions(week)

    def _write_down(self, week: int) -> None:
        s, t = self.state, week - self.first_week
        ids, status = s["id"], s["status"]
        self.status[t, ids] = status
        origin = np.where(status == SUBSIDISED_JOB, s["origin"], status).astype(np.int64) - FIRST_BENEFIT
        self.belongs[t, ids] = np.where(origin >= 0, origin, NONE)
        runs = (s["measure_start"] <= week) & (s["measure_until"] > week)
        self.measure[t, ids] = np.where(runs, s["measure"], 0) + MENTOR * (s["mentor_until"] > week)
        new = ~self.seen[ids] & (status != ABSENT) & (status != GONE)
        self.since[ids[new]] = s["since"][new].astype(np.int64) - self.first_week
        self.seen[ids[new]] = True


def live(
    scenario: Scenario,
    seed: int,
    draw: Mapping[str, float] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Lived:
    """Lives a scenario under one luck and keeps the register.

    draw: behavioural numbers that replace the scenario's. progress: called every week, may raise to stop. The state
    at the start is made anew: a calibration asks for each draw once, and a cache of them would fill the disk.
    """
    drawn = scenario.with_behaviour(draw) if draw else scenario
    model = _Watched(drawn, seed, state=starting_state(drawn, seed, use_cache=False))
    model.watch()
    model.run(progress=progress)
    ever = np.flatnonzero((model.belongs != NONE).any(axis=0))
    return Lived(
        model.result(),
        model.status[:, ever],
        model.belongs[:, ever],
        model.measure[:, ever],
        model.since[ever],
        scenario.world.share,
    )
