"""Trials inside the model: enrolment, what the evaluator sees, what it does to everybody, and power."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from trials import DESKS, NO_DOSE, STRONG, WEEKS, trial_world
from worlds import at_start, differing, everything, lived, require_same, tables_of, world

from experiments.evaluator import estimate, needed_size, rate
from experiments.trial import Followed, Register, Study, outcome_names, prepared, study
from experiments.trial_summary import effects, notes, powers
from sim.codes import BENEFITS, DAGPENGE, FIRST_BENEFIT, N_TEAMS
from sim.errors import UserError
from sim.scenario import Scenario
from sim.snapshot import resume, save
from sim.tables import build_tables
from sim.trial import CONTROL, TREATED, arms_of_seats, enrol
from sim.week.moving import TEAM

# ---- enrolment ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"by": "team"},
        {"intake": "new_spells"},
        {"size": None, "treated": 5, "control": 50},
        {"size": 5000},
    ],
    ids=str,
)
def test_a_trial_without_dose_changes_nothing_but_who_is_remembered(changes: dict[str, object]) -> None:
    plain = everything(lived(world("baseline", DESKS, weeks=WEEKS)))
    trial = everything(lived(trial_world(dose=NO_DOSE, **changes)))
    require_same(plain, trial, but=("state arm",))
    assert not plain["state arm"].any()
    assert {CONTROL, TREATED} <= set(np.unique(trial["state arm"]))


def test_nothing_differs_before_the_first_enrolment_and_something_after() -> None:
    costs = "levers.early_intervention.one_off_kr=1000", "levers.early_intervention.extra_fte={young: 25}"
    plain, trial = (
        tables_of(lived(world("baseline", DESKS, weeks=WEEKS))),
        tables_of(lived(trial_world(*costs))),
    )
    weekly = [key for key in plain if key.startswith("row ") or key in ("payers", "payees")]
    require_same({k: plain[k][:9] for k in weekly}, {k: trial[k][:9] for k in weekly})
    assert not np.array_equal(plain["payers"][9], trial["payers"][9])
    assert differing({k: plain[k][9:] for k in weekly}, {k: trial[k][9:] for k in weekly})


def test_the_lever_acts_on_the_treated_alone() -> None:
    scenario, base = trial_world(), world("baseline", DESKS)
    before = build_tables(scenario, scenario.start_week + 8).meeting
    meeting, usual = (build_tables(one, scenario.start_week + 9).meeting for one in (scenario, base))
    for table in (before, meeting):
        assert np.array_equal(table.interval_x2[[0, 1]], usual.interval_x2[[0, 1]])
        assert np.array_equal(table.first_by[[0, 1]], usual.first_by[[0, 1]])
    assert np.array_equal(before.interval_x2, usual.interval_x2)
    assert (meeting.interval_x2[TREATED, DAGPENGE] < usual.interval_x2[TREATED, DAGPENGE]).any()


CONTINUITY = "levers.continuity={one_person_across_groups_share: 1.0, handover_meeting_share: 1.0}"
SHIFTING = {"lever": "continuity", "groups": "[dagpenge, sygedagpenge, kontanthjaelp_jobready]", "size": 100}


@pytest.mark.parametrize("by", ["person", "team"])
def test_continuity_by_lot_keeps_the_caseworker_of_the_treated_alone(by: str) -> None:
    model = lived(trial_world(dose=CONTINUITY, weeks=60, by=by, **SHIFTING))
    state = model.state
    seat, team = state["caseworker"].astype(np.int64), TEAM[state["status"]]
    a_case = (seat >= 0) & (team < N_TEAMS)
    followed = a_case & (state["seat_team"][np.maximum(seat, 0)] != team)
    there = np.isin(team, np.unique(state["seat_team"][state["seat_minutes"] > 0]))
    # A case also stays, whoever's it is, while nobody of the other team is at work.
    by_arm = np.bincount(state["arm"][followed & there], minlength=3).tolist()
    assert by_arm[TREATED] > 0
    assert sum(by_arm) - by_arm[TREATED] <= 1, (
        "only a treated person's case stays with the caseworker of another team"
    )


def test_continuity_by_lot_at_zero_dose_changes_nothing() -> None:
    plain = everything(lived(world("baseline", DESKS, weeks=WEEKS)))
    trial = everything(lived(trial_world(dose="levers.continuity={}", **SHIFTING)))
    require_same(plain, trial, but=("state arm",))


def enrolled_by_week(scenario: Scenario) -> Followed:
    assert scenario.trial is not None
    return Followed(scenario, 1, state=at_start(scenario), registers=[scenario.trial]).run()


def test_places_are_filled_exactly_from_the_groups_and_in_the_weeks_declared() -> None:
    scenario = trial_world(size=None, treated=9, control=20)
    model = enrolled_by_week(scenario)
    register = model.registers[0]
    arm = np.zeros_like(register.arm_of)
    arm[model.state["id"]] = model.state["arm"]
    assert np.array_equal(arm, register.arm_of), "an evaluator's register is the model's own enrolment"
    assert np.bincount(arm, minlength=3)[1:].tolist() == [20, 9]
    weeks = np.concatenate(register.weeks) - scenario.start_week
    assert (weeks == 9).all(), "the stock filled every place"
    status = register.statuses[0][1].astype(int) - FIRST_BENEFIT
    assert {BENEFITS[benefit] for benefit in status} <= {"dagpenge", "kontanthjaelp_jobready"}


def test_new_spells_are_enrolled_as_they_begin() -> None:
    scenario = trial_world(intake="new_spells", size=2000, weeks=20)
    model = enrolled_by_week(scenario)
    weeks = np.concatenate(model.registers[0].weeks) - scenario.start_week
    assert set(weeks) <= set(range(9, 15)) and len(set(weeks)) > 3
    result = model.result()
    entered = sum(
        result.column(f"entries.{group}")[8:15].sum() for group in ("dagpenge", "kontanthjaelp_jobready")
    )
    assert 0 < weeks.size <= entered


def test_lots_belong_to_persons_not_to_rows() -> None:
    scenario = trial_world()
    assert scenario.trial is not None
    state = at_start(scenario)
    shuffled = np.random.default_rng(3).permutation(state["id"].size)
    arms = []
    for order in (np.arange(shuffled.size), shuffled):
        columns = {name: state[name][order].copy() for name in ("id", "status", "since", "caseworker", "arm")}
        enrol(columns | {"seat_team": state["seat_team"]}, scenario.trial, 1, scenario.trial.start)
        arms.append(dict(zip(columns["id"].tolist(), columns["arm"].tolist(), strict=True)))
    assert (
        arms[0] == arms[1] and 30 < sum(arm > 0 for arm in arms[0].values()) <= 40
    )  # an arm may run out of people


def test_by_team_everybody_shares_the_lot_of_the_caseworker() -> None:
    model = enrolled_by_week(trial_world(by="team"))
    arm, desks, _ = model.registers[0].outcomes()
    assert np.array_equal(arm, arms_of_seats(model.state["seat_team"], 1)[desks])
    assert {CONTROL, TREATED} == set(arm)


def test_seats_are_split_in_pairs_and_a_new_seat_moves_no_other() -> None:
    teams = np.repeat([0, 1, 4], [8, 5, 2]).astype(np.uint8)
    arms = [arms_of_seats(teams, seed) for seed in range(40)]
    for arm in arms:
        assert [(arm[teams == team] == TREATED).sum() for team in (0, 4)] == [4, 1]
    assert 0.3 < np.mean([arm[0] == TREATED for arm in arms]) < 0.7
    more = np.append(teams, [1, 0]).astype(np.uint8)
    assert all(np.array_equal(arms_of_seats(more, seed)[:-2], arm) for seed, arm in enumerate(arms))


def test_one_caseworker_cannot_be_split() -> None:
    with pytest.raises(UserError, match="lots need at least two"):
        lived(trial_world("municipality.staff.teams.dagpenge_jobready.fte=1", by="team"))


@pytest.mark.parametrize("by", ["person", "team"])
def test_a_run_cut_while_people_are_enrolled_goes_on_as_it_would_have(by: str, tmp_path: Path) -> None:
    scenario = trial_world(by=by, intake="new_spells", size=60)
    whole = lived(scenario)
    part = lived(scenario, weeks=12)
    assert 0 < np.count_nonzero(part.state["arm"]) < np.count_nonzero(whole.state["arm"])
    save(part, tmp_path / "part.npz")
    require_same(everything(whole), everything(resume(tmp_path / "part.npz", scenario).run(WEEKS - 12)))
    with pytest.raises(UserError, match="another scenario"):
        resume(tmp_path / "part.npz", trial_world(by=by, intake="new_spells", size=61))


# ---- the evaluator -----------------------------------------------------------------------------------------------


def test_estimates_by_hand() -> None:
    arm = np.array([TREATED] * 3 + [CONTROL] * 4)
    found = estimate(np.array([3.0, 4, 5, 1, 1, 2, 4]), arm)
    assert (found.control, found.difference) == (2.0, 2.0)
    assert found.standard_error == pytest.approx(math.sqrt(1 / 3 + 2 / 4))
    assert not found.rejects  # 2 / 0.913 = 2.19 < 2.57, t with 5 degrees of freedom
    assert estimate(np.array([7.0, 8, 9, 1, 1, 2, 4]), arm).rejects
    desks = np.array([1, 1, 2, 3, 3, 4, 4])
    by_desk = estimate(np.array([3.0, 5, 5, 1, 1, 2, 4]), arm, desks)  # means 4, 5 against 1, 3
    assert by_desk.difference == 2.5 and by_desk.standard_error == pytest.approx(math.sqrt(0.25 + 1.0))
    assert math.isnan(estimate(np.array([1.0, 2]), np.array([TREATED, CONTROL])).standard_error)
    assert not estimate(np.ones(4), np.array([2, 2, 1, 1])).rejects


def test_rates_carry_their_monte_carlo_error() -> None:
    assert rate(0, 20)[:2] == (0.0, 0.0) and rate(0, 20).high == pytest.approx(0.161, abs=1e-3)
    assert rate(20, 20).low == pytest.approx(0.839, abs=1e-3) and rate(20, 20).high == 1.0
    assert rate(50, 100).low == pytest.approx(0.404, abs=1e-3)


def test_the_size_for_80_per_cent_is_the_textbook_one() -> None:
    """Difference d, standard deviation s: 2 x 2 x (1.96 + 0.84)^2 s^2 / d^2 persons in both arms together."""
    d, s, size = 0.1, 0.5, 200
    errors, jitter = np.full(50, s * math.sqrt(4 / size)), np.tile([-0.01, 0.01], 25)
    found = needed_size(size, d + jitter, errors, np.zeros(50))
    assert found.persons == pytest.approx(4 * (1.959964 + 0.841621) ** 2 * s**2 / d**2, rel=1e-6)
    assert found.low < found.persons < found.high and not found.why_not
    lost = needed_size(size, d + 50 * jitter, errors, np.zeros(50))
    assert math.isnan(lost.persons) and "calculation error" in lost.why_not


LOTS = 400


class ManyLots(Followed):
    """One world with an evaluator for each of many lots; nobody gets anything."""

    def _enrol(self, week: int) -> None:
        for lot, register in enumerate(self.registers):
            register.enrol(self.state.columns, 1000 + lot, week)


def test_a_trial_of_nothing_is_only_luck() -> None:
    """400 independent lots in one world: a right 5 % test rejects 6 to 36 of them but in one case of a thousand."""
    scenario = trial_world(dose=NO_DOSE, size=60)
    assert scenario.trial is not None
    model = ManyLots(scenario, 1, state=at_start(scenario), registers=[scenario.trial] * LOTS).run()
    rejected, seen_with_effect = dict.fromkeys(outcome_names((13, 26)), 0), 0
    for register in model.registers:
        arm, _, outcomes = register.outcomes()
        for name in rejected:
            rejected[name] += estimate(outcomes[name], arm).rejects
        seen_with_effect += estimate(outcomes["weeks_on_support_13"] - 6.0 * (arm == TREATED), arm).rejects
    assert all(6 <= hits <= 36 for hits in rejected.values()), rejected
    assert seen_with_effect > 0.9 * LOTS, "the test finds an effect that is there"


def test_who_forgets_the_caseworker_raises_false_alarms() -> None:
    """20 desks of 15 persons, desks differ as much as persons do: by desk 5 %, person by person far more."""
    chance = np.random.default_rng(1)
    desks = np.repeat(np.arange(20), 15)
    right = wrong = 0
    for _ in range(LOTS):
        arm = np.where(chance.permutation(20) < 10, TREATED, CONTROL)[desks]
        values = chance.normal(size=20)[desks] + chance.normal(size=300)
        right += estimate(values, arm, desks).rejects
        wrong += estimate(values, arm).rejects
    assert 6 <= right <= 36
    assert wrong > 100


# ---- the study ---------------------------------------------------------------------------------------------------

SEEDS = (1, 2, 3)


@pytest.fixture(scope="module")
def with_dose() -> Study:
    return study(prepared(trial_world()), SEEDS, (10, 40))


def test_without_a_dose_the_total_is_exactly_nothing() -> None:
    found = study(prepared(trial_world(dose=NO_DOSE)), SEEDS)
    for pair in found.pairs:
        assert all(value == 0 for value in pair.total.values())
        assert pair.trial == pair.nothing
    rows = [row for row in effects(found) if row.estimand != "trial_view"]
    assert rows and all(row.value == 0 and row.error == 0 for row in rows)
    assert any(row.value != 0 for row in effects(found) if row.estimand == "trial_view"), "luck is left"


def test_the_trial_view_is_effect_less_spill_over_plus_luck(with_dose: Study) -> None:
    assert any(pair.total["weeks_on_support"] != 0 for pair in with_dose.pairs)
    for pair in with_dose.pairs:
        for name in outcome_names((13, 26)):
            (t1, c1), (t0, c0) = pair.trial.mean[name], pair.nothing.mean[name]
            assert pair.trial.estimates[name].difference == pytest.approx((t1 - t0) - (c1 - c0) + (t0 - c0))


def test_treated_and_untreated_add_up_to_the_total(with_dose: Study) -> None:
    rows = {(row.size, row.estimand, row.group, row.outcome): row.value for row in effects(with_dose)}
    for name in ("weeks_on_support", "weeks_in_job"):
        parts = rows[40, "treated", "all treated", name] + rows[40, "untreated", "all others", name]
        assert parts == pytest.approx(rows[40, "total", "all residents", name])


def test_totals_are_those_of_two_plain_runs(with_dose: Study) -> None:
    scenario = prepared(trial_world())
    with_, without = lived(scenario).result(), lived(world("baseline", DESKS, weeks=scenario.weeks)).result()
    pair = next(pair for pair in with_dose.of(40) if pair.seed == 1)
    assert pair.total["weeks_in_job"] == (with_.column("stock.job") - without.column("stock.job")).sum()
    money = with_.spending("municipality").sum() - without.spending("municipality").sum()
    assert pair.total["net_municipal_cost"] == pytest.approx(money / 100)


def test_weeks_are_counted_from_enrolment() -> None:
    """A register filled by hand: one person in work from the third week on, one on dagpenge all along."""
    scenario = trial_world()
    assert scenario.trial is not None
    trial = scenario.trial.model_copy(update={"follow_up_weeks": (2, 4)})
    register = Register(trial, np.zeros(2, np.uint8))
    register.ids, register.arms = [np.array([0]), np.array([1])], [np.array([TREATED]), np.array([CONTROL])]
    register.weeks, register.caseworkers = [np.array([100]), np.array([101])], [np.array([0]), np.array([1])]
    on, job = FIRST_BENEFIT + DAGPENGE, 0
    for week, status in (
        (100, [on]),
        (101, [on, on]),
        (102, [job, on]),
        (103, [job, on]),
        (104, [on, on]),
        (105, [on] * 2),
    ):
        register.statuses.append((week, np.array(status)))
    _, _, out = register.outcomes()
    assert out["in_job_2_share"].tolist() == [1, 0] and out["in_job_4_share"].tolist() == [0, 0]
    assert out["weeks_on_support_2"].tolist() == [2, 2] and out["weeks_on_support_4"].tolist() == [2, 4]
    assert out["weeks_on_support_to_end"].tolist() == [4, 5] and out["weeks_in_job_to_end"].tolist() == [2, 0]


def test_small_groups_are_not_shown_and_power_is(with_dose: Study) -> None:
    small = [row for row in effects(with_dose) if row.size == 10 and row.persons]
    assert small and all(row.persons < 30 and math.isnan(row.value) for row in small)
    assert all(row.persons >= 30 for row in effects(with_dose) if row.size == 40 and row.persons)
    assert any("under 30 persons" in note for note in notes(with_dose))
    assert {row.size for row in powers(with_dose)} == {10, 40}


def test_a_trial_that_cannot_be_filled_says_so_and_counts_who_was_enrolled() -> None:
    found, wider = (study(prepared(trial_world(size=size)), (1, 2, 3)) for size in (5000, 50_000))
    assert any("places were not filled" in note for note in notes(found))
    assert [(row.needed, row.enrolled) for row in powers(found)] == [
        (row.needed, row.enrolled) for row in powers(wider)
    ]
    assert powers(found)[0].enrolled < 1000


def test_a_dose_far_above_any_published_moves_the_treated_and_not_the_control() -> None:
    scenario = prepared(trial_world(size=60)).with_behaviour(STRONG)
    effects_ = {
        name: effect.model_copy(update={"contrast": effect.contrast.model_copy(update={"value": 12.0})})
        if effect.channel == "contact"
        else effect
        for name, effect in scenario.effects.items()
    }
    found = study(replace(scenario, effects=effects_), (1, 2, 3, 4))
    treated, control = (
        np.mean(
            [
                pair.trial.mean["weeks_on_support_26"][arm] - pair.nothing.mean["weeks_on_support_26"][arm]
                for pair in found.pairs
            ]
        )
        for arm in range(2)
    )
    # Jobs the treated find, some of the control group do not: a loss, and a small part of the gain.
    assert treated < -2.0 and -0.5 < control < -treated / 3.0
    assert all(pair.total["weeks_on_support"] < 0 for pair in found.pairs)
