"""Levers by name. A lever is a frozen model of its parameters with a method `apply`, registered in its own file.

To add one: write sim/policies/my_lever.py, add the file's name to `FILES`, write a scenario that uses it.
docs/scenarios.md.
Reading and checking scenarios loads these files, so NumPy and the tables are imported inside `apply` only.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Self, TypeVar

from pydantic import Field, model_validator

from sim.calendar import iso
from sim.codes import BENEFITS, TEAMS
from sim.scenario.scalars import Frozen, IsoWeek, OneOf

if TYPE_CHECKING:
    from sim.scenario.models import Scenario
    from sim.tables.build import Tables

# Files of this folder that hold levers. Named, not searched: a stray file never becomes a policy.
FILES: Final = (
    "early_intervention", "continuity", "staffing", "programme", "meetings", "self_service", "communication",
    "assessment", "belief", "health_wait", "mismatch", "budget", "staff_shock",
    "companies", "paid_hours", "job_dating", "retention", "priority", "sanctions",
)  # fmt: skip

# Teams with a caseload: the coordinators of the rehabilitation team hold no cases a lever could reach.
Team = Annotated[str, OneOf(tuple(team for team in TEAMS if team != "rehabilitation"))]
Group = Annotated[str, OneOf(BENEFITS)]


@dataclass(frozen=True)
class Dose:
    """The one thing a lever has more or less of when it must cost a given amount (economics rule 10)."""

    parameter: str
    unit: str
    meaning: str
    now: float  # as the scenario writes it
    most: float  # capacity: more of it cannot be used
    why_most: str
    step: float = 0.0  # posts come in quarters; 0 = any value
    least: float = 0.0


ALL_ARMS, TREATED_ARM = (0, 1, 2), (2,)


class Lever(Frozen):
    """What every lever has: the week it starts, its class of evidence, and what it does to the tables of a week."""

    name: ClassVar[str] = ""
    per_person: ClassVar[bool] = (
        False  # whether it can be given to some and not to others: a trial needs that
    )
    channels: ClassVar[str] = ""  # what it changes in the model, in words
    evidence: ClassVar[tuple[str, ...]] = ()  # ids of the evidence table
    weak_points: ClassVar[str] = ""

    from_week: IsoWeek = Field(
        0, alias="from", description="first week in force; default: the scenario's start"
    )
    to_week: IsoWeek | None = Field(
        None, alias="to", description="last week in force: a project that ends; default: it goes on"
    )

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.to_week is not None and self.to_week < self.from_week:
            raise ValueError(
                f"dates out of order: 'to' {iso(self.to_week)} lies before 'from' {iso(self.from_week)}"
            )
        return self

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

    def posts_from(self, scenario: "Scenario", week: int) -> dict[str, float]:
        """Posts by team that open in `week` (below zero: close): those of the lever, undone when it has ended."""
        last = self.last_week(scenario)
        if week not in (self.first_week(scenario), -1 if last is None else last + 1):
            return {}
        sign = 1.0 if self.in_force(scenario, week) else -1.0
        return {team: sign * fte for team, fte in self.extra_posts().items()}

    def pots_oere(self, scenario: "Scenario", begin: int, end: int) -> dict[str, int]:
        """What it adds to pots for the weeks from `begin` up to the end of their budget year, øre of the simulated
        part, for whatever the pot buys (below zero: takes away)."""
        return {}

    def pot_rules(self) -> dict[str, tuple[str, float]]:
        """Pots whose rule it sets: the rule when they are empty, and the part of the rest `carry` takes along."""
        return {}

    def needs_base(self) -> bool:
        """Whether what it does depends on a paired run without it (experiments/investing.py)."""
        return False

    def dose(self, scenario: "Scenario") -> Dose:
        """What is scaled so that the lever costs a given amount, and how far it can be."""
        raise NotImplementedError(f"{type(self).__name__} declares no dose for an equal budget")

    def with_dose(self, value: float) -> Self:
        """The same lever with another dose."""
        raise NotImplementedError(f"{type(self).__name__} declares no dose for an equal budget")

    def paid_posts(self) -> float:
        """Posts the lever authorises, those that are no seats of their own included (FTE)."""
        return sum(self.extra_posts().values())

    def other_cost_kr_year(self, scenario: "Scenario") -> float:
        """What the lever authorises a year besides posts, kroner, the whole municipality."""
        return 0.0

    def pot_kr_year(self, scenario: "Scenario") -> dict[str, float]:
        """What the lever authorises a year for places it buys, kroner by pot, part of `other_cost_kr_year`.

        It is spent only for places taken, and nobody else can spend it.
        """
        return {}

    def assumptions(self) -> tuple[str, ...]:
        """Effects the user typed that no study has measured, in words: they mark every output."""
        return ()

    def ranges(self) -> dict[str, tuple[float, float, float]]:
        """Numbers of the lever that are known as a range, by path inside it: (value, low, high). A draw moves them.

        Numbers the scenario sets itself are not among them.
        """
        return {}

    def with_values(self, values: Mapping[str, float]) -> Self:
        """The same lever with other values of what `ranges` names."""
        raise NotImplementedError(f"{type(self).__name__} declares no range")

    def problems(self, scenario: "Scenario") -> dict[str, str]:
        """Parameters that this municipality cannot carry out, with the reason."""
        return {}

    def clashes(self, others: Mapping[str, "Lever"]) -> dict[str, str]:
        """Parameters that cannot stand beside what other levers of the scenario say, with the reason."""
        return {}

    def one_off_oere(self) -> float:
        """One-off cost booked in the lever's first week, øre (levers are priced at the scenario's price level)."""
        return 100.0 * float(getattr(self, "one_off_kr", 0.0))

    def first_week(self, scenario: "Scenario") -> int:
        """First week in force: `from`, never before the scenario's start or the trial the lever is given by."""
        trial = scenario.trial
        begin = trial.start if trial is not None and trial.lever == self.name else 0
        return max(self.from_week, scenario.start_week, begin)

    def last_week(self, scenario: "Scenario") -> int | None:
        """Last week in which it acts, has its posts and its money; None = it goes on."""
        return self.to_week

    def in_force(self, scenario: "Scenario", week: int) -> bool:
        """Whether it has not ended before `week`."""
        last = self.last_week(scenario)
        return last is None or week <= last

    def before(self, scenario: "Scenario", week: int) -> Self | None:
        """What of the lever is in force before `week`; None when nothing is."""
        return self if self.first_week(scenario) < week else None

    def on_trial(self, scenario: "Scenario") -> bool:
        """Whether only those treated in the scenario's trial get the lever."""
        return scenario.trial is not None and scenario.trial.lever == self.name

    def arms(self, scenario: "Scenario") -> tuple[int, ...]:
        """Arms the lever acts on: everybody, or those treated in the scenario's trial."""
        return TREATED_ARM if self.on_trial(scenario) else ALL_ARMS

    def change_weeks(self, scenario: "Scenario") -> set[int]:
        """Weeks in which what the lever does to the tables may change."""
        return {self.first_week(scenario)}


def scaled_posts(posts: Mapping[str, float], total: float) -> dict[str, float]:
    """Posts over teams in the same proportion with another total, in quarters that add up to it (largest remainder).

    Example: {a: 4, b: 2} scaled to 3.25 is {a: 2.25, b: 1.0}.
    """
    have = sum(posts.values())
    if have <= 0.0:
        return dict(posts)
    quarters = round(4.0 * total)
    exact = {team: quarters * fte / have for team, fte in posts.items()}
    whole = {team: int(part) for team, part in exact.items()}
    left = quarters - sum(whole.values())
    for team in sorted(exact, key=lambda team: whole[team] - exact[team])[:left]:
        whole[team] += 1
    return {team: part / 4.0 for team, part in whole.items()}


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
