"""How much a policy could gain at the very most: arithmetic on the baseline run, beside what the simulation says.

Extra job finders a year = (persons reached x yearly job chance, never more than persons x (1 - chance)) x the largest
published relative effect of the lever's kind; each is worth the municipality's part of a full year at the 20 % step,
for two years (economics rule 9). Whom a lever reaches stands in `experiments/reach.py`. A lever of class A that gains
more than twice the bound is wrong until explained.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import numpy as np

from experiments.reach import Changes, Group, reached
from sim import codes
from sim.records.outcomes import WEEKS_PER_YEAR, Key
from sim.scenario import Scenario

MUNICIPAL_SHARE: Final = 0.8  # at the 20 % step of the ladder
YEARS_GAINED: Final = 2.0
TOLERATED: Final = 2.0  # times the bound


class Published(NamedTuple):
    """The largest relative effect on finding a job that has been published for a kind of lever."""

    effect: float
    evidence: str


# Ids of the packaged evidence table (docs/data.md).
LARGEST: Final[dict[str, Published]] = {
    "early_intervention": Published(0.40, "EV003: upper end of the reported job-finding ratios 1.20 to 1.40"),
    "continuity": Published(
        1 / 0.78 - 1, "EV101: -22 % job chance for one caseworker change; without it 1 / 0.78"
    ),
    "staffing": Published(
        0.30, "EV120-EV135: halved caseload, upper end of the range put on all exits (1.0 to 1.3)"
    ),
    "programme": Published(0.40, "EV226: a mentor, 7 against 5 % in job after a year; IPS +29 % (EV220)"),
    "companies": Published(
        0.84, "EV201: +84 % after a private placement, a register study and an upper bound"
    ),
    "belief": Published(0.33, "EV103: +33 % between caseworkers' beliefs, observational"),
}


class Bound(NamedTuple):
    """The ceiling of one scenario."""

    lever: str
    persons_reached: float  # a year
    kr_year: float
    evidence: str


def gain_at_most(persons: float, job_chance: float, effect: float, municipal_kr: float) -> float:
    """Municipal kroner a year gained at the very most.

    Example: 1,215 persons, 6 % find a job in a year, 22 % more would, 115,000 kr. a year: 16 finders, 3.7 mio. kr.
    """
    finders = min(persons * job_chance, persons * (1.0 - job_chance)) * effect
    return finders * municipal_kr * YEARS_GAINED


def groups_of(baseline: Mapping[Key, float], weeks: int) -> dict[str, Group]:
    """The benefits as the baseline runs have them. `baseline`: mean outcomes; years are taken from the horizon."""
    years = weeks / WEEKS_PER_YEAR
    out = {}
    for benefit in codes.BENEFITS:
        persons = baseline[Key("full_time_persons", benefit, "all")]
        person_years = persons * years
        if person_years <= 0:
            continue
        found = baseline[Key("exits", f"{benefit}.job", "all")]
        out[benefit] = Group(
            persons=persons,
            entries=baseline[Key("entries", benefit, "all")] / years,
            leaving=sum(baseline[Key("exits", f"{benefit}.{door}", "all")] for door in codes.DOORS)
            / person_years,
            shifts=baseline[Key("exits", f"{benefit}.other_benefit", "all")] / years,
            job_chance=float(1.0 - np.exp(-found / person_years)),
            municipal_kr=MUNICIPAL_SHARE * baseline[Key("benefit_paid", benefit, "all")] / person_years,
        )
    return out


def changes_of(baseline: Mapping[Key, float]) -> Changes:
    """Caseworker changes by cause as the baseline runs have them; none where there were no cases."""
    found = (baseline[Key("changes_per_citizen_year", cause, "all")] for cause in Changes._fields)
    return Changes(*(0.0 if np.isnan(one) else one for one in found))


def bound_of(scenario: Scenario, baseline: Mapping[Key, float], weeks: int) -> Bound | None:
    """The ceiling of a scenario's levers together; None without a lever that adds something to gain from."""
    groups = groups_of(baseline, weeks)
    parts = list(_parts(scenario, groups, changes_of(baseline)))
    if not parts:
        return None
    return Bound(
        lever=" + ".join(part.lever for part in parts),
        persons_reached=sum(part.persons_reached for part in parts),
        kr_year=sum(part.kr_year for part in parts),
        evidence="; ".join(part.evidence for part in parts),
    )


def _parts(scenario: Scenario, groups: Mapping[str, Group], changes: Changes) -> Iterator[Bound]:
    for name, lever in scenario.levers.items():
        if lever.is_zero_dose() or (name not in LARGEST and lever.evidence_class() != "A"):
            continue  # no effect of such a lever has been published, so there is no ceiling to hold it against
        if name == "staffing" and not any(fte > 0.0 for fte in lever.extra_posts().values()):
            continue  # posts are only cut: there is no gain to bound
        found = reached(scenario, lever, groups, changes, scenario.world.share)
        published = LARGEST[name]
        kr = sum(
            gain_at_most(
                one.persons,
                groups[benefit].job_chance,
                published.effect * one.part_of_effect,
                groups[benefit].municipal_kr,
            )
            for benefit, one in found.items()
        )
        yield Bound(name, sum(one.persons for one in found.values()), kr, published.evidence)


def break_even_persons(kr_year: float, municipal_kr: float) -> float:
    """Full-year recipients fewer that pay for `kr_year`; `municipal_kr`: a full year at the 20 % step."""
    return kr_year / municipal_kr
