"""Money over time against worked cases by hand: present value, prices, payback, cost of a week, choice and regret."""

import math
from dataclasses import replace

import numpy as np
import pytest
from made_comparison import made_comparison

from experiments.money import (
    NEVER,
    annuity,
    band,
    by_period,
    choices,
    cost_per_week,
    payback,
    payback_chances,
    present_value,
    price_index,
)
from experiments.money_lines import Change, lines, parameter, turning
from experiments.money_table import OVER_DRAWS, Calendar
from experiments.money_words import Money, sign_sentence
from sim.calendar import week_of
from sim.errors import UserError
from sim.scenario import load

# ---- present value and prices --------------------------------------------------------------------------------------


def test_present_value_counts_a_year_at_its_middle() -> None:
    cost, middle = np.array([[100.0, 100.0], [0.0, -50.0]]), np.array([0.5, 1.5])
    first = 100 / 1.035**0.5 + 100 / 1.035**1.5
    assert present_value(cost, middle, 0.035) == pytest.approx([first, -50 / 1.035**1.5])
    assert first == pytest.approx(193.26, abs=0.01)
    assert present_value(cost, middle, 0.0).tolist() == [200.0, -50.0]


def test_annuity_of_twelve_years() -> None:
    weekly = sum((1 / 52) * 1.035 ** -((week + 0.5) / 52) for week in range(12 * 52))
    assert annuity(12, 0.035) == pytest.approx(weekly, rel=1e-5)
    assert annuity(12, 0.0) == 12


def test_prices_before_and_after_the_level() -> None:
    growth = {2025: 0.02, 2026: 0.04, 2027: 0.03, 2028: 0.05}
    assert price_index((2024, 2025, 2026, 2027, 2028), growth, 2026) == pytest.approx(
        [1 / 1.04 / 1.02, 1 / 1.04, 1.0, 1.03, 1.03 * 1.05]
    )


def test_weeks_add_up_to_their_years() -> None:
    weekly = np.array([[1.0, 2, 3, 4, 5], [1, 1, 1, 1, 1]])
    assert by_period(weekly, np.array([0, 0, 1, 1, 1])).tolist() == [[3, 12], [2, 3]]


def test_budget_years_of_a_horizon() -> None:
    whole = Calendar.of(week_of("2027-W01"), 260)
    assert whole.years == (2027, 2028, 2029, 2030, 2031) and whole.whole == 5
    assert whole.middle[1] - whole.middle[0] == pytest.approx(52 / 52.1775, abs=1e-4)
    short = Calendar.of(week_of("2027-W20"), 60)
    assert short.years == (2027, 2028) and short.whole == 1


# ---- payback -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cost", "year_end"),
    [
        ((-1, -1, -1), 0),  # saves from the start
        ((5, -2, -4), 2),  # adds up to 5, 3, -1
        ((5, -8, 6, -9), 3),  # 5, -3, 3, -6: pays back, falls again, and pays back for good
        ((5, -8, 6, 0), NEVER),  # 5, -3, 3, 3: pays back and falls again
        ((5, -5, 0), 1),  # exactly even counts
        ((0, 0, 0), 0),
        ((-9, 4, 4, 4), NEVER),  # a saving that is eaten up at the horizon
    ],
)
def test_payback_is_for_good(cost: tuple[float, ...], year_end: int) -> None:
    assert payback(np.array([cost], float)).tolist() == [year_end]


def test_chances_of_payback_are_shares_of_the_rows() -> None:
    cost = np.array([[-1, 0, 0], [5, -8, 6], [5, -8, 0], [5, -2, -4]], float)
    chance = payback_chances(cost)
    assert [chance.within[k] for k in (1, 2, 3)] == [0.25, 0.5, 0.75]
    assert math.isnan(chance.within[4]) and chance.not_within_horizon == 0.25


def test_a_year_cut_short_has_no_year_end() -> None:
    chance = payback_chances(np.array([[5.0, -6.0]]), whole_years=1)
    assert chance.within[1] == 0.0 and math.isnan(chance.within[2]) and chance.not_within_horizon == 0.0


# ---- cost of a week, choice ----------------------------------------------------------------------------------------


def test_a_cost_per_week_is_stated_only_where_the_effect_excludes_zero() -> None:
    cost = np.full(10, 1000.0)
    assert cost_per_week(cost, np.arange(10.0, 20.0)) == pytest.approx(1000 / 14.5)
    assert math.isnan(cost_per_week(cost, np.arange(-3.0, 7.0)))  # either sign
    assert math.isnan(cost_per_week(cost, np.arange(-20.0, -10.0)))  # weeks lost are no price
    assert math.isnan(cost_per_week(cost[:2], np.array([10.0, 11.0])))  # two runs have no interval


def test_interval_is_the_middle_80_percent() -> None:
    found = band(np.arange(101.0))
    assert (found.mean, found.low, found.high) == pytest.approx((50, 10, 90))


def test_regret_of_the_worked_case() -> None:
    found = choices({"a": np.array([-4.0, 2.0]), "b": np.array([-1.0, -1.0])})
    assert list(found) == ["do nothing", "a", "b"]
    assert [choice.probability_best for choice in found.values()] == [0.0, 0.5, 0.5]
    assert [choice.expected_regret_kr for choice in found.values()] == [2.5, 1.5, 1.5]


def test_doing_nothing_can_be_best_and_ties_share() -> None:
    found = choices({"a": np.array([3.0, 0.0])})
    assert found["do nothing"] == (0.75, 0.0) and found["a"] == (0.25, 1.5)
    assert choices({}) == {}


# ---- not in the headline -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def base():
    return load("baseline")


def change(**other: float) -> Change:
    given: dict = {
        "job_person_years": 10.0,
        "benefits_paid_kr": -1.5e6,
        "transfers_kr": -1.2e6,
        "persons_at_horizon": {"foertidspension": 2.0, "fleksjob": 0.0},
        "kr_per_person_year": {"foertidspension": 240_000.0, "fleksjob": 140_000.0},
        "municipal_share": {"foertidspension": 0.8, "fleksjob": 0.8},
        "horizon_factor": 0.85,
        "discount_rate": 0.035,
        "wage_factor": 1.0,
    }
    return Change(**{**given, **other})


def test_lines_by_hand(base) -> None:
    found = {line.name: line for line in lines(base, change())}
    gain = 0.25049 * (10 * 327_000 * 0.92 - 1.5e6)  # tax on wage minus tax on benefit
    assert found["tax"].value == pytest.approx(-gain)
    assert found["equalisation"].value == pytest.approx(1.04 * gain)
    assert found["tax_after_equalisation"].value == pytest.approx(0.04 * gain)
    assert found["guarantee_0"].value == 0.0
    assert found["guarantee_1"].value == pytest.approx(1.2e6)
    owed = 2 * 240_000 * 0.85 * annuity(12, 0.035)
    assert found["owed_pension_municipality"].value == pytest.approx(0.8 * owed)
    assert found["owed_pension_state"].value == pytest.approx(0.2 * owed)
    assert found["owed_fleksjob_state"].value == 0.0
    assert all(line.low <= line.value <= line.high for line in found.values())
    assert found["tax_after_equalisation"].low < 0 < found["tax_after_equalisation"].high


def test_the_sign_turns_only_where_a_line_reaches_beyond_the_headline(base) -> None:
    beside = lines(base, change())
    assert "guarantee_1" in {line.name for line in turning(-1e6, beside)}  # clawback 1 takes 1.2 mio. back
    assert turning(-50e6, beside) == [] and turning(0.0, beside) == []
    assert all(line.payer == "municipality" for line in turning(-1e3, beside))


def test_every_parameter_has_a_status_and_judgements_have_a_range(base) -> None:
    for name in base.law.economy:
        row = parameter(base, name, 2028)
        assert row.source and row.low <= row.value <= row.high
        if row.status == "judgement":
            assert row.low < row.high, name


def test_known_growth_is_that_of_the_rates(base) -> None:
    assert parameter(base, "index_growth", 2024).value == pytest.approx(4695 / 4550 - 1, abs=1e-4)
    assert parameter(base, "index_growth", 2019).value == pytest.approx((4355 / 4245) ** 0.5 - 1, abs=1e-4)
    assert parameter(base, "index_growth", 2030).status == "judgement"


def test_discount_rate_is_a_scenario_value_that_moves_no_run(base) -> None:
    other = load("baseline", overrides=["prices.discount_rate=2 %"])
    assert other.prices.discount_rate == 0.02 and base.prices.discount_rate == 0.035
    assert other.canonical() == base.canonical()
    with pytest.raises(UserError, match="discount_rate"):
        load("baseline", overrides=["prices.discount_rate=3.5"])


def test_a_line_can_be_set_from_the_command_line() -> None:
    other = load("baseline", overrides=["law.economy.equalisation_share_of_tax_gain=0"])
    assert parameter(other, "equalisation_share_of_tax_gain", 2028).value == 0.0
    with pytest.raises(UserError, match="unknown"):
        load("baseline", overrides=["law.economy.no_such_thing=1"])


# ---- the table -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def comparison():
    return made_comparison(seeds=6)


def test_table_agrees_with_the_differences(comparison) -> None:
    frame, money = comparison.money, Money(comparison)
    for name in money.names:
        yearly = [money.take(name, "net cost", "net cost", "service", str(y))[0] for y in comparison.years]
        row = comparison.difference(name, "money", "municipality/service")
        assert sum(yearly) == pytest.approx(row.difference)
    # 6 mio. a year of staff, all of it in the service frame, never pays back there.
    assert money.headline("early_intervention", "service")[0] == pytest.approx(
        sum(6e6 / 1.035 ** (k + 0.5) for k in range(5)), rel=0.005
    )
    assert money.take("early_intervention", "payback", "not within the horizon", "service")[0] == 1.0
    assert set(frame.spread) == {*frame.spread.unique()} and OVER_DRAWS not in set(frame.spread)


def test_classes_are_not_ranked_against_each_other_and_contexts_have_no_payback(comparison) -> None:
    money = Money(comparison)
    assert [name for name, _, _ in money.options()] == ["do nothing", "early_intervention", "one_caseworker"]
    assert "extra_caseworkers" in money.names and "refusion_flat" not in money.names
    assert sum(best for _, best, _ in money.options()) == pytest.approx(1.0)


def test_weaker_classes_are_ranked_only_when_asked_and_then_marked() -> None:
    comparison = made_comparison(seeds=5, ranked=("A", "B", "C"))
    assert "extra_caseworkers" in [name for name, _, _ in Money(comparison).options()]
    assert (comparison.money.query("part == 'choice'").status == "B and C ranked because asked").all()


def test_sentence_names_the_line_that_turns_the_sign(comparison) -> None:
    money = Money(comparison)
    said = {name: sign_sentence(money, name) for name in money.names}
    for name, text in said.items():
        turned = turning(money.headline(name)[0], money.lines(name))
        assert bool(text) == bool(turned)
        assert all(line.label in text for line in turned)


def test_report_shows_money_over_time_and_its_parameters(comparison) -> None:
    from experiments.report import render

    page = render(comparison)
    assert "Money over time" in page and "figure-sign" in page
    assert "luck and calculation error mixed, not knowledge" in page
    assert "Not in the headline, always shown" in page and "L 194 question 8" in page


def test_report_without_strategies_has_no_money_over_time(comparison) -> None:
    from experiments.report import render

    assert "<h3>Money over time</h3>" not in render(replace(comparison, money=None))
