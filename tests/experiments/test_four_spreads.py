"""Spreads of effects whose truth is known: drawn effects plus luck of known size."""

import math

import numpy as np
import pytest

from experiments.four_spreads import ENOUGH_FOR_95, dominating, sequence_half_width, spreads

EFFECT, KNOWLEDGE, LUCK, LEVEL = -20.0, 6.0, 4.0, 50.0


def study(seed: int, draws: int, repeated: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Differences and base values of a made-up experiment: the first `repeated` draws twice."""
    rng = np.random.default_rng(seed)
    number = np.concatenate([np.arange(draws), np.arange(repeated)])
    effect = EFFECT + KNOWLEDGE * rng.standard_normal(draws)
    difference = effect[number] + LUCK * rng.standard_normal(number.size)
    return difference, 1000.0 + LEVEL * rng.standard_normal(number.size), number


def test_known_spreads_are_found() -> None:
    """400 draws, 100 of them twice: each figure within three of its standard errors."""
    found = spreads(*study(1, 400, 100))
    assert found.mean == pytest.approx(EFFECT, abs=3 * 7.2 / 20)
    assert found.calculation_error == pytest.approx(1.96 * math.hypot(KNOWLEDGE, LUCK) / 20, rel=0.15)
    assert found.knowledge_80 is not None and found.knowledge_95 is not None
    assert found.knowledge_half == pytest.approx(1.2816 * KNOWLEDGE, rel=0.15)
    assert (found.knowledge_95[1] - found.knowledge_95[0]) / 2 == pytest.approx(1.96 * KNOWLEDGE, rel=0.2)
    assert found.luck == pytest.approx(1.96 * LEVEL, rel=0.25)
    assert (found.pairs, found.draws) == (500, 400)


def test_luck_alone_is_no_knowledge() -> None:
    """An effect that does not depend on the draw: what runs differ by is not printed as what is unknown."""
    rng = np.random.default_rng(2)
    number = np.concatenate([np.arange(200), np.arange(200)])
    found = spreads(EFFECT + LUCK * rng.standard_normal(400), np.zeros(400), number)
    assert found.knowledge_half < 0.5 * LUCK
    assert found.noise_share > 0.75


def test_what_cannot_be_told_from_luck_gets_no_width() -> None:
    """Pairs on one draw differ more than the draws do: an interval of no width would be a lie."""
    number = np.array([0, 1, 2, 3, 0, 1])
    found = spreads(np.array([9.0, -9.0, 1.0, -1.0, -9.0, 9.0]), np.zeros(6), number)
    assert found.knowledge_80 is None and found.draws == 4
    assert "cannot be told from luck" in dominating(found)


def test_exactly_nothing_has_no_spread() -> None:
    found = spreads(np.zeros(50), np.full(50, 7.0), np.arange(50))
    assert (found.mean, found.calculation_error, found.knowledge_80, found.knowledge_95) == (
        0,
        0,
        (0, 0),
        (0, 0),
    )


def test_few_draws_give_no_95_and_no_draws_give_no_interval() -> None:
    few = spreads(*study(3, ENOUGH_FOR_95 - 1, 8))
    assert few.knowledge_80 is not None and few.knowledge_95 is None
    difference, base, _ = study(3, 30, 0)
    central = spreads(difference, base, np.full(30, -1))
    assert central.knowledge_80 is None and central.knowledge_95 is None
    assert central.calculation_error == pytest.approx(2.0452 * np.std(difference, ddof=1) / math.sqrt(30))
    assert dominating(central).startswith("Nothing was drawn")


def test_pairs_not_known_are_left_out() -> None:
    difference, base, number = study(4, 60, 10)
    holes = difference.copy()
    holes[[3, 40]] = np.nan
    keep = np.isfinite(holes)
    assert spreads(holes, base, number) == spreads(difference[keep], base[keep], number[keep])
    with pytest.raises(ValueError, match="no pair"):
        spreads(np.full(3, np.nan), np.zeros(3), np.arange(3))


def test_the_sentence_names_the_largest_spread() -> None:
    assert dominating(spreads(*study(5, 200, 50))).startswith("Luck is the largest")
    difference, base, number = study(5, 200, 50)
    assert dominating(spreads(difference, base / 1000.0, number)).startswith("What is not known")
    assert spreads(difference[:9], base[:9], number[:9]).knowledge_80 is None  # no draw is repeated


def test_a_confidence_sequence_covers_at_every_look() -> None:
    """1,500 sequences of 200 values, looked at from the 10th on: at most 5 % ever exclude the truth (bound: +3 s.e.).

    A fixed 95 % interval looked at as often fails far more, so the test can tell them apart.
    """
    rng = np.random.default_rng(6)
    values = rng.standard_normal((1500, 200))
    n = np.arange(1, 201)
    mean = values.cumsum(axis=1) / n
    square = (values**2).cumsum(axis=1) / n - mean**2
    sd = np.sqrt(np.maximum(square, 0) * n / np.maximum(n - 1, 1))
    half = np.array([min(sequence_half_width(1.0, int(k), 200), 1e9) for k in n])
    looks = slice(9, None)
    ever = (np.abs(mean) > half * sd)[:, looks].any(axis=1).mean()
    naive = (np.abs(mean) > 1.96 * sd / np.sqrt(n))[:, looks].any(axis=1).mean()
    assert ever < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 1500)
    assert naive > 0.15
    assert half[-1] < 2.2 * 1.96 / math.sqrt(200)  # honest, and not twice as wide as it need be
    assert sequence_half_width(1.0, 1, 200) == math.inf
