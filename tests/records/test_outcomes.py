"""Outcomes on numbers made by hand: identities of money and time, and the formula of each of the ten goals."""

import numpy as np
import pytest
from made_results import START, blank_result, lived_result, put, put_cohort

from sim import codes
from sim.calendar import week_of
from sim.records.outcome_list import GOALS, OUTCOMES, estimand
from sim.records.outcomes import WEEKS_PER_YEAR, outcome_sheet, outcomes
from sim.records.weekly import NAMES


def test_every_outcome_is_described_and_every_goal_has_its_rows() -> None:
    sheet = outcome_sheet(lived_result(60))
    assert {key.outcome for key in sheet.keys} == set(OUTCOMES)
    assert len(set(sheet.keys)) == len(sheet.keys)
    pairs = {(key.outcome, key.group) for key in sheet.keys}
    assert [goal.number for goal in GOALS] == list(range(1, 11))
    for goal in GOALS:
        assert goal.looks_good_by
        for outcome, group, _ in goal.rows:
            assert (outcome, group) in pairs, (outcome, group)


def test_keys_depend_on_the_weeks_only() -> None:
    assert outcome_sheet(lived_result(80, 1)).keys == outcome_sheet(lived_result(80, 2, "other", 0.1)).keys


def test_years_add_up_to_the_horizon_and_to_the_weeks() -> None:
    """Totals: the parts of the years are the whole, and the whole is the sum of the weeks."""
    result = lived_result(130)
    sheet = outcome_sheet(result)
    years = [str(year) for year in result.years]
    assert years == ["2027", "2028", "2029"]
    for key in sheet.keys:
        if key.year == "all" and OUTCOMES[key.outcome].unit in (
            "kr.",
            "spells",
            "hires",
            "meetings",
            "changes",
            "starts",
        ):
            parts = sum(sheet[key.outcome, key.group, year] for year in years)
            assert parts == pytest.approx(sheet[key], abs=1e-6), key
    assert sheet["entries", "dagpenge", "all"] == result.column("entries.dagpenge").sum()
    assert (
        sheet["caseworker_changes", "resignation", "2028"]
        == result.column("changes.resignation")[52:104].sum()
    )


def test_persons_are_means_over_the_weeks_of_the_period() -> None:
    result = blank_result(104)
    put(result, "stock.dagpenge", np.repeat([100, 300], 52))
    sheet = outcome_sheet(result)
    assert sheet["full_time_persons", "dagpenge", "2027"] == 100
    assert sheet["full_time_persons", "dagpenge", "2028"] == 300
    assert sheet["full_time_persons", "dagpenge", "all"] == 200


def test_a_week_belongs_to_the_year_of_its_thursday() -> None:
    """2026 has 53 ISO weeks: its last runs into January 2027."""
    result = blank_result(54, start=week_of("2026-W01"))
    put(result, "changes.absence", 1)
    sheet = outcome_sheet(result)
    assert sheet["caseworker_changes", "absence", "2026"] == 53
    assert sheet["caseworker_changes", "absence", "2027"] == 1


def test_money_of_payers_accounts_frames_benefits_and_steps_is_the_same_money() -> None:
    result = lived_result(110)
    sheet = outcome_sheet(result)
    for year in ("all", "2027", "2028", "2029"):
        municipal, state = sheet["net_municipal_cost", "all", year], sheet["net_state_cost", "all", year]
        assert sum(sheet["municipal_by_account", a, year] for a in codes.ACCOUNTS) == pytest.approx(municipal)
        assert sum(sheet["state_by_account", a, year] for a in codes.ACCOUNTS) == pytest.approx(state)
        for payer, total in (("municipality", municipal), ("state", state)):
            assert sum(sheet["money", f"{payer}/{f}", year] for f in codes.FRAMES) == pytest.approx(total)
        benefit = sheet["municipal_by_account", "benefit", year]
        assert sum(sheet["municipal_benefit_cost", b, year] for b in codes.BENEFITS) == pytest.approx(benefit)
        steps = (sheet["municipal_benefit_cost_by_step", f"step{k}", year] for k in range(codes.N_STEPS))
        assert sum(steps) == pytest.approx(benefit)
    assert (
        sheet["net_municipal_cost", "all", "all"] + sheet["net_state_cost", "all", "all"]
        == result.ledger.sum() / 100
    )


def test_gross_operating_spending_is_the_service_frame_and_no_transfer() -> None:
    result = blank_result(10)
    for a, account in enumerate(codes.ACCOUNTS):
        result.ledger[0, a, 0, 0, codes.MUNICIPALITY] = 100 * 10**a
        assert account
    sheet = outcome_sheet(result)
    transfers = 10.0**codes.A_BENEFIT + 10.0**codes.A_WAGE_SUBSIDY
    assert sheet["gross_operating_spending", "all", "all"] == 111_111_111 - transfers
    assert sheet["money", "municipality/service", "all"] == 111_111_111 - transfers
    assert sheet["money", "municipality/transfers", "all"] == transfers


def test_goal_1_keeps_fleksjob_and_pension_apart() -> None:
    result = blank_result(4)
    for status, persons in (
        ("job", 800),
        ("dagpenge", 60),
        ("sygedagpenge", 40),
        ("fleksjob", 50),
        ("foertidspension", 50),
        ("gone", 999),
    ):
        put(result, f"stock.{status}", persons)
    sheet = outcome_sheet(result)
    assert sheet["full_time_persons", "support", "all"] == 100
    assert sheet["support_share", "all", "all"] == 100 / 1000  # the gone are no residents


def test_goal_2_does_not_count_what_was_dropped_within_two_weeks() -> None:
    result = blank_result(4)
    put(result, "stock.dagpenge", 90)
    put(result, "stock.subsidised_job", 10)
    put(result, "company_measure.weeks", 20)
    assert outcome_sheet(result)["company_measure_share", "all", "all"] == 0.2


def test_goal_3_counts_only_entrants_followed_to_the_end() -> None:
    """Of 60 weeks the first 34 are followed for 26 weeks, the first 8 for 52: later ones would look like failures."""
    result = blank_result(60)
    put_cohort(result, "entrants", 10)
    followed = np.arange(60)
    put_cohort(result, "in_job_26", np.where(followed < 34, 4, 0))
    put_cohort(result, "in_job_52", np.where(followed < 8, 5, 0))
    put_cohort(result, "still_in_job", np.where(followed < 8, 3, 0))
    sheet = outcome_sheet(result)
    assert sheet["in_job_26_share", "all", "all"] == 0.4
    assert sheet["in_job_52_share", "all", "all"] == 0.5
    assert sheet["still_in_job_share", "all", "all"] == 0.3
    assert np.isnan(sheet["in_job_52_share", "all", "2028"])  # nobody who entered then was followed that long
    assert np.isnan(sheet["weeks_on_support_104", "all", "all"])


def test_goals_4_5_6() -> None:
    result = blank_result(8)
    put(result, "stock.dagpenge", 100)
    put(result, "passive.weeks", 30)
    put(result, "passive.weeks_asked", 60)
    put(result, "passive.weeks_exempt", 40)
    put(result, "long_term.stock", 25)
    put(result, "long_term.inflow", 3)
    put(result, "stock_health.job.none", 700)
    put(result, "stock_health.job.some", 20)
    put(result, "stock_health.job.severe", 2)
    put(result, "stock_health.fleksjob.severe", 7)
    sheet = outcome_sheet(result)
    assert sheet["passive_share", "all", "all"] == 0.5
    assert sheet["passive_exempt_share", "all", "all"] == 0.4
    assert sheet["long_term_persons", "all", "all"] == 25
    assert sheet["long_term_share", "all", "all"] == 0.25
    assert sheet["long_term_inflow", "all", "all"] == 24
    assert sheet["health_barrier_in_work", "job", "all"] == 22
    assert sheet["health_barrier_in_work", "fleksjob", "all"] == 7


def test_goals_7_9_10() -> None:
    result = blank_result(120)
    put_cohort(result, "entrants", 10)
    put_cohort(result, "weeks_on_support_104", np.where(np.arange(120) < 16, 400, 0))
    put_cohort(result, "two_barriers", np.where(np.arange(120) < 112, 4, 0))
    put_cohort(result, "second_service_8", np.where(np.arange(120) < 112, 1, 0))
    put(result, "elapsed.weeks", 5_000)
    put(result, "elapsed.persons", 100)
    put(result, "companies.first_contact_this_year", 4)
    put(result, "companies.second_contact_this_year", 1)
    sheet = outcome_sheet(result)
    assert sheet["weeks_on_support_104", "all", "all"] == 40
    assert sheet["elapsed_weeks", "all", "all"] == 50
    assert sheet["companies_cooperating", "all", "2027"] == 208
    assert sheet["companies_repeat_share", "all", "2027"] == 0.25
    assert sheet["second_service_share", "all", "all"] == 0.25


def test_goal_8_leaves_first_assignment_and_own_request_apart() -> None:
    result = blank_result(104)
    put(result, "casework.cases", 1_000)
    for cause, changes in (
        ("first_assignment", 100),
        ("own_request", 50),
        ("resignation", 4),
        ("absence", 6),
    ):
        put(result, f"changes.{cause}", changes)
    sheet = outcome_sheet(result)
    assert sheet["changes_per_citizen_year", "counted", "all"] == pytest.approx(10 * WEEKS_PER_YEAR / 1_000)
    assert sheet["changes_per_citizen_year", "own_request", "all"] == pytest.approx(
        50 * WEEKS_PER_YEAR / 1_000
    )
    assert sheet["caseworker_changes", "first_assignment", "2027"] == 5_200


def test_a_share_of_nothing_is_unknown_and_not_zero() -> None:
    sheet = outcome_sheet(blank_result(5))
    for outcome in ("support_share", "passive_share", "plan_compliance", "wait_weeks_first_meeting", "trust"):
        assert np.isnan(sheet[outcome, "all", "all"]), outcome
    assert sheet["net_municipal_cost", "all", "all"] == 0


def test_one_week_is_a_horizon() -> None:
    sheet = outcome_sheet(lived_result(1))
    assert {key.year for key in sheet.keys} == {"all", "2027"}


def test_only_hires_from_outside_belong_to_outsiders() -> None:
    rows = [row for row in outcomes(lived_result(10)) if estimand(row.outcome, row.group) == "outsiders"]
    assert {(row.outcome, row.group) for row in rows} == {("hires", "non_resident")}


def test_made_results_know_every_weekly_column() -> None:
    assert blank_result(3).rows.shape == (3, len(NAMES))
    assert blank_result(3).start == START
