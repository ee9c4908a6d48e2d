"""docs/mission_coverage.md: every row of the mission is there, with its class, a test, and scenarios that run."""

import re
from functools import cache
from itertools import takewhile
from pathlib import Path

import pytest

from sim.model import JobcenterModel
from sim.population.history import starting_state
from sim.scenario import load
from sim.state import State

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = {
    "D1": range(1, 8),
    "D2": range(8, 10),
    "D3": range(10, 16),
    "D4": range(16, 17),
    "D5": range(17, 22),
}
ROWS = [f"{document}.{number}" for document, numbers in DOCUMENTS.items() for number in numbers]
CLASSES = {"A", "B", "C", "outcome", "context"}
WEEKS = 4


def table() -> list[dict[str, str]]:
    lines = (ROOT / "docs" / "mission_coverage.md").read_text(encoding="utf-8").splitlines()
    first = next(k for k, line in enumerate(lines) if line.startswith("| Row |"))
    of_table = takewhile(lambda line: line.startswith("|"), lines[first:])
    head, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in of_table]
    assert all(len(row) == len(head) for row in rows)
    return [dict(zip(head, row, strict=True)) for row in rows]


TABLE = table()
SCENARIOS = sorted({name for row in TABLE for name in re.findall(r"`(\w+)`", row["Scenario"])})


def test_every_row_of_the_mission_is_there() -> None:
    assert len(ROWS) == 21
    assert list(dict.fromkeys(row["Row"] for row in TABLE)) == ROWS


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row['Row']} {row['Wish'][:30]}")
def test_a_row_says_what_it_must(row: dict[str, str]) -> None:
    assert row["Class"] in CLASSES
    assert re.findall(r"`(\w+)`", row["Scenario"]), "a row without a scenario is not represented"
    assert (ROOT / row["Test"]).is_file(), row["Test"]
    assert all(row.values())
    if row["Class"] == "A":
        assert "EV" in row["Evidence"], "an effect with evidence names it"


def test_levers_and_evidence_named_exist() -> None:
    from sim.policies.registry import levers

    text = (ROOT / "docs" / "mission_coverage.md").read_text(encoding="utf-8")
    missing = [name for name in levers() if f"`{name}`" not in text]
    assert not missing, f"levers in no row: {missing}"
    known = (ROOT / "jobcenter" / "data" / "facts" / "evidence.csv").read_text(encoding="utf-8")
    for number in re.findall(r"EV\d{3}", " ".join(row["Evidence"] for row in TABLE)):
        assert f"\n{number}" in known, number


@cache
def start(name: str) -> State:
    return starting_state(load(name, overrides=("world.share=0.04", f"weeks={WEEKS}")), 1)


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_named_runs(name: str) -> None:
    scenario = load(name, overrides=("world.share=0.04", f"weeks={WEEKS}"))
    base = "slagelse_2024" if name == "slagelse_2024" else "baseline"
    ground = load(base, overrides=("world.share=0.04",))
    own = (scenario.behaviour, scenario.start_week) != (ground.behaviour, ground.start_week)
    model = JobcenterModel(scenario, 1, state=start(name if own else base).copy()).run()
    assert model.state.week == scenario.start_week + WEEKS
    if scenario.kind == "strategy":
        assert scenario.evidence_class in ("A", "B", "C")
        assert any(not lever.is_zero_dose() for lever in scenario.levers.values())


def test_no_shipped_lever_scenario_is_forgotten() -> None:
    """Every packaged strategy stands in the table or is two of them together."""
    alone = [
        path.stem for path in sorted((ROOT / "scenarios").glob("*.yaml"))
        if load(path.stem).kind == "strategy" and len(load(path.stem).parents) == 1
    ]  # fmt: skip
    text = (ROOT / "docs" / "mission_coverage.md").read_text(encoding="utf-8")
    missing = [name for name in alone if f"`{name}`" not in text]
    assert not missing, f"{missing}: add a row to docs/mission_coverage.md"
