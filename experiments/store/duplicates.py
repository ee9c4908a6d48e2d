"""A run that is there twice: once if both say the same, an error if they do not.

It happens when stores are merged, or when two machines wrote to a shared folder. Equal keys mean equal values, so one
of two equal rows may go. Labels may differ (two experiments call a scenario differently): the first by the alphabet
stays, so that the order in which rows came does not matter.
"""

from typing import TYPE_CHECKING, Any

from experiments.store.rows import LABELS, outcome_columns
from sim.errors import UserError

if TYPE_CHECKING:
    import pyarrow as pa

MUST_AGREE = ("scenario_hash", "draw_hash", "seed", "weeks", "recording")  # part of the key
SHOWN = 5


def one_row_a_key(table: "pa.Table", place: object) -> "pa.Table":
    """The rows sorted by key, each key once. Raises UserError when equal keys have different values."""
    import numpy as np

    table = table.combine_chunks()
    table = table.take(order(table))
    keys = table.column("key").to_numpy()
    if len(keys) < 2:
        return table
    again = np.flatnonzero(keys[1:] == keys[:-1]) + 1
    if not again.size:
        return table
    _check_equal(table, again, place)
    keep = np.ones(len(keys), bool)
    keep[again] = False
    return table.filter(keep)


def order(table: "pa.Table") -> "pa.Array":
    """Row numbers by key; rows of one key by their labels."""
    import pyarrow.compute as pc

    keys = pc.sort_indices(table.column("key"))
    if pc.count_distinct(table.column("key")).as_py() == table.num_rows:
        return keys
    return pc.sort_indices(table, sort_keys=[(name, "ascending") for name in LABELS])


def _check_equal(table: "pa.Table", again: Any, place: object) -> None:
    """Compares each row that repeats a key with the row before it, bit for bit."""
    import numpy as np
    import pyarrow as pa

    one, two = table.take(pa.array(again - 1)), table.take(pa.array(again))
    lines: dict[int, str] = {}
    for name in (*MUST_AGREE, *outcome_columns(table.column_names)):
        a, b = (part.column(name).to_numpy() for part in (one, two))
        if a.dtype == np.float64:
            differ = (a.view(np.int64) != b.view(np.int64)) & ~(np.isnan(a) & np.isnan(b))
        else:
            differ = a != b
        for at in np.flatnonzero(differ):
            lines.setdefault(int(at), f"{name} is {a[at]} and {b[at]}")
    if not lines:
        return
    rows = one.select(["key", "scenario", "draw", "seed"]).to_pylist()
    shown = [
        f"  {rows[at]['key'][:16]}... (scenario {rows[at]['scenario']}, draw {rows[at]['draw']},"
        f" seed {rows[at]['seed']}): {what}"
        for at, what in sorted(lines.items())[:SHOWN]
    ]
    more = [f"  ... and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    raise UserError(
        f"{place}: {len(lines)} run(s) with equal keys and different values. Equal keys mean equal values, so one of"
        " them was computed by changed code or on a faulty machine; nothing was chosen or written. Compute them again"
        " in a new store:\n" + "\n".join([*shown, *more])
    )
