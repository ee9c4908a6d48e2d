"""Early intervention: more and earlier meetings in the first months of a spell, above the statutory contact plan."""

from typing import Annotated

from pydantic import AfterValidator, Field

from sim.policies.registry import Group, Lever, Team, lever
from sim.scenario.scalars import Fte, Kr, Minutes, Number, Share, Weeks, item, read_quarters

# Groups for which frequent meetings have been tried and measured (EV001-EV007, EV011); elsewhere the dose is an extrapolation.
MEASURED_GROUPS = ("dagpenge", "kontanthjaelp_jobready", "kontanthjaelp_activityready", "ressourceforloeb")


@lever("early_intervention")
class EarlyIntervention(Lever):
    """Meetings, an earlier first meeting and coaching for chosen groups in their first weeks, with the posts they take.

    Fields left out stay as the law has them; leaving out all of them is the zero dose.
    """

    groups: tuple[Group, ...] = Field((), description="benefits whose new spells get the lever")
    meetings_per_26_weeks: Number | None = item(
        None, unit="meetings per 26 weeks", gt=0, le=130, source="EV001, EV003: a meeting every second week or every week",
        meaning="meetings wanted in the first 26 weeks, the statutory ones included; the larger of the two holds",
    )  # fmt: skip
    until_week: Weeks = item(
        26, unit="weeks", ge=1, le=156, meaning="last week of the spell in which the lever acts"
    )
    first_meeting_within_weeks: Weeks | None = item(
        None, unit="weeks", ge=1, le=26, meaning="first meeting at the latest in this week of the spell"
    )
    meeting_minutes: Minutes | None = item(
        None,
        unit="minutes",
        ge=10,
        le=240,
        meaning="length of these meetings face to face; default as for any meeting",
    )
    coaching_share: Share = item(
        0.0, unit="share", meaning="part of these meetings held as coaching (goal, plan, follow-up), always prepared",
        source="Slagelse 2015, early intervention for job-ready: weekly coaching meetings",
    )  # fmt: skip
    extra_fte: dict[Team, Annotated[Fte, AfterValidator(read_quarters), Field(ge=0, le=200)]] = Field(
        {},
        description="posts added to hold the meetings, quarter steps",
        json_schema_extra={"unit": "FTE"},
    )
    one_off_kr: Kr = item(0.0, unit="kr", ge=0, meaning="cost of starting up, booked in the first week")

    def evidence_class(self) -> str:
        """A for groups the meetings have been tried on; the weakest group decides."""
        return "A" if all(group in MEASURED_GROUPS for group in self.groups) else "B"

    def is_zero_dose(self) -> bool:
        """No meeting, no date, no post and no krone moves."""
        moves = (
            self.meetings_per_26_weeks,
            self.first_meeting_within_weeks,
            self.meeting_minutes,
            self.coaching_share,
        )
        acts = bool(self.groups) and any(moves)
        return not acts and not any(self.extra_fte.values()) and not self.one_off_kr
