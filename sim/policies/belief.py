"""Belief: training caseworkers to believe in the citizen's chances. The cost is known, the effect is typed."""

import math
from typing import TYPE_CHECKING, ClassVar, Self

from pydantic import Field

from sim.codes import BENEFITS
from sim.policies.registry import Dose, Group, Lever, lever
from sim.scenario.scalars import Kr, Number, Share, item

if TYPE_CHECKING:
    from sim.scenario.models import Scenario
    from sim.tables.build import Tables


@lever("belief")
class Belief(Lever):
    """A part of the caseworkers is trained every year; hours and kroner are spent.

    That citizens whose caseworker believes in them find work more often has been observed (EV103), but who believes in
    whom is no accident, and no trial of training has been read. So the default effect is none.
    """

    channels: ClassVar[str] = "its cost and hours; job finding of the groups named, as assumed"
    evidence: ClassVar[tuple[str, ...]] = ("EV103", "EV104", "EV112")
    weak_points: ClassVar[str] = (
        "Belief predicts better than it causes (EV104); tougher caseworkers did better in one Swiss study "
        "(EV112). No trial of training has been read."
    )

    groups: tuple[Group, ...] = Field((), description="benefits whose job finding the assumption is about")
    trained_share: Share = item(0.0, unit="share", meaning="caseworkers trained each year")
    kr_per_caseworker: Kr = item(
        15_000.0, unit="kr per FTE trained", ge=0, le=500_000, source="judgement, 5,000 to 30,000",
        meaning="course and supervision of one caseworker for a year",
    )  # fmt: skip
    hours_per_caseworker: Number = item(
        37.0, unit="hours per FTE trained", ge=0, le=400, source="judgement: a week a year",
        meaning="working time of one caseworker a year, lost to meetings",
    )  # fmt: skip
    assumed_job_factor: Number = item(
        1.0, unit="factor", gt=0, le=3, source="EV103 is +33 % between beliefs, observational; 1 unless typed",
        meaning="typed assumption: chance a week of finding work in these groups, if everybody is trained",
    )  # fmt: skip

    def evidence_class(self) -> str:
        """B: direction only."""
        return "B"

    def is_zero_dose(self) -> bool:
        """Nobody is trained."""
        return not self.trained_share

    def assumptions(self) -> tuple[str, ...]:
        """Job finding."""
        if self.assumed_job_factor == 1.0 or not self.trained_share:
            return ()
        return (f"belief: chance of finding work x {self.assumed_job_factor:g} with a trained caseworker",)

    def dose(self, scenario: "Scenario") -> Dose:
        """Caseworkers trained."""
        return Dose("trained_share", "share", "caseworkers trained each year",
                    self.trained_share, 1.0, "everybody is trained")  # fmt: skip

    def with_dose(self, value: float) -> Self:
        """Another part."""
        return self.model_copy(update={"trained_share": value})

    def other_cost_kr_year(self, scenario: "Scenario") -> float:
        """Courses, for caseworkers' posts."""
        teams = scenario.municipality.staff.teams
        posts = sum(team.fte for name, team in teams.items() if name != "rehabilitation")
        return self.trained_share * self.kr_per_caseworker * posts

    def apply(self, tables: "Tables", scenario: "Scenario", week: int) -> None:
        """Cost, hours of everybody in proportion, and the assumption."""
        if week < self.first_week(scenario) or self.is_zero_dose():
            return
        office = scenario.municipality.staff
        lost = self.trained_share * self.hours_per_caseworker / office.productive_hours_per_fte_year
        tables.staff = tables.staff._replace(minutes_per_fte=tables.staff.minutes_per_fte * (1.0 - lost))
        tables.add_cost("staff", self.other_cost_kr_year(scenario) * 100.0 * scenario.world.share)
        for group in self.groups:
            effect = 1.0 + self.trained_share * (self.assumed_job_factor - 1.0)
            tables.channel.added[:, BENEFITS.index(group)] += math.log(effect)
