"""A shock to staff: several caseworkers resign in one week, and their posts may stay frozen for a while."""

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from sim.codes import TEAMS
from sim.policies.registry import Lever, Team, lever
from sim.scenario.scalars import Number, Weeks, item

if TYPE_CHECKING:
    from sim.scenario.models import Scenario
    from sim.tables.build import Tables


@lever("staff_shock")
class StaffShock(Lever):
    """Caseworkers resign in the week `from`, on top of those who would have: a context, not a decision.

    Their cases wait or move; the posts are filled after the usual lag, later if frozen, by novices.
    """

    channels: ClassVar[str] = "caseworkers who resign in one week by team; how long their posts stay empty"
    evidence: ClassVar[tuple[str, ...]] = ("EV101", "EV110")
    weak_points: ClassVar[str] = (
        "Who leaves is drawn by lot; in life the experienced go first. Colleagues who stay resign more often "
        "only through the backlog."
    )

    resign_fte: dict[Team, Annotated[Number, Field(ge=0, le=200)]] = Field(
        {}, description="posts whose holders resign, by team", json_schema_extra={"unit": "FTE"}
    )
    frozen_weeks: Weeks = item(
        0, unit="weeks", ge=0, le=260, meaning="weeks the posts stay empty beyond the usual time to fill one"
    )

    def evidence_class(self) -> str:
        """C: hours and cases; what a change does to people comes from the effect of changes."""
        return "C"

    def is_zero_dose(self) -> bool:
        """Nobody resigns."""
        return not any(self.resign_fte.values())

    def change_weeks(self, scenario: "Scenario") -> set[int]:
        """The week of the shock and the one after it."""
        first = self.first_week(scenario)
        return {first, first + 1}

    def apply(self, tables: "Tables", scenario: "Scenario", week: int) -> None:
        """How many leave this week, and how long their posts stay empty."""
        if week != self.first_week(scenario):
            return
        for team, fte in self.resign_fte.items():
            tables.staff.leaving[TEAMS.index(team)] = fte * scenario.world.share
        tables.staff = tables.staff._replace(frozen_weeks=int(self.frozen_weeks))
