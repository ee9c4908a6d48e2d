"""`check`, `schema` and `diff` as a user calls them."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from jobcenter.cli import app
from sim.scenario import load
from sim.scenario.schema import SCHEMAS

Write = Callable[[str, str], Path]
Edit = Callable[[str, str, str], None]
ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted((ROOT / "scenarios").glob("*.yaml"))
HEAVY = ("numpy", "numba", "mesa", "pandas", "matplotlib", "pyarrow", "scipy")


def call(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, arguments)
    return result.exit_code, result.stdout, result.stderr


def test_check_says_what_each_file_is(town: Path) -> None:
    code, out, err = call("check", "town", "more_staff", "scenarios/municipalities/smallby.yaml")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "ok  town  (baseline, smallby, 104 weeks; scenarios/town.yaml)",
        "ok  more_staff  (strategy C, smallby, 104 weeks; scenarios/more_staff.yaml <- scenarios/town.yaml)",
        "ok  scenarios/municipalities/smallby.yaml  (municipality)",
    ]


def test_check_tells_a_shared_mistake_once_and_ends_with_2(edit: Edit) -> None:
    edit("law/measures.yaml", "value: 4", "value: four")
    code, out, err = call("check", "town", "more_staff")
    assert (code, out) == (2, "")
    assert err == (
        "scenarios/law/measures.yaml:2:35: 'value': a plain number is needed, with a point for decimals; found 'four'\n"
    )


def test_check_as_json(write: Write) -> None:
    write("mine", "extends: town\nwheeks: 3\n")
    code, out, _ = call("check", "town", "mine", "--json")
    told = json.loads(out)
    assert (code, told["ok"]) == (2, False)
    assert [row["ok"] for row in told["files"]] == [True, False]
    (problem,) = told["files"][1]["problems"]
    assert (problem["file"], problem["line"], problem["column"]) == ("scenarios/mine.yaml", 2, 1)


def test_check_with_overrides(town: Path) -> None:
    assert call("check", "town", "--set", "weeks=52")[1].startswith("ok  town  (baseline, smallby, 52 weeks")
    assert call("check", "town", "--set", "weeks=0")[0] == 2


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("behaviour/default.yaml", "value: 0.3,", "value: 3,"),
        ("behaviour/effects.yaml", "value: 2.2", "value: much"),
        ("law/benefit_rates.yaml", "sho:\n", "sko:\n"),
        ("law/contact_plan.yaml", "meetings: 4", "meetings: -4"),
        ("law/transitions.yaml", "value: 104", "valeu: 104"),
        ("law/refusion/half.yaml", "state_share", "staet_share"),
        ("municipalities/smallby.yaml", "jobs: 4000", "jobs: -4000"),
    ],
)
def test_check_of_single_files(town: Path, edit: Edit, file: str, old: str, new: str) -> None:
    path = f"scenarios/{file}"
    assert call("check", path)[0] == 0
    edit(file, old, new)
    code, _, err = call("check", path)
    assert code == 2
    assert err.startswith(f"{path}:")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_scenarios_are_sound(path: Path) -> None:
    scenario = load(path)
    if "slagelse_2024" in scenario.parents:  # another place or time for the checks (docs/validation.md)
        assert not scenario.levers and scenario.kind != "strategy"
        assert scenario.canonical() != load(ROOT / "scenarios/slagelse_2024.yaml").canonical()
    elif "extends" in path.read_text(encoding="utf-8"):
        assert scenario.parents[0] in ("baseline", "slagelse_2015")
        assert scenario.kind != "baseline"
        strategy = scenario.kind == "strategy"
        if strategy:
            assert scenario.levers and scenario.evidence_class is not None
        else:  # what the region decides, and what new rules add, are said in the words of levers too
            assert set(scenario.levers) <= {
                "health_wait",
                "self_service",
                "staff_shock",
                "priority",
                "sanctions",
            }
        assert not any(lever.is_zero_dose() for lever in scenario.levers.values())
        assert scenario.canonical() != load(ROOT / "scenarios/baseline.yaml").canonical()
        # Every strategy and context fits the calibration baseline too.
        if scenario.parents[0] == "baseline":
            assert (
                load(path, base=str(ROOT / "scenarios/slagelse_2024.yaml")).start_week < scenario.start_week
            )


def test_check_of_everything_shipped_is_quick_and_light() -> None:
    code = (
        "import sys\n"
        "from jobcenter.cli import main\n"
        "sys.argv = ['jobcenter', 'check', 'baseline', 'recession']\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        f"print([name for name in {HEAVY} if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


def test_diff_shows_what_differs_and_nothing_else(town: Path) -> None:
    code, out, _ = call("diff", "town", "more_staff")
    assert code == 0
    assert [line.split() for line in out.splitlines()] == [
        ["town", "more_staff"],
        ["levers.staffing.from", "-", "2027-W01"],
        ["levers.staffing.extra_fte.young", "-", "2"],
    ]


def test_diff_of_the_same(town: Path) -> None:
    assert call("diff", "town", "town")[1] == "town and town hold the same values.\n"


def test_diff_of_rule_sets_shows_shares(write: Write, town: Path) -> None:
    text = (town / "law/refusion/half.yaml").read_text(encoding="utf-8")
    (town / "law/refusion/third.yaml").write_text(
        text.replace("half", "third").replace("0.5", "0.3"), encoding="utf-8"
    )
    write("mine", "extends: town\nlaw: {refusion: third}\n")
    told = json.loads(call("diff", "town", "mine", "--json")[1])
    rows = {row["path"]: (row["a"], row["b"]) for row in told["differences"]}
    assert rows["law.refusion.name"] == ("half", "third")
    assert rows["law.refusion.state_share.dagpenge.none.weeks all weeks"] == (0.5, 0.3)
    assert all(path.startswith("law.refusion.") for path in rows)


def objects(node: Any) -> Any:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from objects(value)
    elif isinstance(node, list):
        for value in node:
            yield from objects(value)


@pytest.mark.parametrize("kind", list(SCHEMAS))
def test_schema_is_whole(kind: str) -> None:
    schema = json.loads(call("schema", kind, "--json")[1])
    assert schema["$schema"].startswith("https://json-schema.org/")
    for node in objects(schema):
        if isinstance(node.get("$ref"), str):
            assert node["$ref"].removeprefix("#/$defs/") in schema["$defs"]


def test_schema_knows_what_a_scenario_may_say() -> None:
    schema = SCHEMAS["scenario"]()
    assert schema["required"] == ["question"]
    assert {"extends", "set", "levers", "demand", "law"} <= set(schema["properties"])
    levers = schema["properties"]["levers"]["properties"]
    assert {"staffing", "early_intervention", "continuity"} <= set(levers)
    staffing = levers["staffing"]["anyOf"][0]["properties"]
    assert staffing["extra_fte"]["unit"] == "FTE"
    assert "young" in staffing["extra_fte"]["propertyNames"]["enum"]
    fte = SCHEMAS["municipality"]()["$defs"]["TeamStaff"]["properties"]["fte"]
    assert {"$ref": "#/$defs/Quantity"} in fte["anyOf"]


def test_schema_to_a_file_never_overwrites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert call("schema", "--out", "s.json")[0] == 0
    assert json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))["title"] == "Scenario"
    assert call("schema", "--out", "s.json")[0] == 2
    assert call("schema", "--out", "s.json", "--force")[0] == 0
