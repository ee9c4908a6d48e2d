"""What is allowed in a scenario and hardly meant: a line of warning for each, beside the result."""

import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sim.calendar import iso
from sim.codes import BENEFITS
from sim.scenario import Scenario

FEWEST_ADULTS: Final = 1_000  # below it a team has no whole post and a benefit hardly anybody
LAW_KNOWN: Final = timedelta(days=5 * 365)  # after its newest row the law is taken as it was


def oddities(scenario: Scenario) -> list[str]:
    """Sentences about one scenario: its size, its dates against the law's, levers that never begin, its class."""
    first, last = scenario.start_week, scenario.start_week + scenario.weeks - 1
    out = []
    adults = scenario.municipality.population.residents_16_66 * scenario.world.share
    if adults < FEWEST_ADULTS:
        out.append(
            f"world.share {scenario.world.share:g} leaves {adults:,.0f} adults; take a share that leaves"
            f" {FEWEST_ADULTS:,} or more"
        )
    for name, lever in scenario.levers.items():
        begin = lever.first_week(scenario)
        if not lever.is_zero_dose() and begin > last:
            out.append(
                f"the lever {name} begins in {iso(begin)}, after the last week of the horizon ({iso(last)}): it does"
                " nothing"
            )
    if scenario.evidence_class and not scenario.levers:
        out.append(
            f"evidence_class {scenario.evidence_class} is said of a scenario without levers; a class belongs to a"
            " lever, leave it out"
        )
    law = scenario.law
    begins = [row.from_date for row in law.contact_plan]
    begins += [period.from_date for periods in law.benefit_rates.values() for period in periods]
    newest = max(day for day in begins if day is not None)
    if law.day_of(first) > newest + LAW_KNOWN:
        out.append(
            f"the law's newest row is of {newest}; from {iso(first)} on it is taken as it was then, and 'rules not"
            " verified' does not count that"
        )
    rules = law.rule_set
    if rules.earlier is None:
        waits = {benefit: min(weeks) for benefit, weeks in zip(BENEFITS, rules.applies_from, strict=True)}
        late = [benefit for benefit, week in waits.items() if week > first]
        if late:
            until = iso(max(waits[benefit] for benefit in late))
            out.append(
                f"{rules.name} applies from {until} and the scenario starts in {iso(first)}: the weeks before are rated"
                f" by it too, for {len(late)} of {len(BENEFITS)} benefits; see 'earlier' in docs/refusion.md"
            )
    return out


def warn(scenarios: Sequence[Scenario]) -> None:
    """Prints every oddity once, with the scenarios it is true of, to the error stream."""
    said: dict[str, list[str]] = {}
    for scenario in scenarios:
        for text in oddities(scenario):
            said.setdefault(text, []).append(scenario.name)
    for text, names in said.items():
        print(f"Warning: {', '.join(dict.fromkeys(names))}: {text}.", file=sys.stderr)


def warn_of_base(base: Scenario) -> None:
    """Says so when what the others are set against is itself a policy."""
    acting = [name for name, lever in base.levers.items() if not lever.is_zero_dose()]
    if acting:
        print(
            f"Warning: the base {base.name} has levers itself ({', '.join(acting)}): differences are against that"
            " policy, not against doing nothing.",
            file=sys.stderr,
        )
