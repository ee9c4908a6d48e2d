"""Tables of single runs (weekly numbers, ledger, spells, events): one Parquet file for each run and table.

The files of a run are whole on disk before the run itself is stored. A run whose recording level asks for files that
are missing or cut off counts as not done and is done again; files whose run was never stored are not read.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from experiments.store.atomic import UNFINISHED, cannot_write, flush_folder, write_whole
from sim.errors import UserError
from sim.records.tables import TABLES_OF_LEVEL

if TYPE_CHECKING:
    import pandas as pd

FOLDER: Final = "tables"
_END: Final = b"PAR1"  # the last bytes of every whole Parquet file


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

    def write(self, runs: Mapping[str, Mapping[str, bytes]]) -> None:
        """Keeps tables, each whole. runs: key -> table -> content. Raises UserError when the disk is full."""
        try:
            self.folder.mkdir(exist_ok=True)
        except OSError as wrong:
            raise cannot_write(self.folder, wrong) from wrong
        for key, tables in runs.items():
            for name, content in tables.items():
                write_whole(self.folder / name / f"{key}.parquet", content, flush_names=False)
        for name in {name for tables in runs.values() for name in tables}:
            flush_folder(self.folder / name)
        flush_folder(self.folder)

    def lacking(self, levels: Mapping[str, str]) -> set[str]:
        """Keys of the runs that lack a table their level asks for. levels: key -> recording level."""
        whole = {name: set(self.keys(name)) for name in self.names()}
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

    def files(self, name: str) -> list[Path]:
        """Whole files of a table, by key."""
        return [path for path in sorted((self.folder / name).glob("*.parquet")) if _is_whole(path)]

    def keys(self, name: str) -> Iterator[str]:
        """Keys of the runs that have a whole file of a table."""
        return (path.stem for path in self.files(name))

    def copy_to(self, other: "Details", keys: Iterable[str]) -> None:
        """Copies the tables of these runs that the other store does not have yet."""
        wanted = set(keys)
        for name in self.names():
            for path in self.files(name):
                target = other.folder / name / path.name
                if path.stem in wanted and not target.exists():
                    other.write({path.stem: {name: path.read_bytes()}})

    def sweep(self) -> None:
        """Removes what a killed writer left half written. Only for the one writer."""
        for left in self.folder.glob(f"*/.*{UNFINISHED}"):
            left.unlink(missing_ok=True)


def _is_whole(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            file.seek(-len(_END), os.SEEK_END)
            return file.read() == _END
    except FileNotFoundError:
        return False
    except OSError as wrong:
        if path.exists() and path.stat().st_size < len(_END):
            return False
        raise UserError(f"{path}: cannot be read ({wrong.strerror or wrong})") from wrong
