"""What a worker does: a few pairs, run by run, each run kept or its failure told. Pure: nothing is written but caches.

A run that raises or takes too long is a failure of that run alone. A run that takes its worker along (killed, out of
memory, hanging inside a week) is found by `experiments/engine.py`, which splits the chunk until the run stands alone.
"""

import os
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from experiments.draws import number_of, set_by_hand
from experiments.investing import Books, books_of, check_base, invests, lived
from experiments.provenance import hash_of
from experiments.run import Stopped, pasts, run_one
from sim.records.outcomes import outcome_sheet
from sim.records.result import RunResult
from sim.records.tables import detail_tables
from sim.scenario import Scenario
from sim.scenario.law_tables import Law

if TYPE_CHECKING:
    from sim.state import State

# A run is asked every week whether its time is up. One that has not answered after so many times its limit hangs.
HANGS_AFTER_LIMITS: Final = 2.0
HUNG: Final = 70  # exit code of a worker process that ended itself because a run hung


@dataclass(frozen=True)
class Known:
    """What a design knows of a pair beforehand, so that its worker need not find it out."""

    factors: Mapping[str, float]  # log factors that put the levels back (experiments/anchor.py)
    pasts: tuple[str, ...]  # one per scenario: equal names, equal state at the start
    contexts: tuple[tuple[str, Law], ...] = ()  # refusion rules each run is costed under besides its own


@dataclass(frozen=True)
class Job:
    """One pair: its draw, its luck, and which scenarios are still to be run. Everything a worker needs."""

    number: int
    variant: str
    draw: int
    seed: int
    values: dict[str, float]
    scenarios: tuple[Scenario, ...]  # all of the pair, the base first
    missing: tuple[int, ...]  # places in `scenarios`
    keys: tuple[str, ...]  # one per missing run
    recording: str = "outcomes"  # level
    levels: dict[str, float] = field(
        default_factory=dict
    )  # level rows that vary themselves, laid over the anchor
    known: Known | None = None  # None: found out here, and kept in the cache folder for the next batch


@dataclass(frozen=True)
class Kept:
    """One finished run, reduced to its outcomes and the tables of its recording level."""

    key: str
    job: int
    scenario: int
    seconds: float
    values: dict[str, float]  # "outcome/group/year" -> value
    tables: dict[str, bytes] = field(
        default_factory=dict
    )  # what the recording level keeps besides, as Parquet
    context: str = ""  # the refusion rules it was costed under, where not its own


@dataclass(frozen=True)
class Failed:
    """One run that came to nothing."""

    key: str
    job: int
    scenario: int
    error: str
    traceback: str


@dataclass
class Done:
    """What came out of a chunk."""

    kept: list[Kept] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)


class TookTooLong(Exception):
    """A run passed its time limit."""


def run_chunk(
    jobs: tuple[Job, ...],
    limit_seconds: float,
    stopped: Callable[[], bool] = lambda: False,
    begins: Callable[[], None] = lambda: None,
) -> Done:
    """Runs the missing scenarios of every job. `limit_seconds`: of one run. `begins` is called as each run, and each
    anchoring, begins. Raises Stopped when asked to stop."""
    done = Done()
    for job in jobs:
        _run_job(job, limit_seconds, stopped, begins, done)
    return done


def in_own_process(work: Callable[..., Done], jobs: tuple[Job, ...], limit_seconds: float) -> Done:
    """Does such work in a worker process of its own: a run that hangs takes the process along, whatever it hangs in."""
    alarm = _Alarm(limit_seconds * HANGS_AFTER_LIMITS)
    try:
        return work(jobs, limit_seconds, _never, alarm.set)
    finally:
        alarm.off()


def _never() -> bool:
    return False


class _Alarm:
    """Ends this process when it is not set anew in time. Kernels release the interpreter's lock, so it goes off in
    the middle of one."""

    def __init__(self, seconds: float):
        self.seconds = seconds
        self.timer: threading.Timer | None = None

    def set(self) -> None:
        self.off()
        self.timer = threading.Timer(self.seconds, os._exit, (HUNG,))
        self.timer.daemon = True
        self.timer.start()

    def off(self) -> None:
        if self.timer is not None:
            self.timer.cancel()


def _run_job(
    job: Job, limit_seconds: float, stopped: Callable[[], bool], begins: Callable[[], None], done: Done
) -> None:
    from experiments.anchor import anchored, laid_over, levels
    from experiments.recost import live_under
    from sim.population.history import starting_state

    def failed(at: int, error: BaseException) -> None:
        text = f"{type(error).__name__}: {error}"
        done.failed.append(
            Failed(job.keys[job.missing.index(at)], job.number, at, text, traceback.format_exc())
        )

    begins()
    try:
        base, known = job.scenarios[0], job.known
        drawn = (
            anchored(base, job.values, weekly_watch(limit_seconds, stopped))
            if known is None
            else {**job.values, **levels(base, job.values, known.factors)}
        )
        drawn = laid_over(base, drawn, job.levels)
        wanted = {at: under(job.scenarios[at], base, drawn) for at in job.missing}
        past = dict(
            zip(
                wanted,
                pasts(wanted.values()) if known is None else (known.pasts[at] for at in wanted),
                strict=True,
            )
        )
        check_base(base)
        books = (
            _base_books(job, drawn, limit_seconds, stopped) if any(map(invests, wanted.values())) else None
        )
    except Stopped:
        raise
    except Exception as error:  # whatever it is, it is recorded and the batch goes on
        for at in job.missing:
            failed(at, error)
        return
    contexts = known.contexts if known is not None else ()
    starts = {}
    last = {key: at for at, key in past.items()}  # it lives in the start itself; the others get a copy
    for at, scenario in wanted.items():
        begins()
        begin, watch = time.perf_counter(), weekly_watch(limit_seconds, stopped)
        key = job.keys[job.missing.index(at)]
        try:
            if past[at] not in starts:  # a point of a design has a start nobody asks for again
                starts[past[at]] = starting_state(scenario, job.seed, use_cache=known is None)
            start = starts.pop(past[at]) if at == last[past[at]] else starts[past[at]].copy()
            if contexts:
                result, *recosted = live_under(scenario, [law for _, law in contexts], job.seed, start, watch)
            else:
                result, recosted = _live(scenario, job.seed, start, job.recording, watch, books), []
            values, tables = _outcomes(result), _tables(result, job.recording, key)
            others = [(name, _outcomes(other)) for (name, _), other in zip(contexts, recosted, strict=True)]
        except Stopped:
            raise
        except Exception as error:
            failed(at, error)
            continue
        seconds = time.perf_counter() - begin
        done.kept.append(Kept(key, job.number, at, seconds, values, tables))
        done.kept += [
            Kept(context_key(key, name), job.number, at, 0.0, other, context=name) for name, other in others
        ]


def context_key(key: str, context: str) -> str:
    """Key of a run costed under other refusion rules. context: their name and hash (sensitivity/running.py)."""
    return hash_of([key, "costed under", context])


def weekly_watch(limit_seconds: float, stopped: Callable[[], bool]) -> Callable[[int], None]:
    """What a run calls every week: ends it when it is asked to stop, or has taken longer than it may."""
    begin = time.perf_counter()

    def watch(_: int) -> None:
        if stopped():
            raise Stopped
        if time.perf_counter() - begin > limit_seconds:
            raise TookTooLong(f"longer than {limit_seconds:g} seconds")

    return watch


def under(scenario: Scenario, base: Scenario, drawn: dict[str, float]) -> Scenario:
    """The scenario under a draw; a number it sets itself, otherwise than the base, stays what it says."""
    fixed = set_by_hand(scenario)
    return scenario.with_behaviour(
        {
            name: value
            for name, value in drawn.items()
            if name not in fixed and number_of(scenario, name) == number_of(base, name)
        }
    )


def _live(
    scenario: Scenario,
    seed: int,
    state: "State",
    recording: str,
    watch: Callable[[int], None],
    books: Books | None,
) -> RunResult:
    from sim.model import JobcenterModel

    begin = partial(JobcenterModel, seed=seed, state=state, recording=recording)
    return lived(scenario, begin, books, watch).result()


def _base_books(
    job: Job, drawn: dict[str, float], limit_seconds: float, stopped: Callable[[], bool]
) -> Books:
    """The base of the pair, lived for what savings are measured against."""
    base = under(job.scenarios[0], job.scenarios[0], drawn)
    return books_of(run_one(base, None, job.seed, progress=weekly_watch(limit_seconds, stopped)))


def _outcomes(result: RunResult) -> dict[str, float]:
    sheet = outcome_sheet(result)
    return {"/".join(key): float(value) for key, value in zip(sheet.keys, sheet.values, strict=True)}


def _tables(result: RunResult, level: str, key: str) -> dict[str, bytes]:
    if level == "outcomes":
        return {}
    from experiments.store.detail import encode

    return {name: encode(frame, key) for name, frame in detail_tables(result, level).items()}
