"""What a decision says of luck alone: made-up pairs of the shipped size in which the truth is known.

Seeds are fixed. "In so many of so many" bounds are set so that right code would break them in fewer than 1 % of sets
of seeds; what was measured stands beside them.
"""

import numpy as np
import pytest
from made_decision import PRIORS, like_ten_million

from experiments.decisions import value
from experiments.decisions.answer import Decision, Effects, Pairs, check
from experiments.decisions.pilot import Reach, pilots
from experiments.decisions.precision import share_reach
from experiments.decisions.question import Trials
from experiments.experiment_file import load_experiment
from experiments.money import choices


def test_little_luck_is_left_at_the_size_that_is_run() -> None:
    """All is luck, variance 0.88 over draws' means. Left in 60 seeds: 0.20, with all outcomes in one 0.35."""
    left, perfect = [], []
    for seed in range(20):
        found = Effects(like_ten_million(0.0, seed))
        left.append(found.municipal.var(axis=0, ddof=1).mean())
        perfect.append(value.perfect(found.benefit()))
    assert np.mean(left) < 0.26  # 20 seeds: standard error 0.02
    assert np.mean(perfect) < 0.33  # 0.26 of an sd of luck; 0.42 with all outcomes in one


def test_knowledge_is_left_as_wide_as_it_is() -> None:
    """Variance of what is not known 1 beside luck of 1: 1.03 found in 60 seeds."""
    found = [Effects(like_ten_million(1.0, seed)).municipal.var(axis=0, ddof=1).mean() for seed in range(20)]
    assert np.mean(found) == pytest.approx(1.0, abs=0.12)


def test_what_is_surely_best_is_best_in_most_draws() -> None:
    """Nothing is unknown, one strategy saves 0.6 sd of luck, two cost as much: best in 100 %, found 0.89 (was 0.80)."""
    shares = []
    for seed in range(30):
        pairs = like_ten_million(0.0, seed)
        pairs.values[:, 0] += [-0.6, 0.6, 0.6]
        cost = Effects(pairs).municipal
        shares.append(choices({str(k): cost[:, k] for k in range(3)})["0"].probability_best)
    assert np.mean(shares) > 0.84


def test_every_year_end_adds_up_and_a_trial_sees_the_same_luck_in_money_and_weeks() -> None:
    pairs = like_ten_million(1.0, 1)
    found = Effects(pairs)
    means = np.array([pairs.values[pairs.draw == draw].mean(axis=0) for draw in range(81)]).mean(axis=0)
    assert found.by_year.shape == (81, 3, 6)  # nothing is left of the horizon after five years
    assert found.by_year.mean(axis=0).T == pytest.approx(np.vstack([means[5:], np.zeros(3)]), abs=1e-9)
    benefit, support = found.with_support_weeks(2)
    assert benefit[:, 1:].mean(axis=0) == pytest.approx(-means[0])
    assert support.mean() == pytest.approx(260 * means[3, 2])


def test_who_has_paid_back_at_the_horizon_is_who_beats_doing_nothing() -> None:
    """One year-end by itself shrinks to its mean (little is unknown), all strategies together do not."""
    for seed in range(2):
        pairs = like_ten_million(0.2, seed)
        pairs.values[:] *= 1e6  # kroner, as half an øre is nothing
        found = Decision(("a", "b", "c"), {}, pairs, {}, PRIORS)
        beats = dict(zip(found.names, (found.known.municipal < 0.0).mean(axis=0), strict=True))
        for name, paid in found.money().items():
            assert paid["not_within_horizon"] == pytest.approx(1.0 - beats[name])
            within = [paid["payback_within"][year] for year in (1, 2, 3, 4)]
            assert within == sorted(within) and within[-1] <= beats[name]
            assert found.errors[f"payback/4/{name}"] >= share_reach(within[3], 81)
            assert found.errors[f"payback/never/{name}"] >= share_reach(1.0 - beats[name], 81)


def test_weeks_after_the_last_year_end_are_of_the_horizon() -> None:
    """Paid back at both year-ends, and more than lost again in the weeks after them."""
    pairs = like_ten_million(0.0, 1, luck=0.01)
    pairs.values[:, 5:] -= 1.0
    pairs.values[:, 0] += 1.0
    chances = Effects(Pairs(pairs.values[:, :7], pairs.draw, 130)).payback(0)
    assert chances.not_within_horizon == 1.0 and chances.within[2] == 0.0 and np.isnan(chances.within[3])


def test_luck_that_stays_is_said_beside_the_value_of_perfect_information() -> None:
    """All is luck: no more than what shuffled draws give in 95 of 100 cases. 10 seeds: 4 or more above in 0.1 %."""

    def told(pairs: Pairs) -> bool:
        found = Decision(("a", "b", "c"), {}, pairs, {}, PRIORS).information
        return bool(found["perfect"]["evidence range"] > found["perfect_by_chance"]["evidence range"])

    assert sum(told(like_ten_million(0.0, seed)) for seed in range(10)) <= 3
    assert told(like_ten_million(2.0, 1))


def test_the_shipped_decision_has_enough_repeats() -> None:
    check(load_experiment("ten_million"))


# ---- many parameters --------------------------------------------------------------------------------


def test_the_largest_of_many_idle_parameters_is_marked_as_chance() -> None:
    """12 parameters, none of influence: 5 % of sets may show one; a 90 % bound of each shows one in 72 %.
    6 sets: 3 or more in 0.2 %."""
    shown = 0
    for seed in range(6):
        chance = np.random.default_rng(seed)
        benefit = np.column_stack([np.zeros(81), chance.normal(size=(81, 3))])
        parts = {str(k): value.partial(benefit, chance.normal(size=81)) for k in range(12)}
        bounds = value.bounds_by_chance(parts)
        shown += any(part.kr > bounds[name] for name, part in parts.items())
    assert shown <= 2


def test_a_parameter_of_influence_is_found_among_idle_ones() -> None:
    z = np.random.default_rng(3).normal(size=(81, 15))
    benefit = np.column_stack([np.zeros(81), z[:, 0] + np.random.default_rng(4).normal(size=81)])
    parts = {str(k): value.partial(benefit, z[:, k]) for k in range(15)}
    bounds = value.bounds_by_chance(parts)
    assert [name for name, part in parts.items() if part.kr > bounds[name]] == ["0"]


# ---- how sure -----------------------------------------------------------------------------------------------------


def test_a_trial_worth_its_price_is_seldom_called_not_worth_it() -> None:
    """A trial at the price it is truly worth (0.042, found from 400,000 draws): called not worth it in 5 % of 100 sets
    of 81 draws, in 52 % without an error (below 0.9 of it). 10 sets: 4 or more in 0.1 %."""
    trials = Trials.model_validate({"persons_per_arm": [100], "fixed_kr": 0, "kr_per_person": 0})
    reach, called = {"a": Reach(100.0, 0.0, 0.52 * np.sqrt(50))}, 0
    for seed in range(1, 11):
        chance = np.random.default_rng(seed)
        effect, other = chance.normal(size=81), chance.normal(size=(81, 2))
        draw = np.concatenate([np.arange(81), np.arange(19)])
        truth = np.zeros((81, 6, 2))
        truth[:, 0] = np.column_stack([0.6 - 0.8 * effect - 0.6 * other[:, 0], 0.5 - 0.9 * other[:, 1]])
        truth[:, 3, 0] = -effect
        values = truth[draw]
        values[:, [0, 3]] += 0.3 * chance.normal(size=(100, 2, 2))
        (one,) = pilots(("a", "b"), Pairs(values, draw, 52), reach, trials, {"x": 1.0})
        assert one.error_kr["x"] > 0.0
        called += one.worth_kr["x"] + one.error_kr["x"] < 0.042
    assert called <= 3


def test_a_share_of_nothing_is_not_nothing() -> None:
    assert share_reach(0.0, 81) == pytest.approx(0.0453, abs=1e-4)  # z^2 / (n + z^2)
    assert share_reach(1.0, 81) == pytest.approx(share_reach(0.0, 81))
    assert share_reach(0.5, 81) == pytest.approx(1.96 * np.sqrt(0.25 / 81), rel=0.03)
    pairs = like_ten_million(0.0, 1)
    pairs.values[:, 0] += [-50.0, 50.0, 50.0]
    errors = Decision(("a", "b", "c"), {}, pairs, {}, PRIORS).errors
    for name in ("a", "b", "do nothing"):
        assert errors[f"best/municipality/{name}"] == pytest.approx(0.0453, abs=1e-4)
