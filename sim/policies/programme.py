"""Programmes: places bought for a target group, such as JobStart, upskilling, a mentor or IPS."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from sim.codes import BENEFITS, HEALTH, M_COURSE, M_EXTERNAL, POTS
from sim.policies.registry import Dose, Group, Lever, Team, lever, scaled_posts
from sim.scenario.programme_kinds import PRICE_YEAR, Account, Health, Kind, kinds, origins
from sim.scenario.scalars import Frozen, Fte, Kr, Minutes, Number, OneOf, Weeks, item, read_quarters
from sim.scenario.yaml_tree import nearest

if TYPE_CHECKING:
    from sim.scenario.models import Scenario
    from sim.tables.build import Tables

CHOSEN_BY = ("lot", "longest", "newest")
# What a programme takes from its kind where the scenario says nothing; the defaults below stand in for it only.
_FROM_KIND = (
    "weeks",
    "price_kr",
    "account",
    "caseworker_minutes_per_week",
    "lock_in_factor",
    "running_factor",
)
_POT = {"in_house": "in_house_courses", "external": "external_courses"}
_BOUGHT_AS = {"in_house": M_COURSE, "external": M_EXTERNAL}
WEEKS_PER_YEAR = 52.1775


class Programme(Frozen):
    """One programme: who it is for, how many places, what a place costs in kroner and hours."""

    kind: str = Field(
        description="a kind of scenarios/programmes/kinds.yaml, whose numbers hold where none is given"
    )
    groups: tuple[Group, ...] = Field((), description="benefits whose people may take part")
    places_per_year: Number = item(
        0.0, unit="places per year", ge=0, le=100_000, meaning="people who start in a budget year, at most"
    )
    intake_every_weeks: Weeks = item(
        4, unit="weeks", ge=1, le=52, meaning="weeks between intakes; the year's places are spread over them"
    )
    chosen_by: Annotated[str, OneOf(CHOSEN_BY)] = Field(
        "lot", description="who gets the places: by lot, longest on support first, newest first"
    )
    weeks: Weeks = item(
        1, unit="weeks", ge=1, le=260, meaning="length; cut to what the law allows where it sets a limit"
    )
    price_kr: Kr = item(
        0.0,
        unit="kr",
        ge=0,
        le=2_000_000,
        meaning="one place, the whole course; paid by the week lived in it",
    )
    price_year: int = Field(PRICE_YEAR, ge=2000, le=2100, description="kroner of this year in price_kr")
    account: Account = Field("in_house", description="own courses and mentors, or bought outside")
    caseworker_minutes_per_week: Minutes = item(
        0.0,
        unit="minutes",
        ge=0,
        le=1000,
        meaning="of each participant's own caseworker, taken before meetings",
    )
    extra_fte: dict[Team, Annotated[Fte, AfterValidator(read_quarters), Field(ge=0, le=200)]] = Field(
        {}, description="posts added to teams to carry it, quarter steps", json_schema_extra={"unit": "FTE"}
    )
    lock_in_factor: Number = item(
        1.0,
        unit="factor",
        gt=0,
        le=1,
        meaning="chance a week of finding work while it runs; 1 = nobody is held back",
    )
    running_factor: Number = item(
        1.0,
        unit="factor",
        ge=1,
        le=5,
        meaning="the same while it runs, only where a trial has measured the kind",
    )
    assumed_factor: Number = item(
        1.0, unit="factor", gt=0, le=5,
        meaning="typed assumption: chance a week of finding work after it is completed; marks every output",
    )  # fmt: skip
    after_weeks: Weeks = item(26, unit="weeks", ge=1, le=520, meaning="how long the assumed effect works")
    non_danish_origin_only: bool = Field(False, description="only people of non-Danish origin (JobStart)")
    least_barriers: int = Field(0, ge=0, le=4, description="only people with at least this many barriers")
    least_health: Health = Field("none", description="only people with at least this lasting health barrier")
    support_weeks_from: Weeks = item(
        1, unit="weeks", ge=1, le=2000, meaning="week of support from which people may start"
    )
    support_weeks_to: Weeks = item(2000, unit="weeks", ge=1, le=2000, meaning="and the last such week")
    age_from: Number = item(16.0, unit="years", ge=16, le=67, meaning="youngest age")
    age_below: Number = item(120.0, unit="years", ge=16, le=120, meaning="only people younger than this")

    @model_validator(mode="before")
    @classmethod
    def _filled_in(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        known, name = kinds(), values.get("kind")
        if name not in known:
            raise ValueError(f"unknown kind '{name}'{nearest(str(name), tuple(known))}")
        kind = known[name].model_dump()
        return {**{key: kind[key] for key in _FROM_KIND}, **values}

    @property
    def known(self) -> Kind:
        """What is known of its kind."""
        return kinds()[self.kind]

    def measured_on(self, group: str) -> bool:
        """Whether a trial has measured the kind on people like these on the benefit."""
        known = self.known
        ill_enough = HEALTH.index(self.least_health) >= HEALTH.index(known.measured_health)
        return known.evidence_class == "A" and group in known.measured_groups and ill_enough

    def evidence_class(self) -> str:
        """A where the kind has been tried on all its groups and nothing is assumed beyond."""
        tried = all(self.measured_on(group) for group in self.groups) and self.assumed_factor == 1.0
        return "A" if tried and self.known.evidence_class == "A" else max("B", self.known.evidence_class)

    def lasts(self, scenario: "Scenario", week: int) -> int:
        """Weeks of one place under the law of `week`."""
        limit = scenario.law.measure(self.known.longest_by_law, week) if self.known.longest_by_law else None
        return self.weeks if limit is None else min(self.weeks, round(limit))

    @property
    def runs(self) -> bool:
        """Whether anybody takes part."""
        return bool(self.groups) and self.places_per_year > 0

    def is_zero_dose(self) -> bool:
        """Nobody takes part and no post is added."""
        return not self.runs and not any(self.extra_fte.values())


@lever("programme")
class Programmes(Lever):
    """Programmes by names of the scenario's own: a year's places for a target group, paid for places taken.

    Each is a second slot beside the ordinary measures, so buying one takes no other offer away. What it gives is
    nothing unless a trial has measured it (A) or an assumption is typed (B); what it costs in kroner, hours and time
    to look for work is real.
    """

    channels: ClassVar[str] = (
        "a second slot beside the measures: its money, its caseworkers' minutes,"
        " the chance of finding work while it runs and after"
    )
    evidence: ClassVar[tuple[str, ...]] = (
        "EV016",
        "EV203",
        "EV204",
        "EV208",
        "EV220",
        "EV225",
        "EV226",
        "EV236",
    )
    weak_points: ClassVar[str] = (
        "What each kind gives and what a place costs is known for few; see the kind. Programmes reach job "
        "finding only, not the doors to education, health or one's own job. Nobody breaks off but by "
        "leaving the benefit. Participants are drawn from all who fit, not by a caseworker's judgement, "
        "so there is no selection."
    )

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Programme] = Field(init=False)

    per_person: ClassVar[bool] = True

    @model_validator(mode="after")
    def _not_too_many(self) -> Self:
        if len(self.programmes) > 15:
            raise ValueError(f"at most 15 programmes at once, found {len(self.programmes)}; leave some out")
        return self

    @property
    def programmes(self) -> dict[str, Programme]:
        """The programmes by name."""
        return dict(self.__pydantic_extra__ or {})

    @property
    def active(self) -> list[Programme]:
        """Those somebody takes part in, in the order written."""
        return [one for one in self.programmes.values() if one.runs]

    @property
    def groups(self) -> tuple[str, ...]:
        """Benefits any of them is for."""
        return tuple(dict.fromkeys(group for one in self.programmes.values() for group in one.groups))

    def evidence_class(self) -> str:
        """The weakest of the programmes."""
        return max((one.evidence_class() for one in self.programmes.values()), default="C")

    def is_zero_dose(self) -> bool:
        """No programme does anything."""
        return all(one.is_zero_dose() for one in self.programmes.values())

    def assumptions(self) -> tuple[str, ...]:
        """What was typed about the chance of finding work after each."""
        return tuple(
            f"programme {name}: chance of finding work x {one.assumed_factor:g} for {one.after_weeks} weeks after it"
            for name, one in self.programmes.items()
            if one.assumed_factor != 1.0 and one.runs
        )

    def extra_posts(self) -> dict[str, float]:
        """The posts of all programmes."""
        posts: dict[str, float] = {}
        for one in self.programmes.values():
            for team, fte in one.extra_fte.items():
                posts[team] = posts.get(team, 0.0) + fte
        return posts

    def dose(self, scenario: "Scenario") -> Dose:
        """Places a year, all programmes in the proportion written, with their posts."""
        now = sum(one.places_per_year for one in self.programmes.values())
        people = sum(row.value for name, row in scenario.municipality.stocks.items() if name in self.groups)
        return Dose("places_per_year", "places", "places a year over the programmes as written, posts in proportion",
                    now, max(now, 2.0 * people), "two places a year for everybody on these benefits")  # fmt: skip

    def with_dose(self, value: float) -> Self:
        """Another number of places a year."""
        now = sum(one.places_per_year for one in self.programmes.values())
        if now <= 0:
            return self
        changed = {
            name: one.model_copy(
                update={
                    "places_per_year": one.places_per_year * value / now,
                    "extra_fte": scaled_posts(one.extra_fte, sum(one.extra_fte.values()) * value / now),
                }
            )
            for name, one in self.programmes.items()
        }
        return self.model_copy(update=changed)

    def ranges(self) -> dict[str, tuple[float, float, float]]:
        """Factors on job finding of programmes that take them from their kind."""
        found = {}
        for name, one in self.programmes.items():
            for factor in ("lock_in_factor", "running_factor"):
                known = origins().get(f"{one.kind}.{factor}")
                own = getattr(one, factor) != getattr(one.known, factor)
                if (
                    one.runs
                    and not own
                    and known is not None
                    and known.low is not None
                    and known.high is not None
                ):
                    found[f"{name}.{factor}"] = (getattr(one, factor), known.low, known.high)
        return found

    def with_values(self, values: Mapping[str, float]) -> Self:
        """Other factors; holding back is never a help, however the draw falls."""
        changed = self.programmes
        for path, value in values.items():
            name, factor = path.rsplit(".", 1)
            number = min(value, 1.0) if factor == "lock_in_factor" else value
            changed[name] = changed[name].model_copy(update={factor: number})
        return self.model_copy(update=changed)

    def pot_kr_year(self, scenario: "Scenario") -> dict[str, float]:
        """A year's places at their price, by the pot they are ring-fenced in."""
        money = dict.fromkeys(_POT.values(), 0.0)
        for one in self.active:
            paid = one.lasts(scenario, self.first_week(scenario)) / one.weeks
            money[_POT[one.account]] += one.places_per_year * _price(one, scenario) * paid
        return money

    def other_cost_kr_year(self, scenario: "Scenario") -> float:
        """A year's places at their price."""
        return sum(self.pot_kr_year(scenario).values())

    def change_weeks(self, scenario: "Scenario") -> set[int]:
        """The first week, and the one after the last intake; the law's limits bring their own."""
        after = set() if self.to_week is None else {self.to_week + 1}
        return {self.first_week(scenario)} | after

    def last_week(self, scenario: "Scenario") -> int | None:
        """`to` is the last intake: posts and money stay until the last who began are through."""
        if self.to_week is None:
            return None
        first = self.first_week(scenario)
        return self.to_week + max((one.lasts(scenario, first) for one in self.active), default=0)

    def apply(self, tables: "Tables", scenario: "Scenario", week: int) -> None:
        """Writes one row a programme; nothing else of the office changes."""
        if week < self.first_week(scenario):
            return
        from sim.population.citizens import NEVER

        table = tables.programme
        for p, one in enumerate(self.active, start=1):
            weeks = one.lasts(scenario, week)
            table.treated_only[p] = self.on_trial(scenario)
            table.non_danish_only[p] = one.non_danish_origin_only
            table.least_barriers[p] = one.least_barriers
            table.least_health[p] = HEALTH.index(one.least_health)
            table.support_from[p], table.support_to[p] = one.support_weeks_from, one.support_weeks_to
            table.age_from[p] = round(one.age_from * WEEKS_PER_YEAR)
            table.age_below[p] = min(round(one.age_below * WEEKS_PER_YEAR), NEVER)
            table.chosen_by[p] = CHOSEN_BY.index(one.chosen_by)
            filled = self.to_week is None or week <= self.to_week
            table.places[p] = round(one.places_per_year * scenario.world.share) if filled else 0
            table.intake_weeks[p] = one.intake_every_weeks
            table.weeks[p] = weeks
            table.price_oere[p] = round(_price(one, scenario) * 100.0 / one.weeks)
            table.pot[p] = POTS.index(_POT[one.account])
            table.bought_as[p] = _BOUGHT_AS[one.account]
            table.minutes[p] = round(one.caseworker_minutes_per_week)
            table.after_weeks[p] = one.after_weeks
            for group in one.groups:
                b = BENEFITS.index(group)
                table.groups[p, b] = 1
                table.after_log[p, b] = math.log(one.assumed_factor)
                helps = math.log(one.running_factor) if one.measured_on(group) else 0.0
                tables.offer.programme_log[p, b] = math.log(one.lock_in_factor) + helps
        tables.programme = table._replace(n=len(self.active), first_week=self.first_week(scenario))


def _price(one: Programme, scenario: "Scenario") -> float:
    """Kroner of a place at the scenario's price level."""
    grown = (1.0 + scenario.prices.rate_index_per_year) ** (scenario.prices.level_year - one.price_year)
    return float(one.price_kr * grown)
