"""Staffing: more or fewer caseworkers in a team. The plainest investment: hours for money."""

from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from sim.policies.registry import Lever, Team, lever
from sim.scenario.scalars import Fte, read_quarters

if TYPE_CHECKING:
    from sim.scenario.models import Scenario
    from sim.tables.build import Tables

# Teams for whose clients a lower caseload has been measured: EV120-EV121 and EV130 (job-ready), EV135 (activity-ready).
MEASURED_TEAMS = ("dagpenge_jobready", "activityready")


@lever("staffing")
class Staffing(Lever):
    """Posts added to or taken from teams, hired with the usual lag, paid at marginal cost.

    One number per team.
    """

    extra_fte: dict[Team, Annotated[Fte, AfterValidator(read_quarters), Field(ge=-200, le=200)]] = Field(
        {},
        description="posts added to each team, quarter steps; below zero: posts cut",
        json_schema_extra={"unit": "FTE", "source": "EV120, EV130, EV135: lower caseload, shorter spells"},
    )

    def evidence_class(self) -> str:
        """A where a lower caseload has been measured; the weakest team decides."""
        return "A" if all(team in MEASURED_TEAMS for team, fte in self.extra_fte.items() if fte) else "C"

    def is_zero_dose(self) -> bool:
        """No post moves."""
        return not any(self.extra_fte.values())

    def extra_posts(self) -> dict[str, float]:
        """The posts; hours, queue, meetings and caseworker changes follow from them."""
        return dict(self.extra_fte)

    def apply(self, tables: "Tables", scenario: "Scenario", week: int) -> None:
        """No table changes: posts are seats, opened and closed by the model."""
