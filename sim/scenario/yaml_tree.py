"""YAML files as plain trees of dict, list and text, with the place of every key and value.

Every scalar stays text until the schema says what it is, so `NO` is not False and `2027-W01` is no arithmetic; only an
empty value, `null` and `~` become None. PyYAML's C composer is used directly: 1,700 lines take about 15 ms.
"""

from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path as FilePath
from typing import Any, Final, NamedTuple

import yaml

from sim.errors import Problem, UserError

Path = tuple[str | int, ...]
_TEXT_TAG: Final = "tag:yaml.org,2002:str"
_MAX_NODES: Final = 500_000  # a small file of nested aliases can unfold without end


class Spot(NamedTuple):
    """A position inside a file, counted from 0 as YAML marks are."""

    line: int
    column: int


class Place(NamedTuple):
    """Where an entry stands: its file, the spot of its key and the spot of its value (None: not from a file)."""

    file: str
    key: Any
    value: Any


@dataclass
class Tree:
    """Plain values plus the place of every entry by its path."""

    root: Any
    places: dict[Path, Place] = field(default_factory=dict)

    def problem(self, path: Path, message: str, key: bool = False) -> Problem:
        """A problem at a path, or at the nearest entry around it that has a place."""
        probe = path
        while probe and probe not in self.places:
            probe, key = probe[:-1], True
        place = self.places.get(probe)
        if place is None:
            return Problem("", None, None, message)
        spot = place.key if key else place.value
        if spot is None:
            return Problem(place.file, None, None, message)
        return Problem(place.file, spot.line + 1, spot.column + 1, message)


def dotted(path: Path) -> str:
    """A path as users write it: municipality.staff.teams.young.fte."""
    return ".".join(str(part) for part in path)


def nearest(name: str, known: Any) -> str:
    """The hint after an unknown name: the nearest known one, then all that are allowed."""
    names = [str(item) for item in known]
    close = get_close_matches(str(name), names, 1, 0.68)  # odense is no misspelt hedensted
    meant = f", did you mean '{close[0]}'?" if close else "."
    shown = (
        names
        if len(names) <= 24
        else [*get_close_matches(str(name), names, 8, 0.3), f"... ({len(names)} in all)"]
    )
    return f"{meant} allowed: {', '.join(shown) if shown else 'none'}"


class _Builder:
    """Turns composed nodes into plain values and notes where each stood."""

    def __init__(self, file: str):
        self.file = file
        self.places: dict[Path, Place] = {}
        self.problems: list[Problem] = []
        self.open: set[int] = set()

    def wrong(self, mark: Any, message: str) -> None:
        self.problems.append(Problem(self.file, mark.line + 1, mark.column + 1, message))

    def build(self, node: yaml.Node, path: Path) -> Any:
        if len(self.places) > _MAX_NODES:
            self.wrong(
                node.start_mark, f"more than {_MAX_NODES} entries; aliases (*name) may be nested too deeply"
            )
            raise UserError(self.problems)
        if isinstance(node, yaml.ScalarNode):
            if node.tag != _TEXT_TAG and node.tag != "!":
                self.wrong(node.start_mark, f"the tag {node.tag!r} is not understood; write the plain value")
            text: str = node.value
            return None if not node.style and text in ("", "~", "null") else text
        if id(node) in self.open:
            self.wrong(node.start_mark, "an alias (*name) stands inside the entry it points to")
            return None
        self.open.add(id(node))
        value = self.mapping(node, path) if isinstance(node, yaml.MappingNode) else self.sequence(node, path)
        self.open.discard(id(node))
        return value

    def mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.wrong(key_node.start_mark, "a key must be plain text")
                continue
            key = key_node.value
            child = (*path, key)
            if key in out:
                first = self.places[child].key.line + 1
                self.wrong(key_node.start_mark, f"duplicate key '{key}'; it already stands in line {first}")
                continue
            self.places[child] = Place(self.file, key_node.start_mark, value_node.start_mark)
            out[key] = self.build(value_node, child)
        return out

    def sequence(self, node: yaml.Node, path: Path) -> list[Any]:
        out: list[Any] = []
        for number, item in enumerate(node.value):
            child = (*path, number)
            self.places[child] = Place(self.file, item.start_mark, item.start_mark)
            out.append(self.build(item, child))
        return out


def parse(text: str, file: str) -> Tree:
    """A tree from YAML text; `file` names it in messages. Raises UserError with every duplicate key found."""
    loader = yaml.CBaseLoader(text)
    try:
        node = loader.get_single_node()
    except yaml.MarkedYAMLError as wrong:
        mark = wrong.problem_mark or wrong.context_mark
        what = f"cannot be read as YAML: {wrong.problem or wrong.context}"
        if "quoted scalar" in (wrong.context or "") and "end of stream" in (wrong.problem or ""):
            mark, what = wrong.context_mark, "cannot be read as YAML: the quote opened here is never closed"
        elif "\t" in text:
            what += "; indent with blanks, not with tabs"
        line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
        raise UserError([Problem(file, line, column, what)]) from None
    except yaml.YAMLError as wrong:
        raise UserError([Problem(file, None, None, f"cannot be read as YAML: {wrong}")]) from None
    finally:
        loader.dispose()
    if node is None:
        raise UserError([Problem(file, 1, None, "the file is empty")])
    builder = _Builder(file)
    builder.places[()] = Place(file, node.start_mark, node.start_mark)
    root = builder.build(node, ())
    if builder.problems:
        raise UserError(builder.problems)
    return Tree(root, builder.places)


def display(path: FilePath) -> str:
    """A path as short as it can be said from here."""
    try:
        return str(path.resolve().relative_to(FilePath.cwd()))
    except ValueError:
        return str(path)


def read(path: FilePath) -> Tree:
    """A tree from a file; the same text is parsed once per process. Treat the tree as read-only."""
    shown = display(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise UserError([Problem(shown, None, None, f"is not UTF-8 text (byte {wrong.start})")]) from None
    except OSError as wrong:
        raise UserError([Problem(shown, None, None, f"cannot be read ({wrong.strerror or wrong})")]) from None
    return _parsed(text, shown)


# By the text, not by the file's date: two changes can fall into one tick of the file system's clock.
_parsed = lru_cache(maxsize=256)(parse)
