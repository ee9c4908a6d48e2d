"""Points of the level parameters in, measured targets out: every run kept in a result store and never made twice."""

import hashlib
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from inspect import getfile
from pathlib import Path
from typing import Final

import numpy as np

from calibration.definitions import DEFINITIONS
from calibration.register import live
from calibration.target_file import Target, Targets
from experiments.chunk import Done, Failed, Job, Kept, weekly_watch
from experiments.engine import LIMIT_SECONDS, chunks_of, compile_once, execute
from experiments.provenance import canonical_hash, hash_of, run_key
from experiments.run import Stopped
from experiments.store import Failure, RunRow, Store
from sim.errors import UserError
from sim.scenario import Scenario

CHUNK_SECONDS: Final = 4.0
MOST_LOST: Final = 0.3  # of the runs asked for: more, and what is left says too little
COLUMN: Final = "target/{}/all"
Progress = Callable[[int], None]  # called with the number of runs just finished


def measure_chunk(
    targets: Sequence[Target],
    window: slice,
    jobs: tuple[Job, ...],
    limit: float,
    stopped: Callable[[], bool],
    begins: Callable[[], None],
) -> Done:
    """What a worker does: lives each job's scenario under its values and measures it."""
    done = Done()
    for job in jobs:
        begins()
        begin = time.perf_counter()
        try:
            run = live(job.scenarios[0], job.seed, job.values, weekly_watch(limit, stopped))
            inside = slice(window.start, min(window.stop, run.weeks))
            values = {COLUMN.format(t.name): float(t.count(run, inside)) for t in targets if t.count}
        except Stopped:
            raise
        except Exception as error:  # whatever it is, it is recorded and the others go on
            text = f"{type(error).__name__}: {error}"
            done.failed.append(Failed(job.keys[0], job.number, 0, text, traceback.format_exc()))
            continue
        done.kept.append(Kept(job.keys[0], job.number, 0, time.perf_counter() - begin, values))
    return done


class Simulator:
    """Runs of one scenario, measured on targets. To be used while the store is held for writing."""

    def __init__(
        self,
        targets: Targets,
        scenario: Scenario,
        store: Store,
        where: str = "threads",
        workers: int | None = None,
        progress: Progress | None = None,
        variant: str = "",
    ):
        self.targets, self.scenario, self.store = targets, scenario, store
        self.where, self.workers, self.progress = where, workers, progress or (lambda _: None)
        self.variant = variant
        self.names = tuple(target.name for target in targets.modelled)
        self.recording = f"targets@{_measuring(targets)}"
        self._hash = canonical_hash(scenario)
        self._known = self._stored()
        self.made = 0  # runs made by this object; the others were in the store
        self.failed: list[str] = []
        self.seconds = 0.0
        self._compiled = False

    def _stored(self) -> dict[str, np.ndarray]:
        if not self.store.keys():
            return {}
        columns = [COLUMN.format(name) for name in self.names]
        there = set(self.store.outcomes())
        frame = self.store.frame(outcomes=[name for name in columns if name in there])
        frame = frame[frame["recording"] == self.recording].reindex(columns=["key", *columns])
        return dict(zip(frame["key"], frame[columns].to_numpy(np.float64), strict=True))

    def runs(self, points: Sequence[Mapping[str, float]], seeds: Sequence[Sequence[int]]) -> np.ndarray:
        """Targets of every run, float64 (points, seeds, targets). seeds: of each point, as many for all.

        What is stored is not run again. A run that failed is NaN; when many fail, UserError says what they said.
        """
        wanted = [
            (point, seed, run_key(self._hash, point, seed, self.scenario.weeks, self.recording))
            for point, own in zip(points, seeds, strict=True)
            for seed in own
        ]
        missing = {key: (point, seed) for point, seed, key in wanted if key not in self._known}
        self.progress(len(wanted) - len(missing))
        if missing:
            self._make(missing)
        nan = np.full(len(self.names), np.nan)
        values = np.array([self._known.get(key, nan) for _, _, key in wanted])
        lost = int(np.isnan(values).all(axis=1).sum())
        if lost > max(2, MOST_LOST * len(wanted)):
            raise UserError(
                f"{lost} of {len(wanted)} runs failed; the latest said: {self.failed[-1] if self.failed else 'nothing'}"
                f" (jobcenter store status {self.store.folder} shows them)"
            )
        return values.reshape(len(points), -1, len(self.names))

    def means(self, points: Sequence[Mapping[str, float]], seeds: Sequence[int]) -> np.ndarray:
        """Means over common luck, float64 (points, targets). NaN where no run could measure one."""
        runs = self.runs(points, [seeds] * len(points))
        return middle(runs)

    def seen(self) -> list[np.ndarray]:
        """Targets of every run in the store, float64 (targets,) each."""
        return list(self._known.values())

    def check(self, values: np.ndarray, what: str) -> None:
        """Raises UserError when a target is NaN at a point that should be measurable. values: float64 (targets,)."""
        lost = [name for name, value in zip(self.names, values, strict=True) if not np.isfinite(value)]
        if lost:
            raise UserError(
                f"{self.targets.path}: {what} gives no number for {', '.join(lost)}: nobody there to count."
                " Use a larger world.share, more weeks, or mark the target not_modelled with the reason"
            )

    def _make(self, missing: Mapping[str, tuple[Mapping[str, float], int]]) -> None:
        if not self._compiled:
            compile_once([self.scenario])
            self._compiled = True
        jobs = [
            Job(number, self.variant, -1, seed, dict(point), (self.scenario,), (0,), (key,))
            for number, (key, (point, seed)) in enumerate(missing.items())
        ]
        each = self.seconds / self.made if self.made else 1.0
        work = partial(measure_chunk, self.targets.modelled, self.targets.window)
        wanted = min(CHUNK_SECONDS, max(0.1, len(jobs) * each / 8))
        for chunk, done in execute(
            chunks_of(iter(jobs), each, wanted),
            self.where,
            self.workers,
            limit_seconds=LIMIT_SECONDS,
            work=work,
        ):
            self._keep(chunk, done)

    def _keep(self, chunk: tuple[Job, ...], done: Done) -> None:
        by_number = {job.number: job for job in chunk}
        rows, lost = [], []
        for kept in done.kept:
            job = by_number[kept.job]
            rows.append(
                RunRow(
                    kept.key, self.scenario.name, self._hash, self.variant, -1, hash_of(job.values)[:32], job.seed,
                    self.scenario.weeks, self.recording, kept.seconds, kept.values,
                )
            )  # fmt: skip
            self._known[kept.key] = np.array([kept.values[COLUMN.format(name)] for name in self.names])
        for failed in done.failed:
            job = by_number[failed.job]
            self.failed.append(f"seed {job.seed}: {failed.error}")
            lost.append(
                Failure(
                    failed.key,
                    self.scenario.name,
                    self.variant,
                    -1,
                    job.seed,
                    failed.error,
                    failed.traceback,
                    "",
                )
            )
        if rows:
            self.store.add(rows)
        if lost:
            self.store.add_failures(lost)
        self.made += len(rows)
        self.seconds += sum(row.seconds for row in rows)
        self.progress(len(rows) + len(lost))


def middle(runs: np.ndarray) -> np.ndarray:
    """Means over runs of what they could measure, NaN where none could. runs: float64 (..., runs, targets)."""
    known = np.isfinite(runs)
    counts = known.sum(axis=-2)
    means = np.where(known, runs, 0.0).sum(axis=-2) / np.maximum(counts, 1)
    return np.where(counts > 0, means, np.nan)


def _measuring(targets: Targets) -> str:
    """What makes one measured number another: the definitions' code, their arguments, the window."""
    digest = hashlib.sha256()
    own = {getfile(DEFINITIONS[t.row.definition].count) for t in targets.modelled}
    others = sorted({Path(file).name for file in own} - {"definitions.py"})
    for name in ("definitions.py", "register.py", *others):
        digest.update((Path(__file__).parent / name).read_bytes())
    asked = [[t.name, t.row.definition, t.row.arguments] for t in targets.modelled]
    window = [targets.window.start, targets.window.stop]
    return hash_of([digest.hexdigest(), asked, window])[:24]
