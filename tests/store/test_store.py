"""What goes into a store comes out: any order, any partition; duplicates; notes; SQL."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_runs import NAN, failure, filled, part_files, run, runs

from experiments.store import RunRow, Store
from experiments.store.export import export
from experiments.store.merge import merge
from experiments.store.rows import LABELS
from sim.errors import UserError

NAMES = ["a/all/2027", "a/all/all", "b/x/y/2027", 'c/long, "name"/2028']
values = st.dictionaries(st.sampled_from(NAMES), st.floats(width=64), max_size=len(NAMES))
some_runs = st.lists(st.tuples(st.integers(0, 60), values), max_size=14, unique_by=lambda item: item[0]).map(
    lambda items: [run(number, found) for number, found in items]
)
quick = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def partition(rows: list[RunRow], cuts: list[int]) -> list[list[RunRow]]:
    at = sorted({0, len(rows), *(cut % (len(rows) + 1) for cut in cuts)})
    return [rows[a:b] for a, b in zip(at, at[1:], strict=False)]


def exported(store: Store, folder: Path, tidy: bool) -> bytes:
    export(store, folder / "out.csv", "csv", [], tidy, force=True)
    return (folder / "out.csv").read_bytes()


@quick
@given(rows=some_runs, data=st.data(), cuts=st.lists(st.integers(0, 20), max_size=5))
def test_order_and_parts_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, rows: list[RunRow], data: st.DataObject, cuts: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("order")
    shuffled = data.draw(st.permutations(rows))
    one, other = filled(folder / "one", rows), filled(folder / "other", *partition(shuffled, cuts))
    pd.testing.assert_frame_equal(one.frame(), other.frame())
    assert one.keys() == {row.key for row in rows}
    for tidy in (False, True):
        assert exported(one, folder, tidy) == exported(other, folder, tidy)


@quick
@given(rows=some_runs)
def test_the_frame_is_what_went_in(tmp_path_factory: pytest.TempPathFactory, rows: list[RunRow]) -> None:
    frame = filled(tmp_path_factory.mktemp("frame") / "s", rows).frame()
    rows = sorted(rows, key=lambda row: row.key)
    names = sorted({name for row in rows for name in row.values})
    assert list(frame.columns) == [*LABELS, *names]
    for name in LABELS:
        assert frame[name].tolist() == [getattr(row, name) for row in rows]
    for name in names:
        wanted = np.array([row.values.get(name, NAN) for row in rows])
        assert frame[name].dtype == np.float64
        known = ~np.isnan(wanted)
        assert (np.isnan(frame[name].to_numpy()) == ~known).all()
        assert frame[name].to_numpy()[known].tobytes() == wanted[known].tobytes()


@quick
@given(rows=some_runs, a=st.integers(0, 14), b=st.integers(0, 14))
def test_merge_commutes(tmp_path_factory: pytest.TempPathFactory, rows: list[RunRow], a: int, b: int) -> None:
    """Also where both have some of the runs, under another label."""
    folder = tmp_path_factory.mktemp("merge")
    left = filled(folder / "a", rows[:a])
    relabelled = [RunRow(**{**vars(row), "scenario": "other", "seconds": 9.0}) for row in rows[min(b, a) :]]
    right = filled(folder / "b", relabelled)
    assert merge([left, right], folder / "ab") == merge([right, left], folder / "ba") == len(rows)
    one, other = (Store.open(folder / name) for name in ("ab", "ba"))
    pd.testing.assert_frame_equal(one.frame(), other.frame())
    assert exported(one, folder, False) == exported(other, folder, False)


def test_csv_holds_every_digit(tmp_path: Path) -> None:
    numbers = [0.1, 1 / 3, 1e22, 5e-324, -0.0, 123456789.123456789, math.inf]
    store = filled(tmp_path / "s", [run(k, {"a/all/all": value}) for k, value in enumerate(numbers)])
    export(store, tmp_path / "x.csv", "csv", [], False, False)
    frame = pd.read_csv(tmp_path / "x.csv")
    by_seed = frame.sort_values("seed")["a/all/all"].to_numpy()
    assert by_seed.tobytes() == np.array(numbers).tobytes()


def test_a_stored_run_is_not_stored_again(tmp_path: Path) -> None:
    store = filled(tmp_path / "s", runs(4))
    before = part_files(store.folder)
    with store.writing():
        store.add([run(0), run(3, seconds=99.0), run(0, scenario="another label")])
        assert part_files(store.folder) == before
        store.add([*runs(3, 2), run(4)])
    assert store.frame().seed.sort_values().tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    "other",
    [{"net_municipal_cost/all/all": 0.700001}, {}, {"net_municipal_cost/all/all": 0.7, "x/all/all": 1.0}],
)
def test_equal_keys_with_different_values_are_an_error(tmp_path: Path, other: dict[str, float]) -> None:
    store = filled(tmp_path / "s", [run(0), run(1)])
    before = store.frame()
    with store.writing(), pytest.raises(UserError, match=r"different values(.|\n)*scenario_0(.|\n)*seed 0"):
        store.add([run(2), run(0, other)])
    pd.testing.assert_frame_equal(store.frame(), before)
    with store.writing(), pytest.raises(UserError, match="different values"):
        store.add([run(5), run(5, other)])
    second = filled(tmp_path / "t", [run(0, other)])
    with pytest.raises(UserError, match="different values"):
        merge([store, second], tmp_path / "merged")
    assert not (tmp_path / "merged").exists()


def test_parts_of_another_store_copied_in(tmp_path: Path) -> None:
    """Equal rows count once, in frames, in SQL, and after the next writer; different ones are an error."""
    store, second = filled(tmp_path / "s", runs(5)), filled(tmp_path / "t", runs(5, 3))
    for path in part_files(second.folder):
        (store.folder / "runs" / path.name).write_bytes(path.read_bytes())
    assert len(store.frame()) == len(store.keys()) == 8
    assert store.query("SELECT count(*) FROM runs").iloc[0, 0] == 8
    with store.writing():
        pass
    assert sum(len(pd.read_parquet(path)) for path in part_files(store.folder)) == 8
    third = filled(tmp_path / "u", [run(0, {"net_municipal_cost/all/all": 1.0})])
    for path in part_files(third.folder):
        (store.folder / "runs" / path.name).write_bytes(path.read_bytes())
    for ask in (store.keys, store.frame, lambda: store.query("SELECT * FROM runs")):
        with pytest.raises(UserError, match="different values"):
            ask()


def test_frame_of_some_outcomes_and_keys(tmp_path: Path) -> None:
    store = filled(tmp_path / "s", runs(6), [run(9, {"extra/all/all": 2.0})])
    frame = store.frame(["extra/all/all", "net_municipal_cost/all/all"], [run(9).key, run(1).key, "absent"])
    assert list(frame.columns) == [*LABELS, "extra/all/all", "net_municipal_cost/all/all"]
    assert frame.set_index("seed")["extra/all/all"].fillna(-1).to_dict() == {1: -1, 9: 2.0}
    assert store.frame([], []).shape == (0, len(LABELS))
    with pytest.raises(UserError, match="no run has the outcome 'missing/all/all'"):
        store.frame(["missing/all/all"])


def test_small_parts_are_merged_when_a_batch_ends(tmp_path: Path) -> None:
    store = filled(tmp_path / "s", *([row] for row in runs(30)))
    assert len(part_files(store.folder)) == 1
    pd.testing.assert_frame_equal(store.frame(), filled(tmp_path / "t", runs(30)).frame())


def test_hundreds_of_parts_are_merged_while_a_batch_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("experiments.store.store.MANY", 10)
    store = Store.create_or_open(tmp_path / "s")
    with store.writing():
        for row in runs(35):
            store.add([row])
            assert len(part_files(store.folder)) <= 11
            assert row.key in Store.open(store.folder).keys()
    assert len(store.keys()) == 35


def test_writing_needs_the_lock(tmp_path: Path) -> None:
    store = Store.create_or_open(tmp_path / "s")
    with pytest.raises(RuntimeError, match="writing"):
        store.add([run(0)])
    with pytest.raises(RuntimeError, match="writing"):
        store.add_failures([failure(0)])


def test_failures_last_until_the_run_succeeds(tmp_path: Path) -> None:
    store = Store.create_or_open(tmp_path / "s")
    with store.writing():
        store.add_failures([failure(7), failure(8)])
        store.add_failures([failure(7, "2026-02-01T00:00:00Z", "OSError: later")])
    assert [(one.seed, one.error) for one in store.failures()] == [
        (7, "OSError: later"),
        (8, "ValueError: books"),
    ]
    with store.writing():
        store.add([run(7)])
    assert store.failures() == [failure(8)]


def test_notes(tmp_path: Path) -> None:
    store = Store.create_or_open(tmp_path / "s")
    store.describe_scenario("abc", {"name": "baseline"})
    store.describe_scenario("abc", {"name": "said again"})
    store.describe_draw("d1", {"behaviour.trust.gain": 0.2})
    store.note_batch({"command": "jobcenter batch x", "code_version": "v1", "path": Path("x")})
    again = Store.open(store.folder)
    assert again.scenarios() == {"abc": {"name": "baseline"}}
    assert again.draws() == {"d1": {"behaviour.trust.gain": 0.2}}
    assert again.batches()[0]["code_version"] == "v1"
    (store.folder / "draws" / "d1.json").write_text("{ torn")
    assert again.draws() == {} and "d1.json" in again.warnings[0]
    store.describe_draw("d1", {"behaviour.trust.gain": 0.2})
    assert again.draws() == {"d1": {"behaviour.trust.gain": 0.2}}
    with pytest.raises(ValueError, match="not a hash"):
        store.describe_scenario("../store", {})


def test_sql_over_runs_outcomes_and_draws(tmp_path: Path) -> None:
    store = filled(tmp_path / "it's", runs(12), [run(20, {"extra/all/all": NAN, "a/b/c/2027": 4.0})])
    store.describe_draw("draw1", {"x": 0.5})
    frame = store.frame()
    means = store.query(
        'SELECT scenario, avg("net_municipal_cost/all/all") AS m FROM runs GROUP BY 1 ORDER BY 1'
    )
    wanted = frame.groupby("scenario")["net_municipal_cost/all/all"].mean()
    assert dict(zip(means.scenario, means.m, strict=True)) == pytest.approx(wanted.to_dict())
    tidy = store.query("SELECT * FROM outcomes")
    assert list(tidy.columns) == "key scenario variant draw seed outcome group year value".split()
    assert len(tidy) == int(frame.drop(columns=list(LABELS)).notna().sum().sum())
    assert set(tidy.loc[tidy.outcome == "money", "group"]) == {"municipality/service"}
    assert tidy.loc[tidy.outcome == "a"].iloc[0][["group", "year", "value"]].tolist() == ["b/c", "2027", 4.0]
    assert store.query("SELECT * FROM draws").to_numpy().tolist() == [["draw1", "x", 0.5]]


def test_sql_on_an_empty_store(tmp_path: Path) -> None:
    store = Store.create_or_open(tmp_path / "s")
    assert store.frame().empty and store.keys() == set()
    assert store.query("SELECT count(*) FROM runs, outcomes").iloc[0, 0] == 0


@pytest.mark.parametrize(
    "sql",
    [
        "DROP VIEW runs",
        "SELECT 1; SELECT 2",
        "",
        "SELEC 1",
        "SELECT missing FROM runs",
        "COPY runs TO 'stolen.csv'",
    ],
)
def test_sql_that_is_wrong_or_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sql: str) -> None:
    store = filled(tmp_path / "s", runs(2))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="query: "):
        store.query(sql)
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


def test_a_name_that_is_not_an_outcome(tmp_path: Path) -> None:
    store = Store.create_or_open(tmp_path / "s")
    with store.writing(), pytest.raises(ValueError, match="outcome/group/year"):
        store.add([run(0, {"seconds": 1.0})])
