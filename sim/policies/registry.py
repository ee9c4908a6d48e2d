"""Levers by name. A lever is a frozen model of its parameters with a method `apply`, registered in its own file.

To add one: write sim/policies/my_lever.py, add the file's name to `FILES`, write a scenario that uses it.
docs/scenarios.md.
Reading and checking scenarios loads these files, so NumPy and the tables are imported inside `apply` only.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, TypeVar

from pydantic import Field

from sim.codes import BENEFITS, TEAMS
from sim.scenario.scalars import Frozen, IsoWeek, OneOf

if TYPE_CHECKING:
    from sim.scenario.models import Scenario
    from sim.tables.build import Tables

# Files of this folder that hold levers. Named, not searched: a stray file never becomes a policy.
FILES: Final = ("early_intervention", "continuity", "staffing")

# Teams with a caseload: the coordinators of the rehabilitation team hold no cases a lever could reach.
Team = Annotated[str, OneOf(tuple(team for team in TEAMS if team != "rehabilitation"))]
Group = Annotated[str, OneOf(BENEFITS)]


class Lever(Frozen):
    """What every lever has: the week it starts, its class of evidence, and what it does to the tables of a week."""

    name: ClassVar[str] = ""
    per_person: ClassVar[bool] = (
        False  # whether it can be given to some and not to others: a trial needs that
    )

    from_week: IsoWeek = Field(
        0, alias="from", description="first week in force; default: the scenario's start"
    )

    def evidence_class(self) -> str:
        """A effect with evidence, B direction or judgement only, C process or accounting only."""
        raise NotImplementedError(f"{type(self).__name__} does not say how good its evidence is")

    def is_zero_dose(self) -> bool:
        """Whether these parameters change nothing, whatever the week."""
        raise NotImplementedError(f"{type(self).__name__} does not say when it changes nothing")

    def apply(self, tables: "Tables", scenario: "Scenario", week: int) -> None:
        """Changes the tables of `week`; does nothing before `from_week`."""
        raise NotImplementedError(f"{type(self).__name__} changes no table")

    def extra_posts(self) -> dict[str, float]:
        """Posts the lever adds to each team (FTE, negative for cuts); they are seats, not tables."""
        return {}

    def one_off_oere(self) -> float:
        """One-off cost booked in the lever's first week, øre (levers are priced at the scenario's price level)."""
        return 100.0 * float(getattr(self, "one_off_kr", 0.0))

    def first_week(self, scenario: "Scenario") -> int:
        """First week in force: `from`, never before the scenario's start or the trial the lever is given by."""
        trial = scenario.trial
        begin = trial.start if trial is not None and trial.lever == self.name else 0
        return max(self.from_week, scenario.start_week, begin)

    def on_trial(self, scenario: "Scenario") -> bool:
        """Whether only those treated in the scenario's trial get the lever."""
        return scenario.trial is not None and scenario.trial.lever == self.name

    def change_weeks(self, scenario: "Scenario") -> set[int]:
        """Weeks in which what the lever does to the tables may change."""
        return {self.first_week(scenario)}


L = TypeVar("L", bound=Lever)
_LEVERS: dict[str, type[Lever]] = {}


def lever(name: str) -> Callable[[type[L]], type[L]]:
    """Registers a class under the name scenario files use."""

    def register(cls: type[L]) -> type[L]:
        other = _LEVERS.get(name)
        if other is not None and (other.__module__, other.__qualname__) != (cls.__module__, cls.__qualname__):
            raise ValueError(f"two levers are called {name!r}: {other.__qualname__} and {cls.__qualname__}")
        cls.name = name
        _LEVERS[name] = cls
        return cls

    return register


def levers() -> Mapping[str, type[Lever]]:
    """All levers by name."""
    for file in FILES:
        import_module(f"sim.policies.{file}")
    return _LEVERS
