"""Job dating and pop-up recruitment: events where people on a benefit meet companies that are hiring."""

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from sim.codes import BENEFITS
from sim.policies.costs import CompanyService
from sim.policies.registry import Group, lever
from sim.scenario.scalars import Kr, Number, item

if TYPE_CHECKING:
    from sim.scenario.models import Scenario
    from sim.tables.build import Tables


@lever("job_dating")
class JobDating(CompanyService):
    """Events cost what they cost; whether people apply to more open posts because of them is an assumption.

    Who then is not hired is mechanism: posts are no more than before, unless firms answer (posting_response).
    """

    channels: ClassVar[str] = "its cost; applications of the groups invited, as assumed"
    evidence: ClassVar[tuple[str, ...]] = ("EV401", "EV403")
    weak_points: ClassVar[str] = (
        "No study of such events has been read. Help to apply moved jobs between people rather than making "
        "them, more so where work is short (EV401, EV403)."
    )

    groups: tuple[Group, ...] = Field((), description="benefits whose people are invited")
    kr_per_year: Kr = item(0.0, unit="kr per year", ge=0, meaning="rooms, staff, invitations")
    assumed_applications_factor: Number = item(
        1.0, unit="factor", ge=0.5, le=3, source="not found; 1 unless the user types an assumption",
        meaning="typed assumption: applications of those invited; marks every output",
    )  # fmt: skip

    def evidence_class(self) -> str:
        """B: a proposal of the citizen policy."""
        return "B"

    def is_zero_dose(self) -> bool:
        """Nothing is paid and nothing assumed."""
        return not self.kr_per_year and not (self.groups and self.assumed_applications_factor != 1.0)

    def assumptions(self) -> tuple[str, ...]:
        """Applications."""
        if not self.groups or self.assumed_applications_factor == 1.0:
            return ()
        return (f"job dating: applications x {self.assumed_applications_factor:g}",)

    def apply(self, tables: "Tables", scenario: "Scenario", week: int) -> None:
        """The cost; applications as assumed."""
        if week < self.first_week(scenario):
            return
        self.book(tables, scenario)
        if self.assumed_applications_factor != 1.0:
            for group in self.groups:
                tables.search.hazard[BENEFITS.index(group)] *= self.assumed_applications_factor
