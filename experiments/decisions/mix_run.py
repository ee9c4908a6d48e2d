"""Runs a mix in a store: the design, then the finalists on fresh draws and seeds. What is there is not run again."""

from collections.abc import Callable, Mapping

import numpy as np

from experiments.batch import Batch
from experiments.decisions.mix import FRESH_FROM, Mix, Plan, experiment_of, outcomes_of, solve
from experiments.decisions.mix_levers import Split
from experiments.experiment_file import PLAIN, Experiment
from experiments.store import Store
from sim.errors import UserError


def forecast(plan: Plan, store: Store, workers: int) -> str:
    """What the mix will take, in words: runs at most, those in the store already, minutes."""
    design = Batch(_design(plan), store)
    first, finals = plan.runs
    seconds, _ = design.forecast(workers)
    seconds += finals * design.seconds_per_run() / workers
    base = plan.experiment.worlds[PLAIN][0]
    time = f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
    return (
        f"Mix of {len(plan.instruments)} levers: {len(plan.splits)} splits, {first:,} runs of {base.world.share:g} of"
        f" the municipality over {base.weeks} weeks ({design.summary.there:,} in the store), then at most {finals:,} of"
        f" the finalists; about {time} on {workers} workers."
    )


def run(plan: Plan, store: Store, workers: int, progress: Callable[[int], None], command: str) -> Mix:
    """Lives what is missing and answers; to be called while the store is held for writing.

    Raises UserError when runs fail, KeyboardInterrupt when stopped; finished runs are kept.
    """
    done = 0

    def lived(job: Batch) -> Mapping[str, np.ndarray]:
        nonlocal done
        before = done
        progress(before + job.summary.there)
        summary = job.run(
            plan.experiment.file.where, workers, None, lambda now, _: progress(before + now), command=command
        )
        done = before + summary.planned
        if summary.interrupted:
            raise KeyboardInterrupt(
                f"Stopped: what is finished is in {store.folder}; the same command goes on."
            )
        if summary.failed:
            raise UserError(
                f"{summary.failed} runs of the mix failed; jobcenter store status {store.folder} shows them"
            )
        return outcomes_of(job)

    def fresh(splits: list[Split]) -> Mapping[str, np.ndarray]:
        own = plan.experiment.file.decide.mix
        return lived(Batch(experiment_of(plan.experiment, splits, own.fresh_pairs, FRESH_FROM), store))

    return solve(plan, lived(Batch(_design(plan), store)), fresh)


def _design(plan: Plan) -> Experiment:
    return experiment_of(plan.experiment, plan.splits, plan.experiment.file.decide.mix.pairs, 0)
