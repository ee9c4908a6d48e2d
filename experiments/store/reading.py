"""Reading a result store: keys, frames, notes. Reading needs no lock and changes nothing."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from experiments.store import notes
from experiments.store.detail import Details, level_of
from experiments.store.duplicates import one_row_a_key
from experiments.store.parts import Part, Parts, Scan, read_parts
from experiments.store.rows import SCHEMA, Failure
from sim.errors import UserError
from sim.records.tables import TABLES_OF_LEVEL

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

MARK: Final = "store.json"
ATTEMPTS: Final = 20  # a reader that meets a merge of parts looks again
Answer = TypeVar("Answer")


class Reader:
    """What anybody may do with a store at any time, also while another process writes it."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.warnings: list[str] = []  # what was found wrong and passed over, in words
        self.parts = Parts(folder)
        self.details = Details(folder)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The store in a folder, to read. Raises UserError when there is none or its schema is another."""
        try:
            schema = json.loads((folder / MARK).read_text(encoding="utf-8"))["schema"]
        except (FileNotFoundError, NotADirectoryError):
            raise UserError(
                f"{folder}: there is no result store here ({MARK} is missing); name the folder that was --out of"
                " jobcenter batch"
            ) from None
        except (ValueError, KeyError, TypeError, OSError) as wrong:
            raise UserError(f"{folder / MARK}: cannot be read ({wrong})") from None
        if schema != SCHEMA:
            older = isinstance(schema, int) and schema < SCHEMA
            raise UserError(
                f"{folder}: a result store of schema {schema}, written by {'an older' if older else 'a newer'} version;"
                f" this version reads and writes schema {SCHEMA}. "
                + (
                    "Read it with the version that wrote it, and give this one a new folder"
                    if older
                    else "Install the newer version"
                )
            )
        return cls(folder)

    def keys(self) -> set[str]:
        """Keys of the whole runs. Raises UserError when a run is there twice with different values."""
        keys, rows, levels = self._again(lambda: keys_of(self.scan().live))
        if len(keys) < rows:
            self._table(None, None)
        return keys - self._lacking(levels)

    def _lacking(self, levels: Mapping[str, str]) -> set[str]:
        """Of these runs those without a table of their recording level: they count as not done."""
        lacking = self.details.lacking(levels) if levels else set()
        if lacking:
            self._warn(
                f"{self.folder}: {len(lacking)} runs lack tables of their recording level; the next batch on this store"
                " does them again"
            )
        return lacking

    def scan(self) -> Scan:
        """The parts as they are now; what cannot be read is told of in `warnings`."""
        found = self.parts.scan()
        for path, why in found.broken:
            self._warn(f"{path}: passed over, {why}; the next batch on this store does its runs again")
        return found

    def failures(self) -> list[Failure]:
        """The latest failure of each run that has not succeeded since."""
        return notes.read_failures(self.folder, self.keys(), self.warnings)

    def scenarios(self) -> dict[str, dict[str, Any]]:
        """What each scenario hash stands for."""
        return dict(notes.read_notes(self.folder / notes.SCENARIOS, self.warnings))

    def draws(self) -> dict[str, dict[str, float]]:
        """The parameters of each draw by its hash."""
        return dict(notes.read_notes(self.folder / notes.DRAWS, self.warnings))

    def batches(self) -> list[dict[str, Any]]:
        """What the batches on this store were asked, oldest first."""
        return [content for _, content in notes.read_notes(self.folder / notes.BATCHES, self.warnings)]

    def outcomes(self) -> list[str]:
        """Every "outcome/group/year" that some run has, sorted."""
        return self.scan().outcomes()

    def table(self, outcomes: Sequence[str] | None = None, keys: Collection[str] | None = None) -> "pa.Table":
        """As `frame`, as an Arrow table with empty cells where a value is not known."""
        if outcomes is not None:
            unknown = sorted(set(outcomes) - set(self.outcomes()))
            if unknown:
                raise UserError(
                    f"{self.folder}: no run has the outcome {unknown[0]!r}"
                    + (f" (nor {len(unknown) - 1} others)" if len(unknown) > 1 else "")
                    + "; `jobcenter store ls` lists what there is"
                )
        return self._table(outcomes, keys)

    def _table(self, outcomes: Sequence[str] | None, keys: Collection[str] | None) -> "pa.Table":
        def read() -> "pa.Table":
            found = self.scan()
            names = found.outcomes() if outcomes is None else list(dict.fromkeys(outcomes))
            return one_row_a_key(only(read_parts(found.live, names), keys), self.folder)

        return self._again(read)

    def _again(self, read: Callable[[], Answer]) -> Answer:
        """Reads, once more if a writer merged parts away meanwhile."""
        for _ in range(ATTEMPTS):
            try:
                return read()
            except FileNotFoundError:
                continue
        raise UserError(f"{self.folder}: parts vanish while they are read; is something removing them?")

    def frame(
        self, outcomes: Sequence[str] | None = None, keys: Collection[str] | None = None
    ) -> "pd.DataFrame":
        """One row a run, sorted by key: the fields of RunRow and a float64 column for each outcome.

        `outcomes`: which, in this order; all by default. `keys`: which runs, as far as they are stored. What is not
        known is NaN. Raises UserError when no run has an outcome that is asked for.
        """
        frame: pd.DataFrame = self.table(outcomes, keys).to_pandas()
        return frame

    def query(self, sql: str) -> "pd.DataFrame":
        """What a SELECT gives on `runs` (a row a run) and `outcomes` (a row a number). Changes nothing."""
        from experiments.store.query import query

        return query(self, sql)

    def _warn(self, remark: str) -> None:
        if remark not in self.warnings:
            self.warnings.append(remark)


def keys_of(live: Sequence[Part]) -> tuple[set[str], int, dict[str, str]]:
    """Keys of some parts, how many rows they have, and the recording level of the runs that keep tables besides."""
    import pyarrow.compute as pc

    table = read_parts(live, [])
    keys = table.column("key").to_pylist()
    found = pc.unique(table.column("recording")).to_pylist()
    levels = {recording: level_of(recording) for recording in found}
    keeping = {recording for recording, level in levels.items() if TABLES_OF_LEVEL.get(level)}
    detailed = {}
    if keeping:
        recordings = table.column("recording").to_pylist()
        detailed = {
            key: levels[recording]
            for key, recording in zip(keys, recordings, strict=True)
            if recording in keeping
        }
    return set(keys), table.num_rows, detailed


def only(table: "pa.Table", keys: Collection[str] | None) -> "pa.Table":
    """The rows with these keys; all when None."""
    if keys is None:
        return table
    import pyarrow as pa
    import pyarrow.compute as pc

    return table.filter(pc.is_in(table.column("key"), value_set=pa.array(sorted(keys), pa.string())))
