"""Trials as a user meets them: what a scenario file may say, and `jobcenter trial`."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest
from trials import DOSE, block
from typer.testing import CliRunner, Result

from jobcenter.cli import app
from sim.errors import UserError
from sim.scenario import load

WRONG = {
    "trial.lever=early_interventions": "not a lever of this scenario, did you mean 'early_intervention'?",
    "trial.groups=[jobless]": "unknown name 'jobless'",
    "trial.groups=[sygedagpenge]": "does nothing for 'sygedagpenge'",
    "trial.sise=3": "unknown key 'sise', did you mean 'size'?",
    "trial.size=1": "must be at least 2",
    "trial.treated=3": "not both",
    "trial.by=lottery": "allowed: person, team",
    "trial.start=2020-W01": "before the scenario's start",
    "trial.start=start+900": "after the scenario's last week",
    "levers.early_intervention.coverage_share=0.5": "beside a trial it must be 1",
    "levers.early_intervention.from=start+20": "after the trial's start",
    "levers={staffing: {}}": "",
}


@pytest.mark.parametrize("change", WRONG)
def test_mistakes_are_told_in_one_sentence(change: str) -> None:
    if change.startswith("levers={"):
        overrides = ("levers.staffing={}", block(lever="staffing"))
        expected = "cannot be given by lot; allowed: continuity, early_intervention"
    else:
        overrides, expected = (DOSE, block(), change), WRONG[change]
    with pytest.raises(UserError) as wrong:
        load("baseline", overrides=overrides)
    assert expected in str(wrong.value)


def test_a_mistake_in_a_file_has_its_line(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(
        "question: q\nextends: early_intervention\ntrial:\n  lever: early_intervention\n  groups: [dagpenge]\n"
        "  size: 200\n  start: start+9\n  enrol_week: 13\n"
    )
    with pytest.raises(
        UserError, match=r"mine\.yaml:8:3: unknown key 'enrol_week', did you mean 'enrol_weeks'"
    ):
        load(file)


def call(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("trial") / "mine.yaml"
    file.write_text(
        "question: Do meetings help?\nextends: baseline\nworld: {share: 0.05}\nlevers:\n  early_intervention:\n"
        "    groups: [dagpenge]\n    meetings_per_26_weeks: 26\n    until_week: 52\n"
        "trial:\n  lever: early_intervention\n  groups: [dagpenge]\n  size: 40\n  start: start+4\n  enrol_weeks: 3\n"
        "  follow_up_weeks: [8, 16]\n"
    )
    return file


def test_the_command_prints_and_writes(mine: Path, tmp_path: Path) -> None:
    done = call("trial", str(mine), "--sizes", "40,60", "--seeds", "2", "--out", str(tmp_path / "out"))
    assert done.exit_code == 0, done.output
    for words in (
        "total: all residents",
        "spill-over",
        "Power",
        "a trial of nothing",
        "± is the",
    ):
        assert words in done.output
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "manifest.json", "trial_effects.csv", "trial_estimates.csv", "trial_power.csv", "trial_power.png",
        "trial_power.svg", "trial_power_curve.csv",
    ]  # fmt: skip
    table = pd.read_csv(tmp_path / "out" / "trial_effects.csv")
    assert set(table.estimand) == {"trial_view", "treated", "untreated", "total"} and set(table["size"]) == {
        40,
        60,
    }
    assert len(pd.read_csv(tmp_path / "out" / "trial_estimates.csv")) == 2 * 2 * 2 * 4
    again = call("trial", str(mine), "--seeds", "1", "--out", str(tmp_path / "out"))
    assert again.exit_code == 2 and "--force" in again.output


def test_the_command_as_json(mine: Path) -> None:
    done = call("trial", str(mine), "--seeds", "1", "--weeks", "16", "--json")
    found = json.loads(done.stdout)
    assert found["weeks"] == 16 and found["trial"]["follow_up_weeks"] == [8]
    assert {row["outcome"] for row in found["power"]} == {"in_job_8_share", "weeks_on_support_8"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("baseline",), "declares no trial"),
        (("MINE", "--sizes", "ten"), "whole numbers of persons"),
        (("MINE", "--weeks", "10"), "at least 15"),
    ],
    ids=str,
)
def test_the_command_refuses_with_one_message(words: tuple[str, ...], said: str, mine: Path) -> None:
    done = call("trial", *(str(mine) if word == "MINE" else word for word in words))
    assert done.exit_code == 2 and said in done.output


def test_the_heading_says_how_many_were_enrolled(mine: Path) -> None:
    done = call("trial", str(mine), "--sizes", "40,100000", "--seeds", "1", "--weeks", "20")
    assert done.exit_code == 0, done.output
    assert "== 40 persons: 20 treated, 20 control ==" in done.output
    asked = re.search(
        r"== ([\d,]+) persons of 100,000 asked for, mean of 1 trials: ([\d,]+) treated", done.output
    )
    assert asked and 0 < int(asked[2]) < int(asked[1]) < 1000
