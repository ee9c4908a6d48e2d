"""The sanity table must be able to fail, line by line."""

import numpy as np
import pytest
from made_results import blank_result, lived_result, put

from sim.records.sanity import FLOWS, drift_checks, flow_checks, off, sanity, stock_checks, trend_per_year
from sim.scenario.municipality import Stock

READ = {"source": "counted", "status": "read"}
STOCKS = {
    "dagpenge": Stock(value=956, use="target", tolerance=0.15, **READ),
    "cash_benefit_system": Stock(value=1820, use="target", tolerance=0.15, **READ),
    "fleksjob": Stock(value=500, use="start", **READ),
}


def verdict(checks, what: str) -> str:
    return next(check.verdict for check in checks if check.what.startswith(what))


def test_stocks_are_means_of_weeks_53_to_208_and_starts_are_no_check() -> None:
    result = blank_result(260)
    dagpenge = np.full(260, 956)
    dagpenge[:52], dagpenge[208:] = 5_000, 5_000  # outside the window
    put(result, "stock.dagpenge", dagpenge)
    for benefit in ("kontanthjaelp_jobready", "kontanthjaelp_activityready", "uddannelseshjaelp", "sho"):
        put(result, f"stock.{benefit}", 350)
    checks = stock_checks(result, STOCKS)
    assert [check.what for check in checks] == ["dagpenge: persons", "cash_benefit_system: persons"]
    assert checks[0].model == 956 and checks[0].verdict == "ok"
    assert checks[1].model == 1_400 and checks[1].verdict == "off"


def test_a_smaller_world_is_scaled_up() -> None:
    result = blank_result(260)
    put(result, "stock.dagpenge", 96)
    check = stock_checks(result, {"dagpenge": STOCKS["dagpenge"]}, share=0.1)[0]
    assert check.model == pytest.approx(960) and check.verdict == "ok"


@pytest.mark.parametrize(("growth", "expected"), [(0.0, "ok"), (0.015, "ok"), (0.03, "off"), (-0.05, "off")])
def test_drift_above_two_percent_a_year_is_off(growth: float, expected: str) -> None:
    result = blank_result(260)
    put(result, "stock.dagpenge", (2_000 * (1 + growth * (np.arange(260) - 130) / 52.18)).round().astype(int))
    assert verdict(drift_checks(result), "dagpenge: drift") == expected
    assert verdict(drift_checks(result), "sho: drift") == "too few"


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
    checks = flow_checks(result)
    assert len(checks) == len(FLOWS)
    assert verdict(checks, "dagpenge: spells begun") == "ok"
    assert verdict(checks, "dagpenge: ended in a job") == "ok"
    assert verdict(checks, "dagpenge: completed spell") == "off"
    assert verdict(checks, "caseworker changes") == "ok"
    assert verdict(checks, "ressourceforloeb: ended in a job") == "not measured"


def test_a_run_that_ends_before_week_53_measures_nothing() -> None:
    checks = sanity(lived_result(52), STOCKS)
    assert {check.verdict for check in checks} <= {"not measured", "too few"}
    assert not off(checks)
