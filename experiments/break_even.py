"""How large an effect must be to pay for a lever: arithmetic on the municipality's own stocks, nothing is simulated.

For a lever of class B the answer to "what does it give" is this one (economics rule 6). It is the ceiling of
`experiments/bounds.py` turned round: cost a year / (job finders a year the persons reached have anyway x the
municipality's part of two full years at the 20 % step), beside the largest effect published for any kind of lever.
"""

import math
from typing import Final, NamedTuple

from experiments.bounds import (
    LARGEST,
    MUNICIPAL_SHARE,
    YEARS_GAINED,
    Published,
    gain_at_most,
)
from experiments.equal_budget import active, authorised_kr
from experiments.reach import Changes, Group, reached
from sim.codes import BENEFITS
from sim.records.outcomes import OERE, WEEKS_PER_YEAR
from sim.scenario import Scenario
from sim.tables.law import amounts_oere

# The largest effect measured by a trial, whatever the lever: what a hope is held against.
BEST: Published = LARGEST["early_intervention"]

# A citizen and year, a judgement (the default of facts/municipal.md); the ceiling after a run uses the run's own.
CHANGES_A_YEAR: Final = 0.5


class BreakEven(NamedTuple):
    """What the levers of a scenario cost, and the relative rise of job finding that pays for it."""

    persons_reached: float  # a year
    finders_anyway: float  # of them in work within a year without it
    kr_year: float  # authorised a full year, the whole municipality
    one_off_kr: float
    full_year_persons: float  # fewer on a benefit that would pay for a year of it
    effect_needed: float  # relative rise of the yearly chance of work; NaN when nobody is reached


def groups_of_stocks(scenario: Scenario) -> dict[str, Group]:
    """Benefits as the municipality file counts them; as many enter in a year as leave, at the level of job finding."""
    weekly = amounts_oere(scenario, scenario.start_week)[:, 0] / OERE
    out = {}
    for b, benefit in enumerate(BENEFITS):
        row = scenario.municipality.stocks.get(benefit)
        hazard = scenario.behaviour[f"search.{benefit}"]
        if row is not None and hazard > 0:
            out[benefit] = Group(
                persons=row.value,
                entries=row.value * hazard * WEEKS_PER_YEAR,
                leaving=hazard * WEEKS_PER_YEAR,
                shifts=row.value,  # in proportion to the people: no file counts shifts
                job_chance=1.0 - math.exp(-hazard * WEEKS_PER_YEAR),
                municipal_kr=MUNICIPAL_SHARE * float(weekly[b]) * WEEKS_PER_YEAR,
            )
    return out


def changes_of_office(scenario: Scenario) -> Changes:
    """Changes by cause without a run: what staff files say of leaving and absence; the rest is change of benefit.

    Levelling of caseloads and own requests are left out: how many they are depends on the queue and on trust.
    """
    leave = scenario.municipality.staff.leave_share_per_year
    absence = scenario.behaviour["staff.long_absence"] * WEEKS_PER_YEAR
    return Changes(leave, absence, max(0.0, CHANGES_A_YEAR - leave - absence), 0.0, 0.0)


def break_even(scenario: Scenario) -> BreakEven:
    """The break-even of a scenario's levers together."""
    groups = groups_of_stocks(scenario)
    changes = changes_of_office(scenario)
    persons = finders = worth = 0.0
    cost = authorised_kr(scenario) / scenario.world.share
    levers = active(scenario)
    for lever in levers.values():
        for benefit, (n, _) in reached(scenario, lever, groups, changes, 1.0).items():
            group = groups[benefit]
            persons += n
            finders += n * group.job_chance
            worth += gain_at_most(n, group.job_chance, 1.0, group.municipal_kr)
    mean_kr = worth / YEARS_GAINED / finders if finders else math.nan
    return BreakEven(
        persons_reached=persons,
        finders_anyway=finders,
        kr_year=cost,
        one_off_kr=sum(lever.one_off_oere() for lever in levers.values()) / OERE,
        full_year_persons=cost / mean_kr if finders else math.nan,
        effect_needed=cost / worth if worth else math.nan,
    )
