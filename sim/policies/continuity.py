"""Continuity: fewer caseworker changes, each cause at its price."""

import math
from typing import TYPE_CHECKING, Annotated, ClassVar, Self

from pydantic import AfterValidator, Field

from sim.codes import BENEFITS, TEAMS
from sim.policies.registry import Dose, Group, Lever, Team, lever, scaled_posts
from sim.scenario.scalars import Fte, Kr, Minutes, Share, item, read_quarters

if TYPE_CHECKING:
    from sim.scenario.models import Scenario
    from sim.tables.build import Tables


def most_cover_fte(scenario: "Scenario", team: str) -> float:
    """Posts that cover all long absence expected in a team, in quarters of a post."""
    value = scenario.behaviour
    away = value["staff.long_absence"] * value["staff.long_absence_weeks"]
    return math.ceil(4.0 * scenario.municipality.staff.teams[team].fte * away) / 4.0


@lever("continuity")
class Continuity(Lever):
    """One person through the system, hand-overs that keep trust, slack for absence, pay that keeps staff.

    Every field at its default is the zero dose. Given by lot, what acts on a person's case (one person across groups,
    hand-overs, own requests) reaches the treated; slack for absence and retention pay are the whole office's.
    """

    channels: ClassVar[str] = (
        "who keeps whose case, hand-over meetings, cover for absence, resignations, requests met;"
        " from there trust and hours"
    )
    evidence: ClassVar[tuple[str, ...]] = ("EV101", "EV102", "EV106", "EV108")
    weak_points: ClassVar[str] = (
        "The -22 % of EV101 is observational and 0.5 changes a year a judgement. No study says how fast "
        "trust comes back: compare recovery_8_weeks and recovery_52_weeks. That pay keeps staff is not "
        "assumed."
    )

    per_person: ClassVar[bool] = True

    groups: tuple[Group, ...] | None = item(
        None, unit="benefits", unsaid=True,
        meaning="benefits whose cases it is about: where the case comes from, else where it is; default all",
    )  # fmt: skip
    one_person_across_groups_share: Share = item(
        0.0, unit="share", meaning="cases that keep their caseworker when the benefit, and so the team, changes",
        source="Slagelse 2015: the combined worker; Slagelse dialogue meetings: one single contact person",
    )  # fmt: skip
    specialisation_minutes_share: Share = item(
        0.1,
        unit="share",
        meaning="extra minutes on a case outside the caseworker's own team",
        source="judgement",
    )
    handover_meeting_share: Share = item(
        0.0,
        unit="share",
        meaning="changes with a hand-over meeting of old caseworker, new caseworker and citizen",
    )
    handover_minutes: Minutes = item(
        60.0,
        unit="minutes",
        ge=0,
        le=480,
        meaning="working time of both caseworkers on a hand-over meeting",
        source="judgement",
    )
    absence_slack_fte: dict[Team, Annotated[Fte, AfterValidator(read_quarters), Field(ge=0, le=200)]] = Field(
        {},
        description="posts added so that an absence is covered without moving cases, quarter steps",
        json_schema_extra={"unit": "FTE"},
    )
    retention_pay_kr_per_fte_year: Kr = item(
        0.0,
        unit="kr per FTE per year",
        ge=0,
        le=300_000,
        meaning="supplement paid to every caseworker to stay",
    )
    assumed_retention_response: Share = item(
        0.0, unit="share per 10,000 kr", source="not found; 0 unless the user types an assumption",
        meaning="typed assumption: fall of the chance to resign per 10,000 kr. of supplement; marks every output",
    )  # fmt: skip
    meet_own_request_share: Share = item(
        0.0,
        unit="share",
        meaning="own requests for another caseworker that are met",
        source="Slagelse 2021: met and heard",
    )
    one_off_kr: Kr = item(0.0, unit="kr", ge=0, meaning="cost of reorganising, booked in the first week")

    def evidence_class(self) -> str:
        """A: what a change costs a job chance has been measured (EV101, EV106, EV108); B with an assumption beside."""
        return "B" if self.assumptions() else "A"

    def assumptions(self) -> tuple[str, ...]:
        """That pay keeps staff."""
        if not self.assumed_retention_response or not self.retention_pay_kr_per_fte_year:
            return ()
        fall = 100.0 * self.assumed_retention_response
        return (f"continuity: {fall:g} % fewer resignations per 10,000 kr. of retention pay",)

    def is_zero_dose(self) -> bool:
        """No case, no hour and no krone moves."""
        shares = self.one_person_across_groups_share, self.handover_meeting_share, self.meet_own_request_share
        paid = self.retention_pay_kr_per_fte_year, self.one_off_kr
        return not any((*shares, *paid)) and not any(self.absence_slack_fte.values())

    def problems(self, scenario: "Scenario") -> dict[str, str]:
        """Cover for more absence than a team has."""
        beyond = [
            f"{team} at most {most:g} FTE"
            for team, fte in self.absence_slack_fte.items()
            if fte > (most := most_cover_fte(scenario, team)) + 1e-9
        ]
        if not beyond:
            return {}
        what = "covers more than all long absence expected, which would cost and do nothing"
        return {"absence_slack_fte": f"{what}: {', '.join(beyond)}"}

    def dose(self, scenario: "Scenario") -> Dose:
        """Posts that cover absence, over the teams as written; more than the expected absence has nothing to cover."""
        total = sum(self.absence_slack_fte.values())
        # The team that is covered first sets the limit: more would be paid for nothing there.
        full = [
            most_cover_fte(scenario, team) / (fte / total)
            for team, fte in self.absence_slack_fte.items()
            if fte
        ]
        return Dose("absence_slack_fte", "FTE", "posts that cover absence, the rest as written",
                    total, max(0.25, math.floor(4.0 * min(full) + 1e-9) / 4.0) if full else 0.0,
                    "all expected absence in the teams named is covered", step=0.25)  # fmt: skip

    def with_dose(self, value: float) -> Self:
        """As many posts that cover absence; everything else as written."""
        return self.model_copy(update={"absence_slack_fte": scaled_posts(self.absence_slack_fte, value)})

    def paid_posts(self) -> float:
        """The posts that cover absence are hours, not seats with cases."""
        return sum(self.absence_slack_fte.values())

    def other_cost_kr_year(self, scenario: "Scenario") -> float:
        """Retention pay for every caseworker's post."""
        return self.retention_pay_kr_per_fte_year * sum(
            team.fte for name, team in scenario.municipality.staff.teams.items() if name != "rehabilitation"
        )

    def apply(self, tables: "Tables", scenario: "Scenario", week: int) -> None:
        """Changes the causes of caseworker changes and books what each costs.

        An effect on job finding comes only through trust, preparation, hand-over time and novices.
        """
        if week < self.first_week(scenario):
            return
        meeting, staff = tables.meeting, tables.staff
        office = scenario.municipality.staff
        if self.handover_meeting_share:
            tables.meeting = meeting._replace(handover_minutes=round(self.handover_minutes))
        about = list(map(BENEFITS.index, BENEFITS if self.groups is None else self.groups))
        for arm in self.arms(scenario):
            if self.one_person_across_groups_share:
                meeting.follow_share[arm, about] = self.one_person_across_groups_share
                meeting.specialisation[arm] = self.specialisation_minutes_share
            meeting.handover_share[arm, about] = self.handover_meeting_share
            meeting.request_met[arm] = max(meeting.request_met[arm], self.meet_own_request_share)
        away = staff.long_absence * float(staff.long_absence_weeks)
        slack = 0.0
        for team, fte in self.absence_slack_fte.items():
            expected = office.teams[team].fte * away
            staff.slack[TEAMS.index(team)] = min(1.0, fte / expected) if expected > 0 else 0.0
            slack += fte
        if slack:
            tables.add_cost(
                "staff", slack * office.cost_per_fte_kr_year * 100.0 * tables.price * scenario.world.share
            )
        if self.retention_pay_kr_per_fte_year:
            fall = self.assumed_retention_response * self.retention_pay_kr_per_fte_year / 10_000.0
            tables.staff = staff._replace(retention=max(0.0, 1.0 - fall))
            tables.add_cost("retention_pay", self.retention_pay_kr_per_fte_year * 100.0)
