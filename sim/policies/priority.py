"""Priority: who is called in and offered something first when caseworkers' hours and places are short."""

from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field, computed_field

from sim.policies.registry import Lever, lever
from sim.scenario.scalars import OneOf

if TYPE_CHECKING:
    from sim.law.refusion import RuleSet
    from sim.scenario.models import Scenario
    from sim.tables.build import Tables

RULES = ("deadline", "need", "municipal_saving")
INCENTIVE = "priority by municipal saving: describes an incentive, not advice"


@lever("priority")
class Priority(Lever):
    """An order of the queue of due meetings and of offers; the law's deadlines for a first offer stay ahead of it.

    By municipal saving is how a refusion rule can change what people get: those whose benefit costs the municipality
    most and who are near work come first, those far from work wait. It describes an incentive and advises nothing.
    """

    channels: ClassVar[str] = "the order of due meetings in each caseworker's queue, and of offers"
    evidence: ClassVar[tuple[str, ...]] = ("EV241", "EV511", "EV512")
    weak_points: ClassVar[str] = (
        "That municipalities answer to the rate was read (EV241, EV511, EV512), not how: the orders here are pure "
        "cases. Where hours are not short an order changes little."
    )

    by: Annotated[str, OneOf(RULES)] = Field(
        "deadline",
        description="deadline: as today; need: most barriers, then longest on support; municipal_saving: largest "
        "expected saving of the municipality, an analysis of incentives that is no advice",
    )
    under_refusion: str | None = Field(
        None,
        description="refusion rule set whose shares the saving is reckoned with; default: the one in force. With the "
        "former rule here and a new one in `law`, what is left of the difference is accounting",
    )

    @computed_field  # type: ignore[prop-decorator]  # part of what a result depends on, as the law's own shares are
    @property
    def shares_digest(self) -> str:
        """Digest of the shares the saving is reckoned with, empty where they are those of the law in force."""
        rules = self._other_rules()
        return (
            "" if rules is None else sha256(repr((rules.share_bp, rules.counter)).encode()).hexdigest()[:16]
        )

    def _other_rules(self) -> "RuleSet | None":
        from sim.law.refusion import load_rule_set

        if self.under_refusion is None:
            return None
        return load_rule_set(self.under_refusion, where="levers.priority.under_refusion")

    def evidence_class(self) -> str:
        """B: municipalities answer to incentives; the rule is assumed."""
        return "B"

    def is_zero_dose(self) -> bool:
        """The order of today."""
        return self.by == "deadline"

    def assumptions(self) -> tuple[str, ...]:
        """The order, which marks every output."""
        return {"need": ("priority by need",), "municipal_saving": (INCENTIVE,)}.get(self.by, ())

    def apply(self, tables: "Tables", scenario: "Scenario", week: int) -> None:
        """The order, and the kroner it goes by."""
        if week < self.first_week(scenario) or self.is_zero_dose():
            return
        from sim.behaviour.priority import PriorityTable
        from sim.codes import ACT_NONE

        pay, search, rules = tables.pay, tables.search, self._other_rules()
        shares, counter = pay.share_bp, pay.counter
        if rules is not None:
            shares, counter = rules.tables.share_bp, rules.tables.counter
        saving = pay.amount_oere[:, :1] / 100.0 * (1.0 - shares[:, ACT_NONE, :] / 10_000.0)
        order = PriorityTable(
            rule=RULES.index(self.by),
            saving=saving,
            counter=counter,
            chance=search.hazard.copy(),
            person_factor=search.person_factor.copy(),
            highest=float((saving.max(axis=1) * search.hazard).max()),
        )
        tables.meeting = tables.meeting._replace(priority=order)
