"""Decisions under uncertainty on made-up draws whose answer is known."""

import numpy as np
import pytest

from experiments.decisions import value
from experiments.decisions.knowledge import without_luck
from experiments.money import choices


def test_luck_does_not_send_the_probability_best_towards_equal_shares() -> None:
    """Three strategies, the first better in 97.7 % of draws; luck five times as wide as knowledge hides it."""
    chance = np.random.default_rng(7)
    draws, repeats = 400, 200
    truth = np.column_stack(
        [chance.normal(-2, 1, draws), chance.normal(5, 0.5, draws), chance.normal(5, 0.5, draws)]
    )
    draw = np.concatenate([np.arange(draws), np.arange(repeats)])
    seen = truth[draw] + chance.normal(0, 5, (draws + repeats, 3))

    def best(cost: np.ndarray) -> float:
        return choices({str(k): cost[:, k] for k in range(3)})["0"].probability_best

    noisy, clean = best(seen), best(without_luck(seen, draw))
    assert best(truth) == pytest.approx(0.977, abs=0.02)
    assert noisy < 0.65
    assert clean > 0.85


def test_knowledge_keeps_means_and_has_the_spread_that_is_left() -> None:
    chance = np.random.default_rng(3)
    truth = chance.normal(0, 1, (600, 2)) @ np.array([[2.0, 1.0], [0.0, 1000.0]]) + [3.0, 10.0]
    draw = np.concatenate([np.arange(600), np.arange(300)])
    seen = truth[draw] + chance.normal(0, 1, (900, 2)) * [2.0, 500.0]
    found = without_luck(seen, draw)
    assert found.std(axis=0) == pytest.approx(truth.std(axis=0), rel=0.12)
    assert found.mean(axis=0) == pytest.approx(truth.mean(axis=0), abs=100.0)
    assert np.corrcoef(found[:, 0], truth[:, 0])[0, 1] > 0.7


def test_without_repeats_luck_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="repeat a draw"):
        without_luck(np.ones((20, 2)), np.arange(20))


def test_value_of_information_of_a_linear_gaussian_decision() -> None:
    """Act for 3 x + 4 y + 0 or not: perfect information is worth 5 / sqrt(2 pi), x alone 3, a trial of x as its se."""
    chance = np.random.default_rng(1)
    x, y, nothing = chance.normal(0, 1, (3, 2000))
    x, y = x - x.mean(), y - y.mean()
    benefit = np.column_stack([np.zeros(2000), 3 * x + 4 * y])
    unit = 1 / np.sqrt(2 * np.pi)
    assert value.perfect(benefit) == pytest.approx(5 * unit, rel=0.05)
    found, _ = value.partial(benefit, x)
    assert found == pytest.approx(3 * unit, rel=0.1)
    empty, chance_finds = value.partial(benefit, nothing)
    assert empty < 0.3 * unit and chance_finds < 0.5 * unit
    assert value.trial(benefit, x, 0.0) == pytest.approx(3 * unit, rel=0.08)
    assert value.trial(benefit, x, 1.0) == pytest.approx(3 * unit / np.sqrt(2), rel=0.08)
    assert value.trial(benefit, x, 100.0) < 0.1 * unit


def test_a_wider_prior_makes_knowledge_worth_more() -> None:
    benefit = np.column_stack([np.zeros(500), np.random.default_rng(2).normal(-1, 1, 500)])
    half, plain, double = (value.perfect(value.widened(benefit, f)) for f in (0.5, 1.0, 2.0))
    assert half < 0.2 * plain < 0.2 * double / 2
