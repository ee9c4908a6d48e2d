"""If the world is changed in a plain way, the result must change in a plain way; and edges run sensibly."""

import math

import numpy as np
import pytest
from worlds import MANY_SEATS, TEAMS_WITH_CASES, at_start, busy_world, lived, world

from sim.codes import BENEFITS, MEASURES, N_BENEFITS, STATUSES
from sim.policies.registry import levers
from sim.records.outcomes import outcomes
from sim.records.result import RunResult
from sim.scenario import Scenario

NO_STAFF = tuple(f"municipality.staff.teams.{team}.fte=0" for team in TEAMS_WITH_CASES)
NO_COMPANIES = ("municipality.companies.workplaces=0", "municipality.companies.jobs=0")
NO_BUDGET = tuple(
    f"municipality.budgets.{pot}.kr_per_year=0"
    for pot in ("in_house_courses", "external_courses", "wage_subsidies")
)
SHORT_OF_HOURS = "municipality.staff.productive_hours_per_fte_year=220"
# Doors to ordinary work that do not go through a vacancy.
OWN_JOB = ("sygedagpenge", "jobafklaring")


def run(scenario: Scenario, seed: int = 1) -> RunResult:
    return lived(scenario, seed, state=at_start(scenario, seed)).result()


def sum_of(result: RunResult, *names: str) -> int:
    return int(sum(result.column(name).sum() for name in names))


def job_exits(result: RunResult, but: tuple[str, ...] = ()) -> int:
    return sum_of(result, *(f"exits.{benefit}.job" for benefit in BENEFITS if benefit not in but))


# ---- monotone ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_more_caseworkers_never_hold_fewer_meetings(seed: int) -> None:
    """Posts in every team, in steps; meetings held never fall, and the queue never grows."""
    held, queue = [], []
    for extra in (0, 10, 25, 50):
        posts = ", ".join(f"{team}: {extra}" for team in TEAMS_WITH_CASES)
        more = f"levers.staffing={{extra_fte: {{{posts}}}}}"
        scenario = world("baseline", *MANY_SEATS, SHORT_OF_HOURS, more, share=0.1, weeks=104)
        result = run(scenario, seed)
        held.append(sum_of(result, "meetings.held"))
        queue.append(sum_of(result, "queue.persons"))
    assert held == sorted(held)
    assert held[-1] > 1.1 * held[0]
    assert queue == sorted(queue, reverse=True)
    assert queue[-1] < 0.7 * queue[0]


def test_cutting_every_post_ends_every_meeting() -> None:
    """Posts cut from week 20: held before, none after, and every case loses its caseworker once, by reorganisation."""
    posts = ", ".join(f"{team}: -75" for team in TEAMS_WITH_CASES)
    cut = f"levers.staffing={{from: start+20, extra_fte: {{{posts}}}}}"
    result = run(world("baseline", *MANY_SEATS, cut, share=0.1, weeks=60))
    held = result.column("meetings.held")
    assert (held[:20] > 0).all()
    assert (held[20:] == 0).all()
    assert (result.column("staff.minutes")[20:] == 0).all()
    assert (result.column("queue.persons")[20:] == 0).all()
    assert (result.column("casework.without_caseworker")[20:] > 0).all()


@pytest.mark.parametrize("name", ["posting", "job loss"])
def test_a_shock_to_demand_moves_jobs_the_way_it_must(name: str) -> None:
    part = "posting_factor: 0.5" if name == "posting" else "job_loss_factor: 1.5"
    before, shock = (
        run(world("baseline", *spell, share=0.2, weeks=104))
        for spell in ((), (f"demand=[{{from: start+10, to: start+103, {part}}}]",))
    )
    for name_, fewer in (
        (("market.posted", True), ("market.hires_benefit", True)) if name == "posting" else ()
    ):
        a, b = sum_of(before, name_), sum_of(shock, name_)
        assert (b < 0.8 * a) == fewer
    if name == "posting":
        assert job_exits(shock, but=OWN_JOB) < 0.8 * job_exits(before, but=OWN_JOB)
        assert sum_of(shock, "stock.dagpenge") > sum_of(before, "stock.dagpenge")
        assert sum_of(shock, "flows.job_losses") <= sum_of(
            before, "flows.job_losses"
        )  # fewer new jobs to lose
    else:
        assert sum_of(shock, "flows.job_losses") > 1.2 * sum_of(before, "flows.job_losses")
        assert sum_of(shock, "entries.dagpenge") > 1.2 * sum_of(before, "entries.dagpenge")
        assert sum_of(shock, "stock.job") < sum_of(before, "stock.job")


def test_more_no_shows_hold_fewer_meetings() -> None:
    few, many = (
        run(world("baseline", share=0.1, weeks=60, behaviour=dict.fromkeys(NO_SHOWS, share)))
        for share in (0.1, 0.5)
    )
    assert sum_of(many, "meetings.held") < sum_of(few, "meetings.held")
    assert sum_of(many, "meetings.no_show") > 2 * sum_of(few, "meetings.no_show")


NO_SHOWS = ("contact.no_show_share", "contact.no_show_vulnerable_share")


# ---- nothing comes of nothing ----------------------------------------------------------------------------------------


def test_without_vacancies_nobody_is_hired() -> None:
    scenario = world(
        "baseline", "demand=[{from: start, to: start+200, posting_factor: 0}]", share=0.1, weeks=60
    )
    result = run(scenario.with_behaviour({"market.vacancy_lapse": 1.0, "exits.jobafklaring_to_own_job": 0.0}))
    hires = [
        sum_of(result, f"market.hires_{kind}") for kind in ("benefit", "resident_in_work", "non_resident")
    ]
    assert hires == [0, 0, 0]
    assert sum_of(result, "market.vacancies") == 0
    assert sum_of(result, "market.applications") == 0
    assert sum_of(result, "market.draws") > 0  # people look and find nothing open
    assert job_exits(result, but=("sygedagpenge",)) == 0
    assert sum_of(result, "exits.sygedagpenge.job") > 0  # back to the own job


@pytest.mark.parametrize("benefit", ["dagpenge", "kontanthjaelp_jobready", "uddannelseshjaelp"])
def test_a_benefit_whose_people_do_not_search_has_no_exits_to_jobs(benefit: str) -> None:
    scenario = world("baseline", share=0.1, weeks=60)
    others = [name for name in ("dagpenge", "kontanthjaelp_jobready") if name != benefit]
    result = run(scenario.with_behaviour({f"search.{benefit}": 0.0}))
    assert sum_of(result, f"exits.{benefit}.job") == 0
    assert all(sum_of(result, f"exits.{name}.job") > 0 for name in others)
    assert sum_of(result, f"exits.{benefit}.other_benefit", f"exits.{benefit}.outside") > 0


def test_without_caseworkers_the_world_goes_on() -> None:
    result = run(world("baseline", *NO_STAFF, share=0.1, weeks=60))
    assert (
        sum_of(
            result,
            "meetings.held",
            "meetings.no_show",
            "queue.persons",
            "staff.minutes",
            "changes.resignation",
        )
        == 0
    )
    assert sum_of(result, "meetings.due") == sum_of(result, "casework.without_caseworker") > 0
    assert sum_of(result, "changes.first_assignment") == 0
    assert sum(sum_of(result, f"measures_started.{kind}") for kind in MEASURES) == 0
    assert job_exits(result) > 0
    assert sum_of(result, "meetings.by_a_kasse") > 0  # not the municipality's


def test_without_companies_nobody_is_hired_or_placed() -> None:
    result = run(world("baseline", *NO_COMPANIES, share=0.1, weeks=60))
    assert sum_of(result, "market.vacancies", "market.hires_benefit", "company_measure.weeks") == 0
    assert sum_of(result, "measures_refused.no_place") > 0
    assert sum_of(result, "measures_started.course") > 0
    assert job_exits(result, but=OWN_JOB) == 0


def test_an_empty_budget_buys_nothing() -> None:
    result = run(world("baseline", *NO_BUDGET, share=0.1, weeks=60))
    paid = ("course", "external", "wage_subsidy", "mentor")
    assert sum(sum_of(result, f"measures_started.{kind}") for kind in paid) == 0
    assert sum_of(result, "measures_refused.no_budget") > 0
    assert sum_of(result, "measures_started.placement_private") > 0  # a placement costs a place, not a krone
    assert result.spending(accounts=("in_house_courses", "external_courses")).sum() == 0
    assert sum_of(result, "meetings.held") > 0


def test_a_horizon_of_one_week() -> None:
    for name in ("baseline", "early_and_one_caseworker", "refusion_before_2016", "recession"):
        scenario = world(name, weeks=1)
        model = lived(scenario, state=at_start(scenario), recording="spells")
        result = model.result()
        assert result.rows.shape[0] == result.ledger.shape[0] == result.cohort.shape[0] == 1
        assert len(result.years) == 1
        assert sum_of(result, "stock.job") > 0
        assert result.spending().sum() > 0
        assert all(math.isfinite(row.value) or math.isnan(row.value) for row in outcomes(result))


def test_a_world_of_a_handful_of_people() -> None:
    """Five adults: most counts are zero, nothing breaks."""
    scenario = world("baseline", share=0.0001, weeks=150)
    result = run(scenario)
    assert residents_of(result)[0] <= 8
    assert len(outcomes(result)) > 100


# ---- scale ---------------------------------------------------------------------------------------------------------


def residents_of(result: RunResult) -> np.ndarray:
    there = [status for status in STATUSES if status not in ("absent", "gone")]
    return np.asarray(np.array([result.column(f"stock.{status}") for status in there]).sum(axis=0))


def per_resident(result: RunResult) -> dict[str, float]:
    """Means over the run per 1,000 residents, of stocks and of yearly flows."""
    scale = 1_000.0 / residents_of(result).mean()
    out = {
        name: result.column(f"stock.{name}").mean() * scale
        for name in (*BENEFITS[:N_BENEFITS], "job", "education")
    }
    for name in (
        "meetings.held",
        "market.posted",
        "market.hires_benefit",
        "flows.job_losses",
        "flows.sickness",
    ):
        out[name] = result.column(name).mean() * 52 * scale
    out["municipal cost"] = float(result.spending("municipality").mean()) * 52 * scale
    out["state cost"] = float(result.spending("state").mean()) * 52 * scale
    return out


@pytest.mark.slow
def test_a_world_twice_the_size_has_the_same_means_per_resident() -> None:
    """10,200 against 20,400 adults, 16 seeds each: Welch's t of each mean within 4.2 and the means within 6 %.

    21 means are looked at; with about 28 degrees of freedom |t| > 4.2 has chance 2.5e-4, so a change of seeds fails by
    luck once in 190. Numbers below 2 per 1,000 residents are held to the t only. Meetings are another matter: they
    are pooled. A team of four covers an absence better than one of two, so the larger office holds more, up to a tenth.
    """
    few, many = (
        [per_resident(run(world("slagelse_2024", share=share, weeks=156), seed)) for seed in seeds]
        for share, seeds in ((0.2, range(100, 116)), (0.4, range(200, 216)))
    )
    wrong = []
    for name in few[0]:
        a, b = np.array([row[name] for row in few]), np.array([row[name] for row in many])
        spread = math.sqrt(a.var(ddof=1) / a.size + b.var(ddof=1) / b.size)
        t = (b.mean() - a.mean()) / spread if spread > 0 else 0.0
        off = abs(b.mean() / a.mean() - 1.0) if a.mean() else 0.0
        pooled = name == "meetings.held" and 0.0 <= b.mean() / a.mean() - 1.0 < 0.1
        if not pooled and (abs(t) > 4.2 or (off > 0.06 and a.mean() > 2.0)):
            wrong.append(f"{name}: {a.mean():.2f} against {b.mean():.2f} (t = {t:.1f})")
    assert not wrong, "; ".join(wrong)


def test_the_eventful_world_has_every_lever() -> None:
    assert set(busy_world().levers) == set(levers())
    assert not any(lever.is_zero_dose() for lever in busy_world().levers.values())
