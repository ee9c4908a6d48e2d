"""The sanity table must be able to fail, line by line."""

import numpy as np
import pytest
from made_results import blank_result, lived_result, put

from sim.records.result import RunResult
from sim.records.sanity import FLOWS, Check, measure, off, sanity, trend_per_year
from sim.scenario.municipality import Stock

READ = {"source": "counted", "status": "read"}
STOCKS = {
    "dagpenge": Stock(value=956, use="target", tolerance=0.15, **READ),
    "cash_benefit_system": Stock(value=1820, use="target", tolerance=0.15, **READ),
    "fleksjob": Stock(value=500, use="start", **READ),
}


def line(what: str, *results: RunResult, share: float = 1.0) -> Check:
    """One line of the table of some runs."""
    checks = sanity([measure(result, share) for result in results], STOCKS)
    return next(check for check in checks if check.what == what)


def test_stocks_are_means_of_weeks_53_to_208_and_starts_are_no_check() -> None:
    result = blank_result(260)
    dagpenge = np.full(260, 956)
    dagpenge[:52], dagpenge[208:] = 5_000, 5_000  # outside the window
    put(result, "stock.dagpenge", dagpenge)
    for benefit in ("kontanthjaelp_jobready", "kontanthjaelp_activityready", "uddannelseshjaelp", "sho"):
        put(result, f"stock.{benefit}", 350)
    assert line("dagpenge: persons", result).model == 956
    assert line("dagpenge: persons", result).verdict == "ok"
    assert line("cash_benefit_system: persons", result).model == 1_400
    assert line("cash_benefit_system: persons", result).verdict == "off"
    assert not any(check.what == "fleksjob: persons" for check in sanity([measure(result)], STOCKS))


def test_a_smaller_world_is_scaled_up() -> None:
    result = blank_result(260)
    put(result, "stock.dagpenge", 96)
    check = line("dagpenge: persons", result, share=0.1)
    assert check.model == pytest.approx(960) and check.verdict == "ok"


def drifting(growth: float) -> RunResult:
    result = blank_result(260)
    put(result, "stock.dagpenge", (2_000 * (1 + growth * (np.arange(260) - 130) / 52.18)).round().astype(int))
    return result


@pytest.mark.parametrize(
    ("growth", "expected"),
    [((0.0, 0.0), "ok"), ((0.015, 0.014), "ok"), ((0.03, 0.031, 0.029), "off"), ((-0.05, -0.06, -0.055), "off"),
     ((0.01, 0.04, 0.0), "ok"), ((-0.01, 0.09), "unclear")],
)  # fmt: skip
def test_drift_above_two_percent_a_year_is_off_once_luck_cannot_explain_it(
    growth: tuple, expected: str
) -> None:
    check = line("dagpenge: drift", *(drifting(g) for g in growth))
    assert check.verdict == expected
    assert check.model == pytest.approx(np.mean(growth), abs=5e-4)


def test_one_run_is_judged_as_it_is() -> None:
    """Nothing is known about its error, so a drift beyond the limit counts as unclear and never as met."""
    assert line("dagpenge: drift", drifting(0.04)).verdict == "unclear"
    assert np.isnan(line("dagpenge: drift", drifting(0.04)).error)


def test_a_stock_off_its_target_is_off_whatever_the_luck() -> None:
    a, b = blank_result(260), blank_result(260)
    put(a, "stock.dagpenge", 956)
    put(b, "stock.dagpenge", 2_000)
    assert line("dagpenge: persons", a, b).verdict == "off"


def test_trend_of_a_straight_line() -> None:
    assert trend_per_year(100 + np.arange(157.0)) == pytest.approx(52.1775 / 178, rel=1e-4)
    assert np.isnan(trend_per_year(np.zeros(20))) and np.isnan(trend_per_year(np.ones(1)))


def test_flows_within_a_factor_of_two() -> None:
    result = blank_result(260)
    put(result, "entries.dagpenge", 39)  # 2,035 a year
    put(result, "exits.dagpenge.job", 30)
    put(result, "exits.dagpenge.outside", 9)
    put(result, "completed_weeks.dagpenge", 39 * 60)  # 60 weeks: more than twice 24.3
    put(result, "casework.cases", 1_000)
    put(result, "changes.resignation", 12)  # 0.63 a year
    put(result, "changes.first_assignment", 500)  # not counted
    checks = {check.what: check for check in sanity([measure(result)], STOCKS)}
    assert {flow.name for flow in FLOWS} <= set(checks)
    assert checks["dagpenge: spells begun a year"].verdict == "ok"
    assert checks["dagpenge: ended in a job"].verdict == "ok"
    assert checks["dagpenge: ended in a job"].high == 1
    assert checks["dagpenge: completed spell"].verdict == "off"
    assert checks["caseworker changes per citizen-year"].verdict == "ok"
    assert checks["ressourceforloeb: ended in a job"].verdict == "not measured"


def test_a_run_that_ends_before_week_53_measures_nothing() -> None:
    checks = sanity([measure(lived_result(52))], STOCKS)
    assert {check.verdict for check in checks} == {"not measured"}
    assert not off(checks)
