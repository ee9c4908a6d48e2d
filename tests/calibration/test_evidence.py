"""`jobcenter evidence`: every number says where it comes from, at once and without the simulation."""

import json
import subprocess
import sys
from dataclasses import replace
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


def test_a_value_at_the_end_of_its_range_says_so() -> None:
    known = parameters(load("baseline"))
    assert known["events.new_job_factor"].end == "high" and known["market.posting_response"].end == ""
    edge = "the value is at the {} end of its range"
    assert edge.format("high") in call("events.new_job_factor")
    assert "end of its range" not in call("market.posting_response")
    one = replace(known["market.posting_response"], value=0.1009, low=0.1, high=1.0)
    assert (
        one.end == "low"
        and replace(one, value=0.1011).end == ""
        and replace(one, low=0.0, value=0.0).end == "low"
    )


def test_the_name_that_set_takes_is_understood_and_the_one_it_lacks_is_told() -> None:
    assert call("behaviour.trust.gain") == call("trust.gain")
    done = CliRunner().invoke(app, ["run", "baseline", "--set", "trust.gain=0.2"])
    assert done.exit_code == 2 and "unknown key 'trust', did you mean 'behaviour.trust.gain'?" in done.stderr
    other = CliRunner().invoke(app, ["run", "baseline", "--set", "trst.gain=0.2"])
    assert "did you mean" not in other.stderr


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
