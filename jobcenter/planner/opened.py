"""A store or an experiment by what the user named: the batch it belongs to, ready to be read."""

import shlex
from pathlib import Path

from experiments.batch import Batch
from experiments.equal_budget import read_budget, read_split
from experiments.experiment_file import load_experiment
from experiments.store import Store
from jobcenter.screen import command_line, progress
from sim.errors import UserError

OPTIONS = ("--seeds", "--weeks", "--equal-budget", "--split")


def opened(name: str, workers: int | None = None) -> Batch:
    """The latest batch of a store's folder as it is; for an experiment the batch in `results/NAME`, run to its end.

    Raises UserError when there is no such store or experiment, KeyboardInterrupt when the run was stopped.
    """
    folder = Path(name)
    if (folder / "store.json").is_file():
        return _latest(Store.open(folder))
    if folder.is_dir() or (folder.suffix not in (".yaml", ".yml") and len(folder.parts) > 1):
        Store.open(folder)  # refuses: a folder was named, and no store is in it
    experiment = load_experiment(name)
    folder = Path("results") / experiment.name
    store = Store.create_or_open(folder)
    return _whole(_latest(store) if store.batches() else Batch(experiment, store), name, folder, workers)


def _latest(store: Store) -> Batch:
    batches = store.batches()
    if not batches:
        raise UserError(
            f"{store.folder}: no batch was ever run into this store; run jobcenter batch EXPERIMENT --out"
            f" {store.folder}"
        )
    return _batch(batches[-1]["command"], store)


def _whole(job: Batch, name: str, folder: Path, workers: int | None) -> Batch:
    """The batch with what was missing run, as far as its stop rule asks for more."""
    if not job.missing:
        return job
    with job.store.writing(), progress("Runs", job.summary.planned) as step:
        step(job.summary.there)
        # A batch that was begun keeps its own words: without its budget, values or seeds it would be read as another.
        begun = job.store.batches()
        words = begun[-1]["command"] if begun else command_line("batch", name, out=folder)
        summary = job.run(job.experiment.file.where, workers, None, lambda done, _: step(done), command=words)
    if summary.interrupted:
        raise KeyboardInterrupt(f"Stopped: what is finished is in {folder}; the same command goes on.")
    return job


def _batch(command: str, store: Store) -> Batch:
    """The batch a command line describes."""
    words = shlex.split(command)
    if len(words) < 3 or words[0] != "jobcenter" or words[1] not in ("batch", "decide"):
        raise UserError(
            f"{store.folder}: the command that made it is not known ('{command}'); run jobcenter batch again"
        )
    given = {words[k]: words[k + 1] for k in range(3, len(words) - 1) if words[k] in OPTIONS}
    budget, split = given.get("--equal-budget"), given.get("--split")
    experiment = load_experiment(
        words[2],
        int(given["--seeds"]) if "--seeds" in given else None,
        int(given["--weeks"]) if "--weeks" in given else None,
        read_budget(budget) if budget else None,
        read_split(split) if split else None,
        tuple(words[k + 1] for k in range(3, len(words) - 1) if words[k] == "--set"),
    )
    return Batch(experiment, store)
