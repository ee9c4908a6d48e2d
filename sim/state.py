"""All that changes from week to week, in one object of arrays plus the week number.

`snapshot` and `restore` carry the state across processes bit for bit; sim/snapshot.py carries a whole run.
"""

import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeVar

import numpy as np

from sim.compiled import column
from sim.population.caseworkers import CASEWORKERS
from sim.population.citizens import CITIZENS, Column
from sim.population.companies import COMPANIES

T = TypeVar("T")


class State:
    """Columns by name (`state["trust"]`), list lengths and market memory, and the week they describe.

    `week` is the week about to be lived. `counts` (int64) holds the lengths of lists; `memory` (float64) holds slowly
    moving averages of the market and the centres of the effect channels.
    """

    def __init__(self, week: int, columns: dict[str, np.ndarray]):
        self.week = week
        self.columns = columns

    def __getitem__(self, name: str) -> np.ndarray:
        return self.columns[name]

    def add(self, specification: Iterable[Column], n: int) -> None:
        """Allocates n rows of every column of an agent kind."""
        for item in specification:
            self.columns[item.name] = column(n, item.dtype)

    def view(self, kind: type[T]) -> T:
        """The columns a kernel asks for by the field names of its NamedTuple."""
        return kind(*(self.columns[name] for name in kind._fields))  # type: ignore[attr-defined]

    def copy(self) -> "State":
        """An independent copy: a scenario branches here."""
        return State(self.week, {name: values.copy() for name, values in self.columns.items()})

    def snapshot(self, path: Path) -> None:
        """Writes everything to one uncompressed .npz file, whole or not at all. A run under way: sim/snapshot.py."""
        write_whole(path, {"__week__": np.array(self.week), **self.columns})

    @classmethod
    def restore(cls, path: Path) -> "State":
        """Reads a snapshot back."""
        with np.load(path) as stored:
            columns = {name: stored[name] for name in stored.files if name != "__week__"}
            return cls(int(stored["__week__"]), columns)


def write_whole(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Writes an uncompressed .npz under a name of its own first, so that nobody ever reads half a file."""
    number, name = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".tmp")
    temporary = Path(name)
    try:
        with os.fdopen(number, "wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def bytes_of_state(n_citizens: int, columns: dict[str, np.ndarray]) -> float:
    """Bytes of state and work arrays per citizen, counted from the arrays themselves."""
    return sum(values.nbytes for values in columns.values()) / n_citizens


__all__ = ["CASEWORKERS", "CITIZENS", "COMPANIES", "State", "bytes_of_state"]
