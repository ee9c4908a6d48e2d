"""Tables of single runs (weekly numbers, ledger, spells, events): one Parquet file for each run and table.

A file is called by its run's key and the digest of its bytes. The files of a run are whole on disk before the run is
stored. A run whose recording level asks for files that are missing or damaged counts as not done and is done again;
files whose run was never stored are not read.
"""

import errno
import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from experiments.store.atomic import UNFINISHED, cannot_write, flush_folder, write_whole
from sim.errors import UserError
from sim.records.tables import TABLES_OF_LEVEL

if TYPE_CHECKING:
    import pandas as pd

FOLDER: Final = "tables"
DIGITS: Final = 16  # of the digest


def level_of(recording: str) -> str:
    """The recording level in a run's label `recording`, which also names what the run is anchored on."""
    return recording.partition("@")[0]


def encode(frame: "pd.DataFrame", key: str) -> bytes:
    """A table of the run `key` as the bytes of a Parquet file, the key in front of every row."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    keys = pa.DictionaryArray.from_arrays(pa.array([0] * len(frame), pa.int8()), pa.array([key]))
    sink = pa.BufferOutputStream()
    pq.write_table(table.add_column(0, "key", keys), sink, compression="zstd")
    return bytes(sink.getvalue())


class Details:
    """The tables of a store's runs."""

    def __init__(self, store: Path):
        self.folder = store / FOLDER
        self._whole: dict[tuple[Path, int, int], bool] = {}  # remembered while a file stays as it is

    def write(self, runs: Mapping[str, Mapping[str, bytes]]) -> None:
        """Keeps tables, each whole. runs: key -> table -> content. Raises UserError when the disk is full."""
        try:
            self.folder.mkdir(exist_ok=True)
        except OSError as wrong:
            raise cannot_write(self.folder, wrong) from wrong
        for key, tables in runs.items():
            for name, content in tables.items():
                path = self.folder / name / f"{key}-{hashlib.sha256(content).hexdigest()[:DIGITS]}.parquet"
                write_whole(path, content, flush_names=False)
        for name in {name for tables in runs.values() for name in tables}:
            flush_folder(self.folder / name)
        flush_folder(self.folder)

    def lacking(self, levels: Mapping[str, str]) -> set[str]:
        """Keys of the runs that lack a table their level asks for. levels: key -> recording level."""
        whole = {name: self.files(name).keys() for name in self.names()}
        return {
            key
            for key, level in levels.items()
            if any(key not in whole.get(name, ()) for name in TABLES_OF_LEVEL.get(level, ()))
        }

    def names(self) -> list[str]:
        """Tables there are."""
        return (
            sorted(path.name for path in self.folder.iterdir() if path.is_dir())
            if self.folder.is_dir()
            else []
        )

    def files(self, name: str) -> dict[str, Path]:
        """Key -> whole file of a table, by key."""
        found: dict[str, Path] = {}
        for path in sorted((self.folder / name).glob("*.parquet")):
            key = path.stem.partition("-")[0]
            if key not in found and self._is_whole(path):
                found[key] = path
        return found

    def _is_whole(self, path: Path) -> bool:
        try:
            with path.open("rb") as file:
                status = os.fstat(file.fileno())
                at = (path, status.st_size, status.st_mtime_ns)
                if at not in self._whole:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()[:DIGITS]
                    self._whole[at] = digest == path.stem.partition("-")[2]
                return self._whole[at]
        except FileNotFoundError:
            return False
        except OSError as wrong:
            if wrong.errno == errno.EIO:
                return False  # the disk cannot read it
            raise UserError(f"{path}: cannot be read ({wrong.strerror or wrong})") from wrong

    def copy_to(self, other: "Details", keys: Iterable[str]) -> None:
        """Copies the tables of these runs that the other store does not have yet."""
        wanted = set(keys)
        for name in self.names():
            there = other.files(name)
            for key, path in self.files(name).items():
                if key in wanted and key not in there:
                    other.write({key: {name: path.read_bytes()}})

    def sweep(self) -> None:
        """Removes what a killed writer left half written, and what is damaged. Only for the one writer."""
        for left in self.folder.glob(f"*/.*{UNFINISHED}"):
            left.unlink(missing_ok=True)
        for path in self.folder.glob("*/*.parquet"):
            if not self._is_whole(path):
                path.unlink(missing_ok=True)
