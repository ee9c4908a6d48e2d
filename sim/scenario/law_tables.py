"""Law as dated tables: benefit rates, contact plan, transitions, limits on measures. A row holds from its date on.

A week is governed by the law of its Thursday. A scenario may freeze the law at one date (`law.as_of`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Annotated, Any, Self, TypeVar

from pydantic import Field, model_validator

from sim.calendar import monday_of
from sim.codes import RATE_CLASSES
from sim.law.refusion import RuleSet, load_rule_set
from sim.law.switches import SwitchValue
from sim.scenario.municipality import Benefit
from sim.scenario.scalars import (
    Day,
    Frozen,
    Kr,
    Number,
    OneOf,
    Share,
    Status,
    Weeks,
    WithRange,
    bare,
    item,
)

PERIODS = ("month", "week", "day", "year")
VERIFIED = ("read", "computed")
HOLDERS = ("municipality", "a_kasse")


class Rate(Frozen):
    """What a benefit pays before tax."""

    kr: Kr = item(unit="kr", meaning="amount per period", ge=0)
    per: Annotated[str, OneOf(PERIODS)]
    source: str = Field(min_length=1)
    status: Status
    note: str = ""


class RatePeriod(Frozen):
    """The rates of a benefit from a date on."""

    from_date: Day = Field(alias="from")
    rates: dict[Annotated[str, OneOf(RATE_CLASSES)], Rate] = Field(min_length=1)


class Dated(Frozen):
    """A row that holds from one date to another; both days count, no end means until further notice."""

    from_date: Day | None = Field(None, alias="from")
    to_date: Day | None = Field(None, alias="to")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.from_date and self.to_date and self.to_date < self.from_date:
            raise ValueError(f"dates out of order: 'to' {self.to_date} lies before 'from' {self.from_date}")
        return self

    def holds(self, day: date) -> bool:
        """Whether the row governs a day."""
        return (self.from_date is None or self.from_date <= day) and (
            self.to_date is None or day <= self.to_date
        )

    def overlaps(self, first: date, last: date) -> bool:
        """Whether the row governs any day from `first` to `last`."""
        return (self.from_date is None or self.from_date <= last) and (
            self.to_date is None or first <= self.to_date
        )


class ContactRule(Dated):
    """The statutory contact plan of one group: the zero point of early intervention."""

    group: Benefit
    first_meeting_by_week: Weeks | None = item(
        None, unit="weeks", meaning="first meeting at the latest in this week of the spell", ge=0
    )
    meetings: Number = item(unit="meetings", meaning="meetings within the window", ge=0)
    window_weeks: Weeks = item(unit="weeks", meaning="length of the window from the start of the spell", ge=0)
    after_window_interval_weeks: Weeks = item(
        0, unit="weeks", meaning="interval after the window; 0 = none in law", ge=0
    )
    holder: Annotated[str, OneOf(HOLDERS)]
    share_covered: Share = item(1.0, unit="share", meaning="part of the group the duty covers")
    source: str = Field(min_length=1)
    status: Status
    note: str = ""


class ContactPlanFile(Frozen):
    """law/contact_plan.yaml."""

    schema_number: int = Field(1, alias="schema", ge=1, le=1)
    rows: tuple[ContactRule, ...]


class LawValue(Dated, WithRange):
    """One number of the law."""

    value: Number = item(unit="as stated", meaning="the number", ge=0)
    unit: str = Field(min_length=1)
    source: str = Field(min_length=1)
    status: Status
    note: str = ""


R = TypeVar("R", bound=Dated)


def in_force(rows: Sequence[R], day: date) -> R | None:
    """The row that governs a day: the latest that holds; None when none does."""
    holding = [row for row in rows if row.holds(day)]
    return max(holding, key=lambda row: row.from_date or date.min) if holding else None


@dataclass(frozen=True)
class Law:
    """The law of a scenario: dated tables, the refusion rule set, and the date it is frozen at (None = by date)."""

    as_of: date | None
    refusion: str
    refusion_switches: Mapping[str, SwitchValue]
    refusion_parameters: Mapping[str, float]
    benefit_rates: Mapping[str, tuple[RatePeriod, ...]]
    contact_plan: tuple[ContactRule, ...]
    transitions: Mapping[str, tuple[LawValue, ...]]
    measures: Mapping[str, tuple[LawValue, ...]]
    moving: tuple[str, ...]  # names of transitions that go by date though the law is frozen
    paid_share: Mapping[
        str, float
    ]  # by benefit: average payment as a share of the full rate (part-time, deductions)
    refusion_where: str = field(default="law.refusion", compare=False)
    refusion_file: str = field(default="", compare=False)
    # Index of prices, tax, equalisation, what is owed after the horizon: read by reports, never by a run.
    economy: Mapping[str, tuple[LawValue, ...]] = field(default_factory=dict, compare=False)

    @cached_property
    def rule_set(self) -> RuleSet:
        """The refusion rule set with this scenario's switches and parameters."""
        rules = load_rule_set(
            self.refusion_file or self.refusion,
            self.refusion_switches,
            self.refusion_parameters,
            self.refusion_where,
        )
        rules.require_simulable(self.refusion_where)
        return rules

    @cached_property
    def without_refusion_context(self) -> "Law":
        """The same law under the ladder of 2016 with nothing switched: what the years before a start are lived
        under. One object, so that a batch reads its rule set once."""
        return replace(
            self, refusion="ladder_2016", refusion_switches={}, refusion_parameters={}, refusion_file=""
        )

    @cached_property
    def values(self) -> dict[str, Any]:
        """Every value of the law that can alter a result, ready for JSON; not to be changed."""
        rules = self.rule_set
        return {
            "as_of": self.as_of.isoformat() if isinstance(self.as_of, date) else "by_date",
            **({"moving": list(self.moving)} if self.moving else {}),
            "refusion": {
                "switches": dict(rules.switches),
                "share_bp": [[_runs(week) for week in activities] for activities in rules.share_bp],
                "step": [[_runs(week) for week in activities] for activities in rules.step],
                "counter": rules.counter,
                "applies_from": rules.applies_from,
                "operating_bp": rules.operating_bp,
                "reset_weeks": rules.reset_weeks,
                **({"earlier": _earlier(rules.earlier)} if rules.earlier else {}),
            },
            "benefit_rates": bare(_dumped(self.benefit_rates)),
            "paid_share": dict(self.paid_share),
            "contact_plan": bare(_dumped({"": self.contact_plan})[""]),
            "transitions": bare(_dumped(self.transitions)),
            "measures": bare(_dumped(self.measures)),
        }

    def day_of(self, week: int) -> date:
        """The day whose law governs a week: its Thursday, or the date the law is frozen at."""
        return self.as_of or _thursday(week)

    def day_for(self, name: str, week: int) -> date:
        """The day whose row of one time limit or opening governs a week."""
        return _thursday(week) if name in self.moving else self.day_of(week)

    def rates(self, benefit: str, week: int) -> Mapping[str, Rate]:
        """The rates of a benefit in a week; before the first row the first row holds."""
        rows, day = self.benefit_rates[benefit], self.day_of(week)
        return next((row for row in reversed(rows) if row.from_date <= day), rows[0]).rates

    def contact_rules(self, group: str, week: int) -> tuple[ContactRule, ...]:
        """The contact duties of a group in a week (the a-kasse's and the municipality's)."""
        day = self.day_of(week)
        return tuple(row for row in self.contact_plan if row.group == group and row.holds(day))

    def transition(self, name: str, week: int) -> float | None:
        """A time limit or opening in force in a week; None when the law has none."""
        row = in_force(self.transitions[name], self.day_for(name, week))
        return None if row is None else row.value

    def moving_rows(self) -> list[Dated]:
        """Dated rows of contact duties, time limits and measures that come and go while the scenario is lived."""
        named = self.transitions if self.as_of is None else self.moving
        rows: list[Dated] = [row for name in named for row in self.transitions[name]]
        if self.as_of is None:
            rows += [*self.contact_plan, *(row for dated in self.measures.values() for row in dated)]
        return rows

    def measure(self, name: str, week: int) -> float | None:
        """A limit on measures in force in a week; None when the law has none."""
        row = in_force(self.measures[name], self.day_of(week))
        return None if row is None else row.value

    def unverified(self, first_week: int, last_week: int) -> tuple[str, ...]:
        """Paths of the rules in force between two weeks that were not read in a source, and of prices of the law."""
        first, last = self.day_of(first_week), self.day_of(last_week)
        out = [f"law.refusion.{name}" for name in self.rule_set.unread]
        for benefit, periods in self.benefit_rates.items():
            ends = [*(period.from_date for period in periods[1:]), date.max]
            for period, end in zip(periods, ends, strict=True):
                if period.from_date <= last and end > first:
                    where = f"law.benefit_rates.{benefit} from {period.from_date}"
                    out += [
                        f"{where}: {name}"
                        for name, rate in period.rates.items()
                        if rate.status not in VERIFIED
                    ]
        for at, rule in enumerate(self.contact_plan):
            if rule.status not in VERIFIED and rule.overlaps(first, last):
                out.append(f"law.contact_plan.{at} {rule.group}")
        for table, rows in (("transitions", self.transitions), ("measures", self.measures)):
            for name, dated in rows.items():
                days = self.day_for(name, first_week), self.day_for(name, last_week)
                if any(row.status not in VERIFIED and row.overlaps(*days) for row in dated):
                    out.append(f"law.{table}.{name}")
        return tuple(out)


def _thursday(week: int) -> date:
    return monday_of(week) + timedelta(days=3)


def _earlier(rules: RuleSet) -> dict[str, Any]:
    """What the rules before the reform can alter; their clock is that of the rules they give way to."""
    return {
        "share_bp": [[_runs(week) for week in activities] for activities in rules.share_bp],
        "counter": rules.counter,
        "operating_bp": rules.operating_bp,
    }


def _dumped(tables: Mapping[str, Sequence[Frozen]]) -> dict[str, list[dict[str, Any]]]:
    return {
        name: [row.model_dump(mode="json", by_alias=True) for row in rows] for name, rows in tables.items()
    }


def _runs(values: tuple[int, ...]) -> list[list[int]]:
    """A table over weeks as [first week, value] where the value changes: a rule set stays readable in a manifest."""
    return [[at, value] for at, value in enumerate(values) if at == 0 or values[at - 1] != value]
