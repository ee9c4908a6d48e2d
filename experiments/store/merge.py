"""Several stores into one: runs computed on several machines, or by several experiments."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.folder import check_free, new_folder
from experiments.store import notes
from experiments.store.compact import LARGEST
from experiments.store.detail import Details
from experiments.store.duplicates import one_row_a_key
from experiments.store.lock import is_being_written, who, writer_of
from experiments.store.parts import Part, Parts, read_parts
from experiments.store.reading import MARK, keys_of, only
from experiments.store.rows import SCHEMA, outcome_columns
from experiments.store.store import Store
from sim.errors import UserError

if TYPE_CHECKING:
    import pyarrow as pa


def merge(stores: Sequence[Store], out: Path) -> int:
    """Writes a new store with the runs, failures and notes of the others; returns how many runs it has.

    A run that several have is kept once. Raises UserError when they have it with different values, or when `out` is not
    empty; then nothing is written.
    """
    if out.is_dir() and any(out.iterdir()):
        raise UserError(f"{out}: the folder is not empty; choose a new one for the merged store")
    check_free(out, force=False)
    for store in stores:
        if is_being_written(store.folder):
            raise UserError(
                f"{store.folder}: is being written by {who(writer_of(store.folder))}; merge when it has ended"
            )
    live = [part for store in stores for part in store.scan().live]
    counts = Counter(key for part in live for key in keys_of([part])[0])
    twice = {key for key, count in counts.items() if count > 1}
    once = counts.keys() - twice
    place = " and ".join(str(store.folder) for store in stores)
    with new_folder(out, force=False) as folder:
        (folder / MARK).write_text(
            json.dumps({"made_by": "jobcenter-sim", "schema": SCHEMA}) + "\n", encoding="utf-8"
        )
        parts = Parts(folder)
        if twice:
            shared = _concat([only(table, twice) for table in _tables(live)])
            parts.write(one_row_a_key(shared, place), packed=True)
        waiting: list[pa.Table] = []
        for table in (only(table, once) if twice else table for table in _tables(live)):
            if len(table):
                waiting.append(table)
            if sum(one.num_rows * one.num_columns for one in waiting) >= LARGEST:
                parts.write(one_row_a_key(_concat(waiting), place), packed=True)
                waiting = []
        if waiting:
            parts.write(one_row_a_key(_concat(waiting), place), packed=True)
        for store in stores:
            store.details.copy_to(Details(folder), counts)
        _copy_notes(stores, folder)
    return len(counts)


def _tables(live: Sequence[Part]) -> "Iterator[pa.Table]":
    for part in live:
        yield read_parts([part], outcome_columns(part.columns))


def _concat(tables: "Sequence[pa.Table]") -> "pa.Table":
    import pyarrow as pa

    return pa.concat_tables(tables, promote_options="default")


def _copy_notes(stores: Sequence[Store], folder: Path) -> None:
    """Notes of all stores; where two stores say different things of one hash, the first text by the alphabet stays."""
    for kind in notes.FOLDERS:
        texts: dict[str, bytes] = {}
        for store in stores:
            for path in sorted((store.folder / kind).glob("*.json")):
                text = path.read_bytes()
                texts[path.name] = min(text, texts.get(path.name, text))
        if texts:
            (folder / kind).mkdir()
        for name, text in texts.items():
            (folder / kind / name).write_bytes(text)
