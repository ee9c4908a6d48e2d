"""Øre, basis points and the one rounding rule."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.money import amounts

AMOUNTS = st.integers(0, 10**12)
SHARES = st.integers(0, 10_000)


@given(AMOUNTS, SHARES)
def test_nothing_is_lost_in_the_split(amount: int, bp: int) -> None:
    state, municipal = amounts.state_part(amount, bp), amounts.municipal_part(amount, bp)
    assert state + municipal == amount
    assert 0 <= state <= amount
    assert abs(Fraction(amount * bp, 10_000) - state) <= Fraction(1, 2)


@given(AMOUNTS, SHARES, SHARES)
def test_a_higher_share_never_lowers_the_states_part(amount: int, one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert amounts.state_part(amount, low) <= amounts.state_part(amount, high)


@pytest.mark.parametrize(
    ("amount", "bp", "state"),
    [
        (1, 5000, 1),
        (3, 5000, 2),
        (1, 4999, 0),
        (100, 8000, 80),
        (275_631, 2000, 55_126),
        (7, 0, 0),
        (7, 10_000, 7),
    ],
)
def test_half_an_oere_goes_up_to_the_state(amount: int, bp: int, state: int) -> None:
    assert amounts.state_part(amount, bp) == state


@given(st.integers(0, 10**10))
def test_twelve_months_are_spread_over_52_weeks_and_rounded_once(monthly_oere: int) -> None:
    weekly = amounts.weekly_from_monthly_oere(Decimal(monthly_oere) / 100)
    assert abs(Fraction(12 * monthly_oere, 52) - weekly) <= Fraction(1, 2)


@pytest.mark.parametrize(
    ("kroner", "per", "oere"),
    [
        ("11944", "month", 275_631),  # kontanthjaelp 30+, 2023: 143328 / 52 = 2756.31 kr. a week
        (11944.0, "month", 275_631),
        ("900.5", "week", 90_050),
        ("849", "day", 424_500),
        ("52", "year", 100),
        ("0.10", "week", 10),
    ],
)
def test_weekly_amounts(kroner: str | float, per: str, oere: int) -> None:
    assert amounts.weekly_oere(kroner, per) == oere


def test_a_float_is_read_as_typed() -> None:
    assert amounts.oere_from_kr(0.29) == 29  # the binary neighbour would give 28.999...
    assert amounts.share_bp(0.29) == 2900


@pytest.mark.parametrize("wrong", ["12,5", "", "kr", "nan", "inf", float("nan")])
def test_what_is_no_amount_is_refused(wrong: str | float) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        amounts.oere_from_kr(wrong)


def test_fractions_of_an_oere_are_refused() -> None:
    with pytest.raises(ValueError, match="whole number of øre"):
        amounts.oere_from_kr("1.005")


@pytest.mark.parametrize("wrong", [1.01, -0.01, 80])
def test_a_share_lies_between_0_and_1(wrong: float) -> None:
    with pytest.raises(ValueError, match="0 to 1"):
        amounts.share_bp(wrong)


def test_a_share_is_whole_basis_points() -> None:
    with pytest.raises(ValueError, match="basis point"):
        amounts.share_bp(0.12345)


def test_an_unknown_period_is_refused() -> None:
    with pytest.raises(ValueError, match="month, week, day, year"):
        amounts.weekly_oere(1, "fortnight")


@pytest.mark.parametrize(
    ("oere", "exact", "whole"),
    [
        (1_234_567, "12,345.67 kr.", "12,346"),
        (-50, "-0.50 kr.", "-1"),
        (0, "0.00 kr.", "0"),
        (49, "0.49 kr.", "0"),
    ],
)
def test_amounts_for_the_eye(oere: int, exact: str, whole: str) -> None:
    assert amounts.kr(oere) == exact
    assert amounts.whole_kr(oere) == whole
