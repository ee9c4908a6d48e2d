"""The workbook of a municipality's own numbers as data: sheets, rows, columns, and what each cell may hold.

Only what a budget office has at hand is asked. Rows and columns carry the program's names beside the words, so that a
sheet whose rows were moved is noticed. Written by `own_template`, read by `own_workbook`.
"""

from dataclasses import dataclass
from typing import Final, Literal

from sim.codes import BENEFITS, POTS, TEAMS

VERSION: Final = 1
MARK: Final = "jobcenter-sim"
FIRST_ROW, FIRST_COLUMN = (
    6,
    3,
)  # of the entries, counted from 1; row 4 holds names of columns, column 1 names of rows
CODE_ROW, WORD_ROW = 4, 5
STEPS: Final = {"step_80": 0.8, "step_40": 0.4, "step_30": 0.3, "step_20": 0.2}
OFFICE: Final = (
    "company_consultants_fte", "mentors_fte", "managers_fte", "administration_fte", "cost_per_fte_kr_year",
    "caseworkers_left", "sick_days_per_year", "weeks_to_fill",
)  # fmt: skip
PRICES: Final = (
    "placement_setup_hours", "course_week_kr", "external_week_kr", "mentor_hour_kr", "wage_subsidy_hour_kr",
)  # fmt: skip
PEOPLE: Final = ("name", "inhabitants", "residents_16_66", "accounts_year", "budget_year")

Kind = Literal["text", "whole", "number", "share", "posts", "year"]


@dataclass(frozen=True)
class Column:
    """One column of entries."""

    code: str
    kind: Kind = "number"
    needed: bool = True


@dataclass(frozen=True)
class Sheet:
    """One sheet: a table with a row for each name. `kinds`, `optional`: rows that differ from their column."""

    code: str
    tab: str  # the same in every language, so that a workbook is found again
    rows: tuple[str, ...]
    columns: tuple[Column, ...]
    kinds: tuple[tuple[str, Kind], ...] = ()
    optional: tuple[str, ...] = ()

    def kind(self, row: str, column: Column) -> Kind:
        """What a cell holds."""
        return dict(self.kinds).get(row, column.kind)

    def needed(self, row: str, column: Column) -> bool:
        """Whether a cell must be filled in."""
        return column.needed and row not in self.optional


def _account(year: str) -> tuple[Column, ...]:
    return (
        Column(f"{year}_persons"),
        Column(f"{year}_month_kr"),
        Column(f"{year}_share", "share"),
        Column(f"{year}_net_tkr", needed=False),
    )


SHEETS: Final = (
    Sheet("people", "Kommune", PEOPLE, (Column("value", "whole"),),
          kinds=(("name", "text"), ("accounts_year", "year"), ("budget_year", "year")), optional=("residents_16_66",)),
    Sheet("benefits", "Ydelser", BENEFITS, (*_account("accounts"), *_account("budget"))),
    Sheet("steps", "Refusion", BENEFITS,
          (*(Column(step, "share") for step in STEPS), Column("older", "share", needed=False),
           Column("older_state", "share", needed=False))),
    Sheet("teams", "Sagsbehandlere", TEAMS, (Column("fte", "posts"), Column("clients"))),
    Sheet("office", "Andre medarbejdere", OFFICE, (Column("value"),),
          kinds=tuple((name, "posts") for name in OFFICE[:4]), optional=OFFICE[6:]),
    Sheet("measures", "Indsats", POTS, (Column("accounts_tkr"), Column("budget_tkr"))),
    Sheet("prices", "Priser", PRICES, (Column("value", needed=False),)),
    Sheet("targets", "Målgrupper", BENEFITS,
          (Column("entries_year", needed=False), Column("target_persons", needed=False))),
)  # fmt: skip
BY_CODE: Final = {sheet.code: sheet for sheet in SHEETS}


def cell_name(row: int, column: int) -> str:
    """'C6' for (6, 3): both counted from 1, at most 26 columns."""
    return f"{chr(ord('A') + column - 1)}{row}"


def place(sheet: Sheet, row: str, column: str) -> str:
    """The cell of an entry."""
    at = [one.code for one in sheet.columns].index(column)
    return cell_name(FIRST_ROW + sheet.rows.index(row), FIRST_COLUMN + at)


@dataclass(frozen=True)
class Answers:
    """What a workbook holds: (sheet, row, column) -> number or text; an empty cell that may be is not there."""

    values: dict[tuple[str, str, str], float | str]
    source: str  # the workbook's name, or what stands for it
    example: bool = False  # the worked example, or scaled from it: nobody's accounts

    def number(self, sheet: str, row: str, column: str = "value", default: float = 0.0) -> float:
        """A number, or the default where the cell was left empty."""
        return float(self.values.get((sheet, row, column), default))

    def has(self, sheet: str, row: str, column: str = "value") -> bool:
        """Whether the cell was filled in."""
        return (sheet, row, column) in self.values

    @property
    def name(self) -> str:
        """The municipality's name."""
        return str(self.values["people", "name", "value"])
