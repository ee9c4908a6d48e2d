"""Ordinary paid hours beside a benefit: small jobs, and placements that go on as a few paid hours."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Self

from pydantic import Field

from sim.codes import BENEFITS, M_PAID_HOURS, RATE_CLASSES
from sim.policies.costs import CompanyService
from sim.policies.registry import lever
from sim.scenario.scalars import Kr, Minutes, Number, OneOf, Share, Weeks, item

if TYPE_CHECKING:
    from sim.scenario.models import Scenario
    from sim.tables.build import Tables

FULL_TIME_HOURS = 37.0
BY_THE_HOUR = "dagpenge"  # paid for the hours not worked; other benefits fall by the wage
GROUPS = (
    "dagpenge",
    "kontanthjaelp_jobready",
    "kontanthjaelp_activityready",
    "uddannelseshjaelp",
    "sho",
)
LOCK_IN = (0.85, 0.6, 1.1)  # evidence.md on EV209: sign read, size a judgement


@lever("paid_hours")
class PaidHours(CompanyService):
    """A few ordinary paid hours a week beside the benefit: the company pays them and the benefit falls by them.

    Small jobs come instead of private placements; hybrid placements go on as paid hours at the same company.
    """

    channels: ClassVar[str] = (
        "private placements that are or become paid hours; the benefit beside them; job finding while they"
        " last and, as assumed, after; consultants' minutes"
    )
    evidence: ClassVar[tuple[str, ...]] = ("EV209", "EV210", "EV211")
    weak_points: ClassVar[str] = (
        "Small jobs held people back while they lasted and helped after, more or less by group (EV209, insured "
        "people); EV210 has no control group. Paid hours people find by themselves are in the levels, not here."
    )

    groups: tuple[Annotated[str, OneOf(GROUPS)], ...] = Field(
        GROUPS, description="benefits whose people are helped to paid hours; default all five"
    )
    small_job_share: Share = item(
        0.0, unit="share", meaning="private placements offered that are a small paid job instead"
    )
    hybrid_share: Share = item(
        0.0, unit="share", meaning="completed private placements that go on as paid hours at the company"
    )
    hours_per_week: Number = item(8.0, unit="hours", gt=0, le=30, meaning="paid hours a week")
    weeks: Weeks = item(26, unit="weeks", ge=1, le=104, meaning="how long they last")
    hourly_wage_kr: Kr = item(
        165.0, unit="kr", ge=100, le=400,
        source="165 kr. in first jobs of long-term recipients, 2013 (facts/refusion.md); small jobs pay less: taken as"
        " of the scenario's price level, a judgement",
        meaning="wage an hour",
    )  # fmt: skip
    kept_kr_per_hour: Kr = item(
        28.66, unit="kr", ge=0, le=200,
        source="active social policy act § 31, amount of 2022 (odense.dk, rules for cash benefit); the rest of the"
        " wage is set off krone for krone; what holds from July 2025 was not read",
        meaning="part of the wage a cash benefit does not fall by",
    )  # fmt: skip
    setup_minutes: Minutes = item(
        0.0, unit="minutes", ge=0, le=2000, meaning="consultant's time a placement more than today"
    )
    kr_per_year: Kr = item(
        0.0,
        unit="kr per year",
        ge=0,
        meaning="what the effort costs besides, while hours are arranged and until the last have ended",
    )
    lock_in_factor: Number = item(
        LOCK_IN[0], unit="factor", gt=0, le=1.5, source="EV209: slower exit while they last; size a judgement",
        meaning="chance a week of finding full work while the paid hours last",
    )  # fmt: skip
    assumed_after_factor: Number = item(
        1.0, unit="factor", gt=0, le=3, source="EV209 has the sign (faster after, by group); 1 unless typed",
        meaning="typed assumption: chance of finding full work after them; marks every output",
    )  # fmt: skip

    @property
    def _arranged(self) -> bool:
        return bool(self.groups) and (self.small_job_share > 0 or self.hybrid_share > 0)

    def evidence_class(self) -> str:
        """B: a sign, no size."""
        return "B"

    def is_zero_dose(self) -> bool:
        """No hours are arranged, no minute and no krone spent."""
        return not self._arranged and not self.kr_per_year and not self.setup_minutes

    def assumptions(self) -> tuple[str, ...]:
        """What paid hours leave behind."""
        if not self._arranged or self.assumed_after_factor == 1.0:
            return ()
        return (f"paid hours: chance of finding work x {self.assumed_after_factor:g} after them",)

    def ranges(self) -> dict[str, tuple[float, float, float]]:
        """The lock-in, where the scenario does not say."""
        return {"lock_in_factor": LOCK_IN} if self._arranged and self.lock_in_factor == LOCK_IN[0] else {}

    def with_values(self, values: Mapping[str, float]) -> Self:
        """Another lock-in."""
        return self.model_copy(update=dict(values))

    def change_weeks(self, scenario: "Scenario") -> set[int]:
        """The first week, and the one after the last hours are arranged."""
        return {self.first_week(scenario)} | (set() if self.to_week is None else {self.to_week + 1})

    def last_week(self, scenario: "Scenario") -> int | None:
        """`to` is the last week in which hours are arranged: benefits fall by them until the last have ended."""
        return None if self.to_week is None else self.to_week + self.weeks

    def apply(self, tables: "Tables", scenario: "Scenario", week: int) -> None:
        """Who has paid hours arranged, for how long, what they do to search and to the benefit."""
        if week < self.first_week(scenario):
            return
        self.book(tables, scenario)
        offer = tables.offer
        if self.to_week is None or week <= self.to_week:
            offer = offer._replace(
                consultant_minutes=offer.consultant_minutes + round(self.setup_minutes),
                small_job_share=self.small_job_share,
                hybrid_share=self.hybrid_share,
            )
        offer.lock_in_log[M_PAID_HOURS] = math.log(self.lock_in_factor)
        beside = tables.pay.amount_oere[:, len(RATE_CLASSES) :]
        for group in self.groups:
            b = BENEFITS.index(group)
            offer.paid_hours[b] = 1
            offer.weeks[b, M_PAID_HOURS] = self.weeks
            offer.after_log[b, M_PAID_HOURS] = math.log(self.assumed_after_factor)
            if group == BY_THE_HOUR:
                worked = min(self.hours_per_week / FULL_TIME_HOURS, 1.0)
                beside[b] -= (beside[b] * worked + 0.5).astype(beside.dtype)
            else:
                set_off = self.hours_per_week * max(0.0, self.hourly_wage_kr - self.kept_kr_per_hour)
                beside[b] = (beside[b] - round(set_off * 100.0)).clip(min=0)
        tables.offer = offer
