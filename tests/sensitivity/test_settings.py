"""Values laid over a scenario without reading files give what `load` with the same overrides gives."""

from pathlib import Path

import pytest

from experiments.experiment_file import load_experiment
from experiments.sensitivity.factors import GROUPS, Factor, factors_of, point_of
from experiments.sensitivity.settings import with_settings
from sim.errors import UserError
from sim.scenario import load


@pytest.fixture(scope="module")
def factors() -> list[Factor]:
    experiment = load_experiment("sensitivity_three_levers")
    return [factor for factor in factors_of(experiment, GROUPS) if factor.in_files]


def test_every_factor_of_the_files_is_laid_as_load_lays_it(factors: list[Factor]) -> None:
    assert len(factors) > 30
    plain = load("early_intervention")
    before = plain.canonical()
    for factor in factors:
        ends = []
        for u in (0.1, 0.9):
            settings = point_of([factor], [u], screening=False).settings
            [(name, text)] = settings.items()
            ends.append(with_settings(plain, settings).canonical())
            assert ends[-1] == load("early_intervention", overrides=[f"{name}={text}"]).canonical(), name
        assert ends[0] != ends[1], factor.name
    assert plain.canonical() == before


def test_all_together_and_with_the_law_of_the_years_before(factors: list[Factor]) -> None:
    settings = point_of(factors, [0.7] * len(factors), screening=False).settings
    laid = with_settings(load("baseline"), settings)
    read = load("baseline", overrides=[f"{name}={text}" for name, text in settings.items()])
    assert laid.canonical() == read.canonical()
    assert laid.law.without_refusion_context.values == read.law.without_refusion_context.values


def test_a_value_elsewhere_is_read_as_load_reads_it() -> None:
    plain = load("early_intervention", overrides=["weeks=52"])
    settings = {"levers.early_intervention.until_week": "52", "municipality.prices.course_week_kr": "1700"}
    changes = ["weeks=52", *(f"{name}={text}" for name, text in settings.items())]
    assert (
        with_settings(plain, settings).canonical()
        == load("early_intervention", overrides=changes).canonical()
    )


def test_a_value_elsewhere_stays_on_the_ground_the_scenario_was_laid_on() -> None:
    plain = load("early_intervention@slagelse_2024", overrides=["weeks=52"])
    settings = {"prices.rate_index_per_year": "0.03"}
    read = load("early_intervention@slagelse_2024", overrides=["weeks=52", "prices.rate_index_per_year=0.03"])
    laid = with_settings(plain, settings)
    assert laid.canonical() == read.canonical() and laid.start_week == plain.start_week
    assert laid.name == plain.name


PRICED = """
base: baseline
scenarios: [early_intervention]
equal_budget: 2 mio. kr.
factors:
  {factor}
"""


def test_a_value_elsewhere_keeps_the_dose_of_an_equal_budget(tmp_path: Path) -> None:
    file = tmp_path / "priced.yaml"
    file.write_text(PRICED.format(factor="prices.rate_index_per_year: {low: 0.025, high: 0.04}"))
    experiment = load_experiment(str(file))
    priced = experiment.worlds[""][1]
    assert priced.levers != load("early_intervention").levers
    laid = with_settings(priced, {"prices.rate_index_per_year": "0.03"})
    assert laid.levers == priced.levers and laid.prices.rate_index_per_year == 0.03
    assert "prices.rate_index_per_year" in [
        one.name for one in factors_of(experiment, ("scenario", "prices"))
    ]


def test_a_lever_whose_dose_a_budget_chose_is_no_factor(tmp_path: Path) -> None:
    file = tmp_path / "priced.yaml"
    file.write_text(PRICED.format(factor="levers.early_intervention.until_week: {low: 26, high: 52}"))
    with pytest.raises(UserError, match="'equal_budget' chose the doses"):
        factors_of(load_experiment(str(file)), ("scenario", "prices"))


def test_values_that_cannot_stand_together_are_refused() -> None:
    with pytest.raises(UserError, match=r"vocational_share=0\.9: .*together exceed 1"):
        with_settings(load("baseline"), {"municipality.population.vocational_share": "0.9"})
