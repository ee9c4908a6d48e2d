"""What is not in the headline and always shown (economics rule 13): tax, equalisation, budget guarantee, and what is
still owed after the horizon. Present values in kroner from declared parameters with ranges, expenditure positive."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import Final, NamedTuple

import numpy as np

from experiments.money import annuity
from sim import codes
from sim.scenario import Scenario
from sim.scenario.law_tables import LawValue, in_force

WAGE_YEAR: Final = 2026  # of `job_wage_kr_year_2026`
OWED: Final = ("foertidspension", "fleksjob")  # what lasts beyond any horizon


LABELS: Final = {
    "tax": "tax on wages minus tax on benefits",
    "equalisation": "taken again by equalisation",
    "tax_after_equalisation": "tax after equalisation",
    "guarantee_0": "budget guarantee, clawback 0: only this municipality",
    "guarantee_1": "budget guarantee, clawback 1: all municipalities",
    "owed_pension_municipality": "owed after the horizon: pension, municipality",
    "owed_pension_state": "owed after the horizon: pension, state",
    "owed_fleksjob_municipality": "owed after the horizon: fleksjob, municipality",
    "owed_fleksjob_state": "owed after the horizon: fleksjob, state",
}


class Ranged(NamedTuple):
    """A declared parameter."""

    name: str
    value: float
    low: float
    high: float
    status: str
    source: str


class Line(NamedTuple):
    """One line beside the headline: present value, and its range when every parameter moves over its own."""

    name: str
    payer: str
    value: float
    low: float
    high: float
    status: str
    source: str

    @property
    def label(self) -> str:
        """What the line is, in words."""
        return LABELS[self.name]


@dataclass(frozen=True)
class Change:
    """What a scenario changes against the base, means over rows, present values where kroner or years."""

    job_person_years: float  # in ordinary work, discounted
    benefits_paid_kr: float  # by municipality and state, discounted
    transfers_kr: float  # the municipality's net transfers, discounted
    persons_at_horizon: Mapping[str, float]  # OWED -> persons more
    kr_per_person_year: Mapping[str, float]  # OWED -> paid in the base, municipality and state
    municipal_share: Mapping[str, float]  # OWED -> of a case beyond the ladder's last step
    horizon_factor: float  # present value at the start of a krone at the horizon
    discount_rate: float
    wage_factor: float  # kroner of WAGE_YEAR -> price level of the comparison


def parameter(scenario: Scenario, name: str, year: int) -> Ranged:
    """A row of law/economy.yaml in force in the middle of a year; where no range is known it is a point."""
    rows: Sequence[LawValue] = scenario.law.economy[name]
    row = in_force(rows, date(year, 7, 1))
    if row is None:
        raise KeyError(f"law/economy.yaml: {name} has no row for {year}")
    low = row.value if row.low is None else row.low
    high = row.value if row.high is None else row.high
    return Ranged(name, row.value, low, high, row.status, row.source)


def growth(scenario: Scenario, years: Sequence[int], which: str = "value") -> dict[int, float]:
    """Growth of prices in each year on the one before; `which`: value, low or high of years not yet known."""
    return {year: float(getattr(parameter(scenario, "index_growth", year), which)) for year in years}


def over_ranges(formula: Callable[..., float], parameters: Sequence[Ranged]) -> tuple[float, float, float]:
    """(central value, lowest, highest) of a formula when each parameter takes its central value, or either end."""
    corners = [formula(*ends) for ends in product(*((p.low, p.high) for p in parameters))]
    central = formula(*(p.value for p in parameters))
    return central, min(*corners, central), max(*corners, central)


def lines(scenario: Scenario, change: Change) -> list[Line]:
    """All lines of a scenario, in the order they are printed."""
    year = scenario.prices.level_year

    def row(name: str) -> Ranged:
        return parameter(scenario, name, year)

    def line(name: str, payer: str, formula: Callable[..., float], parameters: Sequence[Ranged]) -> Line:
        weakest = "read" if all(p.status in ("read", "computed") for p in parameters) else "judgement"
        said = "; ".join(
            f"{p.name} {p.value:g} ({p.low:g} to {p.high:g}, {p.status}: {p.source})" for p in parameters
        )
        return Line(name, payer, *over_ranges(formula, parameters), weakest, said)

    def tax(share: float, contribution: float, taxed: float, wage: float) -> float:
        earned = change.job_person_years * wage * change.wage_factor * (1.0 - contribution)
        return -share * (earned + taxed * change.benefits_paid_kr)

    taxing = [
        row(name)
        for name in (
            "municipal_tax_share",
            "labour_market_contribution_share",
            "benefit_taxed_share",
            "job_wage_kr_year_2026",
        )
    ]
    equalised, covered = row("equalisation_share_of_tax_gain"), row("guarantee_covered_share")
    out = [
        line("tax", "municipality", tax, taxing),
        line(
            "equalisation", "municipality",
            lambda taken, *rest: -taken * tax(*rest), [equalised, *taxing],
        ),
        line(
            "tax_after_equalisation", "municipality",
            lambda taken, *rest: (1.0 - taken) * tax(*rest), [equalised, *taxing],
        ),
        Line(
            "guarantee_0", "municipality",
            0.0, 0.0, 0.0, "inferred", "facts/refusion.md: the adjustment is a national sum",
        ),
        line(
            "guarantee_1", "municipality",
            lambda part: -part * change.transfers_kr, [covered],
        ),
    ]  # fmt: skip
    for benefit, words in zip(OWED, ("pension", "fleksjob"), strict=True):
        for payer in codes.PAYERS:
            own = change.municipal_share[benefit]
            share = own if payer == "municipality" else 1.0 - own
            kr = (
                change.persons_at_horizon[benefit]
                * change.kr_per_person_year[benefit]
                * share
                * change.horizon_factor
            )
            out.append(
                line(
                    f"owed_{words}_{payer}",
                    payer,
                    lambda years, kr=kr: kr * annuity(years, change.discount_rate),
                    [row(f"{words}_remaining_years")],
                )
            )
    return out


def turning(headline_kr: float, beside: Sequence[Line]) -> list[Line]:
    """The municipality's lines that can turn the sign of a strategy's present value somewhere within their range."""
    if not np.isfinite(headline_kr) or headline_kr == 0.0:
        return []
    return [
        line
        for line in beside
        if line.payer == "municipality"
        and line.name != "equalisation"  # it only ever takes from the tax: told after it
        and any((headline_kr + value) * headline_kr < 0.0 for value in (line.value, line.low, line.high))
    ]
