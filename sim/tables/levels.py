"""Tables of levels: how often things happen, from the behaviour file, the municipality and the year's demand."""

import math

import numpy as np

from sim.behaviour.events import SLOT_DEATH, SLOT_MAX, SLOT_MOVE, EventTable
from sim.behaviour.exits import (
    BAD_HEALTH,
    EXIT_SLOTS,
    GOOD_HEALTH,
    PLAIN,
    SLOT_WIDTH,
    TO_OWN_JOB,
    TO_UNEMPLOYMENT,
    YOUTH,
    ExitTable,
)
from sim.behaviour.hiring import MarketTable
from sim.behaviour.search import SearchTable
from sim.calendar import year_of
from sim.codes import (
    ABSENT,
    ACTIVITYREADY,
    BENEFITS,
    DAGPENGE,
    EDUCATION,
    FIRST_BENEFIT,
    FLEKSJOB,
    FOERTIDSPENSION,
    GONE,
    JOB,
    JOBAFKLARING,
    JOBREADY,
    LEDIGHEDSYDELSE,
    N_BANDS,
    N_BENEFITS,
    N_STATUSES,
    ON_LEAVE,
    OUTSIDE,
    RESSOURCEFORLOEB,
    REVALIDERING,
    SHO,
    SYGEDAGPENGE,
    UDDANNELSESHJAELP,
)
from sim.errors import UserError
from sim.population.careers import DriftTable
from sim.scenario import Scenario
from sim.tables.law import is_open

# Mid-points of five equal classes of a standard normal: the attachment classes.
ATTACHMENT_Z = (-1.39998, -0.53189, 0.0, 0.53189, 1.39998)

_B = FIRST_BENEFIT
# Doors by benefit: (behaviour row, target, what the hazard depends on).
DOORS_OF: dict[int, tuple[tuple[str, int, int], ...]] = {
    DAGPENGE: (
        ("dagpenge_to_sygedagpenge", _B + SYGEDAGPENGE, BAD_HEALTH),
        ("dagpenge_to_outside", OUTSIDE, PLAIN),
        ("dagpenge_to_education", EDUCATION, YOUTH),
        ("dagpenge_to_on_leave", ON_LEAVE, PLAIN),
    ),
    JOBREADY: (
        ("jobready_to_activityready", _B + ACTIVITYREADY, PLAIN),
        ("jobready_to_outside", OUTSIDE, PLAIN),
        ("jobready_to_education", EDUCATION, YOUTH),
        ("jobready_to_sygedagpenge", _B + SYGEDAGPENGE, PLAIN),
    ),
    ACTIVITYREADY: (
        ("activityready_to_jobready", _B + JOBREADY, PLAIN),
        ("activityready_to_outside", OUTSIDE, PLAIN),
        ("activityready_to_education", EDUCATION, YOUTH),
        ("activityready_to_ressourceforloeb", _B + RESSOURCEFORLOEB, BAD_HEALTH),
        ("activityready_to_ledighedsydelse", _B + LEDIGHEDSYDELSE, BAD_HEALTH),
        ("activityready_to_foertidspension", _B + FOERTIDSPENSION, BAD_HEALTH),
    ),
    UDDANNELSESHJAELP: (
        ("young_to_education", EDUCATION, PLAIN),
        ("young_to_outside", OUTSIDE, PLAIN),
        ("young_to_ressourceforloeb", _B + RESSOURCEFORLOEB, PLAIN),
        ("young_to_foertidspension", _B + FOERTIDSPENSION, PLAIN),
    ),
    SYGEDAGPENGE: (
        ("sick_return", TO_OWN_JOB, GOOD_HEALTH),
        ("sick_to_unemployment", TO_UNEMPLOYMENT, PLAIN),
        ("sick_to_ledighedsydelse", _B + LEDIGHEDSYDELSE, BAD_HEALTH),
        ("sick_to_foertidspension", _B + FOERTIDSPENSION, BAD_HEALTH),
        ("sick_to_revalidering", _B + REVALIDERING, PLAIN),
    ),
    JOBAFKLARING: (
        ("jobafklaring_to_unemployment", TO_UNEMPLOYMENT, PLAIN),
        ("jobafklaring_to_own_job", TO_OWN_JOB, GOOD_HEALTH),
        ("jobafklaring_to_ressourceforloeb", _B + RESSOURCEFORLOEB, PLAIN),
        ("jobafklaring_to_ledighedsydelse", _B + LEDIGHEDSYDELSE, PLAIN),
        ("jobafklaring_to_foertidspension", _B + FOERTIDSPENSION, BAD_HEALTH),
    ),
    RESSOURCEFORLOEB: (
        ("ressourceforloeb_to_foertidspension", _B + FOERTIDSPENSION, PLAIN),
        ("ressourceforloeb_to_ledighedsydelse", _B + LEDIGHEDSYDELSE, PLAIN),
        ("ressourceforloeb_to_activityready", _B + ACTIVITYREADY, PLAIN),
    ),
    REVALIDERING: (
        ("revalidering_to_unemployment", TO_UNEMPLOYMENT, PLAIN),
        ("revalidering_to_ledighedsydelse", _B + LEDIGHEDSYDELSE, PLAIN),
    ),
    LEDIGHEDSYDELSE: (
        ("ledighedsydelse_to_fleksjob", _B + FLEKSJOB, PLAIN),
        ("ledighedsydelse_to_foertidspension", _B + FOERTIDSPENSION, BAD_HEALTH),
    ),
    FLEKSJOB: (
        ("fleksjob_to_ledighedsydelse", _B + LEDIGHEDSYDELSE, PLAIN),
        ("fleksjob_to_foertidspension", _B + FOERTIDSPENSION, BAD_HEALTH),
    ),
    SHO: (
        ("sho_to_outside", OUTSIDE, PLAIN),
        ("sho_to_jobready", _B + JOBREADY, PLAIN),
        ("sho_to_activityready", _B + ACTIVITYREADY, PLAIN),
    ),
}
# Return from sickness by band of weeks in the spell.
_RETURN_BY_BAND = ("1_4", "5_13", "14_26", "later", "later", "later")


def demand(scenario: Scenario, week: int) -> tuple[float, float]:
    """(job finding or posting, job loss) in `week` relative to the reference: the municipality's own 2024, or the
    unemployment the levels were fitted at, where its file gives one.

    Before the start from the municipality's yearly unemployment; in the year of the start and after, demand
    stands still at the last observed year (or the start's own year), times the scenario's declared cycle.
    """
    population = scenario.municipality.population
    history = population.unemployment_history
    years = sorted(history)
    year = min(max(min(year_of(week), year_of(scenario.start_week)), years[0]), years[-1])
    reference = population.unemployment_reference or history[min(max(2024, years[0]), years[-1])]
    relative = history[year] / reference
    finding, loss = 1.0, 1.0
    for cycle in scenario.demand:
        if cycle.from_week <= week <= cycle.to_week:
            relative *= cycle.unemployment_relative or 1.0
            finding *= cycle.posting_factor
            loss *= cycle.job_loss_factor
    finding *= relative ** -scenario.behaviour["events.demand_elasticity_finding"]
    loss *= relative ** scenario.behaviour["events.demand_elasticity_loss"]
    return finding, loss


def demand_change_weeks(scenario: Scenario) -> set[int]:
    """Weeks in which demand changes."""
    weeks = {week for cycle in scenario.demand for week in (cycle.from_week, cycle.to_week + 1)}
    first = scenario.start_week - 104
    return weeks | {
        week for week in range(first, scenario.start_week + 53) if year_of(week) != year_of(week - 1)
    }


def moving_factor(scenario: Scenario, age: int) -> float:
    """Moves between municipalities at an age, relative to all adults: the young move most."""
    band = "under_30" if age < 30 else ("30_44" if age < 45 else ("45_54" if age < 55 else "55_66"))
    return scenario.behaviour[f"people.moving_{band}"]


def event_table(scenario: Scenario, week: int, with_cycle: bool = True) -> EventTable:
    """Hazards of people not on a benefit. Job loss follows the cycle by the sector's sensitivity."""
    value, population = scenario.behaviour, scenario.municipality.population
    base = np.zeros((4, 4))
    withdrawal = value["events.job_to_leave"] + value["events.job_to_outside"]
    base[0] = (
        value["events.job_loss"],
        value["events.job_to_sickness"],
        withdrawal,
        value["events.job_to_education"],
    )
    base[1, 0], base[1, 1] = value["events.education_end"], value["events.education_to_young_benefit"]
    base[2, :3] = (
        value["events.outside_to_job"],
        value["events.outside_to_cash_benefit"],
        value["events.outside_to_education"],
    )
    base[3, 0] = value["events.leave_end"]
    spread = value["events.separation_spread_log"]
    separation = np.array([math.exp(-spread * z) for z in ATTACHMENT_Z])
    death = population.death_per_year
    loss = demand(scenario, week)[1] if with_cycle else 1.0
    sensitivity = [sector.cycle_sensitivity for sector in scenario.municipality.companies.sectors.values()]
    table = EventTable(
        base=base,
        separation=separation / separation.mean(),
        sickness_by_health=np.array([1.0, value["events.sickness_some"], value["events.sickness_severe"]]),
        new_job=np.array(
            [value[f"events.{row}"] for row in ("new_job_factor", "second_half_factor", "settled_job_factor")]
        ),
        retained=1.0,
        retained_weeks=0,
        relapse=float(math.exp(value["events.relapse_log"])),
        non_danish_cash=float(value["events.non_danish_cash_factor"]),
        death_by_age=np.array(
            [
                min(0.0029, death.at_age_40 * 2.0 ** ((age - 40) / death.doubling_years) / 52.0)
                for age in range(120)
            ]
        ),
        move_by_age=np.array(
            [population.out_move_share_per_year / 52.0 * moving_factor(scenario, age) for age in range(120)]
        ),
        cycle=np.array([loss**s for s in sensitivity]),
        outside_job=np.array(
            [
                value["events.outside_job_weakest"] + k * value["events.outside_job_per_class"]
                for k in range(5)
            ]
        ),
        leave_share=float(value["events.job_to_leave"] / withdrawal if withdrawal > 0 else 0.0),
        highest=np.zeros((N_STATUSES, len(SLOT_MAX), len(ATTACHMENT_Z))),
    )
    table.highest[:] = highest_hazards(table)
    return table


def highest_hazards(table: EventTable) -> np.ndarray:
    """A bound on everybody's hazard by status, slot and attachment, all other factors at their largest.

    On a benefit people die or move away; whatever else ends the benefit is a matter of the steps of the week.
    """
    factor = np.ones((4, 4, len(ATTACHMENT_Z)))
    factor[0, 0] = table.separation * table.new_job.max() * max(1.0, table.cycle.max(initial=0.0))
    factor[0, 1] = table.sickness_by_health.max() * max(1.0, table.relapse)
    factor[2, 0] = table.outside_job
    factor[2, 1] = max(1.0, table.non_danish_cash)
    highest = np.zeros((N_STATUSES, len(SLOT_MAX), len(ATTACHMENT_Z)))
    highest[[JOB, EDUCATION, OUTSIDE, ON_LEAVE], :4] = table.base[:, :, None] * factor
    highest[:, SLOT_DEATH], highest[:, SLOT_MOVE] = table.death_by_age.max(), table.move_by_age.max()
    highest[[GONE, ABSENT]] = 0.0
    return highest


def exit_table(scenario: Scenario, week: int) -> ExitTable:
    """Hazards of leaving a benefit by other doors than the labour market, under the law of `week`.

    While ressourceforloeb or revalidering is closed to new cases, a share of the would-be cases is decided at
    once (pension
    or visitation to fleksjob, in the proportion in which courses used to end); the rest stay where they are.
    """
    value = scenario.behaviour
    hazard = np.zeros((N_BENEFITS, N_BANDS, EXIT_SLOTS))
    target = np.full((N_BENEFITS, EXIT_SLOTS), OUTSIDE, np.int64)
    kind = np.zeros((N_BENEFITS, EXIT_SLOTS), np.int64)
    pension = value["exits.ressourceforloeb_to_foertidspension"]
    visited = value["exits.ressourceforloeb_to_ledighedsydelse"]
    closed = not is_open(scenario, "ressourceforloeb", week)
    for benefit, doors in DOORS_OF.items():
        for slot, (row, to, depends) in enumerate(doors):
            target[benefit, slot], kind[benefit, slot] = to, depends
            if row == "sick_return":
                hazard[benefit, :, slot] = [value[f"exits.sick_return_{band}"] for band in _RETURN_BY_BAND]
                continue
            hazard[benefit, :, slot] = value[f"exits.{row}"]
            if to == _B + REVALIDERING and not is_open(scenario, "revalidering", week):
                hazard[benefit, :, slot] = 0.0
            if to == _B + RESSOURCEFORLOEB and closed:
                direct = value[f"exits.{row}"] * value["exits.closed_door_direct_share"]
                hazard[benefit, :, slot] = direct * pension / (pension + visited)
                target[benefit, slot] = _B + FOERTIDSPENSION
                add = next((k for k, door in enumerate(doors) if door[1] == _B + LEDIGHEDSYDELSE), None)
                if add is not None:
                    hazard[benefit, :, add] += direct * visited / (pension + visited)
    table = ExitTable(
        hazard=hazard,
        target=target,
        kind=kind,
        highest=np.zeros(N_BENEFITS),
        bad_health=np.array([1.0, value["exits.health_bad_some"], value["exits.health_bad_severe"]])
        / value["exits.health_bad_some"],  # levels are those of people with some barrier
        good_health=np.array([1.0, value["exits.health_return_some"], value["exits.health_return_severe"]]),
        youth=np.array([value["exits.education_door_under_30"], value["exits.education_door_from_30"]]),
        relapse=1.0,
        pension_age_factor=np.array([value["exits.pension_under_40"], 1.0, value["exits.pension_from_55"]]),
    )
    bound_exits(table)
    return table


def bound_exits(table: ExitTable) -> None:
    """Fills `highest`, a bound on everybody's hazard at any one door; again once levers have changed hazards.

    Raises UserError when a door is too narrow for a hazard.
    """
    factor = np.ones(4)
    factor[BAD_HEALTH] = table.bad_health.max() * table.pension_age_factor.max()
    factor[GOOD_HEALTH], factor[YOUTH] = table.good_health.max(), table.youth.max()
    hazard = table.hazard.max(axis=1) * factor[table.kind]
    hazard[table.target == FIRST_BENEFIT + SYGEDAGPENGE] *= max(table.relapse, 1.0)
    highest: np.ndarray = hazard.max(axis=1)
    for benefit, bound in zip(BENEFITS, highest.tolist(), strict=True):
        if bound > SLOT_WIDTH:
            raise UserError(
                f"behaviour: some people would leave {benefit} by one door with a chance of {bound:.3f} a week;"
                f" the model can represent at most {SLOT_WIDTH:.3f}; lower the values of exits that concern it,"
                " or what a lever makes of them"
            )
    table.highest[:] = highest


def search_table(scenario: Scenario) -> SearchTable:
    """Job finding by benefit and by lasting traits of the person."""
    value = scenario.behaviour
    spread = value["search.spread_log"]
    education = (value["search.education_basic_log"], 0.0, value["search.education_higher_log"])
    health = (0.0, value["search.health_some_log"], value["search.health_severe_log"])
    factor = np.array(
        [
            [[math.exp(spread * z - spread**2 / 2 + e + h) for h in health] for e in education]
            for z in ATTACHMENT_Z
        ]
    )
    losing = np.zeros(N_BENEFITS, np.uint8)
    losing[[DAGPENGE, JOBREADY, ACTIVITYREADY, UDDANNELSESHJAELP, SHO]] = 1
    return SearchTable(
        hazard=np.array([value[f"search.{benefit}"] for benefit in BENEFITS]),
        person_factor=factor,
        skill_loss=float(value["drift.skill_loss"]),
        skill_floor=float(value["drift.skill_floor"]),
        skill_recovery=float(value["drift.skill_recovery"]),
        losing=losing,
    )


def drift_table(scenario: Scenario) -> DriftTable:
    """Slow change of health on benefits."""
    value = scenario.behaviour
    return DriftTable(float(value["drift.health_worse"]), float(value["drift.health_better"]))


def sector_tickets(
    jobs_by_company: np.ndarray, sector: np.ndarray, n_sectors: int
) -> tuple[np.ndarray, np.ndarray]:
    """One ticket per job, sorted by sector: drawing a ticket draws a company by size.

    Returns (int32 (jobs,) company of each ticket, int64 (sectors + 1,) first ticket of each sector).
    """
    order = np.argsort(sector, kind="stable")
    tickets = np.repeat(order, jobs_by_company[order]).astype(np.int32)
    per_sector = np.zeros(n_sectors + 1, np.int64)
    for s in range(n_sectors):
        per_sector[s + 1] = per_sector[s] + int(jobs_by_company[sector == s].sum())
    return tickets, per_sector


def market_table(scenario: Scenario, week: int) -> MarketTable:
    """Vacancies and competition. `sector_first` is filled in by the model, which knows the companies."""
    value = scenario.behaviour
    sectors = list(scenario.municipality.companies.sectors.values())
    finding = demand(scenario, week)[0]
    weight = value["market.education_weight"]
    return MarketTable(
        posting=np.array(
            [sector.hires_per_job_year / 52.0 * value["market.posting_scale"] for sector in sectors]
        ),
        cycle=np.array([finding**sector.cycle_sensitivity for sector in sectors]),
        finding=float(finding),
        posting_response=float(value["market.posting_response"]),
        lapse=float(value["market.vacancy_lapse"]),
        acceptance=float(value["market.acceptance"]),
        residents=float(value["market.residents_per_vacancy"]),
        non_residents=float(value["market.non_residents_per_vacancy"]),
        repost_share=float(value["market.repost_share"]),
        own_sector_share=float(value["search.own_sector_share"]),
        duration_weight=float(value["market.duration_weight"]),
        education_weight=np.array([1.0 / weight, 1.0, weight]),
        sector_first=np.zeros(len(sectors) + 1, np.int64),
        learning=float(1.0 / 26.0),
    )
