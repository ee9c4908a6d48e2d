"""Early intervention: more and earlier meetings in the first months of a spell, above the statutory contact plan."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Self

from pydantic import AfterValidator, Field

from sim.codes import BAND_STARTS, BENEFITS
from sim.policies.registry import TREATED_ARM, Dose, Group, Lever, Team, lever, scaled_posts
from sim.scenario.scalars import Fte, Kr, Minutes, Number, Share, Weeks, item, read_quarters

if TYPE_CHECKING:
    from sim.scenario.models import Scenario
    from sim.tables.build import Tables

# Last weeks of the bands a dose can end with: tables know bands, not weeks.
BAND_ENDS = tuple(start - 1 for start in BAND_STARTS[1:])


def _ends_a_band(week: int) -> int:
    if week not in BAND_ENDS:
        raise ValueError(f"must end a band of weeks: {', '.join(map(str, BAND_ENDS))}")
    return week


# Groups for which frequent meetings have been tried and measured (EV001-EV007, EV011); elsewhere the dose is
# an extrapolation.
MEASURED_GROUPS = ("dagpenge", "kontanthjaelp_jobready", "kontanthjaelp_activityready", "ressourceforloeb")


@lever("early_intervention")
class EarlyIntervention(Lever):
    """Meetings, an earlier first meeting and coaching for chosen groups in their first weeks, with the posts they take.

    Fields left out stay as the law has them; leaving out all of them is the zero dose.
    """

    channels: ClassVar[str] = (
        "meetings wanted, first meeting, their length, coaching; from there contact, trust, corrections, offers"
    )
    evidence: ClassVar[tuple[str, ...]] = ("EV001", "EV003", "EV005", "EV006", "EV007", "EV011")
    weak_points: ClassVar[str] = (
        "Measured on the insured and job-ready in 2005-08; nothing for the weakest (EV007). At full "
        "coverage others lose jobs (EV402, EV403). Where the a-kasse holds the meetings it does not "
        "reach."
    )

    per_person: ClassVar[bool] = True

    groups: tuple[Group, ...] = Field((), description="benefits whose new spells get the lever")
    meetings_per_26_weeks: Number | None = item(
        None,
        unit="meetings per 26 weeks",
        gt=0,
        le=130,
        source="EV001, EV003: a meeting every second week or every week",
        meaning="meetings wanted in the first 26 weeks, the statutory ones included; the larger of the two holds",
    )
    until_week: Annotated[Weeks, AfterValidator(_ends_a_band)] = item(
        26,
        unit="weeks",
        ge=1,
        le=156,
        meaning="last week of the spell in which the lever acts: 4, 13, 26, 52 or 104",
    )
    coverage_share: Share = item(
        1.0,
        unit="share",
        meaning="part of the groups that gets the lever, drawn by lot; below 1 the rest are the control group",
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
    threat_share: Share = item(
        0.0, unit="share", source="EV001, EV003: meetings, a course and activation from month 4 announced, one package",
        meaning="part of the trials' threat of activation, sanctions behind it included, that is delivered too, while"
        " the lever acts on a spell; contact and threat together are the package's effect",
    )  # fmt: skip
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
            self.threat_share,
        )
        acts = bool(self.groups) and any(moves)
        return not acts and not any(self.extra_fte.values()) and not self.one_off_kr

    def extra_posts(self) -> dict[str, float]:
        """The posts that hold the meetings."""
        return dict(self.extra_fte)

    def dose(self, scenario: "Scenario") -> Dose:
        """Part of the groups that gets the lever; the posts follow in proportion, in quarters."""
        return Dose("coverage_share", "share", "part of the groups that gets the lever, its posts in proportion",
                    self.coverage_share, 1.0, "everybody in the groups gets it")  # fmt: skip

    def with_dose(self, value: float) -> Self:
        """Another coverage, with the posts that takes."""
        posts = sum(self.extra_fte.values()) * value / self.coverage_share if self.coverage_share else 0.0
        return self.model_copy(
            update={"coverage_share": value, "extra_fte": scaled_posts(self.extra_fte, posts)}
        )

    def arms(self, scenario: "Scenario") -> tuple[int, ...]:
        """Arms the lever acts on: everybody, or those drawn by lot."""
        return TREATED_ARM if self.coverage_share < 1.0 else super().arms(scenario)

    def apply(self, tables: "Tables", scenario: "Scenario", week: int) -> None:
        """More meetings than the law asks for in the bands up to `until_week`, an earlier first meeting, coaching.

        Where the a-kasse holds the meetings (the insured's first months) the municipality's dose does not reach.
        """
        if week < self.first_week(scenario):
            return
        meeting = tables.meeting
        for group in self.groups:
            b = BENEFITS.index(group)
            for arm in self.arms(scenario):
                for band in (band for band, start in enumerate(BAND_STARTS) if start <= self.until_week):
                    self._change_band(tables, arm, b, band)
                if self.first_meeting_within_weeks:
                    have = meeting.first_by[arm, b]
                    if have == 0 or self.first_meeting_within_weeks < have:
                        meeting.first_by[arm, b] = self.first_meeting_within_weeks

    def _change_band(self, tables: "Tables", arm: int, b: int, band: int) -> None:
        meeting = tables.meeting
        if self.meetings_per_26_weeks:
            wanted = max(1, round(52.0 / self.meetings_per_26_weeks))  # half weeks between meetings
            have = meeting.interval_x2[arm, b, band]
            if have == 0 or wanted < have:
                meeting.interval_x2[arm, b, band] = wanted
        if self.meeting_minutes:
            meeting.direct_minutes[arm, b, band] = self.meeting_minutes
        prepared = meeting.always_prepared[arm, b, band]
        meeting.always_prepared[arm, b, band] = max(prepared, self.coaching_share)
        tables.channel.added[arm, b, band] += self.threat_share * tables.channel.threat[b]
