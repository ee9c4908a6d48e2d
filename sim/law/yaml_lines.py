"""YAML tables that remember the line each key stands on, so that a message can name it."""

from pathlib import Path
from typing import Any

import yaml

from sim.errors import UserError


class Table(dict[str, Any]):
    """A mapping from a file; `at(key)` is the line the key stands on."""

    line = 1

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[str, int] = {}

    def at(self, key: str) -> int:
        """Line of a key, or of the table when the key is not there."""
        return self.lines.get(key, self.line)


class _Loader(yaml.CSafeLoader):
    """Safe YAML whose tables keep their lines and refuse repeated keys."""


def _table(loader: _Loader, node: yaml.MappingNode) -> Table:
    out = Table()
    out.line = node.start_mark.line + 1
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        line = key_node.start_mark.line + 1
        if not isinstance(key, str):
            raise UserError(f"{line}: a key must be a word, found {key!r}")
        if key in out:
            raise UserError(f"{line}: '{key}' stands twice in the same table, first in line {out.lines[key]}")
        out[key] = loader.construct_object(value_node, deep=True)
        out.lines[key] = line
    return out


_Loader.add_constructor("tag:yaml.org,2002:map", _table)


def load_tables(path: Path) -> Table:
    """The file as tables that know their lines."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(f"{path}: not UTF-8 text") from None
    except OSError as wrong:
        raise UserError(f"{path}: cannot be read ({wrong.strerror or wrong})") from None
    try:
        tree = yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as wrong:
        line = wrong.problem_mark.line + 1 if wrong.problem_mark else 1
        raise UserError(f"{path}:{line}: not readable as YAML: {wrong.problem}") from None
    except yaml.YAMLError as wrong:
        raise UserError(f"{path}: not readable as YAML: {wrong}") from None
    except UserError as wrong:
        raise UserError(f"{path}:{wrong}") from None
    if not isinstance(tree, Table):
        raise UserError(f"{path}:1: the file must be a table of keys (name, meaning, ladder or rules, ...)")
    return tree
