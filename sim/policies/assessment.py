"""Assessment: who is put in which group, and who is declared fit for work too soon."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Self

from pydantic import AfterValidator

from sim.policies.registry import Dose, Lever, lever
from sim.scenario.scalars import Fte, Kr, Number, Share, item, read_quarters

if TYPE_CHECKING:
    from sim.scenario.models import Scenario
    from sim.tables.build import Tables


@lever("assessment")
class Assessment(Lever):
    """Assessors who are paid for, what they are assumed to get right, and fitness declared too early.

    Declaring people fit too early is a decision with a harm of known sign: more of them fall ill again. The harm is a
    judgement in size and never zero.
    """

    channels: ClassVar[str] = (
        "its cost; wrong groups, as assumed; the first re-assessment of sickness and relapse after it"
    )
    evidence: ClassVar[tuple[str, ...]] = ("EV311",)
    weak_points: ClassVar[str] = (
        "A wrong group acts through the chance of work of the benefit a person is put on, which is in "
        "part a label: an assumption of fewer wrong groups moves people between levels. The size of the "
        "harm of declaring fit too early is a judgement."
    )

    assessors_fte: Annotated[Fte, AfterValidator(read_quarters)] = item(
        0.0, unit="FTE", ge=0, le=50, meaning="posts that assess new cases; they hold no cases themselves"
    )
    one_off_kr: Kr = item(0.0, unit="kr", ge=0, meaning="cost of starting up, booked in the first week")
    assumed_misassessed_share: Share | None = item(
        None, unit="share", source="not found; as it is unless the user types an assumption",
        meaning="typed assumption: new cash-benefit cases put in the wrong group; marks every output",
    )  # fmt: skip
    fit_too_early_share: Share = item(
        0.0, unit="share", source="Slagelse dialogue meetings: declared fit too soon, with relapse",
        meaning="sickness cases that would be extended at the first re-assessment and are declared fit instead",
    )  # fmt: skip
    relapse_factor: Number = item(
        1.5, unit="factor", gt=1, le=5, source="judgement, 1.1 to 3: the sign is known, the size is not (EV311)",
        meaning="chance of falling ill again in the half year after, for those declared fit too early",
    )  # fmt: skip

    def evidence_class(self) -> str:
        """B: directions and judgements."""
        return "B"

    def is_zero_dose(self) -> bool:
        """Nobody is paid, nothing is assumed, nobody is declared fit too early."""
        unpaid = not self.assessors_fte and not self.one_off_kr
        return unpaid and self.assumed_misassessed_share is None and not self.fit_too_early_share

    def assumptions(self) -> tuple[str, ...]:
        """Fewer or more wrong groups; the size of the harm."""
        said = []
        if self.assumed_misassessed_share is not None:
            said.append(
                f"assessment: {100 * self.assumed_misassessed_share:g} % of new cases in the wrong group"
            )
        if self.fit_too_early_share:
            said.append(f"assessment: relapse x {self.relapse_factor:g} of those declared fit too early")
        return tuple(said)

    def dose(self, scenario: "Scenario") -> Dose:
        """Assessors."""
        return Dose("assessors_fte", "FTE", "posts that assess, the rest as written",
                    self.assessors_fte, 50.0, "50 assessors", step=0.25)  # fmt: skip

    def with_dose(self, value: float) -> Self:
        """As many assessors."""
        return self.model_copy(update={"assessors_fte": round(4.0 * value) / 4.0})

    def paid_posts(self) -> float:
        """Assessors are no seats with cases."""
        return self.assessors_fte

    def apply(self, tables: "Tables", scenario: "Scenario", week: int) -> None:
        """Cost; the share of wrong groups; the first re-assessment of sickness and what follows it."""
        if week < self.first_week(scenario):
            return
        if self.assessors_fte:
            post = scenario.municipality.staff.cost_per_fte_kr_year * 100.0 * tables.price
            tables.add_cost("staff", self.assessors_fte * post * scenario.world.share)
        if self.assumed_misassessed_share is not None:
            tables.entry = tables.entry._replace(misassessed_share=self.assumed_misassessed_share)
        if self.fit_too_early_share:
            self._declare_fit(tables)

    def _declare_fit(self, tables: "Tables") -> None:
        limits = tables.limits
        extended = limits.extended_share * (1.0 - self.fit_too_early_share)
        early = limits.extended_share - extended
        rest = 1.0 - limits.extended_share
        # As many as before go to jobafklaring at the first re-assessment; those no longer extended are declared fit.
        to_jobafklaring = rest * limits.to_jobafklaring_share / (1.0 - extended)
        tables.limits = limits._replace(extended_share=extended, to_jobafklaring_share=to_jobafklaring)
        declared_fit = early + rest * (1.0 - limits.to_jobafklaring_share)
        relapse = 1.0 + early / declared_fit * (self.relapse_factor - 1.0)
        tables.exits = tables.exits._replace(relapse=tables.exits.relapse * relapse)
