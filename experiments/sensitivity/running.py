"""Lives the points of a design: the points of a row under the same few seeds, base and others side by side.

Every row (a trajectory, a base point with its neighbours) has seeds of its own. What is in the store is not run again,
so an analysis that was stopped goes on. A failed run is never left out: the analysis says which failed and ends, and
the same command tries them again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from experiments.anchor import anchor_code
from experiments.chunk import Done, Job
from experiments.engine import LIMIT_SECONDS, chunks_of, compile_once, execute
from experiments.experiment_file import PLAIN, Experiment
from experiments.provenance import canonical_hash, describe, hash_of, run_key
from experiments.sensitivity.factors import Point
from experiments.store import Failure, RunRow, Store
from sim.errors import UserError
from sim.scenario import Scenario, load

CHUNK_SECONDS: Final = 8.0
FIRST_GUESS_SECONDS: Final = 1.7  # of one run of a whole municipality with its part of start and anchor


@dataclass(frozen=True)
class Run:
    """One run of the design."""

    point: int
    seed: int
    scenario: int
    key: str


class Runs:
    """The runs of a design for an experiment, in a store."""

    def __init__(
        self, experiment: Experiment, points: Sequence[Point], seeds: int, store: Store, row: int = 1
    ):
        """seeds: of each row; row: points of a row of the design."""
        self.experiment, self.points, self.store = experiment, points, store
        self.seeds, self.row = seeds, row
        self._worlds: dict[tuple[str, tuple[str, ...]], tuple[Scenario, ...]] = {}
        self._hashes: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        self.runs = [run for number in range(len(points)) for run in self._of(number)]
        have = store.keys()
        self.missing = [run for run in self.runs if run.key not in have]

    def worlds(self, point: Point) -> tuple[Scenario, ...]:
        """Base and others with the values of the scenario that a point sets."""
        at = (point.variant, point.overrides)
        if at not in self._worlds:
            plain = self.experiment.worlds[point.variant]
            self._worlds[at] = (
                tuple(
                    load(_name(scenario), overrides=(*scenario.overrides, *point.overrides)).for_weeks(
                        scenario.weeks
                    )
                    for scenario in plain
                )
                if point.overrides
                else plain
            )
            self._hashes[at] = [canonical_hash(scenario) for scenario in self._worlds[at]]
        return self._worlds[at]

    def _of(self, number: int) -> list[Run]:
        point = self.points[number]
        worlds = self.worlds(point)
        hashes = self._hashes[point.variant, point.overrides]
        kept = f"outcomes@{hashes[0][:16]}@{anchor_code()}{'+levels' if point.levels else ''}"
        values = {**point.values, **point.levels}
        return [
            Run(number, seed, at, run_key(hashes[at], values, seed, worlds[at].weeks, kept))
            for seed in self._seeds_of(number)
            for at in range(len(worlds))
        ]

    def _seeds_of(self, point: int) -> range:
        first = point // self.row * self.seeds + 1  # never 0
        return range(first, first + self.seeds)

    def seconds_per_run(self) -> float:
        """What a run takes here, start and anchor with it: a first guess where none has been timed."""
        seconds = self.store.frame(outcomes=[])["seconds"]
        share = self.experiment.worlds[PLAIN][0].world.share
        return float(seconds.median()) * 2.0 if len(seconds) else FIRST_GUESS_SECONDS * share

    def make(
        self,
        where: str,
        workers: int,
        progress: Callable[[int], None] = lambda _: None,
        command: str = "",
    ) -> None:
        """Runs what is missing; to be called while the store is held for writing. Raises UserError when runs fail."""
        self.store.note_batch({"command": command, "experiment": f"sensitivity {self.experiment.name}",
                               "runs": len(self.runs), "there": len(self.runs) - len(self.missing)})  # fmt: skip
        if not self.missing:
            return
        base = self.experiment.worlds[PLAIN]
        compile_once(base)
        for at, scenario in enumerate(base):
            described = {"variant": PLAIN, "values": scenario.canonical(), **describe(scenario)}
            self.store.describe_scenario(canonical_hash(base[at]), described)
        jobs = self._jobs()
        failed: list[Failure] = []
        done = 0
        chunks = chunks_of(iter(jobs), self.seconds_per_run(), CHUNK_SECONDS, len(self.missing), workers)
        for chunk, came in execute(chunks, where, workers, limit_seconds=LIMIT_SECONDS):
            failed += self._keep(chunk, came)
            done += len(came.kept) + len(came.failed)
            progress(len(self.runs) - len(self.missing) + done)
        if failed:
            first = failed[0]
            raise UserError(
                f"{len(failed)} of {len(self.runs)} runs failed, and none may be left out; the first: {first.scenario},"
                f" seed {first.seed}: {first.error}. Narrow the factor it comes from, or leave it out; the same command"
                f" tries them again (jobcenter store status {self.store.folder} shows them)"
            )

    def _jobs(self) -> list[Job]:
        wanted: dict[tuple[int, int], list[Run]] = {}
        for run in self.missing:
            wanted.setdefault((run.point, run.seed), []).append(run)
        return [
            Job(
                number=number,
                variant=self.points[point].variant,
                draw=point,
                seed=seed,
                values=self.points[point].values,
                scenarios=self.worlds(self.points[point]),
                missing=tuple(run.scenario for run in runs),
                keys=tuple(run.key for run in runs),
                levels=self.points[point].levels,
            )
            for number, ((point, seed), runs) in enumerate(wanted.items())
        ]

    def _keep(self, chunk: tuple[Job, ...], done: Done) -> list[Failure]:
        jobs, names = {job.number: job for job in chunk}, self.experiment.names
        rows, lost = [], []
        for kept in done.kept:
            job = jobs[kept.job]
            point = self.points[job.draw]
            rows.append(
                RunRow(
                    kept.key, names[kept.scenario], self._hashes[point.variant, point.overrides][kept.scenario],
                    job.variant, job.draw, hash_of({**job.values, **job.levels})[:32], job.seed,
                    job.scenarios[kept.scenario].weeks, "outcomes", kept.seconds, kept.values,
                )
            )  # fmt: skip
        for one in done.failed:
            job = jobs[one.job]
            lost.append(
                Failure(
                    one.key,
                    names[one.scenario],
                    job.variant,
                    job.draw,
                    job.seed,
                    one.error,
                    one.traceback,
                    "",
                )
            )
        if rows:
            self.store.add(rows)
        if lost:
            self.store.add_failures(lost)
        return lost

    def outcome(self, name: str) -> np.ndarray:
        """An outcome of every run, float64 (scenarios, points, seeds). Raises UserError where a run has no number."""
        frame = self.store.frame(outcomes=[name], keys=[run.key for run in self.runs]).set_index("key")[name]
        values = frame.reindex([run.key for run in self.runs]).to_numpy(np.float64)
        lost = int((~np.isfinite(values)).sum())
        if lost:
            raise UserError(
                f"outcome {name}: {lost} of {len(values)} runs have no number for it; choose another"
            )
        shape = (len(self.points), self.seeds, len(self.experiment.names))
        return np.asarray(values.reshape(shape).transpose(2, 0, 1))


def _name(scenario: Scenario) -> str:
    """What `load` takes for a scenario that was resolved before."""
    return scenario.files_used[len(scenario.parents)] if scenario.files_used else scenario.name
