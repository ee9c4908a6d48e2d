"""Staffing: more or fewer caseworkers in a team. The plainest investment: hours for money."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Self

from pydantic import AfterValidator, Field

from sim.policies.registry import Dose, Lever, Team, lever, scaled_posts
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

    channels: ClassVar[str] = "posts, so hours, queue, preparation, resignations"
    evidence: ClassVar[tuple[str, ...]] = ("EV120a", "EV121a", "EV130", "EV132", "EV135")
    weak_points: ClassVar[str] = (
        "Half of the Austrian gain was exit from the labour force (EV120). Hired with a lag, novices "
        "first. For other teams than those measured it is hours only."
    )

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

    def dose(self, scenario: "Scenario") -> Dose:
        """Posts in all, spread over the teams as written; at most 200 in a team."""
        total = sum(self.extra_fte.values())
        largest = max((fte / total for fte in self.extra_fte.values()), default=1.0) if total > 0 else 1.0
        return Dose("extra_fte", "FTE", "posts added, over the teams as written", total, 200.0 / largest,
                    "200 posts in one team", step=0.25)  # fmt: skip

    def with_dose(self, value: float) -> Self:
        """As many posts in all."""
        return self.model_copy(update={"extra_fte": scaled_posts(self.extra_fte, value)})

    def apply(self, tables: "Tables", scenario: "Scenario", week: int) -> None:
        """No table changes: posts are seats, opened and closed by the model."""
