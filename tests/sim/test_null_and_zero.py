"""What changes nothing must change nothing: a second run, a zero dose, a trial of nothing, another payer."""

import numpy as np
import pytest
from worlds import at_start, differing, everything, lived, require_same, tables_of, world

from sim.population.history import snapshot_key
from sim.records.weekly import NAMES
from sim.state import State

WEEKS = 110
SHARE = 0.06


@pytest.fixture(scope="module")
def baseline() -> dict[str, np.ndarray]:
    return everything(lived(world("baseline", weeks=WEEKS, share=SHARE)))


def test_a_run_repeated_is_the_same_run(baseline: dict[str, np.ndarray]) -> None:
    lived(world("recession", weeks=30), seed=9)  # something else in between
    require_same(baseline, everything(lived(world("baseline", weeks=WEEKS, share=SHARE))))


def test_another_seed_is_another_world(baseline: dict[str, np.ndarray]) -> None:
    assert (
        len(differing(baseline, everything(lived(world("baseline", weeks=WEEKS, share=SHARE), seed=2)))) > 100
    )


ZERO_DOSES = {
    "no groups": "levers.early_intervention={groups: [], meetings_per_26_weeks: 13, first_meeting_within_weeks: 2}",
    "no dose": "levers.early_intervention={groups: [dagpenge, kontanthjaelp_jobready]}",
    "less than the law": (
        "levers.early_intervention={groups: [dagpenge, kontanthjaelp_jobready, sygedagpenge],"
        " meetings_per_26_weeks: 1, first_meeting_within_weeks: 26, until_week: 104}"
    ),
    "a trial of nothing": "levers.early_intervention={groups: [], coverage_share: 0.5}",
    "a trial without a dose": "levers.early_intervention={groups: [dagpenge], coverage_share: 0.1}",
    "no post for the meetings": "levers.early_intervention={extra_fte: {young: 0.0}}",
    "no continuity": "levers.continuity={}",
    "continuity at zero": (
        "levers.continuity={one_person_across_groups_share: 0, handover_meeting_share: 0, meet_own_request_share: 0,"
        " absence_slack_fte: {sickness: 0}, retention_pay_kr_per_fte_year: 0, assumed_retention_response: 0.5}"
    ),
    "no posts": "levers.staffing={}",
    "zero posts": "levers.staffing={extra_fte: {activityready: 0, sickness: 0.0}}",
    "normal demand": "demand=[{from: start+10, to: start+60, posting_factor: 1.0, job_loss_factor: 1.0}]",
    "starts too late": "levers.continuity={from: 2035-W01, handover_meeting_share: 1.0, one_off_kr: 1000}",
}


@pytest.mark.parametrize("dose", ZERO_DOSES)
def test_zero_dose_changes_nothing(dose: str, baseline: dict[str, np.ndarray]) -> None:
    """Bit for bit, money and people; only who would have been in the trial is remembered."""
    other = everything(lived(world("baseline", ZERO_DOSES[dose], weeks=WEEKS, share=SHARE)))
    require_same(baseline, other, but=("state arm",))
    if "coverage" in ZERO_DOSES[dose]:
        assert set(np.unique(other["state arm"])) == {1, 2}


LATER = "start+40"
LATE_LEVERS = {
    "early": (
        f"levers.early_intervention={{from: {LATER}, groups: [dagpenge], meetings_per_26_weeks: 26, one_off_kr: 1000,"
        " extra_fte: {dagpenge_jobready: 25}}"
    ),
    "more posts": f"levers.staffing={{from: {LATER}, extra_fte: {{sickness: 25.0}}}}",
    "fewer posts": f"levers.staffing={{from: {LATER}, extra_fte: {{sickness: -5.25}}}}",
    "continuity": (
        f"levers.continuity={{from: {LATER}, handover_meeting_share: 1.0, absence_slack_fte: {{sickness: 0.5}},"
        " retention_pay_kr_per_fte_year: 10000}"
    ),
    "downturn": f"demand=[{{from: {LATER}, to: start+100, posting_factor: 0.5, job_loss_factor: 1.5}}]",
}


@pytest.mark.parametrize("name", LATE_LEVERS)
def test_nothing_differs_before_a_lever_begins(name: str, baseline: dict[str, np.ndarray]) -> None:
    model = lived(world("baseline", LATE_LEVERS[name], weeks=WEEKS, share=SHARE))
    other = tables_of(model)
    weekly = [key for key in other if key.startswith("row ") or key in ("payers", "payees")]
    require_same({k: baseline[k][:40] for k in weekly}, {k: other[k][:40] for k in weekly})
    assert differing({k: baseline[k][40:] for k in weekly}, {k: other[k][40:] for k in weekly})


# ---- refusion is a context: the same people, another payer ---------------------------------------------------------

LADDER = ("row ladder.", "state clock_")


@pytest.mark.parametrize("context", ["refusion_flat", "refusion_before_2016"])
def test_another_refusion_rule_moves_money_and_no_person(
    context: str, baseline: dict[str, np.ndarray]
) -> None:
    other = everything(lived(world(context, weeks=WEEKS, share=SHARE)))
    require_same(baseline, other, but=(*LADDER, "payers"))
    # Who receives what is the same by account and benefit; only the payer and the step are others.
    gross = {
        name: {"gross": tables["payers"].sum(axis=(3, 4))} for name, tables in (("a", baseline), ("b", other))
    }
    require_same(gross["a"], gross["b"])
    assert not np.array_equal(baseline["payers"].sum(axis=(2, 3)), other["payers"].sum(axis=(2, 3)))


def test_every_scenario_of_a_comparison_branches_from_one_history() -> None:
    names = (
        "baseline", "early_intervention", "one_caseworker", "early_and_one_caseworker", "extra_caseworkers",
        "refusion_flat", "refusion_before_2016", "recession",
    )  # fmt: skip
    keys = {snapshot_key(world(name, weeks=weeks), 1) for name in names for weeks in (1, 60, 260)}
    assert len(keys) == 1
    assert snapshot_key(world("baseline"), 2) not in keys
    assert snapshot_key(world("baseline", share=0.05), 1) not in keys
    assert snapshot_key(world("slagelse_2024"), 1) not in keys
    changed = world("baseline", behaviour={"exits.means_test_share": 0.2})
    assert snapshot_key(changed, 1) not in keys


def test_a_state_given_is_not_shared() -> None:
    """Two scenarios branching from copies of one state do not touch each other."""
    scenario = world("baseline", weeks=20)
    start = at_start(scenario)
    kept = {name: values.copy() for name, values in start.columns.items()}
    first = tables_of(lived(scenario, state=start.copy()))
    lived(world("extra_caseworkers", weeks=20), state=start.copy())
    require_same(kept, start.columns)
    require_same(first, tables_of(lived(scenario, state=State(start.week, start.columns))))


def test_names_of_columns_are_unique() -> None:
    assert len(set(NAMES)) == len(NAMES)
