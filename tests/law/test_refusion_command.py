"""`jobcenter refusion` as a user meets it: screen, file, JSON, refusals, and a quick start."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from jobcenter.commands.refusion import register
from sim.calendar import iso, week_of
from sim.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
START = week_of("2016-W01")

app = typer.Typer()
register(app)


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """A year and a bit on kontanthjaelp with 1,000.01 kr. a week, a week of own support, then dagpenge."""
    kinds = ["kontanthjaelp_jobready"] * 53 + ["self_support"] + ["dagpenge"] * 2
    rows = [f"A,{iso(START + k)},{kind},{100_001 if kind[0] != 's' else ''}" for k, kind in enumerate(kinds)]
    path = tmp_path / "history.csv"
    path.write_text("person,iso_week,status,benefit_oere\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def call(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def test_the_screen_shows_stretches_and_totals(history: Path) -> None:
    shown = call(history).stdout
    assert "2016-W05" in shown and "5-26" in shown and "self_support" in shown
    # 55 weeks of 1,000.01 kr.; each week's state part is rounded by itself: 4 x 800.01 + 22 x 400.00 + ...
    assert "55,001" in shown
    state = 4 * 80_001 + 22 * 40_000 + 26 * 30_000 + 3 * 20_000
    assert f"{round(state / 100):,}" in shown
    assert f"{round((55 * 100_001 - state) / 100):,}" in shown


def test_out_holds_every_row_with_its_refusion(history: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    assert call(history, "--out", out).exit_code == 0
    rows = list(csv.DictReader(out.open(encoding="utf-8")))
    assert list(rows[0]) == [
        *("person", "iso_week", "status", "benefit_oere", "clock_weeks", "step"),
        *("state_share", "municipal_share", "state_oere", "municipal_oere"),
    ]
    assert len(rows) == 56
    assert rows[26] == {
        "person": "A",
        "iso_week": "2016-W27",
        "status": "kontanthjaelp_jobready",
        "benefit_oere": "100001",
        "clock_weeks": "27",
        "step": "27-52",
        "state_share": "0.3",
        "municipal_share": "0.7",
        "state_oere": "30000",
        "municipal_oere": "70001",
    }
    assert rows[53]["clock_weeks"] == "53" and rows[53]["step"] == "" and rows[53]["state_oere"] == ""


def test_a_history_without_amounts_gets_shares_only(tmp_path: Path) -> None:
    path = tmp_path / "h.csv"
    path.write_text("person,iso_week,status\nA,2016-W01,dagpenge\n", encoding="utf-8")
    out = tmp_path / "o.csv"
    assert call(path, "--out", out).exit_code == 0
    assert out.read_text(encoding="utf-8").splitlines() == [
        "person,iso_week,status,clock_weeks,step,state_share,municipal_share",
        "A,2016-W01,dagpenge,1,1-4,0.8,0.2",
    ]
    assert "municipality, kr." not in call(path).stdout


def test_json_balances(history: Path) -> None:
    told = json.loads(call(history, "--json").stdout)
    assert told["rules"]["name"] == "ladder_2016"
    assert told["state_oere"] + told["municipal_oere"] == 55 * 100_001
    assert sum(item["municipal_oere"] for item in told["totals"]) == told["municipal_oere"]
    assert sum(item["rows"] for item in told["totals"]) == 55


def test_switches_say_how_many_kroner_each_rule_moves(tmp_path: Path) -> None:
    kinds = ["uddannelseshjaelp"] * 60 + ["education"] * 52 + ["uddannelseshjaelp"] * 4
    rows = [f"A,{iso(START + k)},{kind},{100_000 if kind[0] == 'u' else ''}" for k, kind in enumerate(kinds)]
    path = tmp_path / "h.csv"
    path.write_text("person,iso_week,status,benefit_oere\n" + "\n".join(rows), encoding="utf-8")
    shown = call(path, "--switches").stdout
    line = next(line for line in shown.splitlines() if line.startswith("education_is_self_support"))
    assert line.split()[1:4] == ["false", "true", "-2,400"]
    assert "0 kr. in this history: " in shown and "reset_window_weeks (155)" in shown
    before = json.loads(call(path, "--json").stdout)["municipal_oere"]
    after = json.loads(call(path, "--json", "--set", "education_is_self_support=true").stdout)[
        "municipal_oere"
    ]
    assert after - before == -240_000


def test_set_reaches_parameters_too(tmp_path: Path) -> None:
    path = tmp_path / "h.csv"
    rows = [f"A,{iso(START + k)},fleksjob,100000" for k in range(53)]
    path.write_text("person,iso_week,status,benefit_oere\n" + "\n".join(rows), encoding="utf-8")
    plain = json.loads(call(path, "--json").stdout)["state_oere"]
    raised = json.loads(call(path, "--json", "--set", "fleksbidrag_share=0.1").stdout)["state_oere"]
    assert raised - plain == 10_000


def test_an_existing_file_is_never_overwritten_unasked(history: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    out.write_text("mine", encoding="utf-8")
    refused = call(history, "--out", out)
    assert isinstance(refused.exception, UserError) and "--force" in str(refused.exception)
    assert out.read_text(encoding="utf-8") == "mine"
    assert call(history, "--out", out, "--force").exit_code == 0
    assert out.read_text(encoding="utf-8") != "mine"
    own = call(history, "--out", history, "--force")
    assert "the history itself" in str(own.exception)
    nowhere = call(history, "--out", tmp_path / "none" / "out.csv")
    assert "cannot be written" in str(nowhere.exception)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--rules", "ladder_2061"], "did you mean 'ladder_2016'"),
        (["--set", "education_is_self_support"], "NAME=VALUE"),
        (["--set", "education_is_self_suport=true"], "did you mean 'education_is_self_support'"),
        (["--set", "fleksbidrag_share=2"], "0 to 1"),
        (["--set", "reset_window_weeks=yes"], "whole number"),
    ],
)
def test_wrong_choices_are_refused_with_the_nearest(history: Path, words: list[str], says: str) -> None:
    refused = call(history, *words)
    assert isinstance(refused.exception, UserError)
    assert says in str(refused.exception)


def test_switches_need_amounts(tmp_path: Path) -> None:
    path = tmp_path / "h.csv"
    path.write_text("person,iso_week,status\nA,2016-W01,dagpenge\n", encoding="utf-8")
    assert "benefit_oere" in str(call(path, "--switches").exception)


def test_weeks_before_the_law_are_counted_but_not_rated(tmp_path: Path) -> None:
    path = tmp_path / "h.csv"
    rows = [f"A,{iso(START - 10 + k)},dagpenge,100000" for k in range(11)]
    path.write_text("person,iso_week,status,benefit_oere\n" + "\n".join(rows), encoding="utf-8")
    shown = call(path)
    assert "not rated" in shown.stdout
    told = json.loads(call(path, "--json").stdout)
    assert told["state_oere"] + told["municipal_oere"] == 100_000
    assert told["state_oere"] == 40_000  # the 11th week


def test_help_has_an_example_and_the_command_needs_no_arrays() -> None:
    assert "jobcenter refusion history.csv" in call("--help").stdout
    code = (
        "import sys; import jobcenter.commands.refusion as r; "
        "from sim.law.refusion import load_rule_set; load_rule_set('ladder_2016'); "
        "print([m for m in ('numpy', 'numba', 'mesa', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
