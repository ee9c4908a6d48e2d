"""Run results made by hand, with consistent books, for tests that need tables and no simulation."""

import numpy as np

from sim import codes
from sim.calendar import week_of, year_of
from sim.records.result import RunResult
from sim.records.weekly import COHORT_NAMES, N_COLUMNS, NAMES

START = week_of("2027-W01")


def blank_result(weeks: int = 120, seed: int = 1, scenario: str = "made", start: int = START) -> RunResult:
    """A run in which nothing happened."""
    years = tuple(range(year_of(start), year_of(start + weeks - 1) + 1))
    return RunResult(
        scenario=scenario,
        seed=seed,
        start=start,
        weeks=weeks,
        rows=np.zeros((weeks, N_COLUMNS), np.int64),
        ledger=np.zeros(
            (weeks, codes.N_ACCOUNTS, codes.N_BENEFITS + 1, codes.N_STEPS, len(codes.PAYERS)), np.int64
        ),
        pots=np.zeros((len(years), codes.N_POTS, 4), np.int64),
        years=years,
        cohort=np.zeros((weeks, len(COHORT_NAMES)), np.int64),
        step_labels=("1-4", "5-26", "27-52", "53+"),
    )


def put(result: RunResult, name: str, value: int | np.ndarray) -> None:
    """Sets a weekly column."""
    result.rows[:, NAMES.index(name)] = value


def put_cohort(result: RunResult, name: str, value: int | np.ndarray) -> None:
    """Sets a cohort column."""
    result.cohort[:, COHORT_NAMES.index(name)] = value


# Full-time persons, kr. a week and usual weeks of a spell, roughly as in a Danish municipality of 51,000 adults.
_PEOPLE = {
    "dagpenge": (950, 4_000, 24), "kontanthjaelp_jobready": (240, 2_600, 26),
    "kontanthjaelp_activityready": (1_215, 2_700, 130),
    "uddannelseshjaelp": (360, 2_000, 60), "sygedagpenge": (1_050, 4_400, 16), "jobafklaring": (260, 2_700, 60),
    "ressourceforloeb": (190, 2_700, 120), "revalidering": (30, 3_900, 80), "ledighedsydelse": (170, 3_500, 60),
    "fleksjob": (1_200, 2_400, 400), "foertidspension": (3_800, 4_300, 700), "sho": (30, 1_500, 80),
}  # fmt: skip


def lived_result(
    weeks: int = 260, seed: int = 1, scenario: str = "baseline", saved: float = 0.0, operating: float = 0.0
) -> RunResult:
    """A run with everything in it. `saved`: share of job-ready and dagpenge weeks turned into job weeks, growing over
    the first year; `operating`: extra staff cost, kr. a year. Runs of one seed share their luck."""
    result = blank_result(weeks, seed, scenario)
    luck = np.random.default_rng(seed)
    ramp = np.minimum(1.0, np.arange(weeks) / 52.0)
    wave = luck.normal(0, 1, (weeks, codes.N_BENEFITS)).cumsum(axis=0) * 0.6
    job = np.full(weeks, 36_000, np.int64)
    for b, benefit in enumerate(codes.BENEFITS):
        persons, kr, length = _PEOPLE[benefit]
        stock = np.maximum(0, persons + wave[:, b] * persons**0.5 * 0.2).astype(np.int64)
        if benefit in ("dagpenge", "kontanthjaelp_jobready"):
            gone = (stock * saved * ramp).astype(np.int64)
            stock = stock - gone
            job = job + (gone * 7) // 10
            put(result, "stock.education", result.column("stock.education") + gone // 10)
            put(
                result, "stock.outside", result.column("stock.outside") + gone - (gone * 7) // 10 - gone // 10
            )
        put(result, f"stock.{benefit}", stock)
        ends = stock // length
        put(result, f"entries.{benefit}", ends)
        put(result, f"exits.{benefit}.job", ends * 6 // 10)
        put(result, f"exits.{benefit}.outside", ends - ends * 6 // 10)
        put(result, f"completed_weeks.{benefit}", ends * length)
        put(result, f"stock_health.{benefit}.some", stock // 3)
        step = min(3, length // 20)
        put(result, f"ladder.step{step}", result.column(f"ladder.step{step}") + stock)
        state = (8000, 4000, 3000, 2000)[step]
        paid = stock * kr * 100
        result.ledger[:, codes.A_BENEFIT, b, step, codes.STATE] += paid * state // 10000
        result.ledger[:, codes.A_BENEFIT, b, step, codes.MUNICIPALITY] += paid - paid * state // 10000
    put(result, "stock.job", job)
    put(result, "stock.education", result.column("stock.education") + 5_000)
    put(result, "stock.outside", result.column("stock.outside") + 1_200)
    put(result, "stock_health.job.some", job // 8)
    put(result, "stock_health.fleksjob.severe", result.column("stock.fleksjob") // 2)
    _lived_office(result, luck, operating)
    return result


def _lived_office(result: RunResult, luck: np.random.Generator, operating: float) -> None:
    weeks = result.weeks
    put(result, "casework.cases", 5_200)
    put(result, "casework.trust_milli", 5_200 * 550)
    for cause, mean in (
        ("first_assignment", 90), ("resignation", 14), ("absence", 12), ("group_shift", 18),
        ("reorganisation", 6), ("own_request", 3),
    ):  # fmt: skip
        put(result, f"changes.{cause}", luck.poisson(mean, weeks))
    for kind, mean in (
        ("due", 560),
        ("held", 430),
        ("no_show", 70),
        ("prepared", 300),
        ("first_held", 85),
        ("above_plan", 20),
    ):
        put(result, f"meetings.{kind}", luck.poisson(mean, weeks))
    put(result, "meetings.first_wait_weeks", result.column("meetings.first_held") * 4)
    put(result, "queue.persons", luck.poisson(60, weeks))
    put(result, "queue.minutes", luck.poisson(8_000, weeks))
    put(result, "plan.weeks", 3_000)
    put(result, "plan.weeks_in_plan", 2_100)
    for name, value in (
        ("milli_fte", 84_000),
        ("present_milli_fte", 71_000),
        ("vacant_milli_fte", 6_000),
        ("absent_milli_fte", 7_000),
    ):
        put(result, f"staff.{name}", value)
    put(result, "staff.minutes", 110_000)
    put(result, "staff.minutes_used", 104_000)
    for name, mean in (
        ("vacancies", 420),
        ("posted", 130),
        ("hires_benefit", 48),
        ("hires_resident_in_work", 60),
        ("hires_non_resident", 34),
    ):
        put(result, f"market.{name}", luck.poisson(mean, weeks))
    for kind in codes.MEASURES[1:]:
        put(result, f"measures_started.{kind}", luck.poisson(6, weeks))
        put(result, f"measures_running.{kind}", luck.poisson(50, weeks))
    put(result, "company_measure.weeks", 280)
    put(result, "passive.weeks", 2_000)
    put(result, "passive.weeks_asked", 3_600)
    put(result, "passive.weeks_exempt", 900)
    put(result, "long_term.stock", 1_900)
    put(result, "long_term.inflow", 14)
    put(result, "elapsed.weeks", 4_500 * 90)
    put(result, "elapsed.persons", 4_500)
    put(result, "companies.first_contact_this_year", 5)
    put(result, "companies.second_contact_this_year", 3)
    put_cohort(result, "entrants", 100)
    for name, value in (
        ("in_job_26", 40), ("in_job_52", 45), ("still_in_job", 30), ("weeks_on_support_104", 3_800),
        ("two_barriers", 30), ("second_service_8", 9),
    ):  # fmt: skip
        put_cohort(result, name, value)
    staff = round((46.6e6 + operating) * 100 / 52)
    result.ledger[:, codes.A_STAFF, codes.N_BENEFITS, 0, codes.MUNICIPALITY] += staff
    result.ledger[:, codes.A_IN_HOUSE, codes.N_BENEFITS, 0, codes.MUNICIPALITY] += round(26e8 / 52)
    result.ledger[:, codes.A_WAGE_SUBSIDY, 0, 1, codes.STATE] += round(3e8 / 52)
    result.ledger[:, codes.A_WAGE_SUBSIDY, 0, 1, codes.MUNICIPALITY] += round(4e8 / 52)
    result.pots[:, 0, 0] = round(47e8)
    result.pots[:, 0, 1:3] = staff * 52
