"""What may vary: numbers of levers among it, laid over a scenario as a batch lays them."""

from pathlib import Path

import pytest

from experiments.chunk import under
from experiments.draws import lever_ranges
from experiments.experiment_file import load_experiment
from experiments.sensitivity import running
from experiments.sensitivity.factors import GROUPS, Point, factors_of, point_of
from experiments.sensitivity.running import Lot, Runs
from experiments.sensitivity.study import Plan, anchored_ranges, check_plan, of_scenarios


def test_numbers_of_levers_with_a_range_are_factors_and_reach_the_runs() -> None:
    experiment = of_scenarios(["baseline", "ips"], ["world.share=0.01"])
    known = lever_ranges(experiment.worlds[""])
    assert known
    factors = [one for one in factors_of(experiment, ("effects",)) if one.name.startswith("levers.")]
    assert {one.name for one in factors} == set(known)
    assert anchored_ranges(factors) == {}, "they move no base, so no level is put back"
    points = [point_of(factors, [u] * len(factors), screening=False) for u in (0.1, 0.9)]
    runs = Runs(experiment, points, Lot(1), None, anchored_ranges(factors))
    assert runs.levels_to_fit() == 0 and runs.fit_levels(1) == []
    assert len({key for run in runs.runs for key in run.keys.values()}) == 4
    for job, point in zip(runs._jobs(), points, strict=True):
        base, ips = (under(scenario, job.scenarios[0], job.values) for scenario in job.scenarios)
        assert base.canonical() == job.scenarios[0].canonical()
        assert ips.canonical() == job.scenarios[1].with_behaviour(point.values).canonical()
        for name in known:
            _, lever, path = name.split(".", 2)
            moved = job.scenarios[1].levers[lever].with_values({path: point.values[name]})
            assert moved.ranges() != ips.levers[lever].ranges() or moved == ips.levers[lever]
            assert ips.levers[lever] != job.scenarios[1].levers[lever]


def test_the_three_levers_have_no_range_of_their_own() -> None:
    experiment = load_experiment("sensitivity_three_levers")
    assert not any(factor.name.startswith("levers.") for factor in factors_of(experiment, GROUPS))


def test_runs_made_by_other_code_of_a_point_are_other_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = of_scenarios(["baseline"], ["world.share=0.01"])
    point = Point({}, {}, "", {"municipality.prices.course_week_kr": "1700"})
    (tmp_path / "settings.py").write_text("one")
    monkeypatch.setattr(running, "POINT_CODE", (*running.POINT_CODE[:1], tmp_path / "settings.py"))
    [first] = Runs(experiment, [point], Lot(1), None, {}).runs
    (tmp_path / "settings.py").write_text("another")
    [second] = Runs(experiment, [point], Lot(1), None, {}).runs
    assert first.keys != second.keys


def test_an_emulator_may_have_any_number_of_points() -> None:
    experiment = of_scenarios(["baseline", "ips"], [])
    assert check_plan(Plan("sobol", 200, 2, emulated=True), experiment)
