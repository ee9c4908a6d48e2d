"""The pots of a budget year: what is authorised before any lever, and how a cut is spread over them, whole øre."""

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from sim.codes import POTS

if TYPE_CHECKING:
    from sim.scenario.models import Scenario

# Wage subsidies are income transfers, so their pot is no operating spending.
OPERATING_POTS: Final = tuple(pot for pot in POTS if pot != "wage_subsidies")
# Pots that pay people; the others buy places, week by week.
STAFF_POTS: Final = ("authority_staff", "company_service")
SPREADS: Final = ("evenly", "pots_first", "staff_first", "shares")


def full_year_oere(scenario: "Scenario", pot: str) -> float:
    """What the municipality authorises in a pot for a full year, øre of the simulated part at the price level."""
    from sim.tables.law import price_factor

    price = price_factor(scenario, scenario.municipality.price_year)
    return scenario.municipality.budgets[pot].kr_per_year * 100.0 * scenario.world.share * price


def post_kr(scenario: "Scenario") -> float:
    """Kroner a post a year at the scenario's price level."""
    from sim.tables.law import price_factor

    office = scenario.municipality.staff
    return office.cost_per_fte_kr_year * price_factor(scenario, scenario.municipality.price_year)


def in_proportion(total: int, weights: Mapping[str, float]) -> dict[str, int]:
    """A whole amount over names in proportion to their weights; the parts add up to it (largest remainder).

    Example: 10 over {a: 2, b: 1} is {a: 7, b: 3}.
    """
    whole = sum(map(Fraction, weights.values()))
    if not whole:
        return dict.fromkeys(weights, 0)
    exact = {name: total * Fraction(weight) / whole for name, weight in weights.items()}
    parts = {name: int(part) for name, part in exact.items()}
    left = total - sum(parts.values())
    for name in sorted(exact, key=lambda name: parts[name] - exact[name])[:left]:
        parts[name] += 1
    return parts


def spread(total: int, rule: str, pots: Mapping[str, int], shares: Mapping[str, float]) -> dict[str, int]:
    """A cut over pots by rule, øre: evenly in proportion to what they hold; pots that buy first and staff when they are
    empty, or the other way round; or by named shares. What the pots cannot give is left out of the parts."""
    if rule == "shares":
        return in_proportion(total, shares)
    staff = {pot: oere for pot, oere in pots.items() if pot in STAFF_POTS}
    buying = {pot: oere for pot, oere in pots.items() if pot not in STAFF_POTS}
    order = {"evenly": (pots,), "pots_first": (buying, staff), "staff_first": (staff, buying)}[rule]
    parts: dict[str, int] = {}
    for group in order:
        part = min(total - sum(parts.values()), sum(group.values()))
        parts |= in_proportion(part, group)
    return parts
