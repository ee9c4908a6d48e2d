"""A study replayed: worlds with and without its treatment on the same luck, and the lives of those enrolled.

Enrolment and lots are those of `sim.trial`. Where lots are drawn inside one world the comparison is treated minus
control in the world with the treatment, less the same in the world without it: what the lot itself did is luck and goes
out. Whole offices are the same office with and without. Reading and giving change no kernel: what a person is given
(a mentor, a lost meeting, a new caseworker) is written to that person's columns between two steps of the week.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from calibration.chances import chances
from calibration.estimators import Sums, cells
from calibration.published import Experiment, Population, Treatment, base_scenario, with_levers
from sim.codes import BENEFITS, C_REORGANISATION, FIRST_BENEFIT, OUTSIDE, SUBSIDISED_JOB
from sim.model import JobcenterModel
from sim.population.history import starting_state
from sim.scenario import Scenario
from sim.scenario.trial import Trial
from sim.trial import TREATED, enrol

# Everybody who fits is enrolled: the share decides who is treated, not the number of places.
EVERYBODY: Final = 1_000_000
_WAITING: Final = -2  # a case without a caseworker keeps the cause of its change: _WAITING - cause


def lots(
    people: Population, start_week: int, treated_share: float, lever: str = "early_intervention"
) -> Trial:
    """Enrolment as `sim.trial` takes it, with places for everybody."""
    treated = round(EVERYBODY * treated_share)
    # Built as it is: a share of 0 or 1 leaves an arm without places, which a scenario file may not ask for.
    return Trial.model_construct(
        lever=lever, groups=people.groups, size=None, treated=treated, control=EVERYBODY - treated, by="person",
        start=start_week + people.start_after_weeks, enrol_weeks=people.enrol_weeks, intake=people.intake,
        follow_up_weeks=(52,),
    )  # fmt: skip


@dataclass
class Lives:
    """Everybody enrolled in one world, week by week from enrolment."""

    arm: np.ndarray  # uint8 (persons)
    path: np.ndarray  # uint8 (persons, weeks + 1): status; week 0 is that of enrolment
    contact: np.ndarray  # float64 (persons, weeks + 1): contact dose that counts, meetings
    trust: np.ndarray  # float64 (persons, weeks + 1)
    met: np.ndarray  # bool (persons, weeks + 1): a meeting was held
    chance: np.ndarray  # float64 (persons, weeks + 1): the person's own chance of a job that week


@dataclass
class _Week:
    at: int
    status: np.ndarray
    contact: np.ndarray
    trust: np.ndarray
    met: np.ndarray
    chance: np.ndarray


class Watched(JobcenterModel):
    """The model with a study in it: enrols, gives the treated what has no lever, and looks on."""

    def __init__(
        self,
        scenario: Scenario,
        seed: int,
        trial: Trial,
        people: Population,
        given: Treatment | None,
        by_lot: bool,
    ):
        super().__init__(scenario, seed, state=starting_state(scenario, seed))
        self.trial, self.people, self.given, self.by_lot = trial, people, given, by_lot
        n = self.state["row_of"].size
        self.arm_of = np.zeros(n, np.uint8)
        self.lost_in = np.full(n, -1, np.int64)  # by id: the week a meeting fell out
        self.ids: list[np.ndarray] = []
        self.weeks_enrolled: list[np.ndarray] = []
        self.seen: list[_Week] = []

    def _enrol(self, week: int) -> None:
        trial = self.trial
        if not trial.start <= week < trial.start + trial.enrol_weeks:
            return
        columns = self.state.columns
        ids = columns["id"]
        before = self.arm_of[ids]
        arm = before.copy()
        status = np.where(self._fits(week), columns["status"], OUTSIDE)
        enrol({**columns, "status": status, "arm": arm}, trial, self.seed_of_chance, week)
        new = np.flatnonzero(arm != before)
        self.arm_of[ids[new]] = arm[new]
        self.ids.append(ids[new].astype(np.int64))
        self.weeks_enrolled.append(np.full(new.size, week))
        if self.by_lot:  # the lever's tables ask for the arm
            columns["arm"][new] = arm[new]
        if self.given is not None:
            self._give(new[arm[new] == TREATED], week)

    def _fits(self, week: int) -> np.ndarray:
        """Who the study takes, bool (rows)."""
        columns, people = self.state.columns, self.people
        age = (week - columns["birth_week"].astype(np.int64)) / 52.1775
        weeks_in = week - columns["since"].astype(np.int64) + 1
        return (
            (age >= people.age_at_least)
            & (age < people.age_below)
            & (weeks_in >= people.spell_weeks_at_least)
        )

    def _give(self, rows: np.ndarray, week: int) -> None:
        assert self.given is not None
        columns = self.state.columns
        if self.given.mentor_weeks:
            columns["mentor_until"][rows] = week + self.given.mentor_weeks
        if self.given.caseworker_changes:
            held = rows[columns["caseworker"][rows] >= 0]
            columns["caseworker"][held] = _WAITING - C_REORGANISATION

    def _casework(self, week: int) -> int:
        if self.given is None or not self.given.meetings_lost:
            return super()._casework(week)
        columns = self.state.columns
        open_to_lose = (self.arm_of[columns["id"]] == TREATED) & (self.lost_in[columns["id"]] < 0)
        names = ("contact", "trust", "meetings", "last_meeting")
        before = {name: columns[name].copy() for name in names}
        n_offers = super()._casework(week)
        fell_out = open_to_lose & (columns["last_meeting"] == week)
        rows = np.flatnonzero(fell_out)
        if not rows.size:
            return n_offers
        since = np.where(before["last_meeting"] < 0, 104, week - before["last_meeting"].astype(np.int64))
        faded = self.tables.meeting.decay[np.clip(since[rows], 0, 104)]
        columns["contact"][rows] = before["contact"][rows] * faded
        columns["trust"][rows] = before["trust"][rows]
        self.lost_in[columns["id"][rows]] = week
        # The plan goes on as if the meeting had been held; what it would have offered is not offered.
        people = self._offers[:n_offers] & 0xFFFFFF
        kept = self._offers[:n_offers][~fell_out[self.state["row_of"][people]]]
        self._offers[: kept.size] = kept
        return int(kept.size)

    def _record(self, week: int) -> None:
        super()._record(week)
        if not self.ids:
            return
        columns = self.state.columns
        rows = columns["row_of"][np.concatenate(self.ids)]
        last = columns["last_meeting"][rows].astype(np.int64)
        faded = self.tables.meeting.decay[np.clip(week - last, 0, 104)]
        dose = np.where(last < 0, 0.0, columns["contact"][rows] * faded)
        met = (last == week) & (self.lost_in[columns["id"][rows]] != week)
        chance = np.zeros(rows.size)
        t = self.tables
        chances(
            self.citizens, self.seats, t.search, t.meeting, t.channel, t.offer, self.state["centre"],
            rows.astype(np.int64), week, chance,
        )  # fmt: skip
        capped = np.minimum(dose, self.tables.channel.saturation)
        self.seen.append(_Week(week, columns["status"][rows], capped, columns["trust"][rows], met, chance))

    def lives(self, weeks: int) -> Lives:
        """Those enrolled, `weeks` weeks from enrolment."""
        ids, enrolled = np.concatenate(self.ids), np.concatenate(self.weeks_enrolled)
        first = self.seen[0].at
        at = (enrolled - first)[:, None] + np.arange(weeks + 1)[None, :]
        person = np.arange(ids.size)[:, None]

        def table(name: str) -> np.ndarray:
            out = np.zeros((len(self.seen), ids.size), getattr(self.seen[0], name).dtype)
            for k, seen in enumerate(self.seen):
                values = getattr(seen, name)
                out[k, : values.size] = values
            return out[at, person]

        out = Lives(
            self.arm_of[ids], *(table(name) for name in ("status", "contact", "trust", "met", "chance"))
        )
        self.seen.clear()  # Mesa's models point to themselves and are freed late
        return out


@dataclass
class Replica:
    """A study replayed on several seeds: sums that effects are worked out from. Worlds: without, then with (by market:
    one for each coverage)."""

    experiment: Experiment
    scenario: Scenario
    seeds: list[int] = field(default_factory=list)
    sums: list[Sums] = field(default_factory=list)  # one per seed


def one_seed(experiment: Experiment, base: Scenario, treated: Scenario, seed: int) -> Sums:
    """Lives the worlds of one seed and keeps what effects need."""
    file = experiment.file
    people, treatment, design = file.population, file.treatment, file.design
    assert people is not None and treatment is not None
    spell = spell_statuses(people)
    lever = next(iter(treatment.levers), "early_intervention")
    shares = design.coverage if design.by == "market" else (design.treated_share,)
    by_lot = design.by != "office"

    def world(scenario: Scenario, share: float, given: Treatment | None) -> Lives:
        trial = lots(people, base.start_week, share, lever)
        with_lots = (
            replace(scenario, trial=trial) if by_lot and given is not None and treatment.levers else scenario
        )
        model = Watched(with_lots, seed, trial, people, given, by_lot)
        model.run()
        return model.lives(experiment.follow_up)

    worlds = []
    for share in shares:
        worlds.append((world(base, share, None), world(treated, share, treatment)))
    return cells(worlds, file.outcomes, spell)


def spell_statuses(people: Population) -> tuple[int, ...]:
    """Statuses in which the spell somebody was enrolled in goes on: the groups, and a subsidised job from there."""
    return (*(FIRST_BENEFIT + BENEFITS.index(group) for group in people.groups), SUBSIDISED_JOB)


def replay(
    experiment: Experiment,
    seeds: Sequence[int],
    share: float | None = None,
    change: Callable[[Scenario], Scenario] | None = None,
    workers: int = 1,
    progress: Callable[[int], None] | None = None,
    more: tuple[str, ...] = (),
) -> Replica:
    """Replays a study on each seed. `change`: applied to both worlds, for example another coefficient."""
    base = base_scenario(experiment, share, more)
    if change is not None:
        base = change(base)
    treated = with_levers(experiment, base)
    out = Replica(experiment, treated)
    with ThreadPoolExecutor(workers) as pool:
        for seed, sums in zip(
            seeds, pool.map(lambda seed: one_seed(experiment, base, treated, seed), seeds), strict=True
        ):
            out.seeds.append(seed)
            out.sums.append(sums)
            if progress is not None:
                progress(len(out.seeds))
    return out
