"""Retention: a mentor in the first time of a new job, for people who come from a benefit."""

from typing import TYPE_CHECKING, ClassVar

from sim.policies.costs import CompanyService
from sim.policies.registry import lever
from sim.scenario.scalars import Kr, Number, Weeks, item

if TYPE_CHECKING:
    from sim.scenario.models import Scenario
    from sim.tables.build import Tables


@lever("retention")
class Retention(CompanyService):
    """A mentor follows people into the job. It costs what it costs; whether fewer lose the job is an assumption."""

    channels: ClassVar[str] = "its cost; job loss in the first weeks of work after a benefit, as assumed"
    evidence: ClassVar[tuple[str, ...]] = ("EV225", "EV226")
    weak_points: ClassVar[str] = (
        "Trials of mentors are about the young before they work (EV225, EV226); none about keeping a job has "
        "been read. Half of new jobs after a long benefit last a year: there is something to keep."
    )

    kr_per_year: Kr = item(0.0, unit="kr per year", ge=0, meaning="mentors and agreements with companies")
    weeks: Weeks = item(26, unit="weeks", ge=1, le=104, meaning="weeks of the new job that are followed")
    assumed_job_loss_factor: Number = item(
        1.0, unit="factor", gt=0, le=1, source="not found; 1 unless the user types an assumption",
        meaning="typed assumption: chance a week of losing the job while followed; marks every output",
    )  # fmt: skip

    def evidence_class(self) -> str:
        """B: a proposal of citizens."""
        return "B"

    def is_zero_dose(self) -> bool:
        """Nothing is paid and nothing assumed."""
        return not self.kr_per_year and self.assumed_job_loss_factor == 1.0

    def assumptions(self) -> tuple[str, ...]:
        """Job loss."""
        if self.assumed_job_loss_factor == 1.0:
            return ()
        return (f"retention: job loss x {self.assumed_job_loss_factor:g} in the first {self.weeks} weeks",)

    def apply(self, tables: "Tables", scenario: "Scenario", week: int) -> None:
        """The cost; job loss of those followed."""
        if week < self.first_week(scenario):
            return
        self.book(tables, scenario)
        tables.events = tables.events._replace(
            retained=self.assumed_job_loss_factor, retained_weeks=self.weeks
        )
