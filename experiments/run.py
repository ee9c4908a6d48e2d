"""Runs scenarios: one alone, or many side by side on the cores of this machine.

A run is a pure function of (scenario, draw, seed). Threads take whole pairs: for one seed the state at the start is
made once and every scenario branches from it, so that no two threads ever build the same start.
"""

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from experiments.investing import Books, books_of, check_base, invests, lived
from sim.records.result import RunResult
from sim.records.tables import with_open_spells
from sim.scenario import Scenario

if TYPE_CHECKING:
    from sim.model import JobcenterModel

Draw = Mapping[str, float]  # behavioural numbers that replace the scenario's ('group.name' -> value)
Where = Literal["inline", "threads"]
T = TypeVar("T")


class Stopped(Exception):
    """The run was asked to stop before its horizon."""


@dataclass(frozen=True)
class Plan:
    """Scenarios x draws x seeds. Every (draw, seed) is one pair: all scenarios on the same luck."""

    scenarios: tuple[Scenario, ...]
    seeds: tuple[int, ...]
    draws: tuple[Draw | None, ...] = (None,)
    recording: str = "outcomes"
    branch_at: int | None = None  # week up to which the first scenario is lived once and all others share it

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """(number of the draw, seed) of every pair, in the order they are begun."""
        return [(k, seed) for k in range(len(self.draws)) for seed in self.seeds]


@dataclass
class Finished(Generic[T]):
    """What came out: for each finished pair one value per scenario. `interrupted` says that pairs are missing."""

    pairs: dict[tuple[int, int], tuple[T, ...]] = field(default_factory=dict)
    interrupted: bool = False


def run_one(
    scenario: Scenario,
    draw: Draw | None,
    seed: int,
    recording: str = "outcomes",
    progress: Callable[[int], None] | None = None,
) -> RunResult:
    """One run from its start to its horizon. `progress` is called with the number of weeks lived."""
    from sim.model import JobcenterModel

    drawn = scenario.with_behaviour(draw) if draw else scenario
    return _result(JobcenterModel(drawn, seed, recording=recording).run(progress=progress))


def pasts(scenarios: Iterable[Scenario]) -> list[str]:
    """A name for the time before each scenario's start: equal names, equal state at the start, for any seed."""
    from sim.population.history import snapshot_key

    return [snapshot_key(scenario, 0) for scenario in scenarios]


def branch(
    scenarios: tuple[Scenario, ...],
    draw: Draw | None,
    seed: int,
    recording: str = "outcomes",
    progress: Callable[[int], None] | None = None,
    same_past: Sequence[str] | None = None,
) -> Iterator[RunResult]:
    """All scenarios of one pair, one after the other; those with the same past branch from one state at the start.

    `same_past`: what `pasts` says of the drawn scenarios, where it is known already.
    """
    from sim.model import JobcenterModel
    from sim.population.history import starting_state

    drawn = [scenario.with_behaviour(draw) if draw else scenario for scenario in scenarios]
    check_base(drawn[0])
    keys = pasts(drawn) if same_past is None else same_past
    starts = {}
    books: Books | None = None
    for at, (scenario, key) in enumerate(zip(drawn, keys, strict=True)):
        if key not in starts:
            starts[key] = starting_state(scenario, seed)
        # The last scenario on a start may live in it; the others get a copy.
        state = starts[key].copy() if key in keys[at + 1 :] else starts.pop(key)
        begin = partial(JobcenterModel, seed=seed, state=state, recording=recording)
        result = _result(lived(scenario, begin, books, progress))
        books = books or (books_of(result) if any(map(invests, drawn)) else None)
        yield result


def branch_late(
    scenarios: tuple[Scenario, ...],
    draw: Draw | None,
    seed: int,
    week: int,
    recording: str = "outcomes",
    progress: Callable[[int], None] | None = None,
) -> Iterator[RunResult]:
    """All scenarios of one pair; the first is lived up to `week` once, and every scenario goes on from there.

    Equal to running each whole. Raises UserError when a scenario differs from the first before `week`.
    """
    from sim.model import JobcenterModel
    from sim.snapshot import fork

    drawn = [scenario.with_behaviour(draw) if draw else scenario for scenario in scenarios]
    check_base(drawn[0])
    stem = JobcenterModel(drawn[0], seed, recording=recording).run(week - drawn[0].start_week, progress)
    books: Books | None = None
    for scenario in drawn:
        result = _result(lived(scenario, partial(fork, stem), books, progress))
        books = books or books_of(result)
        yield result


def starting_at(scenario: Scenario, base: Scenario, week: int) -> Scenario:
    """The scenario with every lever that the base does not have beginning in `week`, if it would begin before."""
    late = {
        name: lever
        if base.levers.get(name) == lever or lever.first_week(scenario) >= week
        else lever.model_copy(update={"from_week": week})
        for name, lever in scenario.levers.items()
    }
    return replace(scenario, levers=late)


def _result(model: "JobcenterModel") -> RunResult:
    """The tables of a finished run; spells still open at the horizon stand behind the closed ones."""
    result = model.result()
    if result.spells is None:
        return result
    return replace(result, spells=with_open_spells(result.spells, model.state))


def execute(
    plan: Plan,
    keep: Callable[[RunResult], T],
    where: Where = "threads",
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Finished[T]:
    """Runs a plan and keeps of every run what `keep` makes of it.

    Args:
        plan: What to run.
        keep: Called in the worker with each result; a result is 5 MB, so only what it returns stays in memory.
        where: `inline` in this thread, `threads` on the cores (the kernels release the interpreter's lock).
        workers: Threads; the machine's cores if None.
        progress: Called with (runs finished, runs in all).

    Ctrl-C ends the weeks under way and returns the finished pairs with `interrupted` set.
    """
    stop = threading.Event()
    done = Finished[T]()
    same_past = [
        pasts(scenario.with_behaviour(draw) if draw else scenario for scenario in plan.scenarios)
        for draw in plan.draws
    ]
    counted = _Counter(len(plan.pairs) * len(plan.scenarios), progress)

    def watch(_: int) -> None:
        if stop.is_set():
            raise Stopped

    def one_pair(number: int, seed: int) -> tuple[T, ...]:
        watch(0)
        kept = []
        draw = plan.draws[number]
        results = (
            branch(plan.scenarios, draw, seed, plan.recording, watch, same_past[number])
            if plan.branch_at is None
            else branch_late(plan.scenarios, draw, seed, plan.branch_at, plan.recording, watch)
        )
        for result in results:
            kept.append(keep(result))
            counted.one_more()
        return tuple(kept)

    try:
        if where == "inline":
            for pair in plan.pairs:
                done.pairs[pair] = one_pair(*pair)
        else:
            _threads(plan, one_pair, workers or os.cpu_count() or 1, done, stop)
    except KeyboardInterrupt:
        stop.set()
        done.interrupted = True
    return done


def _threads(
    plan: Plan,
    one_pair: Callable[[int, int], tuple[T, ...]],
    workers: int,
    done: Finished[T],
    stop: threading.Event,
) -> None:
    with ThreadPoolExecutor(max_workers=max(1, min(workers, len(plan.pairs)))) as pool:
        waiting: dict[Future[tuple[T, ...]], tuple[int, int]] = {}
        try:
            for pair in plan.pairs:
                waiting[pool.submit(one_pair, *pair)] = pair
            while waiting:
                # A short wait, so that Ctrl-C is heard while the workers compute.
                finished, _ = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
                for future in finished:
                    done.pairs[waiting.pop(future)] = future.result()
        except BaseException:
            stop.set()
            for future in waiting:
                future.cancel()
            raise


class _Counter:
    """Counts finished runs over threads."""

    def __init__(self, total: int, progress: Callable[[int, int], None] | None):
        self.total, self.finished = total, 0
        self.progress = progress
        self.lock = threading.Lock()

    def one_more(self) -> None:
        with self.lock:
            self.finished += 1
            if self.progress is not None:
                self.progress(self.finished, self.total)
