"""Reads HISTORY.csv: who was on what in which week, one row per person, week and status.

Columns: person, iso_week (2016-W01), status (a benefit's code name, self_support, subsidised_job, education,
on_leave or other); optional benefit_oere (whole øre), activity, spell_week. Plain csv, so that the calculator
starts at once.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from sim.calendar import iso, week_of
from sim.codes import (
    ACT_NONE,
    ACT_WAGE_SUBSIDY,
    ACTIVITIES,
    BENEFITS,
    EDUCATION,
    FIRST_BENEFIT,
    ON_LEAVE,
    OUTSIDE,
    STATUSES,
    SUBSIDISED_JOB,
)
from sim.errors import UserError

REQUIRED: Final = ("person", "iso_week", "status")
OPTIONAL: Final = ("benefit_oere", "activity", "spell_week")
OTHER: Final = len(STATUSES)  # a week that is neither benefit nor self-support, not further known
_STATUS: Final = {
    **{name: FIRST_BENEFIT + code for code, name in enumerate(BENEFITS)},
    "self_support": OUTSIDE,
    "subsidised_job": SUBSIDISED_JOB,
    "education": EDUCATION,
    "on_leave": ON_LEAVE,
    "other": OTHER,
}
_ACTIVITY: Final = {name: code for code, name in enumerate(ACTIVITIES)} | {"": ACT_NONE}


@dataclass
class History:
    """The rows as columns in the order of the file, and the order in which they are lived.

    `order` lists row numbers by person (first seen first), then week; `person` numbers people from 0;
    `spell_week` is 0 where the file is silent; `amount` is empty when the file has no benefit_oere.
    """

    path: str
    header: list[str]
    delimiter: str
    cells: list[list[str]]
    line: list[int]
    names: list[str]
    person: list[int]
    week: list[int]
    status: list[int]
    activity: list[int]
    spell_week: list[int]
    amount: list[int]
    order: list[int]
    filled_weeks: int = 0

    @property
    def has_amounts(self) -> bool:
        """Whether the file says what was paid."""
        return bool(self.amount)


def _header(path: str, found: list[str]) -> dict[str, int]:
    allowed = REQUIRED + OPTIONAL
    for at, name in enumerate(found):
        if name not in allowed:
            close = get_close_matches(name, allowed, 1)
            hint = f"; did you mean '{close[0]}'?" if close else "."
            raise UserError(f"{path}:1: unknown column '{name}'{hint} Allowed: {', '.join(allowed)}")
        if name in found[:at]:
            raise UserError(f"{path}:1: column '{name}' stands twice")
    for name in REQUIRED:
        if name not in found:
            raise UserError(f"{path}:1: column '{name}' is missing; needed: {', '.join(REQUIRED)}")
    return {name: at for at, name in enumerate(found)}


def _whole(text: str, low: int, where: str, what: str) -> int:
    try:
        value = int(text)
    except ValueError:
        raise UserError(f"{where}: {what} must be a whole number, found {text!r}") from None
    if value < low:
        raise UserError(f"{where}: {what} must be at least {low}, found {value}")
    return value


def _lines(path: Path) -> Iterator[str]:
    """The text lines of the file; a byte that is no UTF-8 or is zero stops the reading with a message."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from file
    except UnicodeDecodeError:
        raise UserError(f"{path}: not UTF-8 text; save the table as CSV UTF-8") from None
    except OSError as wrong:
        raise UserError(f"{path}: cannot be read ({wrong.strerror or wrong})") from None


def read_history(path: Path, gaps: str | None = None) -> History:
    """Reads and checks the file. `gaps` says what weeks without a row are (self_support, other); None: an error."""
    lines = _lines(path)
    first = next(lines, "")
    delimiter = ";" if ";" in first and "," not in first else ","
    header = [name.strip() for name in next(csv.reader([first], delimiter=delimiter), [])]
    name = str(path)
    if not header:
        raise UserError(
            f"{name}:1: the file is empty; the first line must name columns: {', '.join(REQUIRED)}"
        )
    at = _header(name, header)
    history = History(name, header, delimiter, [], [], [], [], [], [], [], [], [], [])
    try:
        _read_rows(history, csv.reader(lines, delimiter=delimiter), at)
    except csv.Error as wrong:
        raise UserError(f"{name}: not readable as CSV: {wrong}") from None
    if not history.cells:
        raise UserError(f"{name}:2: no rows; one row per person and week is needed")
    person, week = history.person, history.week
    history.order = sorted(range(len(week)), key=lambda row: (person[row], week[row]))
    _check_gaps(history, gaps)
    return history


def _read_rows(history: History, reader: Iterator[list[str]], at: dict[str, int]) -> None:
    """Fills the columns, each cell checked; the same status and activity may not stand twice in a week."""
    width = len(at)
    i_person, i_week, i_status = at["person"], at["iso_week"], at["status"]
    i_amount, i_activity, i_spell = (at.get(key, -1) for key in OPTIONAL)
    weeks: dict[str, int] = {}
    people: dict[str, int] = {}
    seen: dict[tuple[int, int, int, int], int] = {}
    for cells in reader:
        line = reader.line_num + 1  # type: ignore[attr-defined]  # the header was read before
        if not cells:
            continue
        where = f"{history.path}:{line}"
        if len(cells) != width:
            raise UserError(f"{where}: {len(cells)} cells where the header names {width} columns")
        label = cells[i_week].strip()
        week = weeks.get(label, -1)
        if week < 0:
            try:
                week = weeks[label] = week_of(label)
            except ValueError as wrong:
                raise UserError(f"{where}: iso_week: {wrong}") from None
        who = cells[i_person].strip()
        if not who:
            raise UserError(f"{where}: person is empty; every row needs a person's name or number")
        person = people.setdefault(who, len(people))
        word = cells[i_status].strip()
        status = _STATUS.get(word, -1)
        if status < 0:
            close = get_close_matches(word, _STATUS, 1)
            hint = f"; did you mean '{close[0]}'?" if close else "."
            raise UserError(f"{where}: status '{word}' is not known{hint} Allowed: {', '.join(_STATUS)}")
        on_benefit = FIRST_BENEFIT <= status < OTHER
        activity = ACT_NONE
        if i_activity >= 0:
            word = cells[i_activity].strip()
            activity = _ACTIVITY.get(word, -1)
            if activity < 0:
                raise UserError(
                    f"{where}: activity '{word}' is not known. Allowed: {', '.join(ACTIVITIES)}, or empty"
                )
            subsidised = status == SUBSIDISED_JOB and activity == ACT_WAGE_SUBSIDY
            if activity != ACT_NONE and not on_benefit and not subsidised:
                raise UserError(
                    f"{where}: activity '{word}' stands on a row without a benefit; leave it empty"
                )
        key = (person, week, status, activity)
        if key in seen:
            raise UserError(
                f"{where}: the same person, week, status and activity already stand in line {seen[key]};"
                " remove the copy, or add the two amounts together in one row"
            )
        seen[key] = line
        if i_amount >= 0:
            text = cells[i_amount].strip()
            if text or on_benefit:
                if not text:
                    raise UserError(
                        f"{where}: benefit_oere is empty on a benefit row; write 0 if nothing was paid"
                    )
                amount = _whole(text, 0, where, "benefit_oere (whole øre)")
                if amount and not on_benefit:
                    raise UserError(
                        f"{where}: benefit_oere on a row without a benefit; put it on the benefit's own row"
                        " (wage subsidy: the benefit's row with activity wage_subsidy)"
                    )
            history.amount.append(amount if on_benefit else 0)
        spell = 0
        if i_spell >= 0:
            text = cells[i_spell].strip()
            if text:
                if not on_benefit:
                    raise UserError(f"{where}: spell_week on a row without a benefit; leave it empty")
                spell = _whole(text, 1, where, "spell_week")
        history.cells.append(cells)
        history.line.append(line)
        history.person.append(person)
        history.week.append(week)
        history.status.append(status)
        history.activity.append(activity)
        history.spell_week.append(spell)
    history.names = list(people)


def _check_gaps(history: History, gaps: str | None) -> None:
    """Counts weeks without a row between a person's first and last; unless told how to fill them, an error."""
    last_person, last_week = -1, 0
    for row in history.order:
        person, week = history.person[row], history.week[row]
        if person == last_person and week > last_week + 1:
            missing = week - last_week - 1
            if gaps is None:
                span = iso(last_week + 1) if missing == 1 else f"{iso(last_week + 1)} to {iso(week - 1)}"
                raise UserError(
                    f"{history.path}:{history.line[row]}: person {history.names[person]} has no row for"
                    f" {span} ({missing} week{'s' if missing > 1 else ''}); add the rows, or say what weeks"
                    " without a row are with --gaps self_support or --gaps other"
                )
            history.filled_weeks += missing
        last_person, last_week = person, week
