"""Target files: what was counted, how, how exactly, and what it is used for.

`fit`: levels are fitted to it. `check`: never fitted to, with a naive guess beside it. `report`: a figure to check that
is shown and not counted. `given`: a check whose tolerance is taken as it is. `hold`: scaled from the country; the fit
keeps it in place and it is counted neither as fit nor as check. `not_modelled` gives the reason why the model has no
such outcome: such a target is printed and counted, never dropped.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field

import calibration.check_definitions  # noqa: F401  # adds its definitions
from calibration.definitions import DEFINITIONS, GROUPS, Definition
from calibration.register import Lived
from sim.codes import MEASURES, STATUSES
from sim.errors import UserError
from sim.scenario import Scenario, load, yaml_tree
from sim.scenario.scalars import STATUSES as PROVENANCE
from sim.scenario.scalars import Frozen, Number, OneOf, Weeks
from sim.scenario.validate import Checker
from sim.scenario.yaml_tree import Path as Route
from sim.scenario.yaml_tree import nearest

FOLDER: Final = Path(__file__).parent / "targets"
ROLES: Final = ("fit", "check", "hold", "report", "given")
CHECK_FACTOR: Final = 3.0  # a check may be off by three times the tolerance of a fit target
DISCREPANCY_SHARE: Final = (
    0.25  # of the tolerance, where a target does not say how far the model itself may be off
)


class TargetRow(Frozen):
    """One target as it is written."""

    definition: str = ""
    arguments: dict[str, Any] = {}
    value: Number
    tolerance: Number = Field(gt=0)
    discrepancy: Number | None = Field(None, ge=0)
    unit: str
    date: str
    law: str
    geography: str
    source: str
    status: Annotated[str, OneOf(PROVENANCE)]
    role: Annotated[str, OneOf(ROLES)]
    note: str = ""
    not_modelled: str = ""
    naive: Number | None = None  # what somebody would guess without a model
    naive_is: str = ""


class Window(Frozen):
    """Weeks of the run that are measured, counted from 1 at the start."""

    first: Weeks = Field(53, ge=1)
    last: Weeks = Field(208, ge=1)


class _File(Frozen):
    schema_number: Literal[1, "1"] = Field(1, alias="schema")
    question: str
    scenario: str
    note: str = ""
    window: Window
    set: tuple[str, ...] = ()
    fit_also: tuple[str, ...] = ()
    targets: dict[str, TargetRow]


@dataclass(frozen=True)
class Target:
    """One target, its definition found and its arguments read. `count` is None where the model has no such outcome."""

    name: str
    row: TargetRow
    count: Callable[[Lived, slice], float] | None

    @property
    def value(self) -> float:
        """What was counted."""
        return self.row.value

    @property
    def allowed(self) -> float:
        """How far a run may be off: the tolerance, three times it for a check."""
        return self.row.tolerance * (CHECK_FACTOR if self.row.role in ("check", "report") else 1.0)

    @property
    def discrepancy(self) -> float:
        """s.d. of what the model itself may be off by, with the best levels there are."""
        given = self.row.discrepancy
        return DISCREPANCY_SHARE * self.row.tolerance if given is None else given


@dataclass(frozen=True)
class Targets:
    """A target file with its scenario."""

    name: str
    path: Path
    scenario: Scenario
    window: slice
    targets: tuple[Target, ...]
    fit_also: tuple[
        str, ...
    ] = ()  # rows that are no levels by their group and are fitted too: how much is offered
    note: str = ""  # what the file says about itself: what was counted under another law, say

    @property
    def modelled(self) -> tuple[Target, ...]:
        """Targets a run can be measured against."""
        return tuple(target for target in self.targets if target.count is not None)

    @property
    def not_modelled(self) -> tuple[Target, ...]:
        """Targets the model has no outcome for."""
        return tuple(target for target in self.targets if target.count is None)

    def role(self, *roles: str) -> tuple[Target, ...]:
        """Modelled targets of some roles."""
        return tuple(target for target in self.modelled if target.row.role in roles)

    def measure(self, run: Lived) -> dict[str, float]:
        """Every modelled target as this run has it, by name. NaN where the run has nothing to count."""
        window = slice(self.window.start, min(self.window.stop, run.weeks))
        return {target.name: float(target.count(run, window)) for target in self.modelled if target.count}


def known_targets() -> list[str]:
    """Names of the target files that come along."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def find_targets(name: str) -> Path:
    """The file a name stands for. Raises UserError with the nearest known name."""
    direct = Path(name)
    if direct.suffix in (".yaml", ".yml"):
        if direct.is_file():
            return direct
        raise UserError(f"{name}: no such file")
    for path in (Path("calibration/targets") / f"{name}.yaml", FOLDER / f"{name}.yaml"):
        if path.is_file():
            return path
    raise UserError(f"no target file is called '{name}'{nearest(name, known_targets())} (a path works too)")


def load_targets(name: str, overrides: tuple[str, ...] = ()) -> Targets:
    """Reads and checks a target file. Every problem is told with file and line.

    overrides: changes to the scenario, `key.path=value`, after the file's own.
    """
    path = find_targets(name)
    tree = yaml_tree.read(path)
    checker = Checker(tree)
    file = checker.build(_File)
    targets = []
    if file is not None:
        if file.window.last <= file.window.first:
            checker.wrong(("window", "last"), "the window ends before it begins")
        for key, row in file.targets.items():
            targets.append(Target(key, row, _counter(checker, key, row)))
        _contradictions(checker, targets)
    checker.done()
    assert file is not None  # `done` raised otherwise
    scenario = load(file.scenario, overrides=(*file.set, *overrides)).for_weeks(file.window.last)
    window = slice(file.window.first - 1, file.window.last)
    return Targets(path.stem, path, scenario, window, tuple(targets), file.fit_also, file.note)


def _counter(checker: Checker, key: str, row: TargetRow) -> Callable[[Lived, slice], float] | None:
    """The function of a target with its arguments bound; None when not modelled or when something is wrong."""
    place: Route = ("targets", key)
    if row.not_modelled:
        return None
    if row.definition not in DEFINITIONS:
        found = (
            f"no outcome matches definition '{row.definition}'"
            if row.definition
            else "'definition' is missing"
        )
        checker.wrong(
            (*place, "definition") if row.definition else place,
            f"{found}{nearest(row.definition, DEFINITIONS)} (or say why with not_modelled)",
            key=not row.definition,
        )
        return None
    chosen = DEFINITIONS[row.definition]
    if row.unit != chosen.unit:
        checker.wrong((*place, "unit"), f"'{row.definition}' counts in {chosen.unit}, found '{row.unit}'")
    if chosen.unit == "share" and not 0 <= row.value <= 1:
        checker.wrong((*place, "value"), f"a share must lie between 0 and 1, found {row.value:g}")
    before = len(checker.problems)
    arguments = _arguments(checker, place, row, chosen)
    if len(checker.problems) > before:
        return None

    return partial(chosen.count, **arguments)


def _arguments(checker: Checker, place: Route, row: TargetRow, chosen: Definition) -> dict[str, Any]:
    """The arguments of a definition in their own types; what is missing, unknown or wrong is noted."""
    wanted, out = chosen.arguments, {}
    where = (*place, "arguments")
    for name in row.arguments:
        if name not in wanted:
            checker.wrong((*where, name), f"unknown argument '{name}'{nearest(name, wanted)}", key=True)
    for name in wanted:
        if name not in row.arguments:
            checker.wrong(place, f"'{row.definition}' needs the argument '{name}'", key=True)
            continue
        value = row.arguments[name]
        try:
            out[name] = _READ[name](value)
        except KeyError as unknown:
            known = {"parts": GROUPS, "hours": MEASURES, "into": STATUSES}.get(name, GROUPS)
            checker.wrong(
                (*where, name), f"unknown name '{unknown.args[0]}'{nearest(str(unknown.args[0]), known)}"
            )
        except (TypeError, ValueError):
            checker.wrong((*where, name), f"'{name}' cannot be read, found {value!r}")
    return out


def _group(value: Any) -> str:
    if value not in GROUPS:
        raise KeyError(value)
    return str(value)


def _statuses(value: Any) -> tuple[str, ...]:
    names = value if isinstance(value, list) else [value]
    for name in names:
        if name not in STATUSES:
            raise KeyError(name)
    return tuple(names)


def _weights(known: Any) -> Callable[[Any], dict[str, float]]:
    def read(value: Any) -> dict[str, float]:
        if not isinstance(value, Mapping):
            raise TypeError
        for name in value:
            if name not in known:
                raise KeyError(name)
        return {str(name): float(weight) for name, weight in value.items()}

    return read


def _count(value: Any) -> int:
    number = int(value)
    if number < 1:
        raise ValueError
    return number


_READ: Final[dict[str, Callable[[Any], Any]]] = {
    **dict.fromkeys(("group", "whole"), _group),
    **dict.fromkeys(("weeks", "past", "at", "first", "last", "against_first", "against_last"), _count),
    **dict.fromkeys(("year", "base", "until", "labour_force"), _count),
    "into": _statuses,
    "parts": _weights(GROUPS),
    "hours": _weights(MEASURES),
}


def _contradictions(checker: Checker, targets: list[Target]) -> None:
    """Two targets that count the same and leave no value within both tolerances."""
    seen: dict[str, Target] = {}
    for target in targets:
        row = target.row
        if not row.definition or row.not_modelled:
            continue
        same = f"{row.definition} {sorted(row.arguments.items(), key=str)}"
        other = seen.setdefault(same, target)
        if abs(other.value - target.value) > other.allowed + target.allowed:
            checker.wrong(
                ("targets", target.name),
                f"contradicts '{other.name}': both count {row.definition} the same way, {target.value:g} ±"
                f" {target.allowed:g} against {other.value:g} ± {other.allowed:g}",
                key=True,
            )
