"""Meetings: how long they are and whether they are prepared. Time goes in; nothing is assumed to come out beyond it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Self

from pydantic import AfterValidator, Field

from sim.codes import BENEFITS
from sim.policies.registry import Dose, Group, Lever, Team, lever, scaled_posts
from sim.scenario.scalars import Fte, Kr, Minutes, Share, item, read_quarters

if TYPE_CHECKING:
    from sim.scenario.models import Scenario
    from sim.tables.build import Tables


WORTH = (0.5, 0.0, 1.0)  # value and range


@lever("meetings")
class Meetings(Lever):
    """Longer or shorter meetings, more or less preparation, and meetings that are never held unprepared.

    A longer meeting is worth no more contact than one of the usual length: nothing has been read that says so; a
    shorter one is worth less. What length does beyond is take hours from other meetings, or give them.
    """

    channels: ClassVar[str] = "minutes of a meeting, and which meetings are prepared"
    evidence: ClassVar[tuple[str, ...]] = ("EV106",)
    weak_points: ClassVar[str] = (
        "What a prepared meeting is worth against an unprepared one is a judgement "
        "(contact.unprepared_value 0.75, 0.5 to 1), and so is what a shorter one loses (worth_of_length). A "
        "longer meeting is worth no more than a usual one here."
    )

    per_person: ClassVar[bool] = True

    groups: tuple[Group, ...] = Field(BENEFITS, description="benefits whose meetings change; default all")
    minutes: Minutes | None = item(
        None, unit="minutes", ge=10, le=240, meaning="length face to face; default as it is"
    )
    worth_of_length: Share = item(
        WORTH[0], unit="exponent", source="judgement: between nothing lost and as much as the minutes",
        meaning="a meeting shorter than usual is worth (its minutes / the usual minutes) to this power",
    )  # fmt: skip
    prepared_share: Share = item(
        0.0, unit="share", source="Slagelse dialogue meetings: unprepared meetings hurt",
        meaning="meetings that are prepared however long the queue is; 1 = never unprepared",
    )  # fmt: skip
    preparation_share: Share | None = item(
        None, unit="share", le=0.6, meaning="part of a meeting's whole time that is preparation, all groups"
    )
    extra_fte: dict[Team, Annotated[Fte, AfterValidator(read_quarters), Field(ge=-200, le=200)]] = Field(
        {}, description="posts added or cut with it, quarter steps", json_schema_extra={"unit": "FTE"}
    )
    one_off_kr: Kr = item(0.0, unit="kr", ge=0, meaning="cost of starting up, booked in the first week")

    def evidence_class(self) -> str:
        """C: time only. What preparation is worth is a behavioural number of the model (contact.unprepared_value)."""
        return "C"

    def is_zero_dose(self) -> bool:
        """No minute and no krone moves."""
        acts = self.minutes is not None or bool(self.prepared_share) or self.preparation_share is not None
        return not (acts and self.groups) and not any(self.extra_fte.values()) and not self.one_off_kr

    def ranges(self) -> dict[str, tuple[float, float, float]]:
        """What a shorter meeting loses, where the scenario does not say."""
        unsaid = self.minutes is not None and self.worth_of_length == WORTH[0]
        return {"worth_of_length": WORTH} if unsaid else {}

    def with_values(self, values: Mapping[str, float]) -> Self:
        """Another exponent."""
        return self.model_copy(update=dict(values))

    def extra_posts(self) -> dict[str, float]:
        """The posts that go with it."""
        return dict(self.extra_fte)

    def clashes(self, others: Mapping[str, Lever]) -> dict[str, str]:
        """Two lengths for the same meetings."""
        early = others.get("early_intervention")
        if self.minutes is None or getattr(early, "meeting_minutes", None) is None:
            return {}
        both = ", ".join(group for group in getattr(early, "groups", ()) if group in self.groups)
        if not both:
            return {}
        return {
            "minutes": f"early_intervention sets another length for the same meetings ({both});"
            " give one of the two"
        }

    def dose(self, scenario: "Scenario") -> Dose:
        """The posts; length and preparation as written."""
        return Dose("extra_fte", "FTE", "posts added, over the teams as written; meetings as written",
                    sum(self.extra_fte.values()), 200.0, "200 posts", step=0.25)  # fmt: skip

    def with_dose(self, value: float) -> Self:
        """As many posts in all."""
        return self.model_copy(update={"extra_fte": scaled_posts(self.extra_fte, value)})

    def apply(self, tables: "Tables", scenario: "Scenario", week: int) -> None:
        """Minutes and preparation of meetings; nothing else."""
        if week < self.first_week(scenario):
            return
        meeting = tables.meeting
        for b in (BENEFITS.index(group) for group in self.groups):
            for arm in self.arms(scenario):
                if self.minutes is not None:
                    shorter = min(1.0, self.minutes / meeting.direct_minutes[arm, b, 0])
                    meeting.worth[arm, b] = shorter**self.worth_of_length
                    meeting.direct_minutes[arm, b] = self.minutes
                prepared = meeting.always_prepared[arm, b]
                prepared[:] = prepared.clip(min=self.prepared_share)
        if self.preparation_share is not None:
            # The work around a meeting stays; preparation is put on top of it or taken away.
            rest = meeting.overhead * (1.0 - meeting.preparation)
            overhead = rest / (1.0 - self.preparation_share)
            tables.meeting = meeting._replace(overhead=overhead, preparation=self.preparation_share)
