"""Mismatch: highly educated people told to take unskilled jobs, who stand before others in the queue for them."""

from typing import TYPE_CHECKING, ClassVar

from sim.policies.costs import YearlySum
from sim.policies.registry import lever
from sim.scenario.scalars import Kr, Number, item

if TYPE_CHECKING:
    from sim.scenario.models import Scenario
    from sim.tables.build import Tables

HIGHER = 2  # codes.EDUCATIONS


@lever("mismatch")
class Mismatch(YearlySum):
    """Highly educated people on support apply for more jobs, below their training too; others lose some of them.

    How many more they apply for is an assumption; who then is not hired is mechanism (ranking, vacancies).
    """

    channels: ClassVar[str] = (
        "applications of people with higher education on a benefit, as assumed; its cost"
    )
    evidence: ClassVar[tuple[str, ...]] = ("EV402", "EV403")
    weak_points: ClassVar[str] = (
        "Jobs have no skill level in the model: every job can be taken by everybody, and schooling only "
        "weighs in the ranking. The schooling of people under 23 is what they will end with."
    )

    kr_per_year: Kr = item(0.0, unit="kr per year", ge=0, meaning="what the effort costs")
    assumed_applications_factor: Number = item(
        1.0, unit="factor", ge=0.5, le=3, source="not found; 1 unless the user types an assumption",
        meaning="typed assumption: applications of people with higher education on a benefit; marks every output",
    )  # fmt: skip

    def evidence_class(self) -> str:
        """B: direction only (Slagelse dialogue meetings: a warning)."""
        return "B"

    def is_zero_dose(self) -> bool:
        """Nobody applies more and nothing is paid."""
        return self.assumed_applications_factor == 1.0 and not self.kr_per_year

    def assumptions(self) -> tuple[str, ...]:
        """Applications."""
        if self.assumed_applications_factor == 1.0:
            return ()
        return (f"mismatch: applications of the highly educated x {self.assumed_applications_factor:g}",)

    def apply(self, tables: "Tables", scenario: "Scenario", week: int) -> None:
        """Applications of people with higher education; the cost."""
        if week < self.first_week(scenario):
            return
        tables.search.person_factor[:, HIGHER, :] *= self.assumed_applications_factor
        self.book(tables, scenario)
