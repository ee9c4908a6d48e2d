"""What a store holds: finished runs and failures, and how runs become columns.

A run is one row: columns that name it, and one float64 column for each "outcome/group/year". What is not known is NaN
in Python and empty in the file, so a name a run lacks and a name it does not know are the same.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA: Final = 1  # raised when the meaning of a file or column changes

# The columns that name a run, with their Arrow type. `seconds` is told, never exported: no two runs take the same time.
TEXT: Final = ("key", "scenario", "scenario_hash", "variant", "draw_hash", "recording")
LABELS: Final[dict[str, str]] = {
    "key": "string",
    "scenario": "string",
    "scenario_hash": "string",
    "variant": "string",
    "draw": "int64",
    "draw_hash": "string",
    "seed": "int64",
    "weeks": "int64",
    "recording": "string",
    "seconds": "float64",
}


@dataclass(frozen=True)
class RunRow:
    """One finished run: what it was and what came out."""

    key: str  # run key, 64 hex digits (experiments.provenance.run_key)
    scenario: str  # label in the experiment
    scenario_hash: str  # experiments.provenance.canonical_hash
    variant: str  # structural variant, "" for none
    draw: int  # number of the parameter draw, -1 for none (central values)
    draw_hash: str  # "" for none
    seed: int
    weeks: int
    recording: str
    seconds: float  # compute time
    values: Mapping[str, float]  # "outcome/group/year" -> value; NaN where not known


@dataclass(frozen=True)
class Failure:
    """A run that raised: which, and what it said."""

    key: str
    scenario: str
    variant: str
    draw: int
    seed: int
    error: str
    traceback: str
    when: str  # ISO, UTC


def split_name(name: str) -> tuple[str, str, str]:
    """Outcome, group and year of a column. A group may hold slashes itself (municipality/service)."""
    outcome, _, rest = name.partition("/")
    group, _, year = rest.rpartition("/")
    return outcome, group, year


def outcome_columns(columns: Collection[str]) -> list[str]:
    """The outcomes among the columns of a part, sorted."""
    return sorted(name for name in columns if name not in LABELS)


def to_table(rows: Sequence[RunRow]) -> "pa.Table":
    """Rows as an Arrow table: labels, then outcomes by name."""
    import numpy as np
    import pyarrow as pa

    held = [row.values for row in rows]
    first = tuple(held[0]) if rows else ()
    alike = all(map(first.__eq__, map(tuple, held)))
    names = sorted(first if alike else set().union(*held))
    wrong = [name for name in names if name.count("/") < 2]
    if wrong:
        raise ValueError(f"an outcome is called outcome/group/year, not {wrong[0]!r}")
    if alike:  # many times faster than asking each run for each name
        flat = chain.from_iterable(one.values() for one in held)
        grid = np.fromiter(flat, np.float64, len(rows) * len(first)).reshape(len(rows), len(first)).T.copy()
        at = {name: k for k, name in enumerate(first)}
        columns = [grid[at[name]] for name in names]
    else:
        columns = [np.array([one.get(name, np.nan) for one in held], np.float64) for name in names]
    labels = [pa.array([*map(attrgetter(name), rows)], getattr(pa, kind)()) for name, kind in LABELS.items()]
    return pa.table(
        [*labels, *(pa.array(column, from_pandas=True) for column in columns)], names=[*LABELS, *names]
    )


def empty_table(outcomes: Sequence[str] = ()) -> "pa.Table":
    """No runs, with the labels and these outcomes as columns."""
    import pyarrow as pa

    fields = [(name, getattr(pa, kind)()) for name, kind in LABELS.items()]
    return pa.schema([*fields, *((name, pa.float64()) for name in outcomes)]).empty_table()
