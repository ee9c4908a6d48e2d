"""Definitions count what the statistic counts, on lives written by hand; the register is the run's own."""

import numpy as np
import pytest
from written_lives import lives

from calibration.definitions import DEFINITIONS, GROUPS, runs_of, spells_of
from calibration.register import MENTOR, Lived, live
from sim.codes import BENEFITS, M_COURSE, STATUSES
from sim.scenario import load


def count(name: str, run: Lived, window: slice | None = None, **arguments: object) -> float:
    return DEFINITIONS[name].count(run, window or slice(0, run.weeks), **arguments)


def test_a_spell_ends_only_with_a_whole_calendar_month_off() -> None:
    """In 2024 weeks 1-4 are January, 5-9 February."""
    short = lives("d" * 4 + "j" * 3 + "d" * 4 + "j" * 30)  # off W05-W07: no month is off as a whole
    long = lives("d" * 4 + "j" * 5 + "d" * 3 + "j" * 30)  # off all of February
    assert [s.tolist() for s in spells_of(short, "dagpenge")[1:3]] == [[0], [10]]
    assert [s.tolist() for s in spells_of(long, "dagpenge")[1:3]] == [[0, 9], [3, 11]]
    assert len(runs_of(short, "dagpenge").person) == 2
    assert count("mean_completed_spell", short, group="dagpenge") == 11
    assert count("mean_completed_spell", long, group="dagpenge") == pytest.approx((4 + 3) / 2)
    assert count("completed_spells_longer_than", long, group="dagpenge", weeks=3) == 0.5


def test_spells_begun_before_the_register_have_their_whole_length_and_unended_ones_none() -> None:
    run = lives("d" * 5 + "j" * 30, "j" * 5 + "d" * 30, since=(-20, -100))
    assert count("mean_completed_spell", run, group="dagpenge") == 25


def test_who_moves_away_in_a_spell_has_no_completed_one() -> None:
    run = lives("d" * 5 + "g" * 30, "d" * 10 + "j" * 25)
    assert count("mean_completed_spell", run, group="dagpenge") == 10


def test_one_cash_benefit_after_another_is_one_spell() -> None:
    run = lives("k" * 4 + "a" * 6 + "j" * 30)
    assert count("mean_completed_spell", run, group="cash_benefit_system") == 10


def test_status_after_counts_from_the_last_week_and_leaves_out_who_is_gone() -> None:
    run = lives(
        "d" * 4 + "j" * 36, "d" * 4 + "e" * 36, "d" * 4 + "j" * 10 + "g" * 26, "d" * 4 + "j" * 12 + "d" * 24
    )
    after = {
        into: count("status_after", run, slice(0, 10), group="dagpenge", weeks=13, into=(into,))
        for into in ("job", "education", "dagpenge")
    }
    assert after == {
        "job": pytest.approx(1 / 3),
        "education": pytest.approx(1 / 3),
        "dagpenge": pytest.approx(1 / 3),
    }


def test_long_term_needs_42_of_52_weeks_and_to_be_unemployed_now() -> None:
    now, just_left = "j" * 10 + "d" * 42, "d" * 51 + "j"
    too_few, activated = "j" * 11 + "d" * 41, "d" * 20 + "w" * 20 + "k" * 12
    run = lives(now, just_left, too_few, activated)
    last = slice(51, 52)
    assert count("long_term_unemployed", run, last, group="gross_unemployed") == 2
    assert np.isnan(count("long_term_unemployed", run, slice(0, 50), group="gross_unemployed"))


def test_unemployed_are_those_in_a_wage_subsidy_too_and_a_smaller_world_is_scaled_up() -> None:
    run = lives("d" * 10, "w" * 10, share=0.1)
    assert count("full_time_persons", run, group="dagpenge") == pytest.approx(10)
    assert count("full_time_unemployed", run, group="dagpenge") == pytest.approx(20)


def test_stock_by_duration_divides_by_the_weeks_of_each_band() -> None:
    run = lives("s" * 4 + "j" * 20, "s" * 8 + "j" * 16)
    ratio = count(
        "stock_by_duration", run, group="sygedagpenge", first=5, last=8, against_first=1, against_last=4
    )
    assert ratio == pytest.approx(0.5)
    elapsed = lives("s" * 4 + "j" * 20, since=(-4,))
    assert np.isnan(
        count(
            "stock_by_duration",
            elapsed,
            group="sygedagpenge",
            first=5,
            last=8,
            against_first=1,
            against_last=4,
        )
    )


def test_status_in_week_asks_those_who_lasted() -> None:
    run = lives("s" * 22 + "j" * 20, "s" * 23 + "j" * 19, "s" * 42)
    found = count("status_in_week", run, group="sygedagpenge", past=22, at=34, into=("job",))
    assert found == 0.5


def test_in_work_within_counts_any_week_of_work() -> None:
    run = lives("a" + "j" + "a" * 30, "a" * 32)
    found = count("in_work_within", run, slice(0, 1), group="kontanthjaelp_activityready", weeks=20)
    assert found == 0.5


def test_measures_are_counted_in_hours_and_in_persons_a_month() -> None:
    run = lives("k" * 18, "k" * 18)
    run.measure[:, 0] = M_COURSE
    run.measure[5, 1] = MENTOR  # one week of February
    hours = {"course": 18.5, "mentor": 37.0}
    degree = count("activation_degree", run, group="cash_benefit_system", hours=hours)
    assert degree == pytest.approx((18 * 18.5 + 37.0) / (36 * 37.0))
    touched = count("touched_by_measure", run, group="cash_benefit_system")
    assert touched == pytest.approx((1.0 + 0.5 + 0.5) / 3)  # February to April; January and May may be cut


def test_share_of_stock_weighs_its_parts() -> None:
    run = lives("k" * 4, "a" * 4)
    parts = {"kontanthjaelp_activityready": 1.0, "kontanthjaelp_jobready": 0.5}
    assert count("share_of_stock", run, parts=parts, whole="cash_benefit_system") == 0.75


def test_the_register_of_a_run_adds_up_to_the_runs_own_stocks_and_changes_nothing() -> None:
    from experiments.run import run_one

    scenario = load("slagelse_2024", overrides=["world.share=0.02"]).for_weeks(30)
    run = live(scenario, 3)
    for name in BENEFITS:
        counted = (run.status == STATUSES.index(name)).sum(axis=1)
        assert (counted == run.result.column(f"stock.{name}")).all(), name
    assert (run.result.rows == run_one(scenario, None, 3).rows).all()
    in_measure = (run.measure & (MENTOR - 1) == M_COURSE).sum(axis=1)
    assert (in_measure == run.result.column("measures_running.course")).all()
    assert set(GROUPS) >= set(BENEFITS)
