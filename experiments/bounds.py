"""How much a policy could gain at the very most: arithmetic on the baseline run, beside what the simulation says.

Extra job finders a year = (persons reached x yearly job chance, never more than persons x (1 - chance)) x the largest
published relative effect of the lever's kind; each is worth the municipality's part of a full year at the 20 % step,
for two years (economics rule 9). A lever of class A that gains more than twice the bound is wrong until explained.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from sim import codes
from sim.records.outcomes import WEEKS_PER_YEAR, Key
from sim.scenario import Scenario

if TYPE_CHECKING:
    from sim.policies.programme import Programme
    from sim.policies.registry import Lever

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
    "continuity": Published(0.22, "EV101: -22 % job chance for one caseworker change"),
    "staffing": Published(
        0.30, "EV120-EV135: halved caseload, upper end of the range put on all exits (1.0 to 1.3)"
    ),
    "programme": Published(0.40, "EV226: a mentor, 7 against 5 % in job after a year; IPS +29 % (EV220)"),
    "belief": Published(0.33, "EV103: +33 % between caseworkers' beliefs, observational"),
}


class Group(NamedTuple):
    """What the baseline says about one benefit, per year."""

    persons: float  # full-time persons, mean
    entries: float  # spells begun a year
    job_chance: float  # of finding a job within a year, at the mean weekly rate
    municipal_kr: float  # a full year at the 20 % step


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
            job_chance=float(1.0 - np.exp(-found / person_years)),
            municipal_kr=MUNICIPAL_SHARE * baseline[Key("benefit_paid", benefit, "all")] / person_years,
        )
    return out


def reached(
    lever: "Lever", groups: Mapping[str, Group], changes_per_year: float, share: float = 1.0
) -> dict[str, float]:
    """Persons a lever reaches in a year, by benefit. KeyError for a kind of lever without a published effect.

    Early meetings reach those who enter; caseworkers reach those in the team's groups and those who enter them;
    continuity reaches those whose caseworker would have changed; a programme has places (share: of the municipality
    that is simulated); a lever without evidence reaches those on its benefits and those who enter them.
    """
    if lever.name == "early_intervention":
        coverage = float(getattr(lever, "coverage_share", 1.0))
        return {
            name: groups[name].entries * coverage for name in getattr(lever, "groups", ()) if name in groups
        }
    if lever.name == "staffing":
        teams = {team for team, fte in lever.extra_posts().items() if fte > 0}
        return {
            name: group.persons + group.entries
            for name, group in groups.items()
            if _team(name) is not None and _team(name) in teams
        }
    if lever.name == "continuity":
        return {
            name: group.persons * changes_per_year
            for name, group in groups.items()
            if _team(name) is not None
        }
    if lever.name == "programme":
        return _places_over_benefits(getattr(lever, "programmes", {}).values(), groups, share)
    if lever.evidence_class() != "A":
        named = getattr(lever, "groups", None) or getattr(lever, "parallel_groups", None) or tuple(groups)
        return {name: groups[name].persons + groups[name].entries for name in named if name in groups}
    raise KeyError(
        f"no arithmetic bound is known for the lever {lever.name!r}; add it to experiments/bounds.py"
    )


def reached_in(
    scenario: Scenario, lever: "Lever", groups: Mapping[str, Group], changes_per_year: float, share: float
) -> dict[str, float]:
    """Persons a lever of the scenario reaches in a year, by benefit: given by lot, no more than the trial treats."""
    persons = reached(lever, groups, changes_per_year, share)
    trial = scenario.trial
    if trial is None or not lever.on_trial(scenario):
        return persons
    enrolled = {name: n for name, n in persons.items() if name in trial.groups}
    part = min(1.0, trial.n_treated / total) if (total := sum(enrolled.values())) else 0.0
    return {name: n * part for name, n in enrolled.items()}


def _places_over_benefits(
    programmes: Iterable["Programme"], groups: Mapping[str, Group], share: float
) -> dict[str, float]:
    """Places a year by benefit, in proportion to the people on the benefits a programme is for."""
    out: dict[str, float] = {}
    for one in programmes:
        people = {name: groups[name].persons for name in one.groups if name in groups}
        for name, persons in people.items():
            part = one.places_per_year * share * persons / sum(people.values())
            out[name] = out.get(name, 0.0) + part
    return out


def _team(benefit: str) -> str | None:
    team = codes.TEAM_OF_BENEFIT[codes.BENEFITS.index(benefit)]
    return None if team == codes.NO_TEAM else codes.TEAMS[team]


def bound_of(scenario: Scenario, baseline: Mapping[Key, float], weeks: int) -> Bound | None:
    """The ceiling of a scenario's levers together; None without a lever that does anything."""
    groups = groups_of(baseline, weeks)
    changes = baseline[Key("changes_per_citizen_year", "counted", "all")]
    parts = list(_parts(scenario, groups, 0.0 if np.isnan(changes) else changes))
    if not parts:
        return None
    return Bound(
        lever=" + ".join(part.lever for part in parts),
        persons_reached=sum(part.persons_reached for part in parts),
        kr_year=sum(part.kr_year for part in parts),
        evidence="; ".join(part.evidence for part in parts),
    )


def _parts(scenario: Scenario, groups: Mapping[str, Group], changes: float) -> Iterator[Bound]:
    for name, lever in scenario.levers.items():
        if lever.is_zero_dose() or (name not in LARGEST and lever.evidence_class() != "A"):
            continue  # no effect of such a lever has been published, so there is no ceiling to hold it against
        persons = reached_in(scenario, lever, groups, changes, scenario.world.share)
        published = LARGEST[name]
        kr = sum(
            gain_at_most(n, groups[benefit].job_chance, published.effect, groups[benefit].municipal_kr)
            for benefit, n in persons.items()
        )
        yield Bound(name, sum(persons.values()), kr, published.evidence)


def break_even_persons(kr_year: float, municipal_kr: float) -> float:
    """Full-year recipients fewer that pay for `kr_year`; `municipal_kr`: a full year at the 20 % step."""
    return kr_year / municipal_kr
