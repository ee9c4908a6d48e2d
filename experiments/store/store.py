"""The result store: a folder that keeps every finished run, whatever happens to the process that writes it."""

import json
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from experiments.store import notes
from experiments.store.atomic import UNFINISHED, cannot_write, write_whole
from experiments.store.compact import FEW, MANY, compact, merge_group, small_parts
from experiments.store.duplicates import one_row_a_key
from experiments.store.lock import WriterLock
from experiments.store.parts import Scan
from experiments.store.reading import MARK, Reader, keys_of, only
from experiments.store.rows import SCHEMA, Failure, RunRow, to_table
from sim.errors import UserError


class Store(Reader):
    """One result store. Anybody may read it at any time; one process at a time may write."""

    def __init__(self, folder: Path):
        super().__init__(folder)
        self._lock: WriterLock | None = None
        self._keys: set[str] = set()  # while writing: keys of the whole runs
        self._small = 0  # while writing: small parts there may be
        self._one_at_a_time = threading.RLock()

    @classmethod
    def create_or_open(cls, folder: Path) -> "Store":
        """The store in a folder, made if the folder is empty or missing.

        Raises UserError when the folder holds something else, a store of another schema, or cannot be written.
        """
        mark = folder / MARK
        if not mark.exists():
            if folder.exists() and not folder.is_dir():
                raise UserError(f"{folder}: is a file; a result store is a folder")
            if folder.is_dir() and any(not _ours(path) for path in folder.iterdir()):
                raise UserError(
                    f"{folder}: is not empty and holds no result store; choose another folder for the store"
                )
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as wrong:
                raise cannot_write(folder, wrong) from wrong
            write_whole(mark, (json.dumps({"made_by": "jobcenter-sim", "schema": SCHEMA}) + "\n").encode())
        store = cls.open(folder)
        if not os.access(folder, os.W_OK):
            raise cannot_write(folder, PermissionError(13, "no permission to write, or a read-only disk"))
        return store

    # ---- writing

    @contextmanager
    def writing(self) -> Iterator[None]:
        """The right to write. Raises UserError naming who holds it; a holder that was killed holds nothing.

        First puts right what a killed writer left: half-written files go, parts that cannot be read are set apart. When
        the block ends well, small parts are merged.
        """
        if self._lock is not None:
            raise RuntimeError("this store is being written by this object already")
        lock = WriterLock(self.folder)
        remark = lock.take()
        if remark:
            self._warn(remark)
        self._lock = lock
        try:
            try:
                self.parts.sweep()
                self.details.sweep()
            except OSError as wrong:
                raise cannot_write(self.folder, wrong) from wrong
            self.keys()
            yield
            self._tidy(FEW)
        finally:
            self._lock = None
            self._keys = set()
            lock.release()

    def _writer(self) -> None:
        """Raises unless the lock is held, and still ours."""
        if self._lock is None:
            raise RuntimeError("a store is written inside `with store.writing():`")
        self._lock.check()

    def add(self, rows: Sequence[RunRow], tables: Mapping[str, Mapping[str, bytes]] | None = None) -> None:
        """Stores finished runs as one part: all of them or none. tables: key -> what its recording level keeps besides.

        Runs that are stored already are left out. Raises UserError when such a run has other values now, or when the
        disk is full; then nothing has changed.
        """
        with self._one_at_a_time:
            self._writer()
            if rows:
                self._add(rows, tables or {})

    def _add(self, rows: Sequence[RunRow], tables: Mapping[str, Mapping[str, bytes]]) -> None:
        table = to_table(rows)
        new = {row.key for row in rows} - self._keys
        if len(new) < len(rows):
            import pyarrow as pa

            stored = self._table(None, {row.key for row in rows} - new)
            one_row_a_key(pa.concat_tables([stored, table], promote_options="default"), self.folder)
            table = one_row_a_key(only(table, new), self.folder)
        if not new:
            return
        kept = {key: tables[key] for key in sorted(new & tables.keys())}
        if kept:
            self.details.write(kept)  # before the runs, which would not count without
        self.parts.write(table)
        self._keys |= new
        self._small += 1
        if self._small >= MANY:
            self._tidy(MANY - 1)

    def _tidy(self, more_than: int) -> None:
        """Merges small parts. A disk too full for that is no reason to fail: the runs are stored."""
        self._small = 0
        try:
            self._writer()
            compact(self.parts, more_than)
        except (UserError, OSError) as wrong:
            self._warn(f"{self.folder}: small parts could not be merged ({wrong})")

    def add_failures(self, failures: Sequence[Failure]) -> None:
        """Keeps which runs raised and what they said."""
        with self._one_at_a_time:
            self._writer()
            notes.write_failures(self.folder, failures)

    def describe_scenario(self, scenario_hash: str, description: Mapping[str, Any]) -> None:
        """Keeps what a scenario hash stands for, once."""
        notes.describe(self.folder, notes.SCENARIOS, scenario_hash, description)

    def describe_draw(self, draw_hash: str, values: Mapping[str, float]) -> None:
        """Keeps the parameters of a draw, once."""
        notes.describe(
            self.folder, notes.DRAWS, draw_hash, {name: float(value) for name, value in values.items()}
        )

    def note_batch(self, manifest: Mapping[str, Any]) -> None:
        """Keeps what a batch was asked (command, code_version, versions, plan), for `store status`."""
        notes.write_batch(self.folder, manifest)

    # ---- what is there

    def keys(self) -> set[str]:
        """Keys of the whole runs.

        Parts that cannot be read are told of in `warnings`; while writing they are moved to `broken`, so that their
        runs are done again. Raises UserError when a run is there twice with different values.
        """
        with self._one_at_a_time:
            if self._lock is None:
                return super().keys()
            found = self._put_right()
            keys, rows, levels = keys_of(found.live)
            if len(keys) < rows:
                merge_group(self.parts, found.live)
            self._keys = keys - self._lacking(levels)
            return set(self._keys)

    def _put_right(self) -> Scan:
        """Sets broken parts apart and removes parts that a merged one holds."""
        found = self.parts.scan()
        try:
            for path, why in found.broken:
                apart = self.parts.set_apart(path)
                self._warn(f"{path}: {why}; moved to {apart}, its runs are done again")
            for path in found.replaced:
                path.unlink(missing_ok=True)
        except OSError as wrong:
            raise cannot_write(self.folder, wrong) from wrong
        self._small = len(small_parts(found.live))
        return found


def _ours(path: Path) -> bool:
    """What a killed `create_or_open` may have left."""
    return path.name.startswith(f".{MARK}.") and path.name.endswith(UNFINISHED)
