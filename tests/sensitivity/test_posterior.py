"""Draws of a file as points: which columns move the base, whoever asks for which of them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.sensitivity.posterior import factors_of_draws
from experiments.sensitivity.study import of_scenarios


@pytest.fixture
def draws(tmp_path: Path) -> Path:
    lots = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "trust.gain": lots.uniform(0.05, 0.15, 30),
            "trust.usual": lots.uniform(0.4, 0.6, 30),
            "contact.memory_weeks": lots.uniform(10.0, 20.0, 30),
            "search.dagpenge": lots.uniform(0.04, 0.06, 30),
        }
    )
    frame.to_csv(tmp_path / "draws.csv", index=False)
    return tmp_path / "draws.csv"


def test_levels_are_put_back_after_every_column_whichever_factors_are_asked_for(draws: Path) -> None:
    experiment = of_scenarios(["baseline", "early_intervention"], ["world.share=0.01"])
    whole = factors_of_draws(experiment, draws)
    some = factors_of_draws(experiment, draws, only=("trust.gain", "trust.usual"))
    assert [factor.name for factor in some.factors] == ["trust.gain", "trust.usual"]
    moving = {"trust.gain", "trust.usual", "contact.memory_weeks"}
    assert set(some.ranges) == set(whole.ranges) == moving, "levels themselves are never put back"
    assert some.runs(experiment, 1, None).ranges == whole.ranges
    assert [run.keys for run in some.runs(experiment, 1, None).runs] == [
        run.keys for run in whole.runs(experiment, 1, None).runs
    ], "the same points are the same runs"
