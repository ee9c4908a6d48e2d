"""`jobcenter run` and `jobcenter compare` as a user meets them, in a small world."""

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from experiments.calibrated import watermark
from jobcenter.cli import app
from jobcenter.screen import command_line, number, signed
from sim.scenario import load

ROOT = Path(__file__).parents[2]

MARK = watermark(load("baseline"))  # None where the municipality's fit targets pass
SMALL = ("--set", "world.share=0.05", "--weeks", "6")


def call(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "out"
    done = call("run", "baseline", *SMALL, "--out", str(folder))
    assert done.exit_code == 0, done.output
    assert (MARK or "") in done.output and "0.05 of the municipality" in done.output
    assert "can look good by" in done.output and "gross operating spending" in done.output
    return folder


def test_run_writes_tables_and_a_manifest(run_folder: Path) -> None:
    names = ["cohorts", "ledger", "outcomes", "pots", "spells", "weekly"]
    assert sorted(path.name for path in run_folder.iterdir()) == sorted(
        [*(f"{name}.parquet" for name in names), "manifest.json"]
    )
    manifest = json.loads((run_folder / "manifest.json").read_text())
    assert manifest["watermark"] == MARK and manifest["seed"] == 1 and manifest["recording"] == "spells"
    assert manifest["command"].startswith("jobcenter run baseline --weeks 6 --seed 1")
    assert manifest["scenario"]["rules_not_verified"] == len(manifest["unverified_rules"]) > 0
    assert len(manifest["scenario"]["hash"]) == len(manifest["run_key"]) == 64
    assert {"numpy", "numba", "python"} <= set(manifest["versions"])
    ledger, outcomes = (pd.read_parquet(run_folder / f"{name}.parquet") for name in ("ledger", "outcomes"))
    net = outcomes.query("outcome == 'net_municipal_cost' and year == 'all'").value.sum()
    assert ledger[ledger.payer == "municipality"].oere.sum() / 100 == pytest.approx(net)


def test_the_manifest_repeats_the_run(run_folder: Path, tmp_path: Path) -> None:
    import shlex

    command = shlex.split(json.loads((run_folder / "manifest.json").read_text())["command"])[1:]
    command[command.index("--out") + 1] = str(tmp_path / "again")
    assert call(*command).exit_code == 0
    for name in ("weekly", "ledger", "spells"):
        pd.testing.assert_frame_equal(
            pd.read_parquet(run_folder / f"{name}.parquet"),
            pd.read_parquet(tmp_path / "again" / f"{name}.parquet"),
        )


def test_a_full_folder_is_refused_before_anything_runs(run_folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in run_folder.iterdir()}
    for words in (("run", "baseline"), ("compare", "baseline", "baseline")):
        done = call(*words, *SMALL, "--out", str(run_folder))
        assert done.exit_code == 2 and "--force" in done.stderr
    assert {path.name: path.read_bytes() for path in run_folder.iterdir()} == before


def test_run_json_holds_the_ten_goals() -> None:
    done = call("run", "baseline", *SMALL, "--json")
    found = json.loads(done.stdout)
    assert [goal["goal"] for goal in found["goals"]] == list(range(1, 11))
    assert found["watermark"] == MARK and found["sanity"] == []
    assert all(row["value"] is None or isinstance(row["value"], int | float) for row in found["outcomes"])


def test_sanity_is_printed_for_the_calibration_baseline_and_says_what_is_off() -> None:
    done = call("run", "slagelse_2024", "--set", "world.share=0.02", "--weeks", "60")
    assert done.exit_code == 0, done.output
    assert "Model against what was counted: weeks 53 to 208, mean of 8 runs" in done.output
    assert "dagpenge: persons" in done.output and ("OFF," in done.output or " is off." in done.output)


def test_compare_writes_everything(tmp_path: Path) -> None:
    folder = tmp_path / "first"
    done = call(
        "compare",
        "baseline",
        "baseline",
        "one_caseworker",
        "refusion_flat",
        *SMALL,
        "--seeds",
        "2",
        "--out",
        str(folder),
    )
    assert done.exit_code == 0, done.output
    for text in (
        MARK or "",
        "Class A",
        "Contexts",
        "calculation error",
        "accounting",
        "Variance removed by pairing",
    ):
        assert text in done.output, text
    assert {path.name for path in folder.iterdir()} == {
        "differences.csv", "money.csv", "pairing.csv", "bounds.csv", "exit_split.csv", "refusion_lines.csv",
        "weekly_means.parquet",
        "manifest.json", "report.html",
    }  # fmt: skip
    header = (folder / "differences.csv").read_text().splitlines()[0]
    assert (
        header
        == "scenario,outcome,group,year,unit,estimand,evidence_class,baseline,difference,low,high,interval_kind,runs"
    )
    frame = pd.read_csv(folder / "differences.csv")
    null = frame[frame.scenario == "baseline (2)"]
    assert len(null) and (null.difference.fillna(0) == 0).all()
    assert set(frame[frame.scenario == "one_caseworker"].evidence_class) == {"A"}
    assert (MARK or "") in (folder / "report.html").read_text()
    means = pd.read_parquet(folder / "weekly_means.parquet")
    assert set(means.scenario.unique()) == {"baseline", "baseline (2)", "one_caseworker", "refusion_flat"}
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["seeds"] == [1, 2] and len(manifest["scenarios"]) == 4


def test_compare_json_is_json_without_nan() -> None:
    done = call("compare", "baseline", "one_caseworker", *SMALL, "--seeds", "1", "--json")
    found = json.loads(done.stdout, parse_constant=lambda text: pytest.fail(f"{text} is not JSON"))
    assert found["scenarios"][0]["evidence_class"] == "A" and found["differences"]


def test_an_overlay_may_stand_on_another_base() -> None:
    done = call("compare", "slagelse_2024", "one_caseworker@slagelse_2024", *SMALL, "--seeds", "1")
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("compare", "slagelse_2024", "one_caseworker"), "one_caseworker@slagelse_2024"),
        (("compare", "baseline", "one_casework"), "one_caseworker"),
        (("run", "no_such"), "no scenario is called"),
        (("run", "baseline", "--weeks", "0"), "weeks"),
        (("compare", "baseline", "baseline", "--seeds", "0"), "seeds"),
        (("run", "baseline", "--set", "behaviour.trust.gane=1"), "gain"),
        (("compare", str(ROOT / "experiments" / "ten_million.yaml"), "baseline"), "this is an experiment"),
        (("batch", str(ROOT / "scenarios" / "extra_caseworkers.yaml")), "is a scenario, no experiment"),
    ],
)
def test_mistakes_end_with_a_message_and_code_2(words: tuple[str, ...], said: str) -> None:
    done = call(*words)
    assert done.exit_code == 2
    assert said in done.stderr and "Traceback" not in done.stderr


def test_a_file_named_without_its_ending_is_pointed_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text("extends: baseline\n", encoding="utf-8")
    done = call("run", "mine")
    assert done.exit_code == 2 and "write mine.yaml for the file in this folder" in done.stderr


def test_numbers_on_the_screen() -> None:
    assert (
        number(0.1234, "share") == "12.3 %"
        and number(5_250_000, "kr.") == "5.2"
        and number(float("nan"), "weeks") == "-"
    )
    assert signed(-0.01, 0.002, "share") == "-1.00 ± 0.20" and signed(0.0, 0.0, "kr.") == "0"
    assert signed(2e6, float("nan"), "kr.") == "+2.00"


def test_a_command_can_be_pasted_into_a_shell() -> None:
    told = command_line("run", "my file.yaml", weeks=4, out=None, force=False, set=["a.b=1", "c=x y"])
    assert told == "jobcenter run 'my file.yaml' --weeks 4 --set a.b=1 --set 'c=x y'"


def test_companies_of_several_years_are_not_added_up(capsys: pytest.CaptureFixture[str]) -> None:
    """A company that takes somebody every year counts once a year; five years of it are not five companies."""
    lines = call("run", "baseline", "--set", "world.share=0.05", "--weeks", "60").output.splitlines()
    (companies,) = (line for line in lines if "companies with a placement" in line)
    assert companies.split()[-1] == "-" and companies.split()[-2] != "-"
    assert not any("other frame" in line or "state, service" in line for line in lines)
    assert any(line.startswith("municipality, service frame") for line in lines)


def test_a_batch_takes_pairs_and_overrides(tmp_path: Path) -> None:
    small = ("--pairs", "2", "--weeks", "8", "--set", "world.share=0.05")
    done = call("batch", "three_strategies", *small, "--out", str(tmp_path / "s"), "--dry-run")
    assert done.exit_code == 0, done.output
    assert "0.05 of the municipality" in done.output and "2 pairs" in done.output
    wrong = call("batch", "three_strategies", "--set", "world.shar=0.05", "--dry-run")
    assert wrong.exit_code == 2 and wrong.stderr.startswith("--set world.shar=0.05: unknown key 'shar'")


def test_small_mistakes_are_told_before_anything_runs() -> None:
    for words, says in (
        (("explain", "baseline", "--citizen", "-4"), "--citizen -4: numbers count from 0"),
        (("compare", "baseline", "recession", "--branch-at", "2028-01"), "such as 2028-W01"),
    ):
        done = call(*words)
        assert done.exit_code == 2 and says in done.stderr, done.output
