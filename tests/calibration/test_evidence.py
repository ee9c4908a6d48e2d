"""`jobcenter evidence`: every number says where it comes from, at once and without the simulation."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from calibration.evidence import enters, parameters, written_in
from jobcenter.cli import app
from sim.scenario import load

ROOT = Path(__file__).resolve().parents[2]


def call(*words: str) -> str:
    done = CliRunner().invoke(app, ["evidence", *words])
    assert done.exit_code == 0, done.output
    return done.output


def test_the_table_counts_every_behavioural_number() -> None:
    scenario = load("baseline")
    told = json.loads(call("--json"))
    names = {row["name"] for row in told["parameters"]}
    assert set(scenario.behaviour_rows) <= names
    assert {f"effects.{name}.contrast" for name in scenario.effects} <= names
    assert sum(told["counts"].values()) == len(names) == len(told["parameters"])
    assert f"{len(names)} numbers:" in call()


def test_one_number_with_its_evidence_place_and_use() -> None:
    (told,) = json.loads(call("posting_response", "--json"))
    assert told["name"] == "market.posting_response"
    assert [row["id"] for row in told["evidence_rows"]] == ["EV401", "EV402", "EV403"]
    file, line = told["file"].rsplit(":", 1)
    assert "posting_response: {value: 0.5" in (ROOT / file).read_text().splitlines()[int(line) - 1]
    assert any(place.startswith("sim/tables/levels.py:") for place in told["enters"])
    assert {"displacement_france", "displacement_sweden"} <= {one["name"] for one in told["experiments"]}


def test_every_behavioural_number_is_used_somewhere_and_stands_in_a_line() -> None:
    scenario = load("baseline")
    known = parameters(scenario)
    unused = [name for name in scenario.behaviour_rows if not enters(name)]
    assert not unused
    homeless = [
        name for name in known if not name.startswith("law.") and not written_in(known[name], scenario)
    ]
    assert not homeless


def test_prior_to_posterior(tmp_path: Path) -> None:
    file = tmp_path / "posterior.csv"
    file.write_text("market.posting_response\n" + "\n".join(str(k / 100) for k in range(20, 41)) + "\n")
    (told,) = json.loads(call("market.posting_response", "--posterior", str(file), "--json"))
    assert told["posterior"] == {
        "low": pytest.approx(0.21),
        "median": pytest.approx(0.3),
        "high": pytest.approx(0.39),
    }
    assert "0 to 1 -> posterior 0.21 to 0.39" in call("market.posting_response", "--posterior", str(file))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["market.posting_respons"], "did you mean 'market.posting_response'"),
        (["trust.gain", "--posterior", "none.csv"], "none.csv: no such file"),
    ],
)
def test_mistakes(words: list[str], message: str) -> None:
    done = CliRunner().invoke(app, ["evidence", *words])
    assert done.exit_code == 2 and message in done.output


def test_it_answers_without_the_simulation() -> None:
    code = (
        "import sys; from jobcenter.cli import app\n"
        "try: app(['evidence', 'trust.gain'])\n"
        "except SystemExit: print(*[m for m in ('numba', 'mesa', 'numpy', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines()[-1] == "", done.stdout


def test_a_function_inside_another_does_not_own_what_follows_it() -> None:
    (place,) = (
        place for place in enters("municipality.staff.company_consultants_fte") if "office.py" in place
    )
    assert place.endswith("(offer_table)")
