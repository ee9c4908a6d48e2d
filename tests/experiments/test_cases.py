"""The cases of a start, sorted by barriers and months without work."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner
from worlds import at_start, world

from experiments.cases import ADULTS, MONTHS_FROM, barriers_in, cases_frame, months_label, sort_cases
from jobcenter.cli import app
from sim.behaviour.entry import barriers_of
from sim.codes import BENEFITS, FIRST_BENEFIT
from sim.population.citizens import Citizens

SHARE = 0.1


def test_barriers_are_counted_as_the_model_counts_them() -> None:
    state = at_start(world("baseline", share=SHARE))
    rows = np.arange(0, state["id"].size, 7)
    plain = getattr(barriers_of, "py_func", barriers_of)
    view = state.view(Citizens)
    assert barriers_in(state.columns, rows).tolist() == [int(plain(view, i)) for i in rows]


def test_everybody_on_the_benefits_is_in_one_cell() -> None:
    scenario = world("slagelse_2015", share=SHARE)
    found = sort_cases(scenario, ADULTS, (1, 2))
    wanted = [FIRST_BENEFIT + BENEFITS.index(name) for name in ADULTS]
    counted = [int(np.isin(at_start(scenario, seed)["status"], wanted).sum()) for seed in (1, 2)]
    assert found.persons.sum() == pytest.approx(sum(counted) / 2)
    assert found.persons.shape == (len(MONTHS_FROM), 4)
    few = found.persons * found.runs < 30
    assert np.isnan(found.in_work_share[few]).all() and not np.isnan(found.in_work_share[~few]).any()
    assert len(cases_frame(found)) == found.persons.size
    # About 2,000 cases, as the business case sorts; those who have waited longest are the most.
    assert 1_700 < found.persons.sum() / SHARE < 2_600
    assert found.persons[-1].sum() > found.persons[0].sum()


def test_months_are_bands_without_a_hole() -> None:
    assert [months_label(band) for band in range(len(MONTHS_FROM))] == [
        "0-2",
        "3-5",
        "6-11",
        "12-23",
        "24-35",
        "36+",
    ]


def test_the_command_prints_the_table_and_refuses_a_benefit_that_is_none(tmp_path) -> None:  # type: ignore[no-untyped-def]
    small = ("--set", f"world.share={SHARE}", "--seeds", "1")
    done = CliRunner().invoke(app, ["cases", "slagelse_2015", *small, "--out", str(tmp_path / "cases.csv")])
    assert done.exit_code == 0, done.output
    assert "Months without work" in done.output and "three or more barriers" in done.output
    assert (tmp_path / "cases.csv").read_text().count("\n") == 1 + 24
    again = CliRunner().invoke(app, ["cases", "slagelse_2015", *small, "--out", str(tmp_path / "cases.csv")])
    assert again.exit_code == 2 and "--force" in again.output
    told = json.loads(CliRunner().invoke(app, ["cases", "slagelse_2015", *small, "--json"]).stdout)
    assert len(told["cases"]) == 24 and told["watermark"] and told["runs"] == 1
    wrong = CliRunner().invoke(app, ["cases", "slagelse_2015", "--benefits", "dagpengee"])
    assert wrong.exit_code == 2 and "did you mean 'dagpenge'" in wrong.output
