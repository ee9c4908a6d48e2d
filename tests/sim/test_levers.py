"""Levers of the mission: nothing at zero, only their own channels, no gain nobody has measured, firm signs."""

import csv
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from worlds import TEAMS_WITH_CASES, at_start, differing, everything, lived, require_same, world

from jobcenter.data import facts
from sim.codes import (
    A_IN_HOUSE,
    ACTIVITYREADY,
    BENEFITS,
    FIRST_BENEFIT,
    HEALTH,
    M_COURSE,
    SYGEDAGPENGE,
)
from sim.errors import UserError
from sim.model import JobcenterModel
from sim.policies.registry import levers
from sim.population.citizens import NON_DANISH
from sim.records.outcomes import outcome_sheet
from sim.records.weekly import MEASURE_WEEKS
from sim.scenario import Scenario, load
from sim.snapshot import fork, resume, save
from sim.tables import build_tables

WEEKS = 70
# Every need is met at once: posts for a city in a town, pots without a bottom, consultants for everybody.
UNLIMITED = (
    *(f"municipality.staff.teams.{team}.fte=500" for team in TEAMS_WITH_CASES),
    "municipality.staff.productive_hours_per_fte_year=2000",
    "municipality.staff.company_consultants_fte=2000",
    *(
        f"municipality.budgets.{pot}.kr_per_year=1000000000"
        for pot in ("in_house_courses", "external_courses")
    ),
)
PROGRAMME = (
    "{kind: jobstart, groups: [kontanthjaelp_activityready, dagpenge], places_per_year: 2000, weeks: 13,"
    " lock_in_factor: 1, caseworker_minutes_per_week: 30}"
)
ZERO = {
    "programme": "{one: {kind: ips, groups: [ressourceforloeb]}, two: {kind: mentor, places_per_year: 50}}",
    "meetings": "{minutes: 60, groups: []}",
    "self_service": "{freed_share: 0.5, teams: []}",
    "communication": "{groups: [], assumed_no_show_factor: 0.5}",
    "assessment": "{relapse_factor: 3}",
    "belief": "{groups: [dagpenge], assumed_job_factor: 2}",
    "health_wait": "{waiting_share: 0, wait_factor: 4, parallel_groups: [], assumed_parallel_factor: 2}",
    "mismatch": "{}",
    "continuity": "{groups: [uddannelseshjaelp]}",
    "budget": "{spread: pots_first, spared: [], teams: [], carry_over_share: 0.5, added_fte: {2028: {young: 0}}}",
    "staff_shock": "{resign_fte: {young: 0}, frozen_weeks: 20}",
    "companies": "{partner_share: 0.5, substitution_share: 0.3, assumed_small_factor: 2}",
    "paid_hours": "{hours_per_week: 20, assumed_after_factor: 2, lock_in_factor: 0.5}",
    "job_dating": "{groups: [dagpenge]}",
    "retention": "{weeks: 50}",
    "priority": "{by: deadline, under_refusion: flat_50}",
    "sanctions": "{factor: 1, job_factor: 2, leak_factor: 2, weeks_lost: 3}",
}
# Full doses without an assumption: what they cost is real, what they give is nothing.
FULL = {
    "programme": f"{{one: {PROGRAMME}}}",
    "meetings": "{minutes: 75, prepared_share: 1, preparation_share: 0.3}",
    "self_service": "{freed_share: 0.9, kr_per_year: 5 mio. kr.}",
    "communication": "{kr_per_year: 1 mio. kr., case_minutes_per_week: 1}",
    "assessment": "{assessors_fte: 20}",
    "belief": "{groups: [dagpenge, kontanthjaelp_activityready], trained_share: 1}",
    "mismatch": "{kr_per_year: 1 mio. kr.}",
    "budget": "{cut_share: 0.1, spread: pots_first, when_empty: {in_house_courses: carry}}",
    "companies": "{partner_share: 0.5, kr_per_year: 1 mio. kr.}",
    "paid_hours": "{hybrid_share: 1, weeks: 20, lock_in_factor: 1, kr_per_year: 1 mio. kr.}",
    "job_dating": "{groups: [dagpenge], kr_per_year: 1 mio. kr.}",
    "retention": "{kr_per_year: 1 mio. kr.}",
}
# By lever: the tables it may write in.
CHANNELS = {
    "programme": {"programme"},
    "meetings": {"meeting"},
    "self_service": {"staff", "lever_cost_oere"},
    "communication": {"staff", "lever_cost_oere"},
    "assessment": {"lever_cost_oere"},
    "belief": {"staff", "lever_cost_oere"},
    "mismatch": {"lever_cost_oere"},
    "budget": {"offer"},
    "companies": {"lever_cost_oere"},
    "paid_hours": {"lever_cost_oere", "offer", "pay"},
    "job_dating": {"lever_cost_oere"},
    "retention": {"lever_cost_oere", "events"},
}


def given(lever: str, parameters: str, *more: str, weeks: int = WEEKS, share: float = 0.04) -> Scenario:
    return world("baseline", f"levers.{lever}={parameters}", *more, weeks=weeks, share=share)


@pytest.fixture(scope="module")
def baseline() -> dict[str, np.ndarray]:
    return everything(lived(world("baseline", weeks=WEEKS)))


@pytest.mark.parametrize("lever", ZERO)
def test_zero_dose_changes_nothing(lever: str, baseline: dict[str, np.ndarray]) -> None:
    scenario = given(lever, ZERO[lever])
    assert scenario.levers[lever].is_zero_dose() and not scenario.assumptions
    require_same(baseline, everything(lived(scenario)))


def changed_tables(scenario: Scenario) -> set[str]:
    ours, base = (build_tables(scenario, scenario.start_week, levers=on) for on in (True, False))
    return {
        item.name for item in fields(ours) if not same(getattr(ours, item.name), getattr(base, item.name))
    }


def same(a: Any, b: Any) -> bool:
    if isinstance(a, tuple):
        return all(same(x, y) for x, y in zip(a, b, strict=True))
    return bool(np.array_equal(a, b))


@pytest.mark.parametrize("lever", FULL)
def test_a_lever_writes_only_in_the_tables_it_declares(lever: str) -> None:
    assert changed_tables(given(lever, FULL[lever])) == CHANNELS[lever]


ASSUMED = {
    "programme": (f"{{one: {PROGRAMME[:-1]}, assumed_factor: 1.2}}}}", {"programme"}),
    "communication": ("{assumed_no_show_factor: 0.8}", {"meeting"}),
    "assessment": ("{assumed_misassessed_share: 0.05, fit_too_early_share: 0.2}", {"entry", "limits", "exits"}),
    "belief": ("{groups: [dagpenge], trained_share: 1, assumed_job_factor: 1.1}",
               {"staff", "lever_cost_oere", "channel"}),
    "health_wait": ("{wait_factor: 2, assumed_parallel_factor: 1.1}", {"drift", "exits", "channel"}),
    "mismatch": ("{assumed_applications_factor: 1.5}", {"search"}),
    "companies": ("{partner_share: 0.2, assumed_partner_openness: 0.9}", {"offer"}),
    "paid_hours": ("{small_job_share: 0.5, assumed_after_factor: 1.2}", {"offer", "pay"}),
    "job_dating": ("{groups: [dagpenge], assumed_applications_factor: 1.2}", {"search"}),
    "retention": ("{assumed_job_loss_factor: 0.8}", {"events"}),
    "priority": ("{by: municipal_saving}", {"meeting"}),
}  # fmt: skip


@pytest.mark.parametrize("lever", ASSUMED)
def test_a_typed_assumption_is_class_b_and_said(lever: str) -> None:
    parameters, tables = ASSUMED[lever]
    scenario = given(lever, parameters)
    assert scenario.evidence_class == "B" and scenario.assumptions
    assert changed_tables(scenario) == tables
    from experiments.calibrated import watermark

    assert scenario.assumptions[0] in str(watermark(scenario))


@pytest.fixture(scope="module")
def unlimited() -> dict[str, np.ndarray]:
    return everything(lived(world("baseline", *UNLIMITED, weeks=WEEKS)))


def test_with_unlimited_hours_nobody_waits(unlimited: dict[str, np.ndarray]) -> None:
    # Now and then somebody's caseworker is away for a few weeks.
    assert unlimited["row queue.persons"].mean() < 0.1
    assert unlimited["row measures_refused.no_budget"].sum() == 0


# What a lever of class B or C may move when hours and money are unlimited: time used, money, its own counts.
NOT_A_JOB = (
    "payers", "payees", "pots", "row staff.minutes", "row measures_", "row queue.minutes", "row passive",
    "row meetings.prepared", "state programme", "state seat_minutes", "cohort",
    "row team_minutes", "row company_measure", "row ladder", "state measure",  # paid hours lie in the measure slot
)  # fmt: skip


@pytest.mark.parametrize("lever", FULL)
def test_no_gain_is_assumed(lever: str, unlimited: dict[str, np.ndarray]) -> None:
    """Hours and budgets unlimited, full dose: everybody's life is the same, bit for bit."""
    scenario = given(lever, FULL[lever], *UNLIMITED)
    assert scenario.evidence_class in ("B", "C") and not scenario.assumptions
    other = everything(lived(scenario))
    require_same(unlimited, other, but=NOT_A_JOB)
    assert differing(unlimited, other), "a full dose must cost something"


# ---- programmes ----------------------------------------------------------------------------------------------------


def test_places_go_to_those_they_are_for_and_are_paid_week_by_week(baseline: dict[str, np.ndarray]) -> None:
    scenario = given("programme", "{one: {kind: training_room, groups: [kontanthjaelp_activityready],"
                     " places_per_year: 300, weeks: 10, lock_in_factor: 1, caseworker_minutes_per_week: 0,"
                     " non_danish_origin_only: true, least_health: some}}")  # fmt: skip
    model = JobcenterModel(scenario, 1, state=at_start(scenario))
    price = int(model.tables.programme.price_oere[1])
    assert price > 0 and model.tables.programme.places[1] == 12
    weeks_lived, seen = 0, {}
    for _ in range(WEEKS):
        before = model.state["programme"].copy()
        ids = model.state["id"].copy()
        was_in = set(ids[before > 0].tolist())
        model.step()
        row = {int(agent): k for k, agent in enumerate(model.state["id"])}
        for agent in set(model.state["id"][model.state["programme"] > 0].tolist()) - was_in:
            k = row[agent]
            assert model.state["status"][k] == FIRST_BENEFIT + ACTIVITYREADY
            assert model.state["flags"][k] & NON_DANISH and model.state["health"][k] >= HEALTH.index("some")
            week = model.state.week - 1
            assert week - seen.get(agent, -1000) >= 52
            seen[agent] = week
        weeks_lived += int(model.rows[model.state.week - 1 - model.first_week, MEASURE_WEEKS + M_COURSE])
    other = model.result()
    assert 0 < len(seen) <= 24
    ordinary = int(baseline["row measures_running.course"].sum())
    spent = other.spending(accounts=("in_house_courses",)).sum() - baseline["payers"][:, A_IN_HOUSE].sum()
    assert spent == (weeks_lived - ordinary) * price
    # Ring-fenced: ordinary courses have exactly the room they had.
    room = other.pots[:, 2, 0] - other.pots[:, 2, 1]
    assert np.array_equal(room, baseline["pots"][:, 2, 0] - baseline["pots"][:, 2, 1])
    authorised = other.pots[0, 2, 0] - baseline["pots"][0, 2, 0]
    assert abs(authorised - scenario.levers["programme"].other_cost_kr_year(scenario) * 100 * 0.04) < 100


def test_a_programme_holds_back_through_the_chance_of_work() -> None:
    course = given("programme", "{one: {kind: upskilling, groups: [dagpenge], places_per_year: 10}}")
    assert changed_tables(course) == {"programme", "offer"}


def test_what_a_trial_measured_is_drawn_and_what_a_scenario_sets_is_not() -> None:
    """Class A acts over its range: a draw moves the factor; a number typed in the scenario stays."""
    from experiments.draws import draw, lever_ranges

    ips = "{kind: ips, groups: [ressourceforloeb], places_per_year: 10, least_health: severe"
    scenario = given("programme", f"{{one: {ips}}}, two: {ips}, running_factor: 1.2}}}}")
    known = lever_ranges([world("baseline"), scenario])
    assert set(known) == {"levers.programme.one.running_factor"}
    drawn = [scenario.with_behaviour(draw(known, k)).levers["programme"] for k in range(20)]
    factors = [lever.programmes["one"].running_factor for lever in drawn]
    assert len(set(factors)) == 20 and 0.7 < min(factors) < 1.46 < max(factors) < 2.3
    assert {lever.programmes["two"].running_factor for lever in drawn} == {1.2}
    base = world("baseline")
    assert base.with_behaviour(draw(known, 1)).canonical() == base.canonical()


def test_a_saved_run_and_a_branch_go_on_with_their_programmes(tmp_path: Any) -> None:
    scenario = given("programme", f"{{from: start+20, one: {PROGRAMME}}}", weeks=40)
    whole = everything(lived(scenario))
    half = lived(scenario, weeks=30)
    save(half, tmp_path / "half.npz")
    require_same(whole, everything(resume(tmp_path / "half.npz", scenario).run(10)))
    base = lived(world("baseline", weeks=40), weeks=20)
    require_same(whole, everything(fork(base, scenario).run(20)))


def test_a_programme_can_be_given_by_lot() -> None:
    scenario = given(
        "programme", f"{{one: {PROGRAMME}}}",
        "trial={lever: programme, groups: [kontanthjaelp_activityready], size: 20, start: start, enrol_weeks: 4}",
    )  # fmt: skip
    model = lived(scenario, weeks=6)
    assert (model.state["programme"] > 0).sum() > 0
    assert set(model.state["arm"][model.state["programme"] > 0].tolist()) == {2}


# ---- firm signs ----------------------------------------------------------------------------------------------------

SIGN_SHARE, SIGN_WEEKS = 0.3, 104


@pytest.fixture(scope="module")
def town() -> Any:
    return outcome_sheet(lived(world("baseline", weeks=SIGN_WEEKS, share=SIGN_SHARE)).result())


def sheet(lever: str, parameters: str) -> Any:
    return outcome_sheet(lived(given(lever, parameters, weeks=SIGN_WEEKS, share=SIGN_SHARE)).result())


SIGNS = {
    "long meetings crowd meetings out": ("meetings", "{minutes: 70}", ("meetings", "held", "all"), -1),
    "short meetings make room": ("meetings", "{minutes: 25}", ("meetings", "held", "all"), 1),
    "never unprepared": ("meetings", "{prepared_share: 1}", ("meetings", "prepared", "all"), 1),
    "self-service frees meetings": ("self_service", "{freed_share: 0.6}", ("meetings", "held", "all"), 1),
    "a burden takes them": ("self_service", "{freed_share: -1}", ("meetings", "held", "all"), -1),
    "bad letters": ("communication", "{assumed_no_show_factor: 1.5}", ("meetings", "no_show", "all"), 1),
    "sanctions find work": (
        "sanctions", "{factor: 4, cash_share: 0.2}", ("exits", "kontanthjaelp_jobready.job", "all"), 1,
    ),
    "and lose people": (
        "sanctions", "{factor: 4, cash_share: 0.2, leak_factor: 3}", ("exits", "uddannelseshjaelp.outside", "all"), 1,
    ),
    "waits keep people ill": ("health_wait", "{wait_factor: 4}", ("full_time_persons", "sygedagpenge", "all"), 1),
    "a long course locks in": (
        "programme",
        "{one: {kind: upskilling, groups: [dagpenge], places_per_year: 1500, weeks: 40}}",
        ("exits", "dagpenge.job", "all"), -1,
    ),
    "a mentor for the young": (
        "programme", "{one: {kind: mentor, groups: [uddannelseshjaelp], places_per_year: 500}}",
        ("exits", "uddannelseshjaelp.job", "all"), 1,
    ),
    "one caseworker for the young": (
        "continuity", "{groups: [uddannelseshjaelp], one_person_across_groups_share: 1}",
        ("caseworker_changes", "group_shift", "all"), -1,
    ),
    "who has less schooling loses": (
        "mismatch", "{assumed_applications_factor: 2}", ("hires", "benefit_vocational", "all"), -1,
    ),
    "and those outside": (
        "mismatch", "{assumed_applications_factor: 2}", ("hires", "resident_in_work", "all"), -1,
    ),
    "more offers at companies": (
        "companies", "{placement_share: 0.8, private_share: 0.9}",
        ("measures_started", "placement_private", "all"), 1,
    ),
    "which replace posts": (
        "companies", "{placement_share: 0.8, private_share: 0.9, offers_factor: 2, substitution_share: 1}",
        ("vacancy_flow", "posted", "all"), -1,
    ),
    "agreements open doors": (
        "companies", "{partner_share: 0.6, assumed_partner_openness: 1}",
        ("measures_refused", "no_place", "all"), -1,
    ),
    "who is followed keeps the job": (
        "retention", "{assumed_job_loss_factor: 0.1}", ("resident_flows", "job_losses", "all"), -1,
    ),
    "invited people are hired": (
        "job_dating", "{groups: [dagpenge], assumed_applications_factor: 1.5}", ("exits", "dagpenge.job", "all"), 1,
    ),
    "paid hours are company-based": (
        "paid_hours", "{hybrid_share: 1}", ("company_measure_share", "all", "all"), 1,
    ),
    "paid hours make benefits smaller": (
        "paid_hours", "{small_job_share: 1, hybrid_share: 1, hours_per_week: 15}",
        ("benefit_paid", "kontanthjaelp_activityready", "all"), -1,
    ),
    "an eager graduate": (
        "mismatch", "{assumed_applications_factor: 2}", ("hires", "benefit_higher", "all"), 1,
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", SIGNS)
def test_firm_signs(what: str, town: Any) -> None:
    lever, parameters, key, sign = SIGNS[what]
    moved = sheet(lever, parameters)[key] - town[key]
    assert np.sign(moved) == sign, f"{what}: {moved}"


def test_fit_too_early_means_more_relapse_than_without_the_harm() -> None:
    """The harm is never zero: the same decision with a smaller harm brings fewer back to sickness benefit."""
    entries = [
        sheet("assessment", f"{{fit_too_early_share: 0.8, relapse_factor: {factor}}}")[
            "entries", "sygedagpenge", "all"
        ]
        for factor in (1.01, 5)
    ]
    assert entries[1] > entries[0]
    with pytest.raises(UserError, match="'relapse_factor' must be above 1"):
        given("assessment", "{fit_too_early_share: 0.1, relapse_factor: 1}")


def test_fit_too_early_keeps_as_many_in_jobafklaring() -> None:
    a, b = (
        build_tables(s, s.start_week).limits
        for s in (world("baseline"), given("assessment", "{fit_too_early_share: 0.3}"))
    )
    assert b.extended_share == pytest.approx(0.7 * a.extended_share)
    to_jobafklaring = [(1 - t.extended_share) * t.to_jobafklaring_share for t in (a, b)]
    assert to_jobafklaring[0] == pytest.approx(to_jobafklaring[1])


def test_waits_act_on_the_door_to_ones_own_job() -> None:
    a, b = (
        build_tables(s, s.start_week).exits
        for s in (world("baseline"), given("health_wait", "{wait_factor: 3}"))
    )
    assert np.flatnonzero((a.hazard != b.hazard).any(axis=(1, 2))).tolist() == [SYGEDAGPENGE]
    assert (b.hazard[SYGEDAGPENGE, 1:, 0] < a.hazard[SYGEDAGPENGE, 1:, 0]).all()
    assert np.array_equal(a.hazard[SYGEDAGPENGE, :, 1:], b.hazard[SYGEDAGPENGE, :, 1:])


# ---- what cannot be meant --------------------------------------------------------------------------------------------

WRONG = {
    "levers.programme={one: {kind: ipss}}": "unknown kind 'ipss', did you mean 'ips'",
    "levers.programme={one: {places_per_year: 3}}": "'kind' is missing",
    "levers.programme={form: 2027-W10}": "'form' must be a table of keys",
    "levers.programme={one: {kind: ips, place_per_year: 3}}": "did you mean 'places_per_year'",
    "levers.programme={one: {kind: ips, price_kr: {value: 3, unit: weeks}}}": "wrong unit 'weeks'",
}  # fmt: skip


@pytest.mark.parametrize("setting", WRONG)
def test_mistakes_are_told(setting: str) -> None:
    with pytest.raises(UserError, match=WRONG[setting]):
        load("baseline", overrides=(setting,))


def test_two_lengths_for_one_meeting_clash() -> None:
    early = "levers.early_intervention={groups: [dagpenge], meetings_per_26_weeks: 13, meeting_minutes: 30}"
    with pytest.raises(UserError, match="early_intervention sets another length for the same meetings"):
        given("meetings", "{minutes: 60}", early)
    assert given("meetings", "{minutes: 60, groups: [sygedagpenge]}", early)


def test_doses_cost_what_they_say() -> None:
    """Twice the dose costs twice as much, and an equal budget is met."""
    from experiments.equal_budget import authorised_kr, price

    base = world("baseline", weeks=WEEKS)
    for lever in ("programme", "self_service", "communication", "belief", "assessment", "mismatch"):
        scenario = given(lever, FULL[lever])
        (priced,) = price(base, [scenario], 5e5)
        assert authorised_kr(priced.scenario) == pytest.approx(
            5e5 * 0.04, rel=0.3 if lever == "assessment" else 0.01
        )


def test_every_lever_says_what_it_is() -> None:
    known = set(open_evidence())
    for name, lever in levers().items():
        assert lever.channels and lever.weak_points and lever.__doc__, name
        assert set(lever.evidence) <= known, name
        assert lever().evidence_class() in "ABC" and lever().is_zero_dose()


def open_evidence() -> list[str]:
    with facts("evidence.csv").open(encoding="utf-8") as file:
        return [row["id"] for row in csv.DictReader(file)]


def test_kinds_stand_on_evidence_that_exists() -> None:
    from sim.scenario.programme_kinds import kinds, origins

    known = set(open_evidence())
    for name, kind in kinds().items():
        assert set(kind.evidence) <= known, name
        assert kind.evidence_class != "A" or (
            kind.evidence and kind.measured_groups and kind.running_factor > 1
        ), name
        assert kind.evidence_class == "A" or kind.running_factor == 1.0, f"{name}: a gain nobody has measured"
        assert set(kind.measured_groups) <= set(BENEFITS)
        for number in ("weeks", "price_kr", "caseworker_minutes_per_week"):
            assert origins()[f"{name}.{number}"].source, (name, number)
