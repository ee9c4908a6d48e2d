"""Companies: more consultants, more placements, help at the site, companies with an agreement."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Self

from pydantic import AfterValidator, Field

from sim.codes import BENEFITS, M_PLACEMENT_PRIVATE, M_PLACEMENT_PUBLIC
from sim.policies.costs import CompanyService
from sim.policies.registry import Dose, Group, lever
from sim.scenario.scalars import Fte, Kr, Minutes, Number, Share, item, read_quarters

if TYPE_CHECKING:
    from sim.behaviour.offers import OfferTable
    from sim.scenario.models import Scenario
    from sim.tables.build import Tables

SUBSTITUTION = (0.1, 0.0, 0.3)  # value and range: EV240 found some, not robust; the size is a judgement


@lever("companies")
class CompanyEffort(CompanyService):
    """More of what the jobcentre offers happens at companies: consultants' hours, the mix of offers, agreements.

    Companies say yes by their openness, which grows with placements carried through; the law's quota limits how many
    they take. Some of what is added takes the place of a post the company would have opened.
    """

    channels: ClassVar[str] = (
        "consultants' minutes, kinds of offers, companies' answers; posts that are not opened"
    )
    evidence: ClassVar[tuple[str, ...]] = ("EV201", "EV202", "EV203", "EV204", "EV207", "EV208", "EV240")
    weak_points: ClassVar[str] = (
        "What a placement gives is an upper bound by selection (EV201) and was not found for the weakest "
        "(EV204); the range includes nothing. Companies have no skill level. How much a placement takes the "
        "place of is a judgement."
    )

    consultants_fte: Annotated[Fte, AfterValidator(read_quarters)] = item(
        0.0, unit="FTE", ge=0, le=100, meaning="company consultants more: they set up and follow placements"
    )
    placement_share: Share | None = item(
        None,
        unit="share",
        meaning="offers that are company placements; the other kinds keep their proportion",
    )
    private_share: Share | None = item(None, unit="share", meaning="placements that are in private companies")
    offers_factor: Number = item(
        1.0, unit="factor", ge=0.25, le=4, meaning="offers per meeting against today"
    )
    site_minutes: Minutes = item(
        0.0, unit="minutes", ge=0, le=2000,
        meaning="consultant's time at the workplace for each placement, on top of setting it up",
    )  # fmt: skip
    small_first_groups: tuple[Group, ...] = Field(
        (), description="benefits whose placements begin with two or three hours a week: nothing is known of what "
        "these leave behind, so nothing is assumed",
    )  # fmt: skip
    assumed_small_factor: Number = item(
        1.0, unit="factor", ge=0.5, le=3,
        meaning="typed assumption: chance of finding work after a small first placement; marks every output",
    )  # fmt: skip
    partner_share: Share = item(
        0.0, unit="share", meaning="companies with an agreement (social-economy firms, partnerships), by lot"
    )
    kr_per_year: Kr = item(0.0, unit="kr per year", ge=0, meaning="what agreements and events cost a year")
    assumed_partner_openness: Share | None = item(
        None, unit="0-1",
        meaning="typed assumption: chance that a company with an agreement says yes; marks every output",
    )  # fmt: skip
    assumed_openness_gain: Share | None = item(
        None, unit="0-1",
        meaning="typed assumption: openness added by a completed placement when somebody is at the site",
    )  # fmt: skip
    substitution_share: Share = item(
        SUBSTITUTION[0], unit="share", source="EV240: some, not robust; size a judgement, 0 to 0.3",
        meaning="added starts at private companies that take the place of a post the company would have opened",
    )  # fmt: skip

    @property
    def _adds_offers(self) -> bool:
        kinds = self.placement_share is not None or self.private_share is not None
        return bool(self.consultants_fte) or kinds or self.offers_factor != 1.0

    def evidence_class(self) -> str:
        """A for more of the ordinary placements; B with anything beyond them."""
        beyond = self.small_first_groups or self.partner_share or self.site_minutes or self.kr_per_year
        return "B" if beyond or self.assumptions() else "A"

    def is_zero_dose(self) -> bool:
        """Nothing is added, moved or assumed."""
        partners = self.partner_share > 0 and self.assumed_partner_openness is not None
        moved = self._adds_offers or self.site_minutes or self.small_first_groups or self.kr_per_year
        return not moved and not partners and self.assumed_openness_gain is None

    def assumptions(self) -> tuple[str, ...]:
        """What was typed about companies' answers and small placements."""
        said = []
        if self.small_first_groups and self.assumed_small_factor != 1.0:
            said.append(f"companies: chance of work x {self.assumed_small_factor:g} after a small placement")
        if self.partner_share and self.assumed_partner_openness is not None:
            said.append(f"companies: those with an agreement say yes with {self.assumed_partner_openness:g}")
        if self.assumed_openness_gain is not None:
            said.append(f"companies: openness grows by {self.assumed_openness_gain:g} a placement")
        return tuple(said)

    def ranges(self) -> dict[str, tuple[float, float, float]]:
        """How much an added placement takes the place of, where the scenario does not say."""
        if not self._adds_offers or self.substitution_share != SUBSTITUTION[0]:
            return {}
        return {"substitution_share": SUBSTITUTION}

    def with_values(self, values: Mapping[str, float]) -> Self:
        """Another part."""
        return self.model_copy(update=dict(values))

    def dose(self, scenario: "Scenario") -> Dose:
        """Consultants."""
        return Dose("consultants_fte", "FTE", "company consultants more, the rest as written",
                    self.consultants_fte, 100.0, "100 consultants", step=0.25)  # fmt: skip

    def with_dose(self, value: float) -> Self:
        """As many consultants."""
        return self.model_copy(update={"consultants_fte": round(4.0 * value) / 4.0})

    def paid_posts(self) -> float:
        """Consultants hold no cases."""
        return self.consultants_fte

    def apply(self, tables: "Tables", scenario: "Scenario", week: int) -> None:
        """Minutes, kinds of offers, answers of companies; the cost."""
        if week < self.first_week(scenario) or self.is_zero_dose():
            return
        usual = tables.offer
        now = usual._replace(
            consultant_minutes=usual.consultant_minutes + round(self.site_minutes),
            consultant_minutes_week=usual.consultant_minutes_week + self._minutes_added(scenario),
        )
        if self.private_share is not None:
            now = now._replace(private_share=self.private_share)
        if self.placement_share is not None:
            others = (1.0 - self.placement_share) / (1.0 - usual.kind_share[0])
            now = now._replace(kind_share=1.0 - (1.0 - usual.kind_share) * others)
        if self.assumed_partner_openness is not None:
            now = now._replace(
                partner_share=self.partner_share, partner_openness=self.assumed_partner_openness
            )
        if self.assumed_openness_gain is not None:
            now = now._replace(openness_gain=self.assumed_openness_gain)
        now.referral[:] = (now.referral * self.offers_factor).clip(max=1.0)
        added = self._part_added(usual, now)
        tables.offer = now._replace(substitution=self.substitution_share * added)
        self._make_small(tables)
        if self.consultants_fte:
            post = scenario.municipality.staff.cost_per_fte_kr_year * 100.0 * tables.price
            tables.add_cost(self.account, self.consultants_fte * post * scenario.world.share)
        self.book(tables, scenario)

    def _minutes_added(self, scenario: "Scenario") -> int:
        hours = self.consultants_fte * scenario.municipality.staff.productive_hours_per_fte_year / 52.0
        return round(hours * 60.0 * scenario.world.share)

    def _part_added(self, usual: "OfferTable", now: "OfferTable") -> float:
        """Part of the starts at private companies that are more than there were, at most."""
        offers = now.kind_share[0] * now.private_share / (usual.kind_share[0] * usual.private_share)
        hours = now.consultant_minutes_week / max(usual.consultant_minutes_week, 1)
        more = max(1.0, offers * self.offers_factor) * max(1.0, hours)
        return float(1.0 - 1.0 / more)

    def _make_small(self, tables: "Tables") -> None:
        small = [BENEFITS.index(group) for group in self.small_first_groups]
        if small:
            for kind in (M_PLACEMENT_PRIVATE, M_PLACEMENT_PUBLIC):
                tables.offer.after_log[small, kind] = math.log(self.assumed_small_factor)
