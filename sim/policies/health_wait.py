"""Health waits: how long the region lets people wait for treatment. A context, not a lever of the municipality."""

import math
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from sim.codes import BENEFITS, SYGEDAGPENGE
from sim.policies.registry import Group, Lever, lever
from sim.scenario.scalars import Number, Share, item

if TYPE_CHECKING:
    from sim.scenario.models import Scenario
    from sim.tables.build import Tables

FIRST_BAND_WAITING = 1  # from week 5 of a sickness case: the first weeks are not about waiting for treatment
RETURN_DOOR = 0  # return to one's own job is the first door of sickness (sim/tables/levels.py)


@lever("health_wait")
class HealthWait(Lever):
    """Longer or shorter waits slow or speed recovery; what work in parallel with treatment gives is an assumption.

    The region decides and pays, so nothing is bought here and nothing can be given an equal budget.
    """

    channels: ClassVar[str] = (
        "recovery from lasting barriers, return to one's own job from week 5;"
        " job finding in parallel with treatment, as assumed"
    )
    evidence: ClassVar[tuple[str, ...]] = ("EV302", "EV303", "EV313")
    weak_points: ClassVar[str] = (
        "How many recoveries wait for treatment is a judgement. The region's cost and deaths are not counted."
    )

    wait_factor: Number = item(
        1.0, unit="factor", ge=0.25, le=10, meaning="length of waits against today; 2 = twice as long"
    )
    waiting_share: Share = item(
        0.3, unit="share", le=0.6, source="judgement, 0.1 to 0.6",
        meaning="recoveries that have to wait for treatment: their chance a week falls as waits grow",
    )  # fmt: skip
    parallel_groups: tuple[Group, ...] = Field(
        ("sygedagpenge", "jobafklaring", "ressourceforloeb"),
        description="benefits where work may run in parallel with treatment",
    )
    assumed_parallel_factor: Number = item(
        1.0, unit="factor", gt=0, le=3, source="not found; 1 unless the user types an assumption",
        meaning="typed assumption: chance a week of finding work when treatment and job search run in parallel",
    )  # fmt: skip

    def evidence_class(self) -> str:
        """B: longer waits hurt; how much is a judgement."""
        return "B"

    def is_zero_dose(self) -> bool:
        """Waits as today and nothing assumed."""
        waits = self.wait_factor != 1.0 and self.waiting_share > 0
        return not waits and not (self.assumed_parallel_factor != 1.0 and self.parallel_groups)

    def assumptions(self) -> tuple[str, ...]:
        """Parallel treatment."""
        if self.assumed_parallel_factor == 1.0 or not self.parallel_groups:
            return ()
        return (
            f"health waits: chance of finding work x {self.assumed_parallel_factor:g} in parallel with treatment",
        )

    def apply(self, tables: "Tables", scenario: "Scenario", week: int) -> None:
        """Recovery from lasting barriers and return to one's own job from week 5; job finding as assumed."""
        if week < self.first_week(scenario):
            return
        pace = 1.0 - self.waiting_share + self.waiting_share / self.wait_factor
        if pace != 1.0:
            tables.drift = tables.drift._replace(health_better=tables.drift.health_better * pace)
            tables.exits.hazard[SYGEDAGPENGE, FIRST_BAND_WAITING:, RETURN_DOOR] *= pace
        for group in self.parallel_groups:
            tables.channel.added[:, BENEFITS.index(group)] += math.log(self.assumed_parallel_factor)
