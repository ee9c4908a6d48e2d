"""Lives the points of a design: the points of a row under the same few seeds, base and others side by side.

Every row (a trajectory, a base point with its neighbours) has seeds of its own. What is in the store is not run again,
so an analysis that was stopped goes on. A failed run is never left out: the analysis says which failed and ends, and
the same command tries them again. Refusion rules that change nobody's behaviour are costed from the same lives.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from experiments.chunk import Done, Job, Known, context_key
from experiments.draws import Range
from experiments.engine import LIMIT_SECONDS, chunks_of, compile_once, execute, place_for
from experiments.experiment_file import PLAIN, Experiment
from experiments.provenance import canonical_hash, describe, hash_of, run_key
from experiments.run import pasts
from experiments.sensitivity.factors import Point, contexts_of
from experiments.sensitivity.levels import Response, kept_at, response_code, response_of, runs_to_fit
from experiments.sensitivity.settings import with_settings
from experiments.store import Failure, RunRow, Store
from sim.errors import UserError
from sim.scenario import Scenario

CHUNK_SECONDS: Final = 8.0
# A first guess: what a week takes however little is simulated, and of a whole municipality. A start takes so many
# weeks, and every scenario has its part of it.
FIRST_GUESS_SECONDS: Final = (0.0002, 0.0015)
START_WEEKS: Final = 270
# What lays a point's values over a scenario, and costs its run under other rules: other code, other runs.
POINT_CODE: Final = tuple(
    Path(__file__).parent / name for name in ("../recost.py", "settings.py", "factors.py")
)
MOST_EXTRA: Final = 16  # seeds a point may have beyond its row's


@dataclass(frozen=True)
class Run:
    """One run of the design. keys: by context, the plain world's ("") first."""

    point: int
    seed: int
    scenario: int
    keys: Mapping[str, str]


@dataclass(frozen=True)
class Lot:
    """The luck of a design. row: points of a row, which share seeds; extra: point -> seeds it has besides."""

    seeds: int
    row: int = 1
    extra: Mapping[int, int] = field(default_factory=dict)


def point_code() -> str:
    """A hash of POINT_CODE, part of every run's key."""
    return hashlib.sha256(b"".join(file.read_bytes() for file in POINT_CODE)).hexdigest()[:16]


class Runs:
    """The runs of a design for an experiment, in a store."""

    def __init__(
        self,
        experiment: Experiment,
        points: Sequence[Point],
        lot: Lot,
        store: Store | None,
        ranges: Mapping[str, Range],
    ):
        """store: None for a forecast where there is none yet. ranges: of the values after which levels are put back."""
        self.experiment, self.points, self.lot, self.store, self.ranges = (
            experiment,
            points,
            lot,
            store,
            ranges,
        )
        laws = contexts_of(experiment)
        self.contexts = {name: f"{name}@{hash_of(law.values['refusion'])[:16]}" for name, law in laws.items()}
        self._laws = tuple((self.contexts[name], law) for name, law in laws.items())
        used = dict.fromkeys(point.variant for point in points)
        self._hashes = {v: [canonical_hash(one) for one in experiment.worlds[v]] for v in used}
        self._pasts = {v: tuple(pasts(experiment.worlds[v])) for v in used}
        self._kept = {v: self._label(v) for v in used}
        self.responses: dict[str, Response] = {}  # by variant, once known
        self.runs = [run for number in range(len(points)) for run in self._of(number)]
        have = store.keys() if store is not None else set()
        self.missing = [run for run in self.runs if not have.issuperset(run.keys.values())]

    def _label(self, variant: str) -> str:
        """What a run's key holds besides its values: the base its levels are put back in, and how."""
        response = kept_at(self.experiment.worlds[variant][0], self.ranges).stem[-32:]
        code = f"{response_code()[-16:]}{point_code()}"
        return f"outcomes@{self._hashes[variant][0][:16]}@{code}{response}"

    def worlds(self, point: Point) -> tuple[Scenario, ...]:
        """Base and others with the values of the files that a point sets."""
        plain = self.experiment.worlds[point.variant]
        return tuple(with_settings(one, point.settings) for one in plain) if point.settings else plain

    def scenarios_of(self, point: Point) -> tuple[int, ...]:
        """Places of the scenarios lived at a point."""
        names = self.experiment.names
        return tuple(range(len(names))) if point.scenario is None else (0, names.index(point.scenario))

    def _of(self, number: int) -> list[Run]:
        point = self.points[number]
        hashes, kept = self._hashes[point.variant], self._kept[point.variant]
        if point.levels:
            kept += "+levels"
        out = []
        for seed in self.seeds_of(number):
            for at in self.scenarios_of(point):
                weeks = self.experiment.worlds[point.variant][at].weeks
                key = run_key(hashes[at], point.all_values, seed, weeks, kept)
                others = {name: context_key(key, of) for name, of in self.contexts.items()}
                out.append(Run(number, seed, at, {PLAIN: key, **others}))
        return out

    def seeds_of(self, point: int) -> list[int]:
        """The seeds of a point: its row's, never 0, and what it has besides, which no other row has."""
        row, seeds = point // self.lot.row, self.lot.seeds
        begin = len(self.points) // self.lot.row * seeds + row * MOST_EXTRA
        return [
            *(row * seeds + k + 1 for k in range(seeds)),
            *(begin + k + 1 for k in range(self.lot.extra.get(point, 0))),
        ]

    def seconds_per_run(self) -> float:
        """What a run with its part of a start takes here: the mean of those timed, else a guess."""
        timed = self.timed()
        base = self.experiment.worlds[PLAIN][0]
        fixed, whole = FIRST_GUESS_SECONDS
        weeks = base.weeks + START_WEEKS / len(self.experiment.names)
        return timed if timed is not None else weeks * (fixed + whole * base.world.share)

    def timed(self) -> float | None:
        """Mean seconds of the runs in the store; None where there are none."""
        if self.store is None:
            return None
        seconds = self.store.frame(outcomes=[])["seconds"]
        lived = seconds[seconds > 0]  # costing one run under other rules is counted with the run
        return float(lived.mean()) if len(lived) else None

    def levels_to_fit(self) -> int:
        """Runs of the base still to be made to learn how levels are put back."""
        bases = [self.experiment.worlds[variant][0] for variant in self._anchored()]
        return sum(runs_to_fit(len(self.ranges)) for base in bases if not kept_at(base, self.ranges).exists())

    def _anchored(self) -> list[str]:
        """Variants whose levels are put back: none where all that varies are numbers of levers, which move no base."""
        return (
            list(dict.fromkeys(point.variant for point in self.points if point.values)) if self.ranges else []
        )

    def fit_levels(self, workers: int, progress: Callable[[int], None] = lambda _: None) -> list[Response]:
        """Learns, once, how levels are put back in every structure that is lived."""
        for variant in self._anchored():
            if variant not in self.responses:
                base = self.experiment.worlds[variant][0]
                self.responses[variant] = response_of(base, self.ranges, workers, progress)
        return list(self.responses.values())

    def make(
        self,
        where: str,
        workers: int,
        progress: Callable[[int], None] = lambda _: None,
        command: str = "",
    ) -> None:
        """Runs what is missing; to be called while the store is held for writing. Raises UserError when runs fail."""
        assert self.store is not None
        self.store.note_batch({"command": command, "experiment": f"sensitivity {self.experiment.name}",
                               "runs": len(self.runs), "there": len(self.runs) - len(self.missing)})  # fmt: skip
        if not self.missing:
            return
        base = self.experiment.worlds[PLAIN]
        compile_once(base)
        self.fit_levels(workers)
        for variant, hashes in self._hashes.items():
            for scenario, key in zip(self.experiment.worlds[variant], hashes, strict=True):
                described = {"variant": variant, "values": scenario.canonical(), **describe(scenario)}
                self.store.describe_scenario(key, described)
        failed: list[Failure] = []
        done = 0
        each, left = self.seconds_per_run(), len(self.missing)
        chunks = chunks_of(self._jobs(), each, CHUNK_SECONDS, left, workers)
        place = place_for(where, each * left / workers)
        for chunk, came in execute(chunks, place, workers, limit_seconds=LIMIT_SECONDS):
            failed += self._keep(chunk, came)
            done += sum(not kept.context for kept in came.kept) + len(came.failed)
            progress(len(self.runs) - len(self.missing) + done)
        if failed:
            first = failed[0]
            raise UserError(
                f"{len(failed)} of {len(self.runs)} runs failed, and none may be left out; the first: {first.scenario},"
                f" seed {first.seed}: {first.error}. Narrow the factor it comes from, or leave it out; the same command"
                f" tries them again (jobcenter store status {self.store.folder} shows them)"
            )

    def _jobs(self) -> Iterator[Job]:
        """Points with something missing, made as workers ask for them: not thousands of scenarios at once."""
        wanted: dict[tuple[int, int], list[Run]] = {}
        for run in self.missing:
            wanted.setdefault((run.point, run.seed), []).append(run)
        for number, ((at, seed), runs) in enumerate(wanted.items()):
            point = self.points[at]
            response = self.responses.get(point.variant)
            factors = response.factors(point.values) if response is not None and point.values else {}
            yield Job(
                number=number,
                variant=point.variant,
                draw=at,
                seed=seed,
                values=point.values,
                scenarios=self.worlds(point),
                missing=tuple(run.scenario for run in runs),
                keys=tuple(run.keys[PLAIN] for run in runs),
                levels=point.levels,
                known=Known(factors, self._pasts[point.variant], self._laws),
            )

    def _keep(self, chunk: tuple[Job, ...], done: Done) -> list[Failure]:
        assert self.store is not None
        jobs, names = {job.number: job for job in chunk}, self.experiment.names
        rows, lost = [], []
        for kept in done.kept:
            job = jobs[kept.job]
            rows.append(
                RunRow(
                    kept.key, names[kept.scenario], self._hashes[job.variant][kept.scenario],
                    kept.context.partition("@")[0] or job.variant, job.draw,
                    hash_of(self.points[job.draw].all_values)[:32], job.seed,
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

    def outcome(self, name: str, context: str = PLAIN) -> np.ndarray:
        """An outcome of every run, float64 (scenarios, points, seeds), NaN where none was made.

        context: a variant of refusion rules the runs were costed under. Raises UserError where a run has no number.
        """
        assert self.store is not None
        keys = [run.keys[context] for run in self.runs]
        frame = self.store.frame(outcomes=[name], keys=keys).set_index("key")[name]
        values = frame.reindex(keys).to_numpy(np.float64)
        lost = int((~np.isfinite(values)).sum())
        if lost:
            raise UserError(
                f"outcome {name}: {lost} of {len(values)} runs have no number for it; choose another"
            )
        most = self.lot.seeds + max(self.lot.extra.values(), default=0)
        out = np.full((len(self.experiment.names), len(self.points), most), np.nan)
        places = {
            point: {seed: k for k, seed in enumerate(self.seeds_of(point))}
            for point in range(len(self.points))
        }
        for run, value in zip(self.runs, values, strict=True):
            out[run.scenario, run.point, places[run.point][run.seed]] = value
        return out
