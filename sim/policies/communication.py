"""Communication: letters that are clear and well timed. Attendance may follow; that is typed, not known."""

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from sim.codes import BENEFITS, TEAMS
from sim.policies.costs import YearlySum
from sim.policies.registry import Group, lever
from sim.scenario.scalars import Kr, Minutes, Number, item

if TYPE_CHECKING:
    from sim.scenario.models import Scenario
    from sim.tables.build import Tables


@lever("communication")
class Communication(YearlySum):
    """Clear expectations, no letters on Friday evening: costs money and minutes.

    Without an assumption it changes nothing else. Badly timed letters are the same lever with a factor above 1.
    """

    channels: ClassVar[str] = "its cost; meetings not attended, as assumed"
    evidence: ClassVar[tuple[str, ...]] = ()
    weak_points: ClassVar[str] = (
        "No study of letters and attendance has been read; anxiety and illness from letters are not modelled."
    )

    groups: tuple[Group, ...] = Field(
        BENEFITS, description="benefits whose attendance is assumed to change; default all"
    )
    kr_per_year: Kr = item(0.0, unit="kr per year", ge=0, meaning="templates, training, text messages")
    case_minutes_per_week: Minutes = item(
        0.0, unit="minutes", ge=0, le=60, meaning="added to the administration of every case of every team"
    )
    one_off_kr: Kr = item(0.0, unit="kr", ge=0, meaning="rewriting letters, booked in the first week")
    assumed_no_show_factor: Number = item(
        1.0, unit="factor", ge=0, le=3, source="not found; 1 unless the user types an assumption",
        meaning="typed assumption: meetings not attended against before; marks every output",
    )  # fmt: skip

    def evidence_class(self) -> str:
        """C process only; B once an effect on attendance is assumed."""
        return "B" if self.assumed_no_show_factor != 1.0 else "C"

    def is_zero_dose(self) -> bool:
        """No minute, no krone and no assumption."""
        costs = self.kr_per_year or self.case_minutes_per_week or self.one_off_kr
        return not costs and not (self.assumed_no_show_factor != 1.0 and self.groups)

    def assumptions(self) -> tuple[str, ...]:
        """Attendance."""
        if self.assumed_no_show_factor == 1.0 or not self.groups:
            return ()
        return (f"communication: meetings not attended x {self.assumed_no_show_factor:g}",)

    def apply(self, tables: "Tables", scenario: "Scenario", week: int) -> None:
        """Cost and minutes; attendance as assumed."""
        if week < self.first_week(scenario):
            return
        tables.staff.case_minutes[: len(TEAMS)] += self.case_minutes_per_week
        for group in self.groups:
            b = BENEFITS.index(group)
            tables.meeting.no_show[b] = min(1.0, tables.meeting.no_show[b] * self.assumed_no_show_factor)
        self.book(tables, scenario)
