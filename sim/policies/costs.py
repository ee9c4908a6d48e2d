"""What several levers share about their cost: a sum a year, and work with companies. No lever of its own."""

from typing import TYPE_CHECKING, ClassVar, Self

from sim.calendar import weeks_in_year, year_of
from sim.policies.registry import Dose, Lever
from sim.scenario.scalars import Kr, item

if TYPE_CHECKING:
    from sim.scenario.models import Scenario
    from sim.tables.build import Tables

# Where nothing else limits the dose: the most an equal budget gives such a lever (judgement).
DEAREST_KR_YEAR = 10e6


class YearlySum(Lever):
    """A lever that costs a sum a year; at another price it has more or less of that, everything else as written."""

    account: ClassVar[str] = "staff"  # codes.ACCOUNTS: what the sum is booked on

    kr_per_year: Kr = item(0.0, unit="kr per year", ge=0, meaning="what it costs a year")

    def dose(self, scenario: "Scenario") -> Dose:
        """Kroner a year."""
        return Dose("kr_per_year", "kr", "kroner a year, the rest as written", self.kr_per_year,
                    max(DEAREST_KR_YEAR, self.kr_per_year), "10 mio. kr. a year")  # fmt: skip

    def with_dose(self, value: float) -> Self:
        """Another amount."""
        return self.model_copy(update={"kr_per_year": value})

    def other_cost_kr_year(self, scenario: "Scenario") -> float:
        """Kroner a year."""
        return self.kr_per_year

    def book(self, tables: "Tables", scenario: "Scenario") -> None:
        """Books the sum, of the part that is simulated."""
        if self.kr_per_year:
            tables.add_cost(self.account, self.kr_per_year * 100.0 * scenario.world.share)


class CompanyService(YearlySum):
    """A lever whose cost is work with companies: the pot of the company service is authorised as much more."""

    account: ClassVar[str] = "company_service"

    def pots_oere(self, scenario: "Scenario", begin: int, end: int) -> dict[str, int]:
        """The year's part of what it authorises."""
        from sim.money.budgets import post_kr

        kr = self.paid_posts() * post_kr(scenario) + self.other_cost_kr_year(scenario)
        part = (end - begin) / weeks_in_year(year_of(begin))
        return {"company_service": round(kr * 100.0 * scenario.world.share * part)} if kr else {}
