"""Draws of a file as points: which columns move the base, whoever asks for which of them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.experiment_file import load_experiment
from experiments.sensitivity.posterior import check_method, check_structure, factors_of_draws
from experiments.sensitivity.study import of_scenarios
from sim.errors import UserError


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


@pytest.mark.parametrize("option", ["--groups", "--scenario-as-factor"])
def test_what_chooses_other_factors_than_columns_is_refused(option: str) -> None:
    check_method("pawn", {"--groups": None, "--scenario-as-factor": False})
    with pytest.raises(UserError, match=f"{option} has no meaning with --draws"):
        check_method("pawn", {option: "levels"})


def test_variants_that_would_have_to_be_lived_are_refused(tmp_path: Path) -> None:
    text = "base: baseline\nscenarios: [early_intervention]\nvariants:\n  {variant}\n"
    (tmp_path / "small.yaml").write_text(text.format(variant='flat: ["law.refusion=flat_50"]'))
    check_structure(
        load_experiment(str(tmp_path / "small.yaml"))
    )  # a context: every draw is costed under it too
    (tmp_path / "small.yaml").write_text(
        text.format(variant='answering: ["behaviour.market.posting_response=1"]')
    )
    with pytest.raises(UserError, match="variants: answering cannot be chosen by a file of draws"):
        check_structure(load_experiment(str(tmp_path / "small.yaml")))
