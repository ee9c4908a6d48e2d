"""Digital self-service: case administration freed for a price; below zero it is an administrative burden."""

from typing import TYPE_CHECKING, ClassVar, Self

from pydantic import Field

from sim.codes import TEAMS
from sim.policies.registry import Dose, Lever, Team, lever
from sim.scenario.scalars import Kr, Number, item

if TYPE_CHECKING:
    from sim.scenario.models import Scenario
    from sim.tables.build import Tables


@lever("self_service")
class SelfService(Lever):
    """Minutes of case administration a week that citizens and machines take over, or that new rules add.

    Freed minutes become meetings where there is a queue or an earlier meeting to hold; nothing else follows.
    """

    channels: ClassVar[str] = "minutes of case administration a week by team"
    evidence: ClassVar[tuple[str, ...]] = ()
    weak_points: ClassVar[str] = (
        "No measurement of freed casework hours has been read. Citizens who cannot use it are not in the "
        "model."
    )

    freed_share: Number = item(
        0.0, unit="share", ge=-3, le=0.9,
        source="judgement: no measurement of freed casework hours has been read; Silkeborg 2024-26 names the aim",
        meaning="case administration that goes away; below zero it grows by that part",
    )  # fmt: skip
    teams: tuple[Team, ...] = Field(
        tuple(team for team in TEAMS if team != "rehabilitation"), description="teams it reaches; default all"
    )
    kr_per_year: Kr = item(0.0, unit="kr per year", ge=0, meaning="licences and operation")
    one_off_kr: Kr = item(0.0, unit="kr", ge=0, meaning="buying and starting up, booked in the first week")

    def evidence_class(self) -> str:
        """C: hours only."""
        return "C"

    def is_zero_dose(self) -> bool:
        """No minute and no krone moves."""
        return not (self.freed_share and self.teams) and not self.kr_per_year and not self.one_off_kr

    def dose(self, scenario: "Scenario") -> Dose:
        """Administration freed, the yearly price in proportion."""
        return Dose("freed_share", "share", "case administration freed, its yearly price in proportion",
                    self.freed_share, 0.9, "nine tenths is all that can be freed")  # fmt: skip

    def with_dose(self, value: float) -> Self:
        """Another part freed at the same price for each part."""
        price = self.kr_per_year * value / self.freed_share if self.freed_share else self.kr_per_year
        return self.model_copy(update={"freed_share": value, "kr_per_year": price})

    def other_cost_kr_year(self, scenario: "Scenario") -> float:
        """Licences and operation."""
        return self.kr_per_year

    def apply(self, tables: "Tables", scenario: "Scenario", week: int) -> None:
        """Minutes of administration by team, and what the system costs."""
        if week < self.first_week(scenario):
            return
        for team in self.teams:
            tables.staff.case_minutes[TEAMS.index(team)] *= 1.0 - self.freed_share
        if self.kr_per_year:
            tables.add_cost("staff", self.kr_per_year * 100.0 * scenario.world.share)
