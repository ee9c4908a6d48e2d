"""Draws the residents: who they are, not yet where they are. Chance is addressed by id, so rows may lie in any
order."""

import math

import numpy as np

from sim.calendar import first_week_from
from sim.chance import S_CAREER_START, S_COMPANY, S_TRAITS, keys_of_week, uniform
from sim.codes import EDUCATION, FIRST_BENEFIT, FLEKSJOB, FOERTIDSPENSION, HEALTH, JOB, OUTSIDE, TEAMS
from sim.compiled import kernel
from sim.errors import UserError
from sim.population.caseworkers import CASEWORKERS
from sim.population.citizens import (
    AT_HOME,
    CITIZENS,
    INSURED,
    LEGACY_AWARD,
    MINIMUM_AGE_WEEKS,
    NEVER,
    NON_DANISH,
    PROVIDER,
    SOCIAL_BARRIER,
)
from sim.population.companies import COMPANIES
from sim.scenario import Scenario
from sim.state import State
from sim.tables.law import LADDER_AWARDS_FROM
from sim.tables.levels import ATTACHMENT_Z, moving_factor, sector_tickets

WEEKS_PER_YEAR = 52.1775
PENSION_AGE_YEARS = 67
LAID_OUT_WEEKS = (
    260  # arrivals are laid out in blocks of five years, so a shorter run is the start of a longer one
)


@kernel
def _draws(ids, keys, stream, out, first=0):
    for i in range(ids.size):
        for k in range(out.shape[1]):
            out[i, k] = uniform(keys, stream, np.int64(ids[i]) * 64 + first + k)


def draws(ids: np.ndarray, seed: int, stream: int, n: int, first: int = 0) -> np.ndarray:
    """n uniform numbers for life per id, from number `first` on: float64 (ids, n)."""
    out = np.zeros((ids.size, n))
    _draws(ids, keys_of_week(seed, -1), stream, out, first)
    return out


def _arrivals_per_week(scenario: Scenario, residents: int) -> tuple[float, float]:
    """(16-year-olds, in-movers) a week that keep the number of residents where it is.

    Those who turn 16 replace those who reach pension age; in-movers replace people who move away and die.
    """
    population = scenario.municipality.population
    share = residents / population.residents_16_66
    births = population.birth_cohort_per_year * share / WEEKS_PER_YEAR
    death = population.death_per_year
    ages = np.arange(16, PENSION_AGE_YEARS)
    deaths = float(np.mean(death.at_age_40 * 2.0 ** ((ages - 40) / death.doubling_years)))
    return births, residents * (population.out_move_share_per_year + deaths) / WEEKS_PER_YEAR


def _laid_out(rate: float, weeks: int) -> np.ndarray:
    """Week of each arrival, evenly spread: the k-th person comes when k / rate weeks have passed."""
    # Everybody due before the last week is over, so that a longer horizon adds only others.
    n = int(np.ceil(rate * weeks))
    return np.minimum((np.arange(n) / rate).astype(np.int64), weeks - 1) if n else np.zeros(0, np.int64)


def draw_citizens(state: State, scenario: Scenario, seed: int, first_week: int) -> None:
    """Lays out everybody who is or will be a resident from `first_week` to the end of the horizon.

    Ids: residents first, then arrivals in order of their week, so a longer horizon only adds people at the end.
    """
    population = scenario.municipality.population
    residents = max(1, round(population.residents_16_66 * scenario.world.share))
    horizon = scenario.start_week - first_week + -(-scenario.weeks // LAID_OUT_WEEKS) * LAID_OUT_WEEKS
    births, in_moves = _arrivals_per_week(scenario, residents)
    # Two sequences, interleaved by week: even ids after the residents are 16-year-olds, odd ones in-movers.
    young, movers = _laid_out(births, horizon), _laid_out(in_moves, horizon)
    arrive = np.concatenate([np.zeros(residents, np.int64), young, movers])
    kind = np.concatenate([np.zeros(residents), np.ones(young.size), np.full(movers.size, 2)])
    # A stable order by week: the k-th arrival of a kind keeps its id whatever the horizon.
    numbers = np.concatenate(
        [
            np.arange(residents),
            residents + 2 * np.arange(young.size),
            residents + 2 * np.arange(movers.size) + 1,
        ]
    )
    state.add(CITIZENS, arrive.size)
    ids = state["id"]
    ids[:] = numbers
    state["arrive_week"][:] = first_week + arrive

    def u(trait: int) -> np.ndarray:
        """One trait at a time: all of them at once would take as much memory as the whole state."""
        return draws(ids, seed, S_TRAITS, 1, trait)[:, 0]

    span = PENSION_AGE_YEARS - 16
    # In-movers have the ages of those who move away.
    weight = np.cumsum([moving_factor(scenario, age) for age in range(18, PENSION_AGE_YEARS - 1)])
    mover_age = 18 + np.searchsorted(weight / weight[-1], u(0)) + u(10)
    age_years = np.where(kind == 0, 16 + span * u(0), np.where(kind == 1, 16.0, mover_age))
    age_weeks = (age_years * WEEKS_PER_YEAR).astype(np.int64)
    age_weeks = np.maximum(age_weeks, MINIMUM_AGE_WEEKS - 20)
    state["birth_week"][:] = state["arrive_week"] - age_weeks
    higher, vocational = population.higher_education_share, population.vocational_share
    state["education"][:] = np.where(u(1) < higher, 2, np.where(u(1) < higher + vocational, 1, 0))
    value = scenario.behaviour
    risk = np.array([value["people.health_risk_basic"], 1.0, value["people.health_risk_higher"]])[
        state["education"]
    ]
    severe, some = population.health_severe_share * risk, population.health_some_share * risk
    state["health"][:] = np.where(u(2) < severe, 2, np.where(u(2) < severe + some, 1, 0))
    state["attachment"][:] = np.minimum((u(3) * len(ATTACHMENT_Z)).astype(np.int64), len(ATTACHMENT_Z) - 1)
    sectors = list(scenario.municipality.companies.sectors.values())
    edges = np.cumsum([sector.jobs_share for sector in sectors])
    state["sector"][:] = np.minimum(np.searchsorted(edges, u(4), side="right"), len(sectors) - 1)
    weak, others = value["people.social_barrier_weakest"], value["people.social_barrier_others"]
    social = np.where(state["attachment"] == 0, weak, others)
    flags = np.where(u(5) < population.insured_share, INSURED, 0)
    flags |= np.where(u(6) < population.provider_share, PROVIDER, 0)
    flags |= np.where(u(7) < population.at_home_share_16_29, AT_HOME, 0)
    flags |= np.where(u(8) < population.non_danish_origin_share, NON_DANISH, 0)
    flags |= np.where(u(9) < social, SOCIAL_BARRIER, 0)
    state["flags"][:] = flags
    for name in ("caseworker", "last_meeting", "host"):
        state[name][:] = -1


def starting_status(state: State, scenario: Scenario, seed: int, begin: np.ndarray) -> None:
    """Where everybody is when careers begin (declared START shares by age; everything later is an outcome).

    begin: int64 (citizens), first week of each career. Under 18: in education. From 18: pension, fleksjob, work and
    education by the municipality's `start_shares`; the rest live on own means.
    """
    shares = scenario.municipality.start_shares
    age = (begin - state["birth_week"]) / WEEKS_PER_YEAR
    band = np.searchsorted([30, 45, 55], age, side="right")
    names = ("18-29", "30-44", "45-54", "55-66")

    def of(status: str) -> np.ndarray:
        by_age = shares.get(status, {})
        return np.asarray(np.array([by_age.get(name, 0.0) for name in names])[band])

    u = draws(state["id"], seed, S_CAREER_START, 2)
    risk = np.array([scenario.behaviour[f"people.award_risk_{health}"] for health in HEALTH])[state["health"]]
    pension, flex = of("foertidspension") * risk, of("fleksjob") * risk
    employed = pension + flex + of("employed") * (1 - pension - flex)
    status = np.select(
        [
            age < 18,
            u[:, 0] < pension,
            u[:, 0] < pension + flex,
            u[:, 0] < employed,
            u[:, 0] < employed + of("education"),
        ],
        [EDUCATION, FIRST_BENEFIT + FOERTIDSPENSION, FIRST_BENEFIT + FLEKSJOB, JOB, EDUCATION],
        OUTSIDE,
    )
    state["status"][:] = status
    state["origin"][:] = status
    # Half a year to ten years into the present state; awards in force are legacy awards.
    most = scenario.behaviour["people.present_state_weeks_most"]
    state["since"][:] = begin - (26 + (most - 26) * u[:, 1]).astype(np.int64)
    state["support_since"][:] = state["since"]
    # Pensions and fleksjobs awarded before July 2014 keep their former state share for life (financing act § 30).
    awarded = (status == FIRST_BENEFIT + FOERTIDSPENSION) | (status == FIRST_BENEFIT + FLEKSJOB)
    old = awarded & (state["since"] < first_week_from(LADDER_AWARDS_FROM))
    state["flags"][:] = np.where(old, state["flags"] | LEGACY_AWARD, state["flags"])
    state["skill"][:] = 0.0


def draw_companies(state: State, scenario: Scenario, seed: int) -> np.ndarray:
    """Workplaces by sector and size (sizes fall off geometrically around the sector's mean) and one ticket per job.

    Returns int64 (sectors + 1): first ticket of each sector.
    """
    companies = scenario.municipality.companies
    share = scenario.world.share
    counts = [
        round(companies.workplaces * share * sector.workplaces_share) for sector in companies.sectors.values()
    ]
    state.add(COMPANIES, sum(counts))
    first = 0
    for s, (sector, count) in enumerate(zip(companies.sectors.values(), counts, strict=True)):
        rows = slice(first, first + count)
        first += count
        if count == 0:
            continue
        # Company ids carry the sector, so that another municipality's sizes do not shift them.
        u = draws(np.arange(count) + s * 100_000, seed, S_COMPANY, 2)
        mean = max(1.0, companies.jobs * share * sector.jobs_share / count)
        spread = scenario.behaviour["market.company_size_spread"]
        raw = mean * (-np.log(1.0 - u[:, 0])) ** spread / math.gamma(1.0 + spread)
        jobs = np.maximum(
            1, np.round(raw * companies.jobs * share * sector.jobs_share / max(raw.sum(), 1.0))
        ).astype(np.int64)
        state["company_sector"][rows] = s
        state["company_jobs"][rows] = jobs
        state["company_openness"][rows] = np.clip(
            scenario.behaviour["measures.openness"] * (0.5 + u[:, 1]), 0.0, 0.95
        )
        state["company_contact_week"][rows] = -1
    tickets, sector_first = sector_tickets(state["company_jobs"], state["company_sector"], len(counts))
    state.columns["tickets"] = tickets
    state.columns["sector_first"] = sector_first
    return sector_first


LEAST_SEATS = 4  # of a team in a part of a municipality, where the whole has so many


def draw_seats(fte_by_team: list[float], first_week: int, share: float = 1.0) -> dict[str, np.ndarray]:
    """Posts of whole people and one part-time post per team, as columns of caseworkers.

    In a part of a municipality (`share` of it) a team is still several people, each with fewer hours: in a team of one,
    nobody would be left to take over when that one resigns.
    """
    teams, sizes = [], []
    for team, fte in enumerate(fte_by_team):
        whole = int(fte)
        posts = [1.0] * whole + ([fte - whole] if fte - whole > 1e-9 else [])
        least = min(LEAST_SEATS, math.ceil(fte / share - 1e-9))
        for size in posts if len(posts) >= least else [fte / least] * least:
            teams.append(team)
            sizes.append(size)
    part = State(first_week, {})
    part.add(CASEWORKERS, len(teams))
    part["seat_team"][:] = teams
    part["seat_fte"][:] = sizes
    part["seat_from"][:] = first_week
    part["seat_until"][:] = NEVER
    return part.columns


def close_seats(state: State, team: int, fte: float, week: int) -> None:
    """Cuts `fte` posts of a team from `week` on, the last seat first; a part of a post shrinks the seat."""
    for seat in np.flatnonzero(state["seat_team"] == team)[::-1]:
        if fte <= 1e-9:
            return
        if state["seat_until"][seat] < NEVER:
            continue
        if state["seat_fte"][seat] <= fte + 1e-9:
            fte -= float(state["seat_fte"][seat])
            state["seat_until"][seat] = week
        else:
            state["seat_fte"][seat] -= fte
            fte = 0.0
    if fte > 1e-9:
        raise UserError(f"a lever cuts {fte:g} more posts than team '{TEAMS[team]}' has; cut fewer posts")
