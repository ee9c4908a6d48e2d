"""A refusion rule set as written in its file: steps, rows by benefit and activity, parameters."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from math import inf
from typing import Final

from sim.errors import UserError
from sim.law.switches import SwitchValue
from sim.money.amounts import share_bp

LAST_WEEK: Final = 160  # tables hold weeks 1..160; the last entry holds for all later weeks
NEVER: Final = 10**6  # self-support weeks no window can hold: the count never starts over


@dataclass(frozen=True)
class Parameter:
    """A number of the law that could not be read: a value, its range, what is known. None = unread."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    unit: str
    mark: str
    source: str
    meaning: str


@dataclass(frozen=True)
class Step:
    """A span of weeks with one state share: a number, or a parameter's name; `plus` is added on top."""

    from_week: int
    to_week: int | None
    share: int | str  # basis points, or a parameter's name
    plus: str | None
    label: str  # how the step is printed: '5-26', '53+', 'all weeks', or the file's own word
    mark: str
    source: str
    paragraph: str
    note: str
    where: str


@dataclass(frozen=True)
class Row:
    """What holds for one benefit and one activity: which weeks are counted, from when, and the steps."""

    counter: str
    applies_from: int
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class RuleFile:
    """A rule set as written, after `extends`: rows by (benefit, activity), parameters, switches."""

    name: str
    path: str
    meaning: str
    reset_after_weeks: int
    switches: Mapping[str, SwitchValue]
    parameters: Mapping[str, Parameter]
    rows: Mapping[tuple[int, int], Row]
    operating: Mapping[tuple[int, int], Step]
    earlier: "RuleFile | None" = None  # what rates the weeks before `applies_from`; None = they are not rated


def with_parameters(file: RuleFile, values: Mapping[str, float], where: str) -> RuleFile:
    """The same rules with other values for some named parameters."""
    parameters = dict(file.parameters)
    for name, value in values.items():
        if name not in parameters:
            close = get_close_matches(name, parameters, 1)
            hint = f"; did you mean '{close[0]}'?" if close else ""
            known = ", ".join(parameters) or "none"
            raise UserError(f"{where}: rule set {file.name} has no parameter '{name}'{hint} Known: {known}")
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UserError(f"{where}: parameter '{name}' must be a number, found {value!r}")
        if parameters[name].unit.startswith("share"):
            try:
                share_bp(value)
            except ValueError as wrong:
                raise UserError(f"{where}: parameter '{name}': {wrong}") from None
        elif not 0 <= value < inf:
            raise UserError(f"{where}: parameter '{name}' must be zero or more, found {value!r}")
        parameters[name] = replace(parameters[name], value=value)
    return replace(file, parameters=parameters)
