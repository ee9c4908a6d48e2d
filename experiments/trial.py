"""A trial replayed many times: what its evaluator would see, and what it does to everybody.

For each seed one world is lived without the lever and one with it for each size, all from the same start. The persons
enrolled are followed week by week. Without the lever the same enrolment is a trial of nothing: what its arms differ by
is luck. Estimands: docs/estimands.md; how to read the output: docs/trials.md.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from experiments.evaluator import Estimate, estimate
from sim.codes import FIRST_BENEFIT, JOB, STATUSES
from sim.errors import UserError
from sim.model import JobcenterModel
from sim.population.history import starting_state
from sim.scenario import Scenario
from sim.scenario.trial import Trial
from sim.trial import CONTROL, TREATED, enrol

# Support as the ten goals count it: every benefit but fleksjob and pension.
COUNTED: Final = np.array(
    [
        status >= FIRST_BENEFIT and STATUSES[status] not in ("fleksjob", "foertidspension")
        for status in range(len(STATUSES))
    ]
)
TOTALS: Final = {
    "weeks_on_support": "weeks",
    "weeks_in_job": "weeks",
    "net_municipal_cost": "kr.",
    "net_state_cost": "kr.",
}


def outcome_names(follow_up: Sequence[int]) -> dict[str, str]:
    """What the evaluator looks at, with units: work at the end of each follow-up, weeks on support within it."""
    jobs = {f"in_job_{weeks}_share": "share" for weeks in follow_up}
    return jobs | {f"weeks_on_support_{weeks}": "weeks" for weeks in follow_up}


def label(outcome: str) -> str:
    """An outcome in words: 'in_job_52_share' -> 'in ordinary work after 52 weeks'."""
    if outcome.startswith("in_job_"):
        return f"in ordinary work after {outcome.split('_')[2]} weeks"
    return f"weeks on support within {outcome.rsplit('_', 1)[1]} weeks"


@dataclass
class Register:
    """An evaluator's register of one trial: who was enrolled when, in which arm, at whose desk, and how they fared."""

    trial: Trial
    arm_of: np.ndarray  # uint8 (ids): 0 outside the trial
    ids: list[np.ndarray] = field(default_factory=list)  # one entry per week of enrolment
    arms: list[np.ndarray] = field(default_factory=list)
    weeks: list[np.ndarray] = field(default_factory=list)
    caseworkers: list[np.ndarray] = field(default_factory=list)
    statuses: list[tuple[int, np.ndarray]] = field(
        default_factory=list
    )  # (week, status of those enrolled so far)

    def enrol(self, columns: Mapping[str, np.ndarray], seed: int, week: int) -> None:
        """Enrols by the trial's own rule and lots and notes the newly enrolled; the world itself is not touched."""
        if not self.trial.start <= week < self.trial.start + self.trial.enrol_weeks:
            return
        before = self.arm_of[columns["id"]]
        after = before.copy()
        enrol({**columns, "arm": after}, self.trial, seed, week)
        new = np.flatnonzero(after != before)
        self.arm_of[columns["id"][new]] = after[new]
        self.ids.append(columns["id"][new].astype(np.int64))
        self.arms.append(after[new])
        self.weeks.append(np.full(new.size, week))
        self.caseworkers.append(columns["caseworker"][new].astype(np.int64))

    def look(self, columns: Mapping[str, np.ndarray], week: int) -> None:
        """Notes the week's status of everybody enrolled so far."""
        if self.ids:
            self.statuses.append((week, columns["status"][columns["row_of"][np.concatenate(self.ids)]]))

    def outcomes(self) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
        """(arm, caseworker, outcomes by name) of the persons enrolled, in the order of enrolment.

        Beside what the evaluator sees: weeks in job and on support from enrolment to the horizon (`..._to_end`).
        """
        arm, weeks, desks = (np.concatenate(part) for part in (self.arms, self.weeks, self.caseworkers))
        follow_up = self.trial.follow_up_weeks
        out = {name: np.zeros(arm.size) for name in (*outcome_names(follow_up), *_TO_END)}
        for week, status in self.statuses:
            at = week - weeks[: status.size]
            here = slice(0, status.size)
            counted, job = COUNTED[status], status == JOB
            out["weeks_on_support_to_end"][here] += counted
            out["weeks_in_job_to_end"][here] += job
            for h in follow_up:
                out[f"in_job_{h}_share"][here] += (at == h) & job
                out[f"weeks_on_support_{h}"][here] += (at < h) & counted
        return arm, desks, out


_TO_END: Final = ("weeks_on_support_to_end", "weeks_in_job_to_end")


class Followed(JobcenterModel):
    """The model with registers that look on. Reading changes no result."""

    def __init__(self, *args: Any, registers: Sequence[Trial], **options: Any):
        super().__init__(*args, **options)
        n = self.state["row_of"].size
        self.registers = [Register(trial, np.zeros(n, np.uint8)) for trial in registers]

    def _enrol(self, week: int) -> None:
        for register in self.registers:
            register.enrol(self.state.columns, self.seed_of_chance, week)
        super()._enrol(week)

    def _record(self, week: int) -> None:
        super()._record(week)
        for register in self.registers:
            register.look(self.state.columns, week)


@dataclass(frozen=True)
class Arms:
    """One trial in one world: what its evaluator finds, and sums over the persons enrolled."""

    treated: int
    control: int
    estimates: Mapping[str, Estimate]
    mean: Mapping[str, tuple[float, float]]  # outcome -> mean of the treated, mean of the control


@dataclass(frozen=True)
class Pair:
    """One seed and one size: the trial with the lever, the same trial of nothing, and the difference to everybody."""

    seed: int
    size: int
    trial: Arms
    nothing: Arms
    total: Mapping[str, float]  # TOTALS: world with the trial minus world without


@dataclass
class Study:
    """All pairs of a trial, in the order (size, seed)."""

    scenario: Scenario
    trial: Trial
    sizes: tuple[int, ...]
    seeds: tuple[int, ...]
    pairs: list[Pair]
    interrupted: bool = False

    def of(self, size: int) -> list[Pair]:
        """The pairs of one size, by seed."""
        return sorted((pair for pair in self.pairs if pair.size == size), key=lambda pair: pair.seed)


def prepared(scenario: Scenario, weeks: int | None = None) -> Scenario:
    """The scenario over the horizon its trial needs, or over `weeks` with the follow-ups that fit.

    Raises UserError when it declares no trial or the horizon is too short for any follow-up.
    """
    trial = scenario.trial
    if trial is None:
        raise UserError(
            f"{scenario.name}: the scenario declares no trial; add a block 'trial:' with lever, groups, size and start"
        )
    follow_up = tuple(sorted(set(trial.follow_up_weeks)))
    if weeks is None:
        weeks = trial.weeks_needed(scenario.start_week, follow_up[-1])
    fit = tuple(h for h in follow_up if trial.weeks_needed(scenario.start_week, h) <= weeks)
    if not fit:
        least = trial.weeks_needed(scenario.start_week, follow_up[0])
        raise UserError(
            f"--weeks {weeks}: too short to follow anybody for {follow_up[0]} weeks; at least {least}, or leave it out"
        )
    return replace(scenario, weeks=weeks, trial=trial.model_copy(update={"follow_up_weeks": fit}))


def study(
    scenario: Scenario,
    seeds: Sequence[int],
    sizes: Sequence[int] = (),
    progress: Callable[[int], None] | None = None,
    workers: int | None = None,
) -> Study:
    """Replays the trial of a `prepared` scenario at each size on each seed. Ctrl-C leaves the finished seeds."""
    import os

    assert scenario.trial is not None
    trial = scenario.trial
    trials = [
        trial if size == trial.n_enrolled else trial.of_size(size) for size in sizes or (trial.n_enrolled,)
    ]
    out = Study(scenario, trial, tuple(one.n_enrolled for one in trials), tuple(seeds), [])
    done = 0
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        waiting = [pool.submit(one_seed, scenario, trials, seed) for seed in seeds]
        try:
            for future in as_completed(waiting):
                out.pairs += future.result()
                done += 1
                if progress is not None:
                    progress(done)
        except KeyboardInterrupt:
            out.interrupted = True
        finally:
            for future in waiting:
                future.cancel()
    return out


def one_seed(scenario: Scenario, trials: Sequence[Trial], seed: int) -> list[Pair]:
    """The world without the lever, and the world with it for each trial, from one start."""
    start = starting_state(scenario, seed)
    assert scenario.trial is not None
    rest = {name: lever for name, lever in scenario.levers.items() if name != scenario.trial.lever}
    without = Followed(
        replace(scenario, levers=rest, trial=None), seed, state=start.copy(), registers=trials
    ).run()
    before = _totals(without, scenario.trial.start)
    pairs = []
    for trial, nothing in zip(trials, without.registers, strict=True):
        world = Followed(replace(scenario, trial=trial), seed, state=start.copy(), registers=[trial]).run()
        after = _totals(world, trial.start)
        total = {name: after[name] - before[name] for name in TOTALS}
        pairs.append(Pair(seed, trial.n_enrolled, _arms(world.registers[0]), _arms(nothing), total))
    return pairs


def _totals(model: JobcenterModel, start: int) -> dict[str, float]:
    """Person-weeks of all residents and money from the trial's first week to the horizon."""
    result = model.result()
    here = slice(start - result.start, None)
    on_support = [name for name, counted in zip(STATUSES, COUNTED, strict=True) if counted]
    return {
        "weeks_on_support": float(sum(result.column(f"stock.{name}")[here].sum() for name in on_support)),
        "weeks_in_job": float(result.column("stock.job")[here].sum()),
        "net_municipal_cost": float(result.spending("municipality")[here].sum()) / 100.0,
        "net_state_cost": float(result.spending("state")[here].sum()) / 100.0,
    }


def _arms(register: Register) -> Arms:
    arm, desks, outcomes = register.outcomes()
    cluster = desks if register.trial.by == "team" else None
    treated, control = arm == TREATED, arm == CONTROL
    return Arms(
        treated=int(treated.sum()),
        control=int(control.sum()),
        estimates={
            name: estimate(outcomes[name], arm, cluster)
            for name in outcome_names(register.trial.follow_up_weeks)
        },
        mean={name: (_mean(values[treated]), _mean(values[control])) for name, values in outcomes.items()},
    )


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else float("nan")
