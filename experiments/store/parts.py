"""Parts: Parquet files of runs whose name is the digest of their bytes, so that a damaged one is known by its name.

Small parts are merged into larger ones. The merged part names the parts it replaces; a part that a whole part replaces
does not count, whether it is still there or not. The rename of the merged part is thus the one moment in which the
store changes, and a kill before or after it loses and doubles nothing.
"""

import errno
import hashlib
import json
import os
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from experiments.store.atomic import UNFINISHED, write_whole
from experiments.store.rows import LABELS, SCHEMA, TEXT, outcome_columns
from sim.errors import UserError

if TYPE_CHECKING:
    import pyarrow as pa

RUNS: Final = "runs"
BROKEN: Final = "broken"
ROW_GROUP: Final = 131_072
READERS: Final = 4  # threads that check digests
PATIENCE_SECONDS: Final = 30.0


@dataclass(frozen=True)
class Part:
    """A whole part."""

    path: Path
    rows: int
    columns: frozenset[str]
    replaces: frozenset[str]  # names of parts whose runs it holds

    @property
    def cells(self) -> int:
        """Size, as numbers held."""
        return self.rows * len(self.columns)


@dataclass
class Scan:
    """What the folder holds at one moment."""

    live: list[Part] = field(default_factory=list)
    replaced: list[Path] = field(default_factory=list)  # still there, held by a merged part too
    broken: list[tuple[Path, str]] = field(default_factory=list)

    def outcomes(self) -> list[str]:
        """Every outcome some part has."""
        return outcome_columns({name for part in self.live for name in part.columns})


def encode(table: "pa.Table", replaces: Iterable[str], packed: bool) -> "pa.Buffer":
    """A table as the bytes of a part; `packed` takes a quarter less room and twice the time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    marks = {
        b"jobcenter.schema": str(SCHEMA).encode(),
        b"jobcenter.replaces": json.dumps([*replaces]).encode(),
    }
    sink = pa.BufferOutputStream()
    pq.write_table(
        table.replace_schema_metadata(marks),
        sink,
        compression="zstd"
        if packed
        else {name: "snappy" if name in LABELS else "none" for name in table.column_names},
        use_dictionary=[name for name in TEXT if name != "key"],
        write_statistics=list(LABELS),
        row_group_size=ROW_GROUP,
    )
    return sink.getvalue()


def part_name(digest: str) -> str:
    """Name of the part whose bytes have this SHA-256."""
    return f"part-{digest[:32]}.parquet"


class Parts:
    """The folder of parts. Digests and footers are read once and remembered while the file stays as it is."""

    def __init__(self, store: Path):
        self.store = store
        self.folder = store / RUNS
        self._known: dict[tuple[str, int, int], Part] = {}

    def write(self, table: "pa.Table", replaces: Sequence[str] = (), packed: bool = False) -> str:
        """Adds a part and returns its name."""
        content = encode(table, replaces, packed)
        path = self.folder / part_name(hashlib.sha256(content).hexdigest())
        write_whole(path, memoryview(content))
        status = path.stat()
        self._known[path.name, status.st_size, status.st_mtime_ns] = Part(
            path, table.num_rows, frozenset(table.column_names), frozenset(replaces)
        )
        return path.name

    def scan(self) -> Scan:
        """The parts that count, those that are replaced, and those that cannot be read. Changes nothing."""
        found = Scan()
        paths = self._list()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            with ThreadPoolExecutor(READERS) as threads:
                looked = list(threads.map(self._look, paths))
            again = self._list()
            if (
                again == paths
            ):  # else a merge may have moved runs from parts not listed yet to parts listed before
                break
            if time.monotonic() > deadline:
                raise UserError(
                    f"{self.folder}: its files change all the time; is more than one program writing there?"
                )
            paths = again
        whole = [part for part in looked if isinstance(part, Part)]
        gone = {name for part in whole for name in part.replaces}
        for path, part in zip(paths, looked, strict=True):
            if path.name in gone:
                found.replaced.append(path)
            elif isinstance(part, Part):
                found.live.append(part)
            elif part is not None:
                found.broken.append((path, part))
        return found

    def _list(self) -> list[Path]:
        return sorted(self.folder.glob("part-*.parquet"))

    def _look(self, path: Path) -> "Part | str | None":
        """The part; or why it cannot be read; or None if another process has merged it away meanwhile."""
        try:
            with path.open("rb") as file:
                status = os.fstat(file.fileno())
                at = (path.name, status.st_size, status.st_mtime_ns)
                if at in self._known:
                    return self._known[at]
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            if part_name(digest) != path.name:
                return "its content is not what was written"
            self._known[at] = _footer(path)
            return self._known[at]
        except FileNotFoundError:
            return None
        except OSError as wrong:
            if wrong.errno == errno.EIO:
                return "the disk cannot read it"
            raise UserError(f"{path}: cannot be read ({wrong.strerror or wrong})") from wrong

    def set_apart(self, path: Path) -> Path:
        """Moves a part that cannot be read to `broken`."""
        apart = self.store / BROKEN
        apart.mkdir(exist_ok=True)
        target, number = apart / path.name, 1
        while target.exists():
            number += 1
            target = apart / f"{path.stem}-{number}{path.suffix}"
        os.replace(path, target)
        return target

    def sweep(self) -> None:
        """Removes what a killed writer left half written. Only for the one writer."""
        for left in self.folder.glob(f".*{UNFINISHED}"):
            left.unlink(missing_ok=True)


def _footer(path: Path) -> Part:
    """What a part says of itself."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        marks = file.metadata.metadata or {}
        schema = marks.get(b"jobcenter.schema", b"none").decode()
        if schema != str(SCHEMA):
            raise UserError(
                f"{path}: a part of schema {schema} in a store of schema {SCHEMA}; it was not written by this"
                " program. Move it out of the store"
            )
        return Part(
            path,
            file.metadata.num_rows,
            frozenset(file.schema_arrow.names),
            frozenset(json.loads(marks[b"jobcenter.replaces"])),
        )


def read_part(part: Part, columns: Sequence[str]) -> "pa.Table":
    """The asked columns, as far as the part has them. Raises FileNotFoundError when it has been merged away."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(part.path) as file:
        return file.read([name for name in columns if name in part.columns]).replace_schema_metadata(None)


def read_parts(parts: Sequence[Part], outcomes: Sequence[str]) -> "pa.Table":
    """Labels and the asked outcomes of several parts under each other; empty where a part lacks one."""
    import pyarrow as pa

    from experiments.store.rows import empty_table

    wanted = [*LABELS, *outcomes]
    empty = empty_table(outcomes)
    tables = (read_part(part, wanted) for part in parts)
    return pa.concat_tables([empty, *tables], promote_options="default").select(wanted)
