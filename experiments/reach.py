"""Whom a lever reaches in a year, by benefit, and with how much of the largest published effect: arithmetic.

One function for the ceiling beside a run (`experiments/bounds.py`) and for the break-even of `jobcenter levers`
(`experiments/break_even.py`); they differ in where the figures of the office come from: a run, or the municipality
file.
"""

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sim import codes
from sim.records.outcomes import WEEKS_PER_YEAR
from sim.scenario import Scenario

if TYPE_CHECKING:
    from sim.policies.programme import Programme
    from sim.policies.registry import Lever

# Benefits whose people are offered measures at meetings (sim/tables/office.py).
OFFERED: Final = tuple(
    name for name in codes.BENEFITS if name not in ("sygedagpenge", "fleksjob", "foertidspension")
)
HALVED: Final = 0.5  # the fall of the caseload behind the effect published for staffing (EV120-EV135)


class Group(NamedTuple):
    """What is known about one benefit, per year."""

    persons: float  # full-time persons, mean
    entries: float  # spells begun a year
    leaving: float  # spells ended a year, by any door, per full-time person
    shifts: float  # spells a year that end in another benefit; only their proportions are used
    job_chance: float  # of finding a job within a year, at the mean weekly rate
    municipal_kr: float  # a full year at the 20 % step


class Changes(NamedTuple):
    """Caseworker changes a citizen and year, by cause."""

    resignation: float
    absence: float
    group_shift: float
    reorganisation: float
    own_request: float


class Reach(NamedTuple):
    """Persons of one benefit a lever reaches in a year, and the part of the published effect it can have on them."""

    persons: float
    part_of_effect: float = 1.0


def team_of(benefit: str) -> str | None:
    """The team that holds the cases of a benefit; None where nobody does."""
    team = codes.TEAM_OF_BENEFIT[codes.BENEFITS.index(benefit)]
    return None if team == codes.NO_TEAM else codes.TEAMS[team]


def reached(
    scenario: Scenario, lever: "Lever", groups: Mapping[str, Group], changes: Changes, share: float
) -> dict[str, Reach]:
    """Whom a lever of the scenario reaches in a year, by benefit; given by lot, no more than the trial treats.

    Early meetings reach those who enter and are still there when the municipality may meet them; posts reach those
    whose cases the team holds, with the effect of a caseload that falls as theirs does; continuity reaches those whose
    caseworker changes for a cause it acts on; a programme has places (share: of the municipality that is simulated);
    more placements reach as many as added hours and the added part of offers allow; a lever without evidence reaches
    those on its benefits and those who enter them. KeyError for any other.
    """
    if lever.name == "early_intervention":
        found = _met_early(scenario, lever, groups)
    elif lever.name == "staffing":
        found = _with_more_staff(scenario, lever, groups)
    elif lever.name == "continuity":
        found = _keeping_a_caseworker(scenario, lever, groups, changes)
    elif lever.name == "programme":
        found = _places_over_benefits(getattr(lever, "programmes", {}).values(), groups, share)
    elif lever.name == "companies":
        found = _placed_more(scenario, lever, groups, share)
    elif lever.evidence_class() != "A":
        named = getattr(lever, "groups", None) or getattr(lever, "parallel_groups", None) or tuple(groups)
        found = {name: Reach(groups[name].persons + groups[name].entries) for name in named if name in groups}
    else:
        raise KeyError(
            f"no arithmetic bound is known for the lever {lever.name!r}; add it to experiments/reach.py"
        )
    trial = scenario.trial
    if trial is None or not lever.on_trial(scenario):
        return found
    enrolled = {name: one for name, one in found.items() if name in trial.groups}
    total = sum(one.persons for one in enrolled.values())
    part = min(1.0, trial.n_treated / total) if total else 0.0
    return {name: one._replace(persons=one.persons * part) for name, one in enrolled.items()}


def _met_early(scenario: Scenario, lever: "Lever", groups: Mapping[str, Group]) -> dict[str, Reach]:
    """Entrants covered who are still on the benefit when the a-kasse hands over, where one holds the first weeks."""
    early: Any = lever
    out = {}
    for name in early.groups:
        if name not in groups:
            continue
        rules = scenario.law.contact_rules(name, lever.first_week(scenario))
        wait = max((rule.window_weeks for rule in rules if rule.holder == "a_kasse"), default=0)
        still_there = (
            math.exp(-groups[name].leaving * wait / WEEKS_PER_YEAR) if wait < early.until_week else 0.0
        )
        out[name] = Reach(groups[name].entries * early.coverage_share * still_there)
    return out


def _with_more_staff(scenario: Scenario, lever: "Lever", groups: Mapping[str, Group]) -> dict[str, Reach]:
    """Those whose cases a growing team holds; cut posts reach nobody."""
    teams = scenario.municipality.staff.teams
    out = {}
    for name, group in groups.items():
        team = team_of(name)
        extra = lever.extra_posts().get(team, 0.0) if team is not None else 0.0
        if team is not None and extra > 0.0:
            fall = extra / (teams[team].fte + extra)
            out[name] = Reach(group.persons, min(1.0, fall / HALVED))
    return out


def _placed_more(
    scenario: Scenario, lever: "Lever", groups: Mapping[str, Group], share: float
) -> dict[str, Reach]:
    """Placements more a year: those the added consultants' hours can set up, and the added part of one offer a year."""
    companies: Any = lever
    value, office = scenario.behaviour, scenario.municipality
    usual = value["measures.placement_share"] * value["measures.private_share"]
    placements, private = companies.placement_share, companies.private_share
    now = value["measures.placement_share"] if placements is None else placements
    now *= value["measures.private_share"] if private is None else private
    added = max(0.0, now * companies.offers_factor - usual)
    hours = companies.consultants_fte * office.staff.productive_hours_per_fte_year * share
    set_up = hours / (office.prices["placement_setup_hours"] + companies.site_minutes / 60.0)
    people = {name: groups[name].persons + groups[name].entries for name in OFFERED if name in groups}
    everybody = sum(people.values())
    return {name: Reach(min(n, n * added + set_up * n / everybody)) for name, n in people.items() if n > 0.0}


def _keeping_a_caseworker(
    scenario: Scenario, lever: "Lever", groups: Mapping[str, Group], changes: Changes
) -> dict[str, Reach]:
    """Those whose caseworker would have changed for a cause the lever acts on, or changes with a hand-over.

    What acts on a case holds for the lever's groups; slack for absence holds for its team, pay for every post.
    """
    one: Any = lever
    served = {name: group for name, group in groups.items() if team_of(name) is not None}
    shifts = sum(group.shifts for group in served.values())
    all_shifts = changes.group_shift * sum(group.persons for group in served.values())
    stays = one.assumed_retention_response * one.retention_pay_kr_per_fte_year / 10_000.0
    out = {}
    for name, group in served.items():
        per_person = changes.absence * _covered(scenario, one.absence_slack_fte, str(team_of(name)))
        per_person += changes.resignation * min(1.0, stays)
        persons = group.persons * per_person
        if one.groups is None or name in one.groups:
            handed = one.handover_meeting_share
            kept = one.one_person_across_groups_share
            persons += group.persons * changes.reorganisation * handed
            persons += group.persons * changes.own_request * max(handed, one.meet_own_request_share)
            if shifts > 0.0:
                persons += all_shifts * group.shifts / shifts * (kept + (1.0 - kept) * handed)
        out[name] = Reach(persons)
    return out


def _covered(scenario: Scenario, slack: Mapping[str, float], team: str) -> float:
    """Share of a team's long absences that slack covers."""
    value, fte = scenario.behaviour, slack.get(team, 0.0)
    expected = value["staff.long_absence"] * value["staff.long_absence_weeks"] if fte else 0.0
    expected *= scenario.municipality.staff.teams[team].fte if fte else 0.0
    return min(1.0, fte / expected) if expected > 0.0 else 0.0


def _places_over_benefits(
    programmes: Iterable["Programme"], groups: Mapping[str, Group], share: float
) -> dict[str, Reach]:
    """Places a year by benefit, in proportion to the people on the benefits a programme is for."""
    out: dict[str, float] = {}
    for one in programmes:
        people = {name: groups[name].persons for name in one.groups if name in groups}
        for name, persons in people.items():
            part = one.places_per_year * share * persons / sum(people.values())
            out[name] = out.get(name, 0.0) + part
    return {name: Reach(persons) for name, persons in out.items()}
