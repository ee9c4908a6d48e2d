"""Small worlds for the tests of the model, and the one way to compare two: value by value, raising where they part."""

from collections.abc import Iterable, Mapping

import numpy as np

from sim.model import JobcenterModel
from sim.population.history import starting_state
from sim.records.weekly import NAMES
from sim.scenario import Scenario, load
from sim.state import State

SHARE = 0.04  # of Slagelse: 2,040 residents
TEAMS_WITH_CASES = (
    "dagpenge_jobready", "activityready", "young", "sickness", "clarification", "fleksjob", "integration",
)  # fmt: skip
# Several caseworkers in every team, with few hours each, so that queues, hand-overs and changes of every cause occur.
MANY_SEATS = (
    *(f"municipality.staff.teams.{team}.fte=75" for team in TEAMS_WITH_CASES),
    "municipality.staff.productive_hours_per_fte_year=450",
    "municipality.staff.company_consultants_fte=200",
)
# Numbers of behaviour that let rare things happen in a small world; given as a draw, they need not keep to the ranges.
EVENTFUL = {
    "contact.case_minutes_per_week": 2.0,
    "contact.jobready_case_minutes": 2.0,
    "contact.young_case_minutes": 2.0,
    "contact.sickness_case_minutes": 2.0,
    "contact.clarification_case_minutes": 2.0,
    "contact.integration_case_minutes": 2.0,
    "measures.placement_share": 0.3,
    "measures.course_share": 0.2,
    "measures.external_share": 0.1,
    "measures.referral_share": 0.6,
    "staff.own_request": 0.03,
    "staff.reorganisation": 0.01,
    "staff.long_absence": 0.02,
}
# Every lever at once, the early one as a trial by lot, under a downturn that begins within the horizon.
EVERY_LEVER = (
    "levers.early_intervention.coverage_share=0.5",
    "levers.early_intervention.coaching_share=0.3",
    "levers.early_intervention.meeting_minutes=40",
    "levers.early_intervention.one_off_kr=100000",
    "levers.continuity.meet_own_request_share=0.9",
    "levers.continuity.assumed_retention_response=0.1",
    "levers.continuity.one_off_kr=50000",
    "levers.continuity.one_person_across_groups_share=0.5",
    "levers.continuity.handover_meeting_share=0.5",
    "levers.staffing.extra_fte={activityready: 25.0, sickness: -25.0, young: 12.5}",
    "levers.programme={course: {kind: upskilling, groups: [dagpenge, kontanthjaelp_jobready], places_per_year: 900,"
    " intake_every_weeks: 3, assumed_factor: 1.3}, ips: {kind: ips, groups: [kontanthjaelp_activityready,"
    " ressourceforloeb], places_per_year: 300, least_health: severe, chosen_by: longest}}",
    "levers.meetings={prepared_share: 0.3, preparation_share: 0.25}",
    "levers.self_service={freed_share: 0.2, kr_per_year: 1 mio. kr.}",
    "levers.communication={case_minutes_per_week: 0.5, assumed_no_show_factor: 0.8}",
    "levers.assessment={assessors_fte: 2, assumed_misassessed_share: 0.1, fit_too_early_share: 0.5}",
    "levers.belief={groups: [kontanthjaelp_activityready], trained_share: 0.5, assumed_job_factor: 1.2}",
    "levers.health_wait={wait_factor: 2, assumed_parallel_factor: 1.1}",
    "levers.mismatch={assumed_applications_factor: 1.4}",
    "levers.budget={cut_share: 0.1, spared: [], added_kr: {2027: {external_courses: 2 mio. kr.}},"
    " when_empty: {in_house_courses: thin, external_courses: carry}, added_fte: {2028: {young: 12.5}}}",
    "levers.companies={consultants_fte: 50, offers_factor: 1.3, private_share: 0.8, substitution_share: 0.3,"
    " partner_share: 0.2, assumed_partner_openness: 0.8, assumed_openness_gain: 0.05, site_minutes: 30}",
    "levers.paid_hours={small_job_share: 0.3, hybrid_share: 0.4, weeks: 8, assumed_after_factor: 1.2}",
    "levers.job_dating={groups: [dagpenge], assumed_applications_factor: 1.2}",
    "levers.retention={kr_per_year: 1 mio. kr., assumed_job_loss_factor: 0.7}",
    "levers.staff_shock={from: start+15, resign_fte: {young: 25}, frozen_weeks: 6}",
    "levers.priority={by: municipal_saving}",
    "levers.sanctions={factor: 2, weeks_lost: 1}",
    "demand=[{from: start+20, to: start+45, posting_factor: 0.6, job_loss_factor: 1.5}]",
)


def world(
    name: str = "baseline",
    *overrides: str,
    share: float = SHARE,
    weeks: int = 60,
    behaviour: Mapping[str, float] | None = None,
) -> Scenario:
    """A scenario on a part of Slagelse; `behaviour` replaces behavioural numbers, also beyond their ranges."""
    scenario = load(name, overrides=(f"world.share={share}", f"weeks={weeks}", *overrides))
    return scenario.with_behaviour(behaviour) if behaviour else scenario


def busy_world(*overrides: str, weeks: int = 60, share: float = SHARE) -> Scenario:
    """Every step and every lever at once, with several caseworkers in every team."""
    name, changes = "early_and_one_caseworker", (*MANY_SEATS, *EVERY_LEVER, *overrides)
    return world(name, *changes, weeks=weeks, share=share, behaviour=EVENTFUL)


def at_start(scenario: Scenario, seed: int = 1) -> State:
    """A state at the start that nobody else holds."""
    return starting_state(scenario, seed)


def lived(
    scenario: Scenario,
    seed: int = 1,
    weeks: int | None = None,
    state: State | None = None,
    recording: str = "outcomes",
) -> JobcenterModel:
    """The model after its horizon (or `weeks`)."""
    model = JobcenterModel(scenario, seed, state=state or at_start(scenario, seed), recording=recording)
    return model.run(weeks)


def tables_of(model: JobcenterModel) -> dict[str, np.ndarray]:
    """What a run has written: weekly rows (one entry per column), cohorts, both sides of the books, pots."""
    tables = {f"row {name}": model.rows[:, k] for k, name in enumerate(NAMES)}
    ledger = model.books.ledger
    tables |= {"cohort": model.cohort, "payers": ledger.payers, "payees": ledger.payees, "pots": ledger.pots}
    return tables


def everything(model: JobcenterModel) -> dict[str, np.ndarray]:
    """Tables and every column of the state."""
    return tables_of(model) | {f"state {name}": values for name, values in model.state.columns.items()}


def exact(values: np.ndarray) -> np.ndarray:
    """Whole numbers as int64, real numbers by their bits: equal exactly when the values are."""
    if values.dtype.kind == "f":
        return np.ascontiguousarray(values, np.float64).view(np.int64)
    return values.astype(np.int64)


def differing(a: Mapping[str, np.ndarray], b: Mapping[str, np.ndarray], but: Iterable[str] = ()) -> list[str]:
    """Names under which two worlds differ, with how many values; names that begin with one of `but` are left out."""
    if set(a) != set(b):
        raise AssertionError(f"not the same columns: {sorted(set(a) ^ set(b))}")
    left_out = tuple(but)
    wrong = []
    for name in sorted(a):
        if left_out and name.startswith(left_out):
            continue
        if a[name].shape != b[name].shape:
            wrong.append(f"{name}: {a[name].shape} against {b[name].shape}")
        elif not np.array_equal(exact(a[name]), exact(b[name])):
            where = np.argwhere(exact(a[name]) != exact(b[name]))
            wrong.append(
                f"{name}: {len(where)} of {a[name].size} values, first at {tuple(where[0].tolist())}"
            )
    return wrong


def require_same(a: Mapping[str, np.ndarray], b: Mapping[str, np.ndarray], but: Iterable[str] = ()) -> None:
    """Raises AssertionError naming what differs between two worlds, bit by bit."""
    wrong = differing(a, b, but)
    if wrong:
        raise AssertionError(f"{len(wrong)} columns differ: " + "; ".join(wrong[:12]))
