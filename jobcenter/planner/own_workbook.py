"""Reads a filled-in workbook: every cell that is missing, misread or contradicts another is named, all at once."""

import re
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

from jobcenter.planner.own_checks import contradictions
from jobcenter.planner.own_form import (
    BY_CODE,
    CODE_ROW,
    FIRST_COLUMN,
    FIRST_ROW,
    MARK,
    SHEETS,
    VERSION,
    Answers,
    Column,
    Sheet,
    cell_name,
    place,
)
from sim.errors import Problem, UserError

TEMPLATE: Final = "jobcenter new template"
YEARS: Final = (2016, 2100)
EMPTY: Final = "empty"  # told once for a sheet, with every cell


def read_workbook(path: Path) -> Answers:
    """The entries of a workbook.

    Raises UserError for a file that is no such workbook, one of another version, and with every wrong cell: moved rows,
    merged cells, empty or text cells, numbers out of bounds, entries that contradict each other.
    """
    values = _opened(path)
    formulas = cache(lambda: _opened(path, False))  # asked for only where a cell looks empty
    _version(path, values)
    problems: list[Problem] = []
    found: dict[tuple[str, str, str], float | str] = {}
    for sheet in SHEETS:
        if sheet.tab not in values.sheetnames:
            problems.append(
                _problem(
                    path,
                    sheet.tab,
                    "",
                    f"the sheet is missing; there are: {', '.join(values.sheetnames)}. Copy your"
                    f" entries into a new workbook: {TEMPLATE}",
                )
            )
            continue
        page = values[sheet.tab]
        moved = list(_moved(path, sheet, page))
        merged = list(_merged(path, sheet, page))
        problems += moved + merged
        if not moved and not merged:
            _read_sheet(path, sheet, page, formulas, found, problems)
    if not problems:
        answers = Answers(found, path.name, example=_is_example(values))
        problems = [
            _problem(path, BY_CODE[sheet].tab, place(BY_CODE[sheet], row, column), said)
            for (sheet, row, column), said in contradictions(answers)
        ]
    if problems:
        raise UserError(problems)
    return answers


def _problem(path: Path, tab: str, cell: str, said: str) -> Problem:
    """A problem whose place is a cell: 'numbers.xlsx: Ydelser!C6: ...'."""
    return Problem(str(path), None, None, f"{tab}!{cell}: {said}" if cell else f"{tab}: {said}")


def _opened(path: Path, results: bool = True) -> Any:
    """The workbook with the results its formulas had when it was saved, or with the formulas themselves."""
    import openpyxl

    try:
        return openpyxl.load_workbook(path, data_only=results)
    except FileNotFoundError:
        raise UserError(f"{path}: no such workbook; make an empty one with: {TEMPLATE}") from None
    except (
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        OSError,
        openpyxl.utils.exceptions.InvalidFileException,
    ):
        raise UserError(
            f"{path}: is no workbook that can be read; save it as .xlsx, from one made with: {TEMPLATE}"
        ) from None


def _version(path: Path, book: Any) -> None:
    said = str(book.worksheets[0]["A1"].value or "")
    match = re.fullmatch(rf"{MARK} (\d+)", said)
    if match is None:
        raise UserError(
            f"{path}: {book.sheetnames[0]}!A1: found '{said}', '{MARK} {VERSION}' belongs here; fill in a workbook made"
            f" with: {TEMPLATE}"
        )
    if int(match[1]) != VERSION:
        age = "an older" if int(match[1]) < VERSION else "a newer"
        raise UserError(
            f"{path}: {book.sheetnames[0]}!A1: made by {age} version of the template ({match[1]}), this program reads"
            f" {VERSION}; copy your entries into a new one: {TEMPLATE}"
        )


def _is_example(book: Any) -> bool:
    """Whether some sheet still says that it holds the worked example."""
    return any(bool(book[sheet.tab]["B3"].value) for sheet in SHEETS)


def _moved(path: Path, sheet: Sheet, page: Any) -> Iterator[Problem]:
    """Rows and columns that no longer stand where the template has them."""
    for k, column in enumerate(sheet.columns):
        at = cell_name(CODE_ROW, FIRST_COLUMN + k)
        if page[at].value != column.code:
            said = f"found '{page[at].value or ''}', the column '{column.code}' belongs here; undo the move of columns"
            yield _problem(path, sheet.tab, at, said)
    for r, row in enumerate(sheet.rows):
        at = cell_name(FIRST_ROW + r, 1)
        if page[at].value != row:
            said = f"found '{page[at].value or ''}', the row '{row}' belongs here; undo the move of rows"
            yield _problem(path, sheet.tab, at, said)


def _merged(path: Path, sheet: Sheet, page: Any) -> Iterator[Problem]:
    last = FIRST_COLUMN + len(sheet.columns) - 1
    for span in page.merged_cells.ranges:
        if span.max_row >= CODE_ROW and span.min_col <= last:
            yield _problem(
                path, sheet.tab, str(span), "these cells are merged; unmerge them and fill in each one"
            )


def _read_sheet(
    path: Path, sheet: Sheet, page: Any, formulas: Callable[[], Any], found: dict[tuple[str, str, str], float | str],
    problems: list[Problem],
) -> None:  # fmt: skip
    empty: list[str] = []
    for row in sheet.rows:
        for column in sheet.columns:
            at = place(sheet, row, column.code)
            value = page[at].value
            if value is None and str(formulas()[sheet.tab][at].value or "").startswith("="):
                text = "a formula without a stored result; open the workbook in a spreadsheet and save it"
                problems.append(_problem(path, sheet.tab, at, f"{row}, {column.code}: {text}"))
                continue
            said = _wrong(sheet, row, column, value)
            if said == EMPTY:
                empty.append(at)
            elif said:
                problems.append(_problem(path, sheet.tab, at, said))
            elif value is not None and str(value).strip():
                found[sheet.code, row, column.code] = (
                    value.strip() if isinstance(value, str) else float(value)
                )
    if empty:
        what = "is" if len(empty) == 1 else "are"
        said = f"{what} empty; fill in every yellow cell (0 where there is none)"
        problems.append(_problem(path, sheet.tab, ", ".join(empty), said))


def _wrong(sheet: Sheet, row: str, column: Column, value: Any) -> str:
    """What is wrong with a cell by itself; '' when nothing is."""
    kind = sheet.kind(row, column)
    what = f"{row}, {column.code}" if column.code != "value" else row
    if value is None or not str(value).strip():
        return EMPTY if sheet.needed(row, column) else ""
    if kind == "text":
        return "" if isinstance(value, str) else f"{what}: found {value!r}, a name belongs here"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return (
            f"{what}: found '{value}', which is text; a number belongs here (no unit, no thousands separator)"
        )
    return _out_of_bounds(kind, what, float(value))


def _out_of_bounds(kind: str, what: str, value: float) -> str:
    if kind == "share" and not 0 <= value <= 1:
        percent = f"; if {value:g} per cent is meant, write {value:g} %" if 1 < value <= 100 else ""
        return f"{what}: found {value:g}, a share from 0 to 100 % belongs here{percent}"
    if value < 0:
        return f"{what}: found {value:g}, a number of 0 or more belongs here"
    if kind == "whole" and (value != round(value) or value < 1):
        return f"{what}: found {value:g}, a whole number of 1 or more belongs here"
    if kind == "year" and (value != round(value) or not YEARS[0] <= value <= YEARS[1]):
        return f"{what}: found {value:g}, a year from {YEARS[0]} to {YEARS[1]} belongs here"
    if kind == "posts" and 4 * value != round(4 * value):
        return f"{what}: found {value:g}, full-time posts come in quarters (0.25, 0.5, ...)"
    return ""
