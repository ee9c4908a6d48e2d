"""The fast clock against a slow one that keeps every week, and against the paragraph's own limits."""

from typing import Any

import numba
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.law import clock

State = tuple[int, int, int, int]
FRESH: State = (0, 0, 0, 0)
RUNS = st.lists(
    st.tuples(
        st.sampled_from([clock.FROZEN, clock.SELF_SUPPORT, clock.BENEFIT]),
        st.one_of(st.integers(1, 60), st.sampled_from([51, 52, 53, 103, 104, 105, 155, 156, 157, 400])),
    ),
    max_size=12,
)


def slow_clock(weeks: list[int], reset: int, window: int, clear: bool) -> tuple[int, list[int]]:
    """The pseudo-code of the act, week by week: all weeks are kept, and counted again from the start every
    time.

    Returns the count and the ages (0 = latest week) of the self-support weeks still in the window.
    """
    counted = 0
    own: list[int] = []
    for now, kind in enumerate(weeks):
        if kind == clock.BENEFIT:
            counted += 1
        elif kind == clock.SELF_SUPPORT:
            # "after the first week with benefits"; used-up weeks that may serve again show that there was one
            if counted >= 1 or any(now - 1 - week < window for week in own):
                own.append(now)
            recent = [week for week in own if now - week < window]
            if len(recent) >= reset:
                counted = 0
                if clear:
                    own = []
    last = len(weeks) - 1
    return counted, sorted(last - week for week in own if last - week < window)


def live(runs: list[tuple[int, int]], reset: int, window: int, clear: bool, compiled: bool = False) -> State:
    """The fast clock over runs of equal weeks."""
    own: Any
    other: Any
    own, other = (OWN, OTHER) if compiled else (clock.self_support_weeks, clock.other_weeks)
    state = FRESH
    for kind, k in runs:
        if kind == clock.SELF_SUPPORT:
            state = own(*state, k, reset, window, clear)
        else:
            state = other(*state, k, window)
            if kind == clock.BENEFIT:
                state = (clock.benefit_weeks(state[0], k), *state[1:])
    return state


OWN: Any = numba.njit(clock.self_support_weeks)
OTHER: Any = numba.njit(clock.other_weeks)


def ages(state: State) -> list[int]:
    bits = state[1] | state[2] << clock.WORD_BITS | state[3] << 2 * clock.WORD_BITS
    return [age for age in range(clock.WINDOW_WEEKS) if bits >> age & 1]


@settings(max_examples=400, deadline=None)
@given(
    RUNS, st.sampled_from([52, 52, 1, 10, 156]), st.sampled_from([156, 156, 155, 104, 53, 20]), st.booleans()
)
def test_the_fast_clock_equals_the_slow_one(
    runs: list[tuple[int, int]], reset: int, window: int, clear: bool
) -> None:
    state = live(runs, reset, window, clear)
    weeks = [kind for kind, k in runs for _ in range(k)]
    assert (state[0], ages(state)) == slow_clock(weeks, reset, window, clear)
    assert clock.marked_weeks(*state[1:]) == len(ages(state))


@settings(max_examples=150, deadline=None)
@given(RUNS, st.sampled_from([156, 155, 60]), st.booleans())
def test_compiled_and_plain_give_the_same_words(
    runs: list[tuple[int, int]], window: int, clear: bool
) -> None:
    assert tuple(live(runs, 52, window, clear, compiled=True)) == live(runs, 52, window, clear)


@settings(max_examples=150, deadline=None)
@given(RUNS)
def test_a_run_at_once_equals_its_weeks_one_by_one(runs: list[tuple[int, int]]) -> None:
    singly = [(kind, 1) for kind, k in runs for _ in range(k)]
    assert live(runs, 52, 156, True) == live(singly, 52, 156, True)


def test_52_weeks_start_the_count_over_and_51_do_not() -> None:
    before = live([(clock.BENEFIT, 10), (clock.SELF_SUPPORT, 51)], 52, 156, True)
    assert before[0] == 10
    assert clock.self_support_weeks(*before, 1) == FRESH


def test_weeks_need_not_be_consecutive() -> None:
    runs = [(clock.BENEFIT, 1), (clock.SELF_SUPPORT, 26), (clock.BENEFIT, 30), (clock.SELF_SUPPORT, 26)]
    assert live(runs, 52, 156, True)[0] == 0


@pytest.mark.parametrize(("between", "count"), [(104, 0), (105, 106)])
def test_self_support_older_than_three_years_is_gone(between: int, count: int) -> None:
    # 26 + between + 26 weeks: with 104 the first of them is just 156 weeks old when the last is lived.
    runs = [(clock.BENEFIT, 1), (clock.SELF_SUPPORT, 26), (clock.BENEFIT, between), (clock.SELF_SUPPORT, 26)]
    assert live(runs, 52, 156, True)[0] == count


def test_weeks_before_the_first_benefit_week_do_not_count() -> None:
    runs = [(clock.SELF_SUPPORT, 100), (clock.BENEFIT, 5), (clock.SELF_SUPPORT, 10)]
    state = live(runs, 52, 156, True)
    assert state[0] == 5
    assert clock.marked_weeks(*state[1:]) == 10


def test_frozen_weeks_move_nothing_but_the_window() -> None:
    state = live([(clock.BENEFIT, 5), (clock.SELF_SUPPORT, 20), (clock.FROZEN, 136)], 52, 156, True)
    assert state[0] == 5
    assert clock.marked_weeks(*state[1:]) == 20
    assert clock.marked_weeks(*clock.other_weeks(*state, 1)[1:]) == 19
    assert clock.other_weeks(*state, 156) == (5, 0, 0, 0)


def test_words_stay_in_52_bits() -> None:
    state: State = (1, 0, 0, 0)
    for _ in range(200):
        state = clock.self_support_weeks(*state, 37, 1000)
        state = clock.other_weeks(*state, 5)
        assert all(0 <= word < 1 << clock.WORD_BITS for word in state[1:])
