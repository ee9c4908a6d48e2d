"""Sanctions: how often a benefit is cut for those who miss what they are called to. A context, not an instrument."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Final, Self

from pydantic import Field

from sim.codes import BENEFITS, DAGPENGE, OUTSIDE
from sim.policies.registry import Group, Lever, lever
from sim.scenario.scalars import Number, Share, item

if TYPE_CHECKING:
    from sim.scenario.models import Scenario
    from sim.tables.build import Tables

# Benefits a rate of sanctions is known of.
SANCTIONED: Final = ("dagpenge", "kontanthjaelp_jobready", "kontanthjaelp_activityready", "uddannelseshjaelp")
# Value, low, high; drawn where the scenario does not say.
_RANGES: Final = {
    "dagpenge_share": (0.06, 0.057, 0.064),
    "cash_share": (0.06, 0.03, 0.24),
    "job_factor": (1.5, 1.25, 2.0),
    "leak_factor": (1.25, 1.05, 2.0),
    "weeks_lost": (0.5, 0.1, 3.0),
}


@lever("sanctions")
class Sanctions(Lever):
    """More or fewer sanctions than today. A quarter long, who is sanctioned finds work sooner, and leaves with neither
    work nor benefit sooner; the benefit of some days is not paid.

    Today's sanctions are in the fitted levels. What is told here is the difference, for a benefit as a whole: if the
    share s is sanctioned in a quarter and that multiplies a hazard by h, f times as many multiply the benefit's mean
    hazard by (1 + f s (h - 1)) / (1 + s (h - 1)). Who is sanctioned is not simulated. Economics rules 20 and 26.
    """

    channels: ClassVar[str] = (
        "job finding and leaving for neither work nor benefit, of the benefit as a whole; benefit not paid"
    )
    evidence: ClassVar[tuple[str, ...]] = ("EV501", "EV502", "EV503", "EV504")
    weak_points: ClassVar[str] = (
        "Models of when people leave, no trial; wages fall too (EV503), which is not counted. Lost weeks of benefit and"
        " the leak's size are judgements. The weakest are moved to other benefits (EV504), which is not modelled. For"
        " the insured the a-kasse decides. What a threat_share delivers has the sanctions behind it in it already."
    )

    factor: Number = item(
        1.0, unit="factor", ge=0, le=4, meaning="sanctions against today; 2 = twice as many, 0 = none"
    )
    groups: tuple[Group, ...] = Field(SANCTIONED, description="benefits whose sanctions change")
    dagpenge_share: Share = item(
        _RANGES["dagpenge_share"][0], unit="share", le=0.25,
        source="Jobindsats y01h01, Denmark, 2024-Q1 to 2025-Q4: 5.7 to 6.4 %",
        meaning="recipients of dagpenge sanctioned in a quarter today",
    )  # fmt: skip
    cash_share: Share = item(
        _RANGES["cash_share"][0], unit="share", le=0.25,
        source="EV502: 24 % of recipients, read as of a year; 0.03 to 0.24 (the period is not stated)",
        meaning="recipients of cash benefits sanctioned in a quarter today",
    )  # fmt: skip
    job_factor: Number = item(
        _RANGES["job_factor"][0], unit="factor", ge=1, le=3, source="EV501, EV502: 1.25 to 2.00",
        meaning="chance a week of finding work in the quarter after a sanction",
    )  # fmt: skip
    leak_factor: Number = item(
        _RANGES["leak_factor"][0], unit="factor", ge=_RANGES["leak_factor"][1], le=3,
        source="EV503: direction; size a judgement, 1.05 to 2 (a harm of known sign is not zero)",
        meaning="chance a week of leaving for neither work nor benefit in the quarter after a sanction",
    )  # fmt: skip
    weeks_lost: Number = item(
        _RANGES["weeks_lost"][0], unit="weeks", ge=0, le=13, source="judgement, 0.1 to 3",
        meaning="benefit not paid for one sanction",
    )  # fmt: skip

    def evidence_class(self) -> str:
        """B: the signs are known, the sizes come from one kind of study."""
        return "B"

    def is_zero_dose(self) -> bool:
        """As many as today."""
        return self.factor == 1.0 or not self.groups

    def ranges(self) -> dict[str, tuple[float, float, float]]:
        """Rates and effects the scenario does not type."""
        if self.is_zero_dose():
            return {}
        return {name: row for name, row in _RANGES.items() if getattr(self, name) == row[0]}

    def with_values(self, values: Mapping[str, float]) -> Self:
        """Other rates or effects."""
        return self.model_copy(update=dict(values))

    def problems(self, scenario: "Scenario") -> dict[str, str]:
        """Rates are known of four benefits."""
        others = [group for group in self.groups if group not in SANCTIONED]
        if not others:
            return {}
        return {
            "groups": f"no rate of sanctions is known of {', '.join(others)}; allowed: {', '.join(SANCTIONED)}"
        }

    def clashes(self, others: Mapping[str, Lever]) -> dict[str, str]:
        """Threat is counted once."""
        for name, other in others.items():
            if not self.is_zero_dose() and getattr(other, "threat_share", 0.0) > 0:
                return {"factor": f"{name}.threat_share delivers the sanctions behind the threat too:"
                                  " one effect would be counted twice"}  # fmt: skip
        return {}

    def apply(self, tables: "Tables", scenario: "Scenario", week: int) -> None:
        """Hazards of the benefit as a whole; the benefit paid on average."""
        if week < self.first_week(scenario) or self.is_zero_dose():
            return
        for group in self.groups:
            b = BENEFITS.index(group)
            share = self.dagpenge_share if b == DAGPENGE else self.cash_share
            tables.search.hazard[b] *= self._change(share, self.job_factor)
            leaving = tables.exits.target[b] == OUTSIDE
            tables.exits.hazard[b][:, leaving] *= self._change(share, self.leak_factor)
            # A week's payment is the mean of a group, today's sanctions in it.
            more = share * (self.factor - 1.0) * self.weeks_lost / 13.0
            paid = tables.pay.amount_oere[b]
            paid[:] = (paid * (1.0 - more) + 0.5).astype(paid.dtype)

    def _change(self, share: float, effect: float) -> float:
        """What `factor` times as many sanctions do to a mean hazard."""
        return (1.0 + self.factor * share * (effect - 1.0)) / (1.0 + share * (effect - 1.0))
