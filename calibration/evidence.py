"""Where a number of the model comes from: value, range, status, evidence, where it enters, prior and posterior.

Nothing here simulates; files are read and the sources of the model are searched for the parameter's name.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from calibration.evidence_rows import evidence_rows
from sim.errors import UserError
from sim.scenario import Scenario, yaml_tree

if TYPE_CHECKING:
    import pandas as pd

NEAR: Final = 0.01  # of an end of a range: a value so near it is at it
_QUANTILES: Final = (0.05, 0.5, 0.95)


@dataclass(frozen=True)
class Parameter:
    """One number of the model with what is known of it."""

    name: str
    value: float | str
    low: float | None
    high: float | None
    unit: str
    distribution: str
    status: str
    evidence: tuple[str, ...]
    meaning: str
    source: str = ""
    file: str = ""  # file:line it is written in
    more: dict[str, str] = field(default_factory=dict)

    @property
    def end(self) -> str:
        """'low' or 'high' where the value lies within 1 % of that end of its range; '' elsewhere."""
        if self.low is None or self.high is None or self.low == self.high or isinstance(self.value, str):
            return ""
        ends = {"low": self.low, "high": self.high}
        return next((name for name, end in ends.items() if abs(self.value - end) <= NEAR * abs(end)), "")

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def parameters(scenario: Scenario) -> dict[str, Parameter]:
    """Behavioural numbers, the parts of the published effects, and every number of municipality and law that says
    where it comes from, by name."""
    out: dict[str, Parameter] = {}
    for name, row in scenario.behaviour_rows.items():
        out[name] = Parameter(
            name, scenario.behaviour[name], row.low, row.high, row.unit, row.distribution, row.status, row.evidence,
            row.meaning,
        )  # fmt: skip
    for effect, found in scenario.effects.items():
        share, dose = found.channel_share, found.dose
        more = {"study": found.study, "channel": found.channel, "groups": ", ".join(found.groups)}
        if found.note:
            more["solved"] = found.note
        for part, known, unit, meaning in (
            ("contrast", found.contrast, found.contrast.unit, found.study),
            ("channel_share", share, "share", share.meaning),
        ):
            name = f"effects.{effect}.{part}"
            out[name] = Parameter(
                name, known.value, known.low, known.high, unit, known.distribution, "inferred", found.evidence,
                meaning, more=more,
            )  # fmt: skip
        name = f"effects.{effect}.dose"
        out[name] = Parameter(
            name,
            dose.value,
            None,
            None,
            dose.unit,
            "fixed",
            found.status,
            found.evidence,
            dose.meaning,
            more=more,
        )
    tree = scenario.canonical()
    for name, told in scenario.provenance.items():
        value = _at(tree, name)
        if value is not None and name not in out:
            out[name] = Parameter(
                name, value, told.low, told.high, told.unit, "", told.status, (), told.note, told.source
            )
    return out


def _at(tree: Any, name: str) -> Any:
    for part in name.split("."):
        tree = tree.get(part) if isinstance(tree, dict) else None
        if tree is None:
            return None
    return tree if isinstance(tree, int | float | str) else None


def find(name: str, known: dict[str, Parameter]) -> list[Parameter]:
    """The parameters a name stands for: one, or all of a group; `behaviour.`, as `--set` writes it, may stand before.
    Raises UserError with the nearest known name."""
    if name not in known:
        name = name.removeprefix("behaviour.")
    if name in known:
        return [known[name]]
    group = [one for other, one in known.items() if other.startswith(f"{name}.")]
    if group:
        return group
    short = [one for other, one in known.items() if other.rsplit(".", 1)[-1] == name]
    if len(short) == 1:
        return short
    raise UserError(f"no parameter is called '{name}'{yaml_tree.nearest(name, known)}")


def written_in(parameter: Parameter, scenario: Scenario) -> str:
    """file:line of the parameter, or nothing where the file that holds it is not known."""
    first, *rest = parameter.name.split(".")
    for file in scenario.files_used:
        path = Path(file)
        for spot in ((first, *rest), ("effects", *rest) if first == "effects" else (), tuple(rest)):
            if not spot or not path.is_file():
                continue
            tree = yaml_tree.read(path)
            numbered = tuple(int(part) if part.isdigit() else part for part in spot)
            place = tree.places.get(spot) or tree.places.get(
                numbered
            )  # a year is a key, a place in a list a number
            if place is not None and first in (*_words(path), *spot[:1]):
                return f"{yaml_tree.display(path)}:{place.key.line + 1 if place.key else '?'}"
    return ""


def _words(path: Path) -> tuple[str, ...]:
    """What a file's numbers are called by: the folder it lies in, in the singular, and its own name."""
    return {"municipalities": "municipality"}.get(path.parent.name, path.parent.name), path.stem


@lru_cache(maxsize=1)
def _sources() -> tuple[tuple[str, str], ...]:
    """Text of the model's sources by file. Read, not imported."""
    spec = find_spec("sim")
    root = Path(next(iter((spec.submodule_search_locations or []) if spec else [])))
    return tuple(
        (f"sim/{path.relative_to(root).as_posix()}", path.read_text(encoding="utf-8"))
        for path in sorted(root.rglob("*.py"))
        if "scenario" not in path.relative_to(root).parts
    )


def enters(name: str) -> list[str]:
    """Where in the model a parameter is used: file:line (function)."""
    words = [f'"{name}"', f"'{name}'"]
    group, _, last = name.partition(".")
    if name.startswith("effects."):
        words = [f"effect.{name.rsplit('.', 1)[1]}.value"]
    elif name.startswith("municipality."):
        words = [f".{name.rsplit('.', 1)[1]}"]
    found = [place for word in words for place in _lines_with(re.escape(word) + r"(?!\w)")]
    if not found and not name.startswith("municipality.") and last:
        # A table filled in a loop: the name is put together there.
        begun = "|".join(re.escape(last[:k]) for k in range(len(last), -1, -1))
        found = list(_lines_with(re.escape(f'f"{group}.') + rf"(?:{begun})\{{"))
    return found


def _lines_with(pattern: str) -> Iterator[str]:
    looked_for = re.compile(pattern)
    for file, text in _sources():
        for found in looked_for.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            owner = _function_at(text, line)
            yield f"{file}:{line}" + (f" ({owner})" if owner else "")


@lru_cache(maxsize=256)
def _functions(text: str) -> tuple[tuple[int, int, str], ...]:
    """(first line, last line, name) of every function of a source, inner ones after those around them."""
    found = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    return tuple(sorted((node.lineno, node.end_lineno or node.lineno, node.name) for node in found))


def _function_at(text: str, line: int) -> str:
    """The innermost function a line stands in; empty outside all of them."""
    return next((name for first, last, name in reversed(_functions(text)) if first <= line <= last), "")


def informing(name: str) -> list[tuple[str, str]]:
    """Published experiments that informed a parameter, and those that gave its coefficient: (name, title)."""
    from calibration.published import read_all

    own = name.rsplit(".", 1)[0] if name.startswith("effects.") else name
    out = []
    for one in read_all():
        if own in one.file.informs:
            solves = one.file.solves is not None and own == f"effects.{one.file.solves.effect}"
            out.append((one.name, f"{one.file.title}{' (solves the dose)' if solves else ''}"))
    return out


def rows(parameter: Parameter) -> list[dict[str, str]]:
    """The evidence rows a parameter names."""
    table = evidence_rows()
    return [table[name] for name in parameter.evidence if name in table]


def by_status(known: Sequence[Parameter]) -> Counter[str]:
    """How many numbers have which status."""
    return Counter(one.status or "not said" for one in known)


def posterior(file: str, known: dict[str, Parameter]) -> dict[str, tuple[float, float, float]]:
    """5, 50 and 95 % points of each parameter of a posterior file, by name. Raises UserError."""
    table = _table(file)
    named = [str(name) for name in table.columns if str(name) in known]
    if not named:
        raise UserError(f"{file}: no column is a parameter; columns are named like market.posting_response")
    out = {}
    for name in named:
        low, middle, high = (float(table[name].quantile(q)) for q in _QUANTILES)
        out[name] = (low, middle, high)
    return out


def _table(file: str) -> "pd.DataFrame":
    import pandas as pd

    path = Path(file)
    if not path.is_file():
        raise UserError(f"{file}: no such file; a posterior is a Parquet or CSV file with one row per draw")
    try:
        return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except (ValueError, OSError) as wrong:
        raise UserError(f"{file}: cannot be read as a table of draws ({wrong})") from None
