"""A made-up decision whose answer is known: two strategies, one good when x is high; luck in every pair."""

import numpy as np

from experiments.decisions.answer import Decision, Pairs

PRIORS = {"evidence range": 1.0, "half": 0.5, "double": 2.0}
NAMES = ("good_if_x", "dear")


def decision(draws: int = 120, repeats: int = 40, luck: float = 1.0, seed: int = 5) -> Decision:
    """Strategy one saves x mio. kr. (x from -1 to 3 over the draws), strategy two always costs 2.5; weeks follow x."""
    chance = np.random.default_rng(seed)
    x = chance.uniform(-1, 3, draws)
    y = chance.uniform(0, 1, draws)
    draw = np.concatenate([np.arange(draws), np.arange(repeats)])
    zero = np.zeros(draws)

    def both(one: np.ndarray, two: np.ndarray) -> np.ndarray:
        return np.stack([one, two], axis=1)

    columns = [
        both(-x, zero + 2.5) * 1e6,  # municipal
        both(zero, zero + 1) * 1e6,  # state
        both(x + 2, zero + 0.1),  # persons in work
        both(-(x + 2), zero),  # on support
        both(zero + 2, zero + 2) * 1e6,  # spent
        both(zero + 1, zero + 1) * 1e6,  # first year
        both(-x - 1, zero + 1.5) * 1e6,  # second year
    ]
    truth = np.stack(columns, axis=1)[draw]
    spread = np.array([0.3e6, 0.3e6, 0.3, 0.3, 0.1e6, 0.1e6, 0.3e6])[:, None]
    values = truth + luck * spread * chance.normal(0, 1, truth.shape)
    return Decision(NAMES, {"cheap": "C"}, Pairs(values, draw, 104), {"group.x": x, "group.y": y}, PRIORS)


def like_ten_million(knowledge: float, seed: int, luck: float = 1.0) -> Pairs:
    """100 pairs, 81 draws, three strategies, five years, as `ten_million` has them. What is not known of the municipal
    effect has standard deviation `knowledge`, luck of one pair `luck`; the mean is 0; outcomes go with each other as
    money does."""
    chance = np.random.default_rng(seed)

    def world(rows: int, scale: float) -> np.ndarray:
        years = chance.normal(size=(rows, 5, 3)) / np.sqrt(5)
        municipal = years.sum(axis=1)
        other = chance.normal(size=(4, rows, 3))
        weeks = -0.7 * municipal + 0.7 * other[0]
        support, state, spent = (
            -0.9 * weeks + 0.4 * other[1],
            0.6 * municipal + 0.8 * other[2],
            0.1 * other[3],
        )
        return scale * np.concatenate(
            [np.stack([municipal, state, weeks, support, spent], axis=1), years], axis=1
        )

    draw = np.concatenate([np.arange(81), np.arange(19)])
    return Pairs(world(81, knowledge)[draw] + world(100, luck), draw, 260)
