"""What a paper is made of, whatever it is written as: headings, sentences, tables, figures."""

from dataclasses import dataclass
from typing import Literal


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
    sheet. Cells are text as read; `numbers` holds (row, column) -> value where a sheet should hold a number."""

    key: str
    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: int = 1
    bold: frozenset[int] = frozenset()
    note: str = ""
    words_last: bool = False  # the last column holds words too, and the room that is left
    numbers: tuple[tuple[int, int, float], ...] = ()


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
