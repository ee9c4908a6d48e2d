"""Worked cases of the refusion rules, readable without the code: tests/law/cases/*.yaml."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from sim.calendar import iso, week_of
from sim.law.calculator import calculate
from sim.law.history import read_history
from sim.law.refusion import load_rule_set
from sim.law.switches import SWITCHES

FOLDER = Path(__file__).parent / "cases"
CASES = [
    pytest.param(path.stem, case, id=f"{path.stem}: {case['case']}")
    for path in sorted(FOLDER.glob("*.yaml"))
    for case in yaml.safe_load(path.read_text(encoding="utf-8"))
]


def history_file(case: dict[str, Any], folder: Path) -> Path:
    """The stretches of a case as a HISTORY.csv."""
    week = week_of(case.get("start", "2016-W01"))
    lines = ["person,iso_week,status,activity"]
    for stretch in case["lived"]:
        statuses = stretch["status"] if isinstance(stretch["status"], list) else [stretch["status"]]
        for _ in range(stretch["weeks"]):
            lines += [f"A,{iso(week)},{status},{stretch.get('activity', '')}" for status in statuses]
            week += 1
    path = folder / "history.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(("rules", "case"), CASES)
def test_case(rules: str, case: dict[str, Any], tmp_path: Path) -> None:
    history = read_history(history_file(case, tmp_path))
    rule_set = load_rule_set(rules, case.get("switches"), case.get("parameters"))
    outcome = calculate(history, rule_set)
    first = min(history.week)
    for expected in case["expect"]:
        rows = [row for row, week in enumerate(history.week) if week - first + 1 == expected["week"]]
        assert rows, expected
        for row in rows:
            assert outcome.clock_weeks[row] == expected["clock"], expected
            on_benefit = not history.cells[row][2].startswith(("self", "subs", "edu", "on_l", "other"))
            if "step" not in expected:
                assert outcome.share_bp[row] < 0, expected
            elif on_benefit:
                share = expected["state"] if "state" in expected else 1 - expected["municipal"]
                assert outcome.share_bp[row] == round(10_000 * share), expected
                assert rule_set.steps[outcome.step[row]] == expected["step"], expected


def test_every_switch_has_a_case() -> None:
    flipped = {name for param in CASES for name in param.values[1].get("switches", {})}  # type: ignore[union-attr]
    assert flipped == set(SWITCHES)


def test_the_first_year_costs_the_municipality_61_9_percent(tmp_path: Path) -> None:
    """4 x 20 % + 22 x 60 % + 26 x 70 % of a constant weekly benefit, over 52 weeks."""
    first = week_of("2016-W01")
    rows = [f"A,{iso(first + k)},kontanthjaelp_jobready,100000" for k in range(52)]
    path = tmp_path / "year.csv"
    path.write_text("\n".join(["person,iso_week,status,benefit_oere", *rows]), encoding="utf-8")
    outcome = calculate(read_history(path), load_rule_set("ladder_2016"))
    assert sum(outcome.municipal_oere) == 3_220_000
    assert round(sum(outcome.municipal_oere) / 5_200_000, 3) == 0.619
