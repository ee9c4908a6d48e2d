"""Numbers as a budget planner reads them: unit, sign, calculation error; and tables made of such cells."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

MINUS: Final = "\u2212"
MIO: Final = 1e6
SMALL_KR: Final = 1e6  # a row whose differences all stay below it is told in 1,000 kr.
UNKNOWN: Final = "\u2013"


@dataclass(frozen=True)
class Cell:
    """One number in a table. `tone`: better, worse, unclear (cannot be told from zero), or nothing."""

    text: str
    error: str = ""
    tone: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Row:
    """A measure: name, unit, the base's level, a cell for each scenario. `part` opens a new part of the table."""

    label: str
    unit: str = ""
    base: str = ""
    cells: tuple[Cell, ...] = ()
    part: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Column:
    """A scenario as a column: its words, its colour in the figures, its class."""

    name: str
    text: str
    colour: str
    group: str = ""


@dataclass(frozen=True)
class Table:
    """Rows by scenarios; `groups` are headings over neighbouring columns (text, how many)."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    groups: tuple[tuple[str, int], ...] = ()
    base: str = "baseline"
    has_base: bool = True
    corner: str = ""


def number(value: float, decimals: int = 0) -> str:
    """1,234.5 with a real minus; a dash where nothing is known; never minus zero."""
    if not math.isfinite(value):
        return UNKNOWN
    text = f"{value:,.{decimals}f}"
    if not any(digit in text for digit in "123456789"):
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def signed(value: float, decimals: int = 0) -> str:
    """A difference: always with its sign, and plain 0 when it is exactly nothing."""
    if not math.isfinite(value):
        return UNKNOWN
    if value == 0.0:
        return "0"
    text = number(value, decimals)
    return text if text.startswith(MINUS) or not any(c in text for c in "123456789") else f"+{text}"


def percent(share: float, decimals: int = 0) -> str:
    """A share as 12 %."""
    return f"{number(100.0 * share, decimals)} %" if math.isfinite(share) else UNKNOWN


def tone_of(difference: float, half: float, better: int) -> str:
    """How a difference may be read: unclear within its calculation error, else by the direction that is wanted."""
    if not math.isfinite(difference) or difference == 0.0:
        return ""
    if math.isfinite(half) and abs(difference) <= half:
        return "unclear"
    if not better or not math.isfinite(half):
        return ""
    return "better" if difference * better > 0 else "worse"


def cell(difference: float, half: float, decimals: int, better: int = 0) -> Cell:
    """A difference with its calculation error; the error is not shown where one run cannot tell it."""
    if not math.isfinite(difference):
        return Cell(
            UNKNOWN, hint="not known: nothing to divide by, or the horizon is too short to follow anybody"
        )
    shown = math.isfinite(half) and half > 0.0
    error = f"\u00b1 {number(half, decimals)}" if shown else ""
    return Cell(signed(difference, decimals), error, tone_of(difference, half, better))


def kroner_scale(differences: Sequence[float]) -> tuple[float, str, int]:
    """Divisor, unit and decimals for a row of kroner: mio. with one decimal, 1,000 kr. where all is small."""
    known = [abs(value) for value in differences if math.isfinite(value)]
    if known and 0.0 < max(known) < SMALL_KR:
        return 1e3, "1,000 kr.", 0
    return MIO, "mio. kr.", 1


def group_columns(columns: Sequence[Column]) -> tuple[tuple[str, int], ...]:
    """Neighbouring columns of one group under one heading."""
    groups: list[tuple[str, int]] = []
    for column in columns:
        if groups and groups[-1][0] == column.group:
            groups[-1] = (column.group, groups[-1][1] + 1)
        else:
            groups.append((column.group, 1))
    return tuple(groups)


def listing(parts: Sequence[str]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"
