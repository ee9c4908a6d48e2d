"""A store or an experiment by what the user named: the batch it belongs to, ready to be read."""

import shlex
from pathlib import Path

from experiments.batch import Batch
from experiments.equal_budget import read_budget, read_split
from experiments.experiment_file import load_experiment
from experiments.store import Store
from sim.errors import UserError

OPTIONS = ("--seeds", "--weeks", "--equal-budget", "--split")


def opened(name: str) -> Batch:
    """The latest batch of a store's folder, or of `results/NAME` for an experiment.

    Raises UserError when there is no store, or its experiment cannot be found.
    """
    folder = Path(name)
    if not (folder / "store.json").is_file():
        experiment = load_experiment(name)
        folder = Path("results") / experiment.name
        if not (folder / "store.json").is_file():
            raise UserError(
                f"{name}: no store in {folder} yet; run it first: jobcenter batch {name}, or name the store's folder"
            )
    store = Store.open(folder)
    batches = store.batches()
    if not batches:
        raise UserError(
            f"{folder}: no batch was ever run into this store; run jobcenter batch EXPERIMENT --out {folder}"
        )
    return _batch(batches[-1]["command"], store)


def _batch(command: str, store: Store) -> Batch:
    """The batch a command line describes."""
    words = shlex.split(command)
    if words[:2] != ["jobcenter", "batch"] or len(words) < 3:
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
    )
    return Batch(experiment, store)
