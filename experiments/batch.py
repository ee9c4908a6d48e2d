"""A batch: the missing runs of an experiment are run, kept as they finish, and summed up.

What is in the store is never run again. The stop rule is looked at after every chunk, on the pairs that are whole.
"""

import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from experiments.anchor import weeks_to_run
from experiments.chunk import Done, Job
from experiments.engine import LIMIT_SECONDS, chunks_of, compile_once, execute
from experiments.experiment_file import PLAIN, Experiment
from experiments.four_spreads import Spreads, sequence_half_width, spreads
from experiments.plan import Pair, Planned, Run
from experiments.provenance import describe, file_hash, hash_of, versions
from experiments.store import Failure, RunRow, Store
from sim.errors import UserError
from sim.version import code_version

if TYPE_CHECKING:
    import pandas as pd

CHUNK_SECONDS: Final = 8.0  # what a kill can cost a worker, and long beside the 2 ms of handing a chunk over
# Measured on three_strategies, two cores: of one run where none was timed yet, and what it takes in the store.
FIRST_GUESS_SECONDS: Final = 0.6
START_UP_SECONDS: Final = 20.0  # until the first run begins: loading what was compiled, the first people
KB_PER_RUN: Final = {"outcomes": 8.0, "weekly": 150.0, "ledger": 260.0, "spells": 700.0, "events": 1080.0}


@dataclass
class Summary:
    """What a batch did."""

    planned: int  # runs asked for, at most
    there: int  # of them in the store before
    finished: int = 0  # run now
    failed: int = 0
    stopped_early: str = ""  # why, when the stop rule was met
    seconds_of_runs: float = 0.0  # summed over workers
    seconds_to_first: float = 0.0  # by the clock: compiling or loading the code, starting workers
    seconds_from_first: float = 0.0  # by the clock: from the first chunk to the last run in the store
    interrupted: bool = False


class Batch:
    """An experiment on its way into a store."""

    def __init__(self, experiment: Experiment, store: Store, have: set[str] | None = None):
        """have: keys to count on instead of the store's, for a forecast that touches no store."""
        self.experiment, self.store = experiment, store
        self.planned = Planned(experiment)
        self.pairs = [pair for variant in experiment.worlds for pair in self.planned.pairs(variant)]
        self.have = store.keys() if have is None else have
        richer = self.planned.richer_levels(store.details.names()) if self.have and store is not None else []
        self.keys = {pair: self._runs(pair, richer) for pair in self.pairs}
        self._first = 0.0  # when the first chunk was asked for
        self._ended_at: int | None = None  # number of the pair before which the stop rule was met
        self.summary = Summary(
            sum(len(runs) for runs in self.keys.values()),
            sum(run.key in self.have for runs in self.keys.values() for run in runs),
        )

    def _runs(self, pair: Pair, richer: Sequence[str]) -> list[Run]:
        """The runs of a pair; one that is stored at a richer level only is that one, and is not run again."""
        runs = self.planned.runs(pair)
        for level in richer:
            if all(run.key in self.have for run in runs):
                break
            stored = self.planned.runs(pair, level)
            runs = [
                other if run.key not in self.have and other.key in self.have else run
                for run, other in zip(runs, stored, strict=True)
            ]
        return runs

    @property
    def missing(self) -> int:
        """Runs still to be made, before the stop rule has a say."""
        return self.summary.planned - self.summary.there

    def seconds_per_run(self) -> float:
        """What a run takes here: the median of those in the store, a first guess where there are none."""
        if not self.have or self.store is None:
            return FIRST_GUESS_SECONDS
        seconds = self.store.frame(outcomes=[])["seconds"]
        return float(seconds.median()) if len(seconds) else FIRST_GUESS_SECONDS

    def forecast(self, workers: int) -> tuple[float, float]:
        """Seconds and MB the missing runs, and the anchors of their draws, are expected to take, start-up included."""
        base = self.experiment.worlds[PLAIN][0]
        runs = self.missing + self._anchor_weeks() / base.weeks
        kilobytes = self.missing * KB_PER_RUN[self.experiment.file.recording]
        seconds = START_UP_SECONDS + runs * self.seconds_per_run() / workers if self.missing else 0.0
        return seconds, kilobytes / 1000.0

    def _anchor_weeks(self) -> int:
        """Weeks of simulation it takes to anchor the draws that have runs missing."""
        draws: dict[str, dict[str, dict[str, float]]] = {}
        for pair, runs in self.keys.items():
            values = self.planned.anchored_of(pair)
            if values and any(run.key not in self.have for run in runs):
                draws.setdefault(pair.variant, {})[_draw_hash(values)] = values
        return sum(
            weeks_to_run(self.experiment.worlds[variant][0], found.values())
            for variant, found in draws.items()
        )

    def run(
        self,
        where: str,
        workers: int | None = None,
        scheduler: str | None = None,
        progress: Callable[[int, int], None] | None = None,
        limit_seconds: float = LIMIT_SECONDS,
        chunk_seconds: float = CHUNK_SECONDS,
        command: str = "",
    ) -> Summary:
        """Runs what is missing. To be called while the store is held for writing.

        Ctrl-C keeps the finished chunks and returns with `interrupted`.
        """
        begin = time.perf_counter()
        self.store.note_batch(self._manifest(command))
        self._describe()
        if self.missing:
            compile_once(self.experiment.worlds[PLAIN])
        count = workers or os.cpu_count() or 1
        chunks = chunks_of(self._jobs(), self.seconds_per_run(), chunk_seconds, self.missing, count)
        try:
            for chunk, done in execute(self._noted(chunks), where, workers, scheduler, limit_seconds):
                self._keep(chunk, done)
                if progress is not None:
                    progress(self.summary.there + self.summary.finished, self.summary.planned)
        except KeyboardInterrupt:
            self.summary.interrupted = True
        first = self._first or time.perf_counter()
        self.summary.seconds_to_first = first - begin
        self.summary.seconds_from_first = time.perf_counter() - first
        return self.summary

    def _noted(self, chunks: Iterator[tuple[Job, ...]]) -> Iterator[tuple[Job, ...]]:
        """The chunks; notes when the first is asked for, which is when somebody is there to run it."""
        self._first = time.perf_counter()
        yield from chunks

    def _jobs(self) -> Iterator[Job]:
        """Pairs with something missing, until the stop rule is met (asked anew for every pair)."""
        for number, pair in enumerate(self.pairs):
            runs = [run for run in self.keys[pair] if run.key not in self.have]
            if not runs:
                continue
            if self._ended_at is None and pair.variant == PLAIN and self._enough(pair):
                self._ended_at = pair.number
            if self._ended_at is not None and pair.number >= self._ended_at:
                continue  # variants run as many pairs as the plain world
            yield Job(
                number=number,
                variant=pair.variant,
                draw=pair.draw,
                seed=pair.seed,
                values=self.planned.anchored_of(pair),
                levels=self.planned.levels_of(pair),
                scenarios=self.planned.scenarios(pair),
                missing=tuple(run.scenario for run in runs),
                keys=tuple(run.key for run in runs),
                recording=self.experiment.file.recording,
            )

    def _keep(self, chunk: tuple[Job, ...], done: Done) -> None:
        jobs = {job.number: job for job in chunk}
        rows = []
        for kept in done.kept:
            job = jobs[kept.job]
            rows.append(
                RunRow(
                    key=kept.key,
                    scenario=self.experiment.names[kept.scenario],
                    scenario_hash=self.planned.hash_of(job.variant, kept.scenario),
                    variant=job.variant,
                    draw=job.draw,
                    draw_hash=_draw_hash(job.values | job.levels),
                    seed=job.seed,
                    weeks=job.scenarios[kept.scenario].weeks,
                    recording=self.experiment.file.recording,
                    seconds=kept.seconds,
                    values=kept.values,
                )
            )
        if rows:
            self.store.add(rows, {kept.key: kept.tables for kept in done.kept if kept.tables})
            self.have |= {row.key for row in rows}
        for job in chunk:
            if all_drawn := job.values | job.levels:
                self.store.describe_draw(_draw_hash(all_drawn), all_drawn)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self.store.add_failures(
            [
                Failure(
                    key=lost.key,
                    scenario=self.experiment.names[lost.scenario],
                    variant=jobs[lost.job].variant,
                    draw=jobs[lost.job].draw,
                    seed=jobs[lost.job].seed,
                    error=lost.error,
                    traceback=lost.traceback,
                    when=now,
                )
                for lost in done.failed
            ]
        )
        self.summary.finished += len(rows)
        self.summary.failed += len(done.failed)
        self.summary.seconds_of_runs += sum(row.seconds for row in rows)

    # -- the stop rule --------------------------------------------------------------------------------------------

    def _enough(self, pair: Pair) -> bool:
        """Whether the calculation error of every effect is small enough. Looked at after every tenth pair."""
        stop = self.experiment.file.stop
        if stop is None or pair.number < 10 or pair.number % 10:
            return False
        reasons, effects = [], self.effects(stop.outcome)
        if len(effects) < len(self.experiment.names) - 1:
            return False  # of some scenario nothing is known yet
        for name, effect in effects.items():
            half = sequence_half_width(_sd(effect), effect.draws or effect.pairs, stop.most_pairs)
            if stop.kr is not None:
                enough = half <= stop.kr
                reasons.append(f"{name} {half:,.0f} kr. over the horizon against {stop.kr:,.0f}")
            else:
                wide = effect.knowledge_half * 2.0
                enough = math.isfinite(wide) and half <= (stop.share_of_knowledge or 0.0) * wide
                reasons.append(f"{name} {half:,.3g} against {wide:,.3g} of knowledge")
            if not enough:
                return False
        known = min(effect.pairs for effect in effects.values())
        self.summary.stopped_early = f"after {known} pairs: calculation error {'; '.join(reasons)}"
        return True

    def effects(self, outcome: str, variant: str = PLAIN) -> dict[str, Spreads]:
        """Scenario -> spreads of its effect on an outcome ("outcome/group/year"), over the whole pairs there are."""
        found: dict[str, Spreads] = {}
        tables = self._by_pair(outcome, variant)
        if not tables:
            return found
        base = tables.pop(self.experiment.names[0])
        for name, values in tables.items():
            difference = values["value"].reindex(base.index) - base["value"]
            if np.isfinite(difference.to_numpy()).any():
                found[name] = spreads(
                    difference.to_numpy(), base["value"].to_numpy(), base["draw"].to_numpy(np.int64)
                )
        return found

    def differences(self, outcome: str, variant: str = PLAIN) -> "pd.DataFrame":
        """Scenario minus base by number of the pair, and the `draw`; one column a scenario. Raises UserError where no
        run is finished."""
        tables = self._by_pair(outcome, variant)
        if not tables:
            raise UserError(f"{self.experiment.path}: no run is finished")
        base = tables.pop(self.experiment.names[0])
        found = base[["draw"]].copy()
        for name, values in tables.items():
            found[name] = values["value"].reindex(base.index) - base["value"]
        return found

    def _by_pair(self, outcome: str, variant: str) -> "dict[str, pd.DataFrame]":
        """Scenario -> value and draw of every finished run, by number of the pair; nothing where no run is finished."""
        names = self.experiment.names
        keys = {
            run.key: (names[run.scenario], pair.number)
            for pair, runs in self.keys.items()
            if pair.variant == variant
            for run in runs
            if run.key in self.have
        }
        if not keys:
            return {}
        frame = self.store.frame(outcomes=[outcome], keys=keys.keys())
        frame["name"] = [keys[key][0] for key in frame["key"]]
        frame["pair"] = [keys[key][1] for key in frame["key"]]
        frame = frame.rename(columns={outcome: "value"}).set_index("pair")
        return {name: frame[frame["name"] == name].sort_index() for name in names}

    # -- what is written beside the runs --------------------------------------------------------------------------

    def _describe(self) -> None:
        for variant, world in self.experiment.worlds.items():
            for at, scenario in enumerate(world):
                description = {"variant": variant, "values": scenario.canonical(), **describe(scenario)}
                self.store.describe_scenario(self.planned.hash_of(variant, at), description)

    def _manifest(self, command: str) -> dict[str, Any]:
        file = self.experiment.file
        return {
            "command": command,
            "code_version": code_version(),
            "experiment": self.experiment.name,
            "question": file.question,
            "base": file.base,
            "scenarios": list(self.experiment.names),
            "variants": {name: list(changes) for name, changes in file.variants.items()},
            "pairs": self.experiment.pairs,
            "draws": file.draws,
            "draws_file_hash": file_hash(Path(drawn)) if (drawn := self.planned.draws_file) else None,
            "recording": file.recording,
            "equal_budget": {
                "budget_kr": file.equal_budget,
                "doses": {
                    variant: [{solved.lever: solved.dose for solved in one.levers} for one in found]
                    for variant, found in self.experiment.priced.items()
                },
            },
            "runs": self.summary.planned,
            "there": self.summary.there,
            "versions": versions(),
        }


def _sd(effect: Spreads) -> float:
    """s.d. of one draw's difference, from the half-width of the mean."""
    from sim.records.student import t_95

    n = effect.draws or effect.pairs
    return effect.calculation_error / t_95(n - 1) * math.sqrt(n) if n > 1 else math.inf


def _draw_hash(values: dict[str, float]) -> str:
    return hash_of(values)[:32] if values else ""
