"""What is allowed but hardly meant is said in a line of warning, by the commands that read or run a scenario."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from jobcenter.cli import app
from jobcenter.oddities import oddities, warn, warn_of_base
from sim.scenario import load


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (["world.share=0.0001"], "leaves 5 adults"),
        (["start=2033-W01"], "the law's newest row is of 2026-"),
        (
            ["start=2013-W01", "weeks=52"],
            "ladder_2016 applies from 2016-W01 and the scenario starts in 2013-W01",
        ),
        (["evidence_class=A"], "evidence_class A is said of a scenario without levers"),
    ],
)
def test_a_baseline_turned_odd_says_so(changes: list[str], says: str) -> None:
    (told,) = oddities(load("baseline", overrides=changes))
    assert says in told


def test_a_lever_that_never_begins_is_named(tmp_path: Path) -> None:
    late = tmp_path / "late.yaml"
    late.write_text(
        "question: Too late?\nextends: baseline\nlevers: {staffing: {from: 2035-W01, extra_fte: {young: 2}}}\n",
        encoding="utf-8",
    )
    (told,) = oddities(load(str(late)))
    assert (
        "staffing begins in 2035-W01, after the last week of the horizon (2031-W52): it does nothing" in told
    )
    done = CliRunner().invoke(app, ["check", str(late)])
    assert done.exit_code == 0 and "Warning: late: the lever staffing begins in 2035-W01" in done.stderr
    assert "begins in 2035-W01" in CliRunner().invoke(app, ["check", str(late), "--json"]).stdout


def test_what_ships_is_not_odd_but_for_law_that_was_not_read() -> None:
    for name in ("baseline", "early_intervention", "slagelse_2024", "slagelse_2015", "recession"):
        assert oddities(load(name)) == []
    assert ["before_2016 applies from" in told for told in oddities(load("hindcast_2008"))] == [True]


def test_each_warning_is_said_once_for_all_it_is_true_of(capsys: pytest.CaptureFixture[str]) -> None:
    small = ["world.share=0.001"]
    warn([load("baseline", overrides=small), load("early_intervention", overrides=small)])
    assert capsys.readouterr().err.startswith(
        "Warning: baseline, early_intervention: world.share 0.001 leaves 51 adults"
    )


def test_a_base_with_a_lever_is_no_doing_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    warn_of_base(load("baseline"))
    assert capsys.readouterr().err == ""
    warn_of_base(load("extra_caseworkers"))
    assert "the base extra_caseworkers has levers itself (staffing)" in capsys.readouterr().err
