"""Tables of single runs: a batch keeps those of its recording level, and a run without its tables is done again."""

import errno
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from made_runs import run, runs
from typer.testing import CliRunner

from experiments.run import run_one
from experiments.store import Store
from experiments.store.detail import encode
from experiments.store.merge import merge
from jobcenter.cli import app
from sim.errors import UserError
from sim.records.tables import TABLES_OF_LEVEL, detail_tables, tables
from sim.scenario import load

TEXT = """
question: a small town
base: baseline
scenarios: [early_intervention]
pairs: 2
draws: none
weeks: 10
recording: {level}
set: ["world.share=0.01"]
"""


def batch(folder: Path, level: str, name: str = "store") -> tuple[Store, str]:
    (folder / "small.yaml").write_text(TEXT.format(level=level))
    words = ["batch", str(folder / "small.yaml"), "--out", str(folder / name), "--where", "inline", "--json"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    return Store.open(folder / name), done.output


def frame(numbers: int = 3) -> pd.DataFrame:
    return pd.DataFrame({"week": range(numbers), "value": [7] * numbers})


@pytest.mark.parametrize("level", ["weekly", "events"])
def test_a_batch_keeps_the_tables_of_its_level(tmp_path: Path, level: str) -> None:
    store, _ = batch(tmp_path, level)
    assert store.details.names() == sorted(TABLES_OF_LEVEL[level])
    kept = store.query("SELECT * EXCLUDE (key, scenario, variant, draw, seed) FROM weekly WHERE seed = 2 AND"
                       " scenario = 'early_intervention' ORDER BY week, name")  # fmt: skip
    scenario = load("early_intervention", overrides=("world.share=0.01", "weeks=10"))
    lived = detail_tables(run_one(scenario, None, 2, recording=level), level)["weekly"]
    plain = lived.astype(dict.fromkeys(("iso_week", "name", "unit"), str)).sort_values(["week", "name"])
    pd.testing.assert_frame_equal(kept, plain.reset_index(drop=True), check_dtype=False)
    assert f'"finished": {len(store.keys())}' in batch(tmp_path, level, "again")[1]
    assert '"finished": 0' in batch(tmp_path, level)[1], "what is there is not run again"


def test_a_richer_store_is_enough_and_a_poorer_one_is_not(tmp_path: Path) -> None:
    plain, _ = batch(tmp_path, "outcomes")
    rich, told = batch(tmp_path, "weekly")
    assert '"finished": 4' in told, "without weekly numbers a run is not what was asked for"
    one, two = (rich.frame(keys=keys) for keys in (plain.keys() - rich.keys(), rich.keys()))
    levels = two.groupby("recording", as_index=False)
    assert one.empty and set(two.recording) == {"outcomes", "weekly"}
    by_run = [part.drop(columns=["key", "recording", "seconds"]) for _, part in levels]
    a, b = (part.sort_values(["scenario", "seed"]).reset_index(drop=True) for part in by_run)
    pd.testing.assert_frame_equal(a, b)
    batch(tmp_path, "ledger", "rich")
    for level in ("outcomes", "weekly", "ledger"):
        assert '"finished": 0' in batch(tmp_path, level, "rich")[1], f"a ledger run has all of {level}"
    store = Store.open(tmp_path / "rich")
    min(store.details.files("pots").values()).unlink()
    told = batch(tmp_path, "weekly", "rich")[1]
    assert '"finished": 1' in told, "a run that lacks a table counts for no level"


def test_levels_name_the_tables_they_keep() -> None:
    result = run_one(load("baseline", overrides=("world.share=0.01", "weeks=3")), None, 1, recording="events")
    for level, names in TABLES_OF_LEVEL.items():
        assert tuple(tables(result, level)) == ("outcomes", *names)


@pytest.mark.parametrize("damage", ["missing", "half", "empty", "altered"])
def test_a_run_without_its_tables_is_done_again(tmp_path: Path, damage: str) -> None:
    store, _ = batch(tmp_path, "weekly")
    whole = store.query("SELECT * FROM weekly ORDER BY ALL")
    key, victim = sorted(store.details.files("cohorts").items())[1]
    content = victim.read_bytes()
    victim.unlink()
    if damage != "missing":
        middle = len(content) // 2
        damaged = {"half": content[:middle], "empty": b""}
        altered = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
        victim.write_bytes(damaged.get(damage, altered))
    reader = Store.open(store.folder)
    assert len(reader.keys()) == 3 and key not in reader.keys()
    assert "1 runs lack tables" in reader.warnings[0]
    again, told = batch(tmp_path, "weekly")
    assert '"finished": 1' in told and victim.read_bytes() == content
    assert len(again.keys()) == len(again.frame()) == 4 and not again.warnings
    pd.testing.assert_frame_equal(again.query("SELECT * FROM weekly ORDER BY ALL"), whole)


KILLED = """
import os, signal, sys
from pathlib import Path
from made_runs import run
from experiments.store import Store
store = Store.create_or_open(Path(sys.argv[1]))
store.parts.write = lambda table: os.kill(os.getpid(), signal.SIGKILL)
with store.writing():
    store.add([run(1, recording="weekly@x")], {run(1).key: {"weekly": b"PAR1", "cohorts": b"PAR1"}})
"""


def test_killed_between_tables_and_run_nothing_counts(tmp_path: Path) -> None:
    paths = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[2])])
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / "s")],
        env={**os.environ, "PYTHONPATH": paths},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    store = Store.create_or_open(tmp_path / "s")
    assert store.details.names() == ["cohorts", "weekly"] and store.keys() == set()
    row, content = run(1, recording="weekly@x"), encode(frame(), run(1).key)
    with store.writing():
        store.add([row], {row.key: {"weekly": content, "cohorts": content}})
    assert store.keys() == {row.key} and len(store.query("SELECT * FROM weekly")) == 3


def test_merging_carries_the_tables_along(tmp_path: Path) -> None:
    stores = []
    for number in (1, 2):
        store = Store.create_or_open(tmp_path / f"s{number}")
        row = run(number, recording="weekly@x")
        with store.writing():
            store.add([row], {row.key: {name: encode(frame(), row.key) for name in ("weekly", "cohorts")}})
            store.add(runs(2, 10))
        stores.append(store)
    assert merge(stores, tmp_path / "both") == 4
    both = Store.open(tmp_path / "both")
    assert len(both.keys()) == 4 and not both.warnings
    assert both.query("SELECT count(*) AS n FROM weekly").n[0] == 6


def test_tables_are_written_for_new_runs_only_and_a_full_disk_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store.create_or_open(tmp_path / "s")
    row, other = run(1, recording="weekly@x"), run(2, recording="weekly@x")
    content = {name: encode(frame(), row.key) for name in ("weekly", "cohorts")}
    with store.writing():
        store.add([row], {row.key: content})
        changed = replace(row, values=dict.fromkeys(row.values, 1e9))
        with pytest.raises(UserError, match="different values"):
            store.add([changed], {row.key: {name: encode(frame(9), row.key) for name in content}})
        with monkeypatch.context() as broken:
            broken.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
            with pytest.raises(UserError, match="cannot be written"):
                store.add([other], {other.key: content})
    again = Store.open(store.folder)
    assert again.keys() == {row.key} and not again.warnings
    assert len(again.query("SELECT * FROM weekly")) == 3
    assert not list(store.folder.rglob("*.tmp"))
