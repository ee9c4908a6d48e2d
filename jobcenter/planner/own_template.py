"""Writes the workbook a budget office fills in: entry cells open and checked by the spreadsheet, the rest locked."""

import io
from typing import TYPE_CHECKING, Any, Final

from jobcenter.planner.own_form import (
    CODE_ROW,
    FIRST_COLUMN,
    FIRST_ROW,
    MARK,
    SHEETS,
    VERSION,
    WORD_ROW,
    Answers,
    Kind,
    Sheet,
)

if TYPE_CHECKING:
    from jobcenter.planner.words import Words

FORMATS: Final[dict[Kind, str]] = {
    "text": "@", "whole": "#,##0", "number": "#,##0.##", "share": "0.0%", "posts": "0.00", "year": "0",
}  # fmt: skip
ENTRY: Final = {"locked": False, "border": 1, "border_color": "#C8C8C8"}
# What the spreadsheet itself refuses; the reader asks again, with more questions.
CHECKS: Final[dict[Kind, dict[str, Any]]] = {
    "text": {"validate": "length", "criteria": ">", "value": 0},
    "whole": {"validate": "integer", "criteria": ">=", "value": 0},
    "number": {"validate": "decimal", "criteria": ">=", "value": 0},
    "share": {"validate": "decimal", "criteria": "between", "minimum": 0, "maximum": 1},
    "posts": {"validate": "decimal", "criteria": ">=", "value": 0},
    "year": {"validate": "integer", "criteria": "between", "minimum": 2016, "maximum": 2100},
}


def template(say: "Words", filled: Answers | None = None) -> bytes:
    """The workbook: empty, or filled in with the worked example, which is said on every sheet."""
    import xlsxwriter

    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False})
    made = {
        "title": book.add_format({"bold": True, "font_size": 14}),
        "help": book.add_format({"text_wrap": True, "valign": "top"}),
        "warning": book.add_format({"bold": True, "font_color": "#B00020"}),
        "code": book.add_format({"font_color": "#9A9A9A", "font_size": 8}),
        "word": book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1}),
        "label": book.add_format({}),
    }
    for sheet in SHEETS:
        _write_sheet(book, book.add_worksheet(sheet.tab), sheet, say, filled, made)
    book.close()
    return buffer.getvalue()


def _write_sheet(
    book: Any, page: Any, sheet: Sheet, say: "Words", filled: Answers | None, made: dict[str, Any]
) -> None:
    page.protect("", {"format_columns": True})
    page.set_column(0, 0, 9)
    page.set_column(1, 1, 46)
    page.set_column(2, 1 + len(sheet.columns), 17)
    page.set_row(1, 48)
    page.set_row(WORD_ROW - 1, 48)
    page.write_string(0, 0, f"{MARK} {VERSION}", made["code"])
    page.write_string(0, 1, say(f"form.{sheet.code}"), made["title"])
    page.merge_range(1, 1, 1, 2 + max(3, len(sheet.columns)), say(f"form.{sheet.code}.help"), made["help"])
    if filled is not None and filled.example:
        page.write_string(2, 1, say("form.example"), made["warning"])
    for k, column in enumerate(sheet.columns):
        page.write_string(CODE_ROW - 1, FIRST_COLUMN - 1 + k, column.code, made["code"])
        page.write_string(WORD_ROW - 1, FIRST_COLUMN - 1 + k, say(f"form.column.{column.code}"), made["word"])
    for r, row in enumerate(sheet.rows):
        at = FIRST_ROW - 1 + r
        page.write_string(at, 0, row, made["code"])
        page.write_string(at, 1, _label(sheet, row, say), made["label"])
        for k, column in enumerate(sheet.columns):
            kind, needed = sheet.kind(row, column), sheet.needed(row, column)
            colour = "#FFF8E1" if needed else "#F4F6F8"
            cell = book.add_format({**ENTRY, "num_format": FORMATS[kind], "bg_color": colour})
            value = None if filled is None else filled.values.get((sheet.code, row, column.code))
            if value is None:
                page.write_blank(at, FIRST_COLUMN - 1 + k, None, cell)
            else:
                page.write(at, FIRST_COLUMN - 1 + k, value, cell)
            check = {**CHECKS[kind], "ignore_blank": True, "error_message": say(f"form.kind.{kind}")}
            page.data_validation(at, FIRST_COLUMN - 1 + k, at, FIRST_COLUMN - 1 + k, check)
    page.freeze_panes(FIRST_ROW - 1, FIRST_COLUMN - 1)


def _label(sheet: Sheet, row: str, say: "Words") -> str:
    if sheet.code in ("benefits", "steps", "targets"):
        return say.name("benefit", row)
    return pot_label(row, say) if sheet.code == "measures" else say(f"form.row.{row}")


def pot_label(pot: str, say: "Words") -> str:
    """A pot as the budget calls it, with its account; a team has the same name as one of them."""
    return say("form.row.integration_pot" if pot == "integration" else f"form.row.{pot}")
