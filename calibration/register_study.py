"""Register studies met with their own estimator on the model's own lives (economics rule 19).

Nobody is treated by lot here: changes and placements happen to people as the office's week brings them about, and the
study compares those they happened to with those they did not. Beside what that finds in the model stand what the model
holds to be true, what was published, and what the same comparison finds when the true effect is set to nothing.
"""

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from calibration.estimators import Found, Sums, jackknife, log_hazard_ratio
from calibration.published import Experiment, base_scenario
from sim.codes import BAND_STARTS, BENEFITS, FIRST_BENEFIT, JOB, MEASURES
from sim.model import JobcenterModel
from sim.population.history import starting_state
from sim.scenario import Scenario

WAVE_WEEKS: Final = 13  # between two interviews: a change is what happened since the last
WAVES: Final = 8
LOOK_WEEKS: Final = 156  # weeks in which the placement study looks for leavers
AFTER_WEEKS: Final = 26  # time after a completed placement that counts as after it
# What makes the true effect nothing, by estimator.
NOTHING: Final = {
    "caseworker_change": {"effects.caseworker_change.contrast": 1.0, "staff.novice_log": 0.0},
    "placement": {
        f"measures.after_{kind}": 1.0 for kind in ("private_jobready", "private_activityready", "public", "course")
    },
}  # fmt: skip


@dataclass(frozen=True)
class Met:
    """One register study: three numbers of the model beside the published one."""

    naive: Found
    true: Found
    naive_at_nothing: Found
    exposed: int  # person-waves or person-weeks behind the naive number, all seeds


class Register(JobcenterModel):
    """The model with a register of everybody: status, caseworker and measure week by week. Changes nothing."""

    def __init__(self, scenario: Scenario, seed: int):
        super().__init__(scenario, seed, state=starting_state(scenario, seed))
        n = self.state["row_of"].size
        shape = (scenario.weeks, n)
        self.status = np.zeros(shape, np.uint8)
        self.caseworker = np.full(shape, -1, np.int16)
        self.measure = np.zeros(shape, np.uint8)
        self.weeks_in = np.zeros(shape, np.int16)

    def _record(self, week: int) -> None:
        super()._record(week)
        at, columns = week - self.first_week, self.state.columns
        ids = columns["id"]
        for table, name in (
            (self.status, "status"),
            (self.caseworker, "caseworker"),
            (self.measure, "measure"),
        ):
            table[at, ids] = columns[name]
        self.weeks_in[at, ids] = np.minimum(week - columns["since"].astype(np.int64) + 1, 32000)

    def forget(self) -> None:
        """Lets the large tables go: Mesa's models point to themselves and are freed late."""
        del self.status, self.caseworker, self.measure, self.weeks_in

    def age_at_start(self) -> np.ndarray:
        """Years, float64 (ids)."""
        out = np.zeros(self.status.shape[1])
        born = self.state["birth_week"].astype(np.int64)
        out[self.state["id"]] = (self.first_week - born) / 52.1775
        return out


def _bands(weeks_in: np.ndarray) -> np.ndarray:
    return np.searchsorted(BAND_STARTS, weeks_in, side="right") - 1


def _strata(events: np.ndarray, stratum: np.ndarray, n: int) -> np.ndarray:
    """float64 (2, strata): events and persons (or weeks) in each stratum."""
    return np.array([np.bincount(stratum[events], minlength=n), np.bincount(stratum, minlength=n)], float)


def _changes(world: Register, groups: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Exposed and unexposed person-waves by wave and weeks in the spell: job within a year of the interview.

    Exposed: another caseworker than at the last interview, or one in between. Who had no case at the last interview is
    not asked.
    """
    exposed, others = [], []
    bands = len(BAND_STARTS)
    for wave in range(1, WAVES + 1):
        now, before = wave * WAVE_WEEKS, (wave - 1) * WAVE_WEEKS
        asked = (
            np.isin(world.status[now], groups)
            & (world.caseworker[before] >= 0)
            & (world.caseworker[now] >= 0)
        )
        seats = world.caseworker[before : now + 1, asked]
        known = np.where(seats >= 0, seats, seats[0])
        changed = (known != known[0]).any(axis=0)
        job = (world.status[now + 1 : now + 53, asked] == JOB).any(axis=0)
        stratum = _bands(world.weeks_in[now, asked])
        exposed.append(_strata(job[changed], stratum[changed], bands))
        others.append(_strata(job[~changed], stratum[~changed], bands))
    return np.concatenate(exposed, axis=1), np.concatenate(others, axis=1)


def _placements(
    world: Register, groups: Sequence[int], kind: int, age: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Exposed and unexposed person-weeks by group and weeks in the spell: job next Monday. And exposed by group.

    Exposed: within half a year after a placement of the kind that ran its time. Unexposed: neither in a measure nor
    after one.
    """
    old = world.age_at_start() >= age
    n = world.status.shape[1]
    until = np.zeros((len(MEASURES), n), np.int64)
    bands = len(BAND_STARTS)
    strata = len(groups) * bands
    exposed, others = np.zeros((2, strata)), np.zeros((2, strata))
    for t in range(1, world.status.shape[0] - 1):
        status, running, was = world.status[t], world.measure[t], world.measure[t - 1]
        ended = (was > 0) & (running == 0) & np.isin(status, groups) & (world.status[t - 1] == status)
        until[was[ended], np.flatnonzero(ended)] = t + AFTER_WEEKS
        who = old & np.isin(status, groups) & (running == 0)
        after_this = who & (until[kind] > t)
        after_none = who & (until.max(axis=0) <= t)
        job = world.status[t + 1] == JOB
        group = np.searchsorted(sorted(groups), status)
        stratum = np.clip(group, 0, len(groups) - 1) * bands + _bands(world.weeks_in[t])
        exposed += _strata(job[after_this], stratum[after_this], strata)
        others += _strata(job[after_none], stratum[after_none], strata)
    by_group = exposed[1].reshape(len(groups), bands).sum(axis=1)
    return exposed, others, by_group


def _one_seed(experiment: Experiment, scenario: Scenario, seed: int) -> Sums:
    people = experiment.file.population
    assert people is not None
    groups = sorted(FIRST_BENEFIT + BENEFITS.index(group) for group in people.groups)
    world = Register(scenario, seed)
    world.run()
    try:
        return _looked_at(world, experiment, groups)
    finally:
        world.forget()


def _looked_at(world: Register, experiment: Experiment, groups: list[int]) -> Sums:
    """The sums of the study's estimator on one register."""
    people, design, scenario = experiment.file.population, experiment.file.design, world.settings
    assert people is not None
    if design.estimator == "caseworker_change":
        exposed, others = _changes(world, groups)
        return {"exposed": exposed, "others": others}
    kind = MEASURES.index(design.placement_kind)
    exposed, others, by_group = _placements(world, groups, kind, people.age_at_least)
    coded = np.array(
        [_coded(scenario, design.placement_kind, BENEFITS[group - FIRST_BENEFIT]) for group in groups]
    )
    return {
        "exposed": exposed,
        "others": others,
        "coded": np.array([(coded * by_group).sum(), by_group.sum()]),
    }


def _coded(scenario: Scenario, kind: str, group: str) -> float:
    """What the model holds to be true: log factor on the job hazard after the measure."""
    weak = group in ("kontanthjaelp_activityready", "ressourceforloeb")
    name = {"placement_public": "public", "course": "course"}.get(
        kind, "private_activityready" if weak else "private_jobready"
    )
    return math.log(scenario.behaviour[f"measures.after_{name}"])


def meet(
    experiment: Experiment,
    seeds: Sequence[int],
    share: float | None = None,
    workers: int = 1,
    progress: Callable[[int], None] | None = None,
) -> Met:
    """Runs the study's estimator on the model, as it is and with the true effect set to nothing."""
    estimator = experiment.file.design.estimator
    assert estimator is not None
    weeks = WAVES * WAVE_WEEKS + 53 if estimator == "caseworker_change" else LOOK_WEEKS
    base = base_scenario(experiment, share, (f"weeks={weeks}",))
    worlds = {"as it is": base, "nothing": base.with_behaviour(NOTHING[estimator])}
    sums: dict[str, list[Sums]] = {name: [] for name in worlds}
    with ThreadPoolExecutor(workers) as pool:
        for name, scenario in worlds.items():
            for found in pool.map(lambda seed, s=scenario: _one_seed(experiment, s, seed), seeds):
                sums[name].append(found)
                if progress is not None:
                    progress(sum(map(len, sums.values())) // 2)
    ratio: Callable[[Sequence[Sums]], float] = lambda chosen: log_hazard_ratio(  # noqa: E731
        np.sum([one["exposed"] for one in chosen], axis=0), np.sum([one["others"] for one in chosen], axis=0)
    )
    return Met(
        naive=_found(ratio, sums["as it is"]),
        true=_truth(experiment, sums["as it is"], seeds, share, workers),
        naive_at_nothing=_found(ratio, sums["nothing"]),
        exposed=int(sum(one["exposed"][1].sum() for one in sums["as it is"])),
    )


def _found(of: Callable[[Sequence[Sums]], float], sums: Sequence[Sums]) -> Found:
    value, error = jackknife(of, sums)
    return Found(math.exp(value), math.exp(value) * error, len(sums))


def _truth(
    experiment: Experiment, sums: Sequence[Sums], seeds: Sequence[int], share: float | None, workers: int
) -> Found:
    """For placements the coded factor, mean over the weeks after them; for changes the same change given by lot."""
    if experiment.file.design.estimator == "placement":

        def coded(chosen: Sequence[Sums]) -> Any:
            total = np.sum([one["coded"] for one in chosen], axis=0)
            return total[0] / total[1] if total[1] else math.nan

        return _found(coded, sums)
    from calibration.estimators import estimate
    from calibration.published import read
    from calibration.replay import replay

    by_lot = read("caseworker_change_by_lot")
    found = replay(by_lot, seeds, share, workers=workers)
    outcome = by_lot.file.outcomes["job_finding"]
    return estimate(outcome, "job_finding", by_lot.file.design.by, found.sums, expected=True)
