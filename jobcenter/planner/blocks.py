"""What a paper is made of, whatever it is written as: headings, sentences, tables, figures."""

from dataclasses import dataclass
from typing import Literal, Self


class Number(str):
    """A number as its reader reads it, which knows its value: a spreadsheet holds the value, all else the text.

    `form` is how a spreadsheet shows it. Joined to other words it is plain text.
    """

    value: float
    form: str

    def __new__(cls, text: str, value: float, form: str) -> Self:
        made = super().__new__(cls, text)
        made.value, made.form = value, form
        return made

    def marked(self, after: str = "", before: str = "") -> "Number":
        """With a sign beside it that is no part of the value."""
        quoted = [f'"{sign}"' if sign else "" for sign in (before, after)]
        form = ";".join(f"{quoted[0]}{part}{quoted[1]}" for part in self.form.split(";"))
        return Number(f"{before}{self}{after}", self.value, form)


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 opens the paper."""

    text: str
    level: int = 2


@dataclass(frozen=True)
class Text:
    """A paragraph. `kind`: plain, lead (large), warning, small."""

    text: str
    kind: Literal["plain", "lead", "warning", "small"] = "plain"


@dataclass(frozen=True)
class Bullets:
    """Sentences, each one point."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table; the first `left` columns hold words. `bold`: numbers of rows that open a part or sum up. `key` names its
    sheet. Cells are text as read; a `Number` is one on its sheet too."""

    key: str
    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: int = 1
    bold: frozenset[int] = frozenset()
    note: str = ""
    words_last: bool = False  # the last column holds words too, and the room that is left


@dataclass(frozen=True)
class Figure:
    """A drawing: its SVG text and PNG bytes."""

    name: str
    svg: str
    png: bytes
    caption: str


@dataclass(frozen=True)
class NewPage:
    """What follows begins on a page of its own."""


Block = Heading | Text | Bullets | Table | Figure | NewPage


@dataclass(frozen=True)
class Paper:
    """All blocks in order, with what stands at the foot of every page."""

    title: str
    language: str
    blocks: tuple[Block, ...]
    foot: str
