"""Calculation error and pairing against known answers."""

import numpy as np
import pytest

from experiments.spread import paired
from sim.records.student import t_95


@pytest.mark.parametrize("df", [1, 2, 9, 19, 30, 31, 45, 99, 1000])
def test_t_is_students(df: int) -> None:
    from scipy.stats import t

    assert t_95(df) == pytest.approx(t.ppf(0.975, df), rel=2e-4)


def test_paired_interval_is_the_t_interval_of_the_mean_difference() -> None:
    base = np.array([[10.0], [20.0], [30.0], [40.0]])
    other = base + np.array([[1.0], [2.0], [3.0], [2.0]])
    found = paired(base, other)
    assert found.baseline[0] == 25 and found.difference[0] == 2 and found.runs[0] == 4
    assert found.half_width[0] == pytest.approx(3.1824 * np.sqrt(2 / 3) / 2, rel=1e-4)
    assert found.variance_removed[0] == pytest.approx(
        1 - (2 / 3) / (np.var(base, ddof=1) + np.var(other, ddof=1))
    )


def test_identical_runs_differ_by_exactly_nothing() -> None:
    table = np.random.default_rng(1).normal(1e9, 1e7, (3, 50))
    found = paired(table, table.copy())
    assert (
        (found.difference == 0).all()
        and (found.half_width == 0).all()
        and (found.variance_removed == 1).all()
    )


def test_one_run_states_no_error() -> None:
    found = paired(np.array([[1.0]]), np.array([[3.0]]))
    assert found.difference[0] == 2 and np.isnan(found.half_width[0]) and np.isnan(found.variance_removed[0])


def test_unknown_shares_are_left_out_of_their_pairs() -> None:
    base = np.array([[1.0, np.nan], [2.0, np.nan], [np.nan, np.nan]])
    other = np.array([[2.0, 1.0], [3.0, 1.0], [9.0, 1.0]])
    found = paired(base, other)
    assert list(found.runs) == [2, 0]
    assert found.difference[0] == 1 and np.isnan(found.difference[1])


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    """95 % of intervals of 8 pairs hold the true difference; in 4,000 tries a false alarm is rarer than 1 in 10,000."""
    luck = np.random.default_rng(7)
    base = luck.normal(0, 5, (8, 4_000))
    found = paired(base, base + 1.0 + luck.normal(0, 1, base.shape))
    inside = np.abs(found.difference - 1.0) <= found.half_width
    assert 0.936 < inside.mean() < 0.964
    assert 0.97 < np.median(found.variance_removed) < 0.995
