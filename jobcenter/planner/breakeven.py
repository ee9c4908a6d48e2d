"""Break-even without a model: what a yearly cost must take off the benefit bill to pay for itself.

Arithmetic on a benefit's rate, the municipality's part at a refusion step and the size of the target group (economics
rule 9). Nothing is simulated and nothing compiled is imported.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from experiments.bounds import LARGEST, YEARS_GAINED, break_even_persons, gain_at_most
from sim.codes import BENEFITS, CASH_BENEFITS
from sim.errors import UserError
from sim.records.outcomes import WEEKS_PER_YEAR
from sim.scenario import Scenario
from sim.scenario.yaml_tree import nearest

SYSTEM: Final = "cash_benefit_system"
OF_SYSTEM: Final = tuple(BENEFITS[b] for b in CASH_BENEFITS)
FULL_BP: Final = 10_000


@dataclass(frozen=True)
class Kind:
    """What one kind of lever could give at the very most, beside what is asked of it."""

    name: str
    effect: float  # largest published relative rise of the chance of a job within a year
    evidence: str
    finders: float  # more of them a year
    persons: float  # full-time persons fewer once that has gone on for the years a job is taken to last
    kr_year: float
    needed: float  # relative rise that pays for the cost; infinite where nobody could find a job

    @property
    def can_pay(self) -> bool:
        """Whether the largest published effect would pay for it."""
        return self.needed <= self.effect


@dataclass(frozen=True)
class Answer:
    """A break-even, with the numbers it is made of."""

    groups: tuple[str, ...]
    persons: float  # full-time persons in the target group
    persons_source: str
    full_year_kr: float  # gross, one full-time person
    full_year_source: str
    municipal_share: float
    municipal_kr: float
    cost_kr_year: float
    fewer: float  # full-year recipients fewer that pay for it
    share: float  # of the target group
    job_chance: float  # of a job within a year, without it
    reached: float  # persons a year
    kinds: tuple[Kind, ...]


def target_groups(names: Sequence[str]) -> tuple[str, ...]:
    """Benefits by name; `cash_benefit_system` is all four of it. Raises UserError for an unknown one."""
    out: list[str] = []
    for name in names:
        if name != SYSTEM and name not in BENEFITS:
            known = (*BENEFITS, SYSTEM)
            raise UserError(f"--group {name}: unknown{nearest(name, known)}")
        out += OF_SYSTEM if name == SYSTEM else (name,)
    return tuple(dict.fromkeys(out))


def full_year_kr(scenario: Scenario, benefit: str, year: int | None) -> float:
    """A full year on a benefit as paid on average: the standard rate of 1 July of `year` in that year's kroner, or the
    rate at the scenario's start at its price level.

    Raises UserError where the packaged law has no rate for the benefit as early as that.
    """
    rows = scenario.law.benefit_rates[benefit]
    day = date(year, 7, 1) if year is not None else scenario.law.day_of(scenario.start_week)
    if year is not None and rows[0].from_date > day:
        raise UserError(
            f"--year {year}: the rates of {benefit} begin in {rows[0].from_date.year}; allowed: that year or later, or"
            " give the amount with --monthly-kr"
        )
    period = next((row for row in reversed(rows) if row.from_date <= day), rows[0])
    rate = period.rates.get("standard") or next(iter(period.rates.values()))
    level = year if year is not None else scenario.prices.level_year
    grown = (1.0 + scenario.prices.rate_index_per_year) ** (level - period.from_date.year)
    times = {"month": 12.0, "week": WEEKS_PER_YEAR}[rate.per]
    return float(rate.kr * times * grown * scenario.law.paid_share[benefit])


def state_shares(scenario: Scenario, benefit: str) -> tuple[float, ...]:
    """The state's shares over a spell of a benefit under the scenario's refusion rules, first step first."""
    row = scenario.law.rule_set.share_bp[BENEFITS.index(benefit)][0]
    return tuple(dict.fromkeys(bp / FULL_BP for bp in row[1:] if bp >= 0))


def _job_chance(scenario: Scenario, benefit: str) -> float:
    hazard = scenario.behaviour[f"search.{benefit}"]
    return 1.0 - math.exp(-hazard * WEEKS_PER_YEAR)


def answer(
    scenario: Scenario,
    cost_kr_year: float,
    groups: tuple[str, ...],
    *,
    step: float = 0.2,
    year: int | None = None,
    monthly_kr: float | None = None,
    persons: float | Mapping[str, float] | None = None,
    persons_source: str = "--persons",
    reached: float | None = None,
    job_chance: float | None = None,
    kinds: Sequence[str] = (),
) -> Answer:
    """The break-even of a yearly cost for one target group.

    step: the state's share. monthly_kr: gross benefit a month, instead of the rate. persons: full-time persons in the
    group, instead of the municipality's stocks; by benefit they are also what rates and chances are weighed by.
    reached: persons a year, the group itself if None. job_chance: of a job within a year without the policy, the
    model's level if None. Raises UserError for a step the rules do not have.
    """
    stocks = scenario.municipality.stocks
    have = {benefit: stocks[benefit].value for benefit in groups if benefit in stocks}
    if isinstance(persons, Mapping):
        have = {benefit: persons[benefit] for benefit in groups}
    total = sum(have.values())
    if persons is None and (total <= 0 or len(have) < len(groups)):
        lacking = ", ".join(benefit for benefit in groups if benefit not in have) or ", ".join(groups)
        raise UserError(f"{scenario.municipality.name} has nobody on {lacking}; give the size with --persons")
    weights = {b: have.get(b, 0.0) / total if total > 0 else 1.0 / len(groups) for b in groups}
    for benefit in groups:
        known = state_shares(scenario, benefit)
        if not any(math.isclose(step, share) for share in known):
            said = ", ".join(f"{100 * share:g}" for share in known)
            raise UserError(
                f"--state-share {100 * step:g}: under {scenario.law.refusion} the state pays {said} % of {benefit};"
                " choose one of these"
            )
    if monthly_kr is not None:
        gross, source = 12.0 * monthly_kr, "12 x --monthly-kr"
    else:
        gross = sum(w * full_year_kr(scenario, b, year) for b, w in weights.items())
        level = year if year is not None else scenario.prices.level_year
        source = f"law/benefit_rates.yaml, standard rate as paid on average, kroner of {level}"
    chances = {b: job_chance if job_chance is not None else _job_chance(scenario, b) for b in groups}
    n = float(persons) if isinstance(persons, int | float) else total
    reach = n if reached is None else reached
    kr = gross * (1.0 - step)
    fewer = break_even_persons(cost_kr_year, kr)
    per_effect = sum(gain_at_most(reach * w, chances[b], 1.0, kr) for b, w in weights.items())
    found = []
    for name in kinds or LARGEST:
        if name not in LARGEST:
            raise UserError(f"--kind {name}: unknown{nearest(name, tuple(LARGEST))}")
        effect, evidence = LARGEST[name]
        finders = per_effect * effect / (kr * YEARS_GAINED)
        needed = cost_kr_year / per_effect if per_effect > 0 else math.inf
        found.append(
            Kind(name, effect, evidence, finders, finders * YEARS_GAINED, per_effect * effect, needed)
        )
    return Answer(
        groups=groups, persons=n,
        persons_source=persons_source if persons is not None else f"stocks of {scenario.municipality.name}",
        full_year_kr=gross, full_year_source=source, municipal_share=1.0 - step, municipal_kr=kr,
        cost_kr_year=cost_kr_year, fewer=fewer, share=fewer / n,
        job_chance=sum(w * chances[b] for b, w in weights.items()), reached=reach, kinds=tuple(found),
    )  # fmt: skip
