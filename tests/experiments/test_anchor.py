"""Levels stay where they were fitted: stocks under a draw, before and after anchoring, by simulation."""

import numpy as np
import pytest

from experiments import anchor
from experiments.draws import draw, ranges
from sim.scenario import load


def test_nothing_drawn_is_nothing_anchored() -> None:
    assert anchor.anchored(load("baseline"), {}) == {}


def test_levels_are_those_of_the_benefit_and_are_multiplied() -> None:
    scenario = load("baseline")
    levels = anchor.levels(scenario, {"search.dagpenge": 0.06}, {"dagpenge": np.log(1.5)})
    assert levels["search.dagpenge"] == pytest.approx(0.09)
    assert levels["exits.dagpenge_to_outside"] == pytest.approx(
        1.5 * scenario.behaviour["exits.dagpenge_to_outside"]
    )
    assert all("dagpenge" in name and "sygedagpenge." not in name for name in levels)
    every = anchor.levels(scenario, {}, dict.fromkeys(anchor.PREFIX, 0.0))
    assert len(every) > 40 and all(value == scenario.behaviour[name] for name, value in every.items())


@pytest.mark.slow
def test_ten_draws_leave_the_stocks_within_tolerance() -> None:
    """Slagelse whole, ten draws: dagpenge and cash benefit within 15 %, as the fit targets ask, and nearer than
    before."""
    plain = anchor.without_levers(load("baseline"))
    known = ranges(plain)
    central = anchor.central(plain).stocks
    before, after = [], []
    for number in range(10):
        values = draw(known, number)
        before.append(np.log(anchor.stocks(plain, values) / central))
        after.append(np.log(anchor.stocks(plain, anchor.anchored(plain, values)) / central))
    large = central > 200
    assert np.abs(np.array(after)[:, large]).max() < 0.15
    spread = [np.sqrt(np.mean(np.array(moved)[:, large] ** 2)) for moved in (before, after)]
    assert spread[1] < 0.75 * spread[0]
