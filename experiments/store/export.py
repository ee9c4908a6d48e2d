"""A store as one file for a spreadsheet or a statistics program.

Rows are sorted by run key and columns by name, and nothing that differs between two machines is written (no compute
time, no dates), so two stores with the same runs give the same bytes however their runs were computed.
"""

import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from experiments.store.atomic import UNFINISHED
from experiments.store.reading import Reader
from experiments.store.rows import LABELS, TEXT, split_name
from sim.errors import UserError

if TYPE_CHECKING:
    import pyarrow as pa

EXPORTED: Final = tuple(name for name in LABELS if name != "seconds")
BLOCK: Final = 2_000  # runs made tidy at a time
SHEET_ROWS: Final = 1_048_576  # what a spreadsheet holds
SHEET_COLUMNS: Final = 16_384


def choose(names: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """The columns that are asked for: by full name, by outcome (`money`), by its beginning (`money/municipality`), or
    with `*`. Raises UserError for one that fits none."""
    if not wanted:
        return list(names)
    chosen: set[str] = set()
    for pattern in wanted:
        found = {
            name
            for name in names
            if name == pattern or name.startswith(f"{pattern}/") or fnmatchcase(name, pattern)
        }
        if not found:
            from difflib import get_close_matches

            near = get_close_matches(pattern.split("/")[0], {name.split("/")[0] for name in names}, 1)
            hint = f"; did you mean {near[0]}?" if near else "."
            raise UserError(
                f"--outcomes {pattern}: the store has no such outcome{hint} `jobcenter store ls` lists all"
            )
        chosen |= found
    return [name for name in names if name in chosen]


def export(
    store: Reader, path: Path, kind: str, outcomes: Sequence[str], tidy: bool, force: bool
) -> tuple[int, int]:
    """Writes a csv or xlsx, whole or not at all; returns its rows and columns without the heading.

    `tidy`: a row for each number that is known instead of a row for each run. Raises UserError when the file exists
    and `force` is not given, cannot be written, or would be too large for a sheet.
    """
    if path.exists() and not force:
        raise UserError(f"{path}: exists already; choose another name or add --force")
    names = choose(store.outcomes(), outcomes)
    table = store.table(names)
    blocks = _tidy(table, names) if tidy else iter([table.select([*EXPORTED, *names])])
    columns = len(EXPORTED) + (4 if tidy else len(names))
    unfinished = path.with_name(f".{path.name}.{os.getpid()}{UNFINISHED}")
    try:
        if kind == "csv":
            rows = _write_csv(unfinished, blocks)
        else:
            numbers = sum(len(table) - table.column(name).null_count for name in names)
            _check_fits(path, numbers if tidy else len(table), columns)
            rows = _write_xlsx(unfinished, blocks, names)
        os.replace(unfinished, path)
    except OSError as wrong:
        raise UserError(f"{path}: cannot be written ({wrong.strerror or wrong})") from wrong
    finally:
        unfinished.unlink(missing_ok=True)
    return rows, columns


def _tidy(table: "pa.Table", names: Sequence[str]) -> "Iterator[pa.Table]":
    """Blocks of (labels, outcome, group, year, value), by key and then by name; unknown values have no row."""
    import numpy as np
    import pyarrow as pa

    parts = [split_name(name) for name in names]
    named = [pa.array([part[k] for part in parts], pa.string()) for k in range(3)]
    for at in range(0, max(1, len(table)), BLOCK):
        block = table.slice(at, BLOCK).combine_chunks()
        grid = np.empty((len(block), len(names)))
        for k, name in enumerate(names):
            grid[:, k] = block.column(name).to_numpy()
        row, column = np.nonzero(~np.isnan(grid))
        labels = block.select(EXPORTED).take(pa.array(row))
        which = pa.array(column)
        yield pa.table(
            [*labels.columns, *(name.take(which) for name in named), pa.array(grid[row, column])],
            names=[*EXPORTED, "outcome", "group", "year", "value"],
        )


def _write_csv(path: Path, blocks: "Iterator[pa.Table]") -> int:
    """Numbers with all digits they have; what is not known is an empty cell."""
    import pyarrow.csv as pc

    rows = 0
    options = pc.WriteOptions(quoting_style="needed", quoting_header="needed")
    writer: Any = None
    try:
        for block in blocks:
            if writer is None:
                writer = pc.CSVWriter(str(path), block.schema, write_options=options)
            writer.write_table(block)
            rows += len(block)
    finally:
        if writer is not None:
            writer.close()
    return rows


def _check_fits(path: Path, rows: int, columns: int) -> None:
    if rows + 1 > SHEET_ROWS or columns > SHEET_COLUMNS:
        raise UserError(
            f"{path}: {rows:,} rows x {columns:,} columns do not fit on a sheet ({SHEET_ROWS:,} x {SHEET_COLUMNS:,});"
            " use --csv, or fewer --outcomes"
        )


def _write_xlsx(path: Path, blocks: "Iterator[pa.Table]", names: Sequence[str]) -> int:
    """A sheet with the runs and one that says what the outcomes are."""
    import xlsxwriter

    book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_urls": False})
    book.set_properties({"created": datetime(2000, 1, 1)})  # the day of writing would make two files differ
    try:
        bold = book.add_format({"bold": True})
        sheet = book.add_worksheet("runs")
        sheet.freeze_panes(1, 2)
        rows = 0
        for block in blocks:
            if not rows:
                sheet.write_row(0, 0, block.column_names, bold)
            columns = [block.column(name).to_pylist() for name in block.column_names]
            text = [name in (*TEXT, "outcome", "group", "year") for name in block.column_names]
            for values in zip(*columns, strict=True):
                rows += 1
                for at, (value, is_text) in enumerate(zip(values, text, strict=True)):
                    if is_text:
                        sheet.write_string(rows, at, value)
                    elif value is not None:
                        _write_number(sheet, rows, at, value)
        about = book.add_worksheet("outcomes")
        about.write_row(0, 0, ["column", "outcome", "group", "year", "unit", "meaning"], bold)
        for row, name in enumerate(names, 1):
            outcome, group, year = split_name(name)
            for at, text_ in enumerate((name, outcome, group, year, *_meaning(outcome))):
                about.write_string(row, at, text_)
    finally:
        book.close()
    return rows


def _write_number(sheet: Any, row: int, column: int, value: float) -> None:
    if abs(value) == float("inf"):
        sheet.write_string(row, column, str(value))  # a sheet has no infinity
    else:
        sheet.write_number(row, column, value)


def _meaning(outcome: str) -> tuple[str, str]:
    """Unit and meaning, as far as this version knows the outcome."""
    from sim.records.outcome_list import OUTCOMES

    kind = OUTCOMES.get(outcome)
    return (kind.unit, kind.meaning) if kind else ("", "")
