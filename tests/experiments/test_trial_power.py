"""The power curve of a trial: textbook values, the same numbers in table and figure, and when there is none."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from trials import trial_world

from experiments.evaluator import Estimate, found, needed_size, power_of
from experiments.trial import Arms, Pair, Study
from experiments.trial_power import WANTED, curve_frame, curves, power_figures
from experiments.trial_summary import powers

OUTCOMES = ("in_job_13_share", "in_job_26_share", "weeks_on_support_13", "weeks_on_support_26")
EFFECT, SD, SIZE, SEEDS = 0.10, 0.5, 400, 60


def made_study(effect: float = EFFECT, size: int = SIZE, **trial: object) -> Study:
    """A study nobody simulated: every evaluator finds `effect` with luck of its own, and the same luck without it."""
    scenario = trial_world(size=size, **trial)
    assert scenario.trial is not None
    error = SD * math.sqrt(4.0 / size)
    luck = np.random.default_rng(7)
    pairs = []
    for seed in range(1, SEEDS + 1):
        off, wobble = luck.normal(0, error), luck.normal(0, 0.01)
        given, nothing = (
            Arms(
                size // 2,
                size // 2,
                {name: Estimate(0.5, d, error, abs(d) > 1.96 * error) for name in OUTCOMES},
                {},
            )
            for d in (effect + wobble + off, off)
        )
        pairs.append(Pair(seed, size, given, nothing, {}))
    return Study(scenario, scenario.trial, (size,), tuple(range(1, SEEDS + 1)), pairs)


@pytest.mark.parametrize(("z", "power"), [(0.0, 0.05), (1.959964, 0.50), (2.801585, 0.80), (4.0, 0.9793)])
def test_power_is_the_textbook_one(z: float, power: float) -> None:
    assert power_of(z * 0.3, 0.3) == pytest.approx(power, abs=5e-4)
    assert power_of(-z * 0.3, 0.3) == pytest.approx(power_of(z * 0.3, 0.3))


def test_luck_of_the_lot_is_taken_off() -> None:
    luck = np.array([-0.4, 0.1, 0.3, -0.2])
    one = found(0.2 + luck, np.full(4, 0.3), luck)
    assert one.effect == pytest.approx(0.2) and one.error == pytest.approx(0, abs=1e-12)
    assert one.standard_error == pytest.approx(0.3)
    assert math.isnan(found(luck[:1], luck[:1], luck[:1]).effect)


def test_the_curve_rises_and_crosses_80_per_cent_where_the_table_says() -> None:
    study = made_study()
    assert [one.outcome for one in curves(study)] == list(OUTCOMES)
    for curve, row in zip(curves(study), powers(study), strict=True):
        assert (
            np.all(np.diff(curve.power) > 0)
            and np.all(curve.low <= curve.power)
            and np.all(curve.power <= curve.high)
        )
        assert np.interp(row.needed.persons / 2.0, curve.per_arm, curve.power) == pytest.approx(
            WANTED, abs=0.01
        )
        # Twice the effect needs a quarter of the persons.
        assert needed_size(
            400, *(np.array(x) for x in ([0.2, 0.2], [0.05, 0.05], [0.0, 0.0]))
        ).persons == pytest.approx(
            needed_size(400, *(np.array(x) for x in ([0.1, 0.1], [0.05, 0.05], [0.0, 0.0]))).persons / 4
        )


def test_the_curve_goes_through_the_simulated_trials() -> None:
    """The share of simulated trials that reject agrees with the curve at that size, within its Monte-Carlo error."""
    study = made_study()
    for curve, row in zip(curves(study), powers(study), strict=True):
        at = float(np.interp(SIZE / 2.0, curve.per_arm, curve.power))
        assert row.power.low - 0.02 <= at <= row.power.high + 0.02


def test_figure_and_table_say_the_same() -> None:
    study = made_study()
    files = power_figures(study)
    assert files["trial_power.png"].startswith(b"\x89PNG")
    assert files == power_figures(study), "the same bytes each time"
    text = files["trial_power.svg"].decode()
    words = [re.sub(r"\s+", " ", word) for word in re.findall(r">([^<>]+)</text>", text)]
    table = curve_frame(study)
    own = table[table.persons_per_arm == SIZE / 2]
    assert len(own) == len(OUTCOMES)
    assert sorted(word for word in words if word.startswith("this trial")) == sorted(
        f"this trial: {SIZE // 2} per arm, {100 * power:.0f} %" for power in own.power
    )
    assert sorted(word for word in words if word.startswith("80 % at")) == sorted(
        f"80 % at {row.needed.persons / 2:,.0f}" for row in powers(study)
    )


def test_an_effect_that_may_be_nothing_has_a_band_down_to_false_alarms() -> None:
    study = made_study(effect=0.0)
    for curve in curves(study):
        assert curve.low == pytest.approx(0.05, abs=1e-3)
    assert "80 % at" not in power_figures(study)["trial_power.svg"].decode()


def test_lots_by_caseworker_have_no_curve() -> None:
    study = made_study()
    by_team = replace(study, trial=study.trial.model_copy(update={"by": "team"}))
    assert curves(by_team) == [] and curve_frame(by_team).empty
    assert "no curve: lots by caseworker" in power_figures(by_team)["trial_power.svg"].decode()
