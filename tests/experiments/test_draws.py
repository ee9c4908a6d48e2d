"""What is drawn, from which distribution, and that a draw is addressed by number and name alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.draws import LEVEL_GROUPS, Range, draw, ranges, read_posterior
from sim.errors import UserError
from sim.scenario import load

PARTS = (np.arange(20_000) + 0.5) / 20_000


@pytest.mark.parametrize(
    ("known", "low", "middle", "high"),
    [
        (Range(2.0, 1.0, 4.0, "lognormal"), 1.0, 2.0, 4.0),
        (Range(0.9, 0.78, 1.0, "lognormal"), 0.78, 0.9, 1.0),
        (Range(5.0, 0.0, 10.0, "lognormal"), 0.0, 5.0, 10.0),
    ],
)
def test_one_draw_in_twenty_lies_beyond_either_end_of_a_lognormal(
    known: Range, low: float, middle: float, high: float
) -> None:
    values = np.array([known.at(u) for u in PARTS])
    assert np.quantile(values, [0.05, 0.5, 0.95]) == pytest.approx([low, middle, high], abs=2e-3)
    assert (values >= 0).all()
    assert (np.diff(values) >= 0).all()


@settings(max_examples=100, deadline=None)
@given(
    st.floats(-5, 5), st.floats(0, 5), st.floats(0, 5), st.sampled_from(["uniform", "triangular", "fixed"])
)
def test_limits_are_limits(value: float, below: float, above: float, distribution: str) -> None:
    known = Range(value, value - below, value + above, distribution)
    for u in (1e-9, 0.2, 0.5, 0.8, 1 - 1e-9):
        assert known.low - 1e-9 <= known.at(u) <= known.high + 1e-9


def test_a_triangle_has_its_mean() -> None:
    known = Range(2.0, 1.0, 6.0, "triangular")
    assert np.mean([known.at(u) for u in PARTS]) == pytest.approx((1 + 2 + 6) / 3, rel=1e-3)


def test_levels_are_not_drawn_and_effects_are() -> None:
    scenario = load("baseline")
    names = set(ranges(scenario))
    assert not any(name.split(".")[0] in LEVEL_GROUPS for name in names)
    assert "search.dagpenge" not in names
    assert {"effects.meetings_jobready.contrast", "effects.caseworker_change.contrast"} <= names
    assert {"implementation.effect_factor", "market.posting_response", "trust.gain"} <= names
    drawn = scenario.with_behaviour(draw(ranges(scenario), 3))
    assert (
        drawn.effects["caseworker_change"].contrast.value
        != scenario.effects["caseworker_change"].contrast.value
    )
    assert drawn.canonical() != scenario.canonical()


def test_a_parameter_more_changes_no_other() -> None:
    known = ranges(load("baseline"))
    fewer = {name: known[name] for name in list(known)[::2]}
    whole = draw(known, 7)
    assert draw(fewer, 7) == {name: whole[name] for name in fewer}
    assert draw(known, 8) != whole


def test_the_implementation_draw_has_a_log_standard_deviation_of_three_tenths() -> None:
    known = ranges(load("baseline"))["implementation.effect_factor"]
    logs = np.log([known.at(u) for u in PARTS])
    assert logs.std() == pytest.approx(0.3, abs=0.005)
    assert logs.mean() == pytest.approx(0.0, abs=0.005)


def test_a_posterior_is_read_and_its_mistakes_are_told(tmp_path) -> None:  # type: ignore[no-untyped-def]
    scenario = load("baseline")
    path = tmp_path / "posterior.csv"
    path.write_text("trust.gain,effects.caseworker_change.contrast\n0.2,0.8\n0.4,0.95\n")
    assert read_posterior(str(path), scenario)[1] == {
        "trust.gain": 0.4,
        "effects.caseworker_change.contrast": 0.95,
    }
    for text, told in (
        ("trust.gian\n0.2\n", "trust.gian"),
        ("trust.gain\n\n", "holds no draw"),
        ("trust.gain\nnan\n0.2\n", "row 1: 'trust.gain' is not a finite number"),
    ):
        path.write_text(text)
        with pytest.raises(UserError, match=told):
            read_posterior(str(path), scenario)
    with pytest.raises(UserError, match="no such file"):
        read_posterior("nowhere.csv", scenario)
