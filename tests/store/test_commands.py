"""`jobcenter store` as a user meets it."""

import json
from pathlib import Path

import pandas as pd
import pytest
from made_runs import failure, filled, part_files, run, runs
from typer.testing import CliRunner, Result

from experiments.store import Store
from jobcenter.cli import app


def call(*words: object) -> Result:
    return CliRunner().invoke(app, ["store", *map(str, words)])


def answer(*words: object) -> object:
    done = call(*words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store.create_or_open(tmp_path / "s")
    made.note_batch({"command": "jobcenter batch three", "code_version": "abc123"})
    made.describe_scenario("hash0", {"question": "What if?"})
    with made.writing():
        made.add(runs(9))
        made.add([run(12, variant="flat")])
        made.add_failures([failure(30, error="ValueError: seed 30\nmore"), failure(3)])
    return made


def test_status(store: Store) -> None:
    found = answer("status", store.folder)
    assert isinstance(found, dict)
    assert (found["runs"], found["schema"], found["code_versions"], found["parts"]) == (10, 1, ["abc123"], 2)
    assert {(one["scenario"], one["variant"]): one["runs"] for one in found["scenarios"]} == {
        ("scenario_0", ""): 3,
        ("scenario_0", "flat"): 1,
        ("scenario_1", ""): 3,
        ("scenario_2", ""): 3,
    }
    assert [one["error"] for one in found["failures"]] == ["ValueError: seed 30"]
    assert found["bytes"] > 1000 and found["being_written_by"] is None and found["broken_parts"] == []
    text = call("status", store.folder).stdout
    assert "10 runs, 1 failed" in text and "seed 30, draw 1: ValueError: seed 30\n" in text
    assert "scenario_0 [flat]" in text and "jobcenter batch three" in text


def test_status_names_the_writer_and_broken_parts(store: Store) -> None:
    victim = part_files(store.folder)[0]
    victim.write_bytes(b"PAR1")
    with Store.open(store.folder).writing():
        done = call("status", store.folder)
    assert "being written by process" in done.stdout
    assert f"cannot be read, not counted: {store.folder / 'broken' / victim.name}" in done.stdout


def test_ls(store: Store) -> None:
    found = answer("ls", store.folder)
    assert isinstance(found, dict)
    assert found["scenarios"][0]["hash"] == "hash0" and found["scenarios"][0]["question"] == "What if?"
    money = next(one for one in found["outcomes"] if one["outcome"] == "money")
    assert (money["groups"], money["years"], money["unit"]) == (["municipality/service"], ["2027"], "kr.")
    assert [one["draw"] for one in found["draws"]] == [0, 1, 2]
    assert "net_municipal_cost" in call("ls", store.folder).stdout


def test_query(store: Store) -> None:
    sql = (
        "SELECT scenario, count(*) AS n, quantile_cont(value, [0.5]) AS q FROM outcomes GROUP BY 1 ORDER BY 1"
    )
    found = answer("query", store.folder, sql)
    assert isinstance(found, list) and [one["n"] for one in found] == [7, 6, 5]
    assert isinstance(found[0]["q"], list)
    done = call("query", store.folder, "SELECT seed FROM runs ORDER BY seed LIMIT 2", "--csv")
    assert done.stdout == "seed\n0\n1\n"
    done = call("query", store.folder, "DELETE FROM runs")
    assert done.exit_code == 2 and "only read" in done.output and "Traceback" not in done.output


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("tidy", [[], ["--tidy"]])
def test_export_repeats_byte_for_byte(tmp_path: Path, kind: str, tidy: list[str]) -> None:
    """Other order, other parts, other computing times."""
    one = filled(tmp_path / "one", runs(20))
    other = filled(tmp_path / "two", *([run(k, seconds=k + 100.0)] for k in reversed(range(20))))
    for store, name in ((one, "a"), (other, "b")):
        done = call("export", store.folder, f"--{kind}", tmp_path / f"{name}.{kind}", *tidy)
        assert done.exit_code == 0, done.output
    assert (tmp_path / f"a.{kind}").read_bytes() == (tmp_path / f"b.{kind}").read_bytes()


def test_export_is_sorted_and_leaves_time_out(store: Store, tmp_path: Path) -> None:
    target = tmp_path / "x.csv"
    assert answer("export", store.folder, "--csv", target) == {
        "file": str(target),
        "rows": 10,
        "columns": 11,
        "warnings": [],
    }
    frame = pd.read_csv(target, keep_default_na=False)
    assert frame.key.is_monotonic_increasing and "seconds" not in frame.columns
    assert (frame["money/municipality/service/2027"] == "").sum() == 2  # not known


def test_export_of_some_outcomes(store: Store, tmp_path: Path) -> None:
    for number, (wanted, columns) in enumerate(
        {"money": 1, "money/municipality": 1, "*/all": 1, "*": 2}.items()
    ):
        target = tmp_path / f"{number}.csv"
        assert call("export", store.folder, "--csv", target, "--outcomes", wanted).exit_code == 0
        assert len(pd.read_csv(target).columns) == 9 + columns, wanted
    done = call("export", store.folder, "--csv", tmp_path / "no.csv", "--outcomes", "mony")
    assert done.exit_code == 2 and "did you mean money?" in done.output
    assert not (tmp_path / "no.csv").exists()


def test_export_does_not_overwrite(store: Store, tmp_path: Path) -> None:
    target = tmp_path / "x.csv"
    target.write_text("mine")
    done = call("export", store.folder, "--csv", target)
    assert done.exit_code == 2 and "--force" in done.output and target.read_text() == "mine"
    assert call("export", store.folder, "--csv", target, "--force").exit_code == 0
    assert call("export", store.folder).exit_code == 2
    assert call("export", store.folder, "--csv", tmp_path / "none" / "x.csv").exit_code == 2


def test_the_sheet_holds_the_numbers(store: Store, tmp_path: Path) -> None:
    """Read back from the zip by hand: no program for it is needed."""
    import zipfile
    from xml.etree import ElementTree

    target = tmp_path / "x.xlsx"
    assert call("export", store.folder, "--xlsx", target, "--outcomes", "net_municipal_cost").exit_code == 0
    with zipfile.ZipFile(target) as book:
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
        about = book.read("xl/worksheets/sheet2.xml").decode()
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    rows = [[cell.findtext(f"{space}v") for cell in row] for row in sheet.iter(f"{space}row")]
    wanted = store.frame()["net_municipal_cost/all/all"].tolist()
    assert [float(row[-1] or "nan") for row in rows[1:]] == pytest.approx(wanted, rel=1e-15)  # 16 digits
    assert "kr." in about


def test_a_sheet_that_is_too_large(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("experiments.store.export.SHEET_ROWS", 10)
    done = call("export", store.folder, "--xlsx", tmp_path / "x.xlsx")
    assert done.exit_code == 2 and "do not fit on a sheet" in done.output
    assert not [path for path in tmp_path.iterdir() if "x.xlsx" in path.name]


def test_merge(store: Store, tmp_path: Path) -> None:
    second = filled(tmp_path / "t", runs(6, 6))
    second.describe_draw("d", {"x": 1.0})
    out = tmp_path / "both"
    assert answer("merge", store.folder, second.folder, "--out", out) == {
        "store": str(out),
        "runs": 13,
        "warnings": [],
    }
    merged = Store.open(out)
    assert len(merged.frame()) == 13 and merged.draws() == {"d": {"x": 1.0}} and len(merged.failures()) == 1
    done = call("merge", store.folder, second.folder, "--out", out)
    assert done.exit_code == 2 and "not empty" in done.output
    with store.writing():
        done = call("merge", store.folder, second.folder, "--out", tmp_path / "more")
    assert done.exit_code == 2 and "is being written" in done.output


def test_no_store(tmp_path: Path) -> None:
    for words in (("status",), ("ls",), ("query", "SELECT 1"), ("export", "--csv", "x.csv")):
        done = call(words[0], tmp_path / "none", *words[1:])
        assert done.exit_code == 2 and "there is no result store here" in done.output


@pytest.mark.parametrize("name", ["runs.csv", "runs.XLSX"])
def test_export_by_the_ending_of_the_name(store: Store, tmp_path: Path, name: str) -> None:
    done = call("export", store.folder, "--out", tmp_path / name)
    assert done.exit_code == 0 and (tmp_path / name).stat().st_size > 100, done.output


def test_export_says_where_to_once(store: Store, tmp_path: Path) -> None:
    for words, says in (
        (("--out", "runs.txt"), "--out runs.txt: a file that ends in .csv or .xlsx"),
        (("--out", "a.csv", "--csv", "b.csv"), "--csv says where to already"),
        (("--out", "a.csv", "--xlsx", "b.xlsx"), "one of --out FILE.csv"),
        ((), "one of --out FILE.csv"),
    ):
        done = call("export", store.folder, *words)
        assert done.exit_code == 2 and says in done.stderr, done.output


def test_a_word_of_sql_as_a_column_is_explained(store: Store) -> None:
    done = call("query", store.folder, "SELECT group FROM outcomes")
    assert done.exit_code == 2
    assert 'write the column in double quotes, "group"' in done.stderr
    assert "^" not in done.stderr and "Parser Error" not in done.stderr


def test_sums_are_printed_without_powers_of_ten(store: Store) -> None:
    done = call(
        "query", store.folder, "SELECT 322024613.5 AS kr, 0.0023 AS share, 0.0 AS none FROM runs LIMIT 1"
    )
    assert "322,024,613.5" in done.stdout and "0.0023" in done.stdout and "e+" not in done.stdout
