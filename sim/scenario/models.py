"""What a scenario file holds, and the resolved scenario a run is made from.

`ScenarioFile` is the file with everything it extends; `Scenario` adds the municipality, law and behaviour it names.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from sim.calendar import iso
from sim.scenario.behaviour_rows import Effect, Row
from sim.scenario.law_tables import Law
from sim.scenario.municipality import Municipality
from sim.scenario.scalars import (
    Frozen,
    IsoWeek,
    Number,
    OneOf,
    Share,
    Weeks,
    bare,
    item,
    read_law_date,
)
from sim.scenario.trial import Trial
from sim.scenario.validate import Provenance

if TYPE_CHECKING:
    from sim.policies.registry import Lever  # the registry's files need this package first

KINDS = ("baseline", "strategy", "context")
EVIDENCE_CLASSES = ("A", "B", "C")
MAX_WEEKS = 2600


class World(Frozen):
    """How much of the municipality is simulated."""

    share: Share = item(
        1.0, unit="share", meaning="part of the municipality, staff and budgets scaled with it", gt=0
    )


class LawChoice(Frozen):
    """Which law is in force."""

    as_of: Annotated[date | Literal["by_date"], BeforeValidator(read_law_date)] = Field(
        description="by_date, or a date at which the law is frozen"
    )
    moving: tuple[str, ...] = Field(
        (), description="time limits of law/transitions.yaml that go by date though the law is frozen"
    )
    refusion: str = Field(description="a rule set of law/refusion, or the path of one")
    refusion_switches: dict[str, str] = Field({}, description="readings of inferred rules by name")
    refusion_parameters: dict[str, Number] = Field(
        {}, description="numbers of the rule set that could not be read"
    )


class Prices(Frozen):
    """The price level of all kroner."""

    level_year: int = Field(ge=2000, le=2100, description="kroner of this year")
    rate_index_per_year: Number = item(
        unit="share per year", meaning="growth of rates and prices by year", ge=-0.1, le=0.2
    )
    discount_rate: Share = item(
        0.035,
        unit="share per year",
        meaning="real discount rate of present values; moves no result of a run",
        le=0.2,
        source="economics of public investment: 3.5 % real, a judgement to be changed by the user",
    )


class Demand(Frozen):
    """A spell of weaker or stronger labour demand; factors are against normal demand and hold in whole weeks."""

    from_week: IsoWeek = Field(alias="from")
    to_week: IsoWeek = Field(alias="to")
    posting_factor: Number = item(1.0, unit="factor", meaning="vacancies posted, 1 = normal", ge=0, le=5)
    job_loss_factor: Number = item(1.0, unit="factor", meaning="job losses, 1 = normal", ge=0, le=4)
    unemployment_relative: Number | None = item(
        None,
        unit="factor",
        meaning="the country's unemployment against normal; postings and job losses follow it by the behaviour file's"
        " demand elasticities, times the factors",
        ge=0.2,
        le=5,
        unsaid=True,
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.to_week < self.from_week:
            raise ValueError(
                f"dates out of order: 'to' {iso(self.to_week)} lies before 'from' {iso(self.from_week)}"
            )
        return self


class ScenarioFile(Frozen):
    """A scenario with all it extends laid together."""

    schema_number: int = Field(1, alias="schema", ge=1, le=1, description="version of the file format")
    question: str = Field(min_length=1, description="what the scenario asks, in plain words")
    kind: Annotated[str, OneOf(KINDS)] = "strategy"
    evidence_class: Annotated[str, OneOf(EVIDENCE_CLASSES)] | None = None
    municipality: str
    start: IsoWeek
    weeks: Weeks = item(unit="weeks", meaning="horizon", ge=1, le=MAX_WEEKS)
    world: World
    law: LawChoice
    behaviour: str
    prices: Prices
    demand: tuple[Demand, ...] = ()
    levers: dict[str, Any] = Field({}, description="lever name -> its parameters")
    trial: Trial | None = None

    @model_validator(mode="after")
    def _no_overlap(self) -> Self:
        spells = sorted(self.demand, key=lambda spell: spell.from_week)
        for before, after in pairwise(spells):
            if after.from_week <= before.to_week:
                raise ValueError(
                    f"demand: the spell from {iso(after.from_week)} begins before the one from"
                    f" {iso(before.from_week)} ends ({iso(before.to_week)})"
                )
        return self


@dataclass(frozen=True)
class Scenario:
    """A resolved scenario: all numbers a run needs, validated, with their origin. Weeks are week indices."""

    name: str
    question: str
    kind: str
    evidence_class: str | None
    start_week: int
    weeks: int
    world: World
    municipality_name: str
    municipality: Municipality
    law: Law
    behaviour: Mapping[str, float]
    behaviour_rows: Mapping[str, Row]
    effects: Mapping[str, Effect]
    prices: Prices
    demand: tuple[Demand, ...]
    levers: Mapping[str, "Lever"]
    trial: Trial | None = None  # who gets the trial's lever; the other levers act on everybody
    parents: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()  # 'key.path=value' of `set:` and --set, for outputs to show
    provenance: Mapping[str, Provenance] = field(default_factory=dict, repr=False, compare=False)
    files_used: tuple[str, ...] = field(default=(), compare=False)

    def canonical(self) -> dict[str, Any]:
        """Every value that can alter a result, ready for JSON; names, questions, sources and notes left out."""
        return json.loads(json.dumps(self._values))  # type: ignore[no-any-return]  # a copy nobody can spoil

    @cached_property
    def _values(self) -> dict[str, Any]:
        return {
            "start": iso(self.start_week),
            "weeks": self.weeks,
            "world": self.world.model_dump(mode="json"),
            # A discount rate weighs results, it does not alter one.
            "prices": self.prices.model_dump(mode="json", exclude={"discount_rate"}),
            "demand": [spell.model_dump(mode="json", by_alias=True) for spell in self.demand],
            "levers": {
                name: lever.model_dump(mode="json", by_alias=True) for name, lever in self.levers.items()
            },
            **({"trial": self.trial.model_dump(mode="json")} if self.trial else {}),
            "municipality": {
                **bare(self.municipality.model_dump(mode="json", by_alias=True, exclude={"stocks"})),
                # A target judges a result, it does not alter one.
                "stocks": {
                    name: row.value for name, row in self.municipality.stocks.items() if row.use == "start"
                },
            },
            "law": self.law.values,
            "behaviour": dict(sorted(self.behaviour.items())),
            "effects": {
                name: {
                    "groups": sorted(effect.groups),
                    "channel": effect.channel,
                    "dose": effect.dose.value,
                    "contrast": effect.contrast.value,
                    "channel_share": effect.channel_share.value,
                }
                for name, effect in sorted(self.effects.items())
            },
        }

    @property
    def assumptions(self) -> tuple[str, ...]:
        """Effects typed in by the user that no study has measured; every output names them."""
        return tuple(said for lever in self.levers.values() for said in lever.assumptions())

    @cached_property
    def unverified(self) -> tuple[str, ...]:
        """Rules in force within the horizon that were not read in a source; reports print how many.

        The index that moves older amounts to the price level is a judgement and counts as one.
        """
        last = self.start_week + self.weeks - 1
        return (*self.law.unverified(self.start_week, last), "prices.rate_index_per_year")

    def with_behaviour(self, values: Mapping[str, float]) -> "Scenario":
        """The same scenario under another draw of behavioural numbers.

        values: 'group.name' of a behaviour row, 'effects.NAME.contrast' and 'effects.NAME.channel_share', or
        'levers.NAME.PATH' of a lever's own range, which says nothing of a scenario without it. Raises KeyError for
        other names.
        """
        behaviour, effects, levers = dict(self.behaviour), dict(self.effects), dict(self.levers)
        for path, value in values.items():
            if path in behaviour:
                behaviour[path] = value
                continue
            if path.startswith("levers."):
                _, lever, number = path.split(".", 2)
                if lever in levers and number in levers[lever].ranges():
                    levers[lever] = levers[lever].with_values({number: value})
                continue
            name, part = (path.split(".") + ["", ""])[1:3]
            if (
                not path.startswith("effects.")
                or name not in effects
                or part not in ("contrast", "channel_share")
            ):
                raise KeyError(f"not a behavioural parameter: {path}")
            changed = getattr(effects[name], part).model_copy(update={"value": value})
            effects[name] = effects[name].model_copy(update={part: changed})
        return replace(self, behaviour=behaviour, effects=effects, levers=levers)

    def for_weeks(self, weeks: int) -> "Scenario":
        """The same scenario over another horizon."""
        return replace(self, weeks=weeks)
