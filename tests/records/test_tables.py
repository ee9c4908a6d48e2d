"""Tables of a run: typed, tidy, true to the arrays they come from, the same again when read back."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from made_results import START, lived_result

from sim import codes
from sim.records.tables import LEVELS, spell_table, tables, with_open_spells, write_parquet
from sim.records.weekly import NAMES


def with_spells(weeks: int = 60):
    spells = {
        "person": [7, 3, 3, 9],
        "benefit": [0, 4, 0, 10],
        "begin": [START + 2, START - 30, START + 20, START - 400],
        "end": [START + 12, START + 10, START + weeks, START + weeks],
        "door": [0, 2, -1, -1],
    }
    return replace(lived_result(weeks), spells={name: np.array(values) for name, values in spells.items()})


def test_each_level_has_the_tables_of_the_level_before() -> None:
    before: set[str] = set()
    for level in LEVELS:
        found = set(tables(with_spells(), level))
        assert found > before, level
        before = found
    with pytest.raises(ValueError, match="not one of outcomes"):
        tables(with_spells(), "everything")


def test_weekly_table_is_every_column_of_every_week() -> None:
    result = with_spells(20)
    frame = tables(result, "weekly")["weekly"]
    assert len(frame) == 20 * len(NAMES)
    wide = frame.pivot(index="week", columns="name", values="value")
    assert (wide["stock.dagpenge"].to_numpy() == result.column("stock.dagpenge")).all()
    assert frame.iso_week.iloc[0] == "2027-W01" and frame.week.iloc[0] == START


def test_ledger_table_holds_every_oere_once() -> None:
    result = with_spells(30)
    frame = tables(result, "ledger")["ledger"]
    assert frame.oere.sum() == result.ledger.sum()
    assert (frame.oere != 0).all()
    by_payer = frame.groupby("payer", observed=True).oere.sum()
    assert by_payer["state"] == result.ledger[..., codes.STATE].sum()
    staff = frame[frame.account == "staff"]
    assert set(staff.benefit) == {""} and set(staff.step_label) == {""} and set(staff.frame) == {"service"}
    week = frame[(frame.week == START + 3) & (frame.benefit == "dagpenge") & (frame.account == "benefit")]
    assert week.oere.sum() == result.ledger[3, codes.A_BENEFIT, 0].sum()


def test_cohorts_not_followed_to_the_end_are_empty_not_zero() -> None:
    frame = tables(with_spells(60), "weekly")["cohorts"]
    counts = frame[frame.value.notna()].groupby("name", observed=True).size()
    assert counts["entrants"] == 60 and counts["in_job_26"] == 34 and counts["in_job_52"] == 8
    assert "weeks_on_support_104" not in counts[counts > 0]


def test_spells_say_what_was_cut_off_on_either_side() -> None:
    frame = spell_table(with_spells(60))
    assert list(frame.person) == [3, 3, 7, 9]
    assert list(frame.weeks) == [40, 40, 10, 460]
    assert list(frame.left_truncated) == [True, False, False, True]
    assert list(frame.censored) == [False, True, False, True]
    assert frame.door.isna().tolist() == [False, True, False, True]
    assert frame.begin_iso[2] == "2027-W03"


def test_events_are_the_ends_and_begins_inside_the_run() -> None:
    events = tables(with_spells(60), "events")["events"]
    assert [tuple(row) for row in events[["week", "person", "event"]].to_numpy()] == [
        (START + 10, 3, "ends"), (START + 20, 3, "begins"), (START + 2, 7, "begins"), (START + 12, 7, "ends"),
    ]  # fmt: skip


def test_spells_still_open_stand_behind_the_closed_ones() -> None:
    """Those that begin next week are left out; who moved in brought a spell begun elsewhere."""
    columns = {
        "status": np.array([0, 8, 8, 18]),
        "id": np.array([0, 1, 2, 3]),
        "since": np.array([5, 90, 100, 7]),
        "arrive_week": np.array([-9, -9, -9, START + 4]),
        "row_of": np.arange(4),
    }
    state = type("S", (), {"week": 100, "__getitem__": lambda self, name: columns[name]})()
    closed = {
        name: np.array([value])
        for name, value in {"person": 0, "benefit": 4, "begin": 1, "end": 5, "door": 0}.items()
    }
    found = with_open_spells(closed, state)
    assert list(found["person"]) == [0, 1, 3] and list(found["benefit"]) == [4, 0, 10]
    assert list(found["end"]) == [5, 100, 100] and list(found["door"]) == [0, -1, -1]
    assert list(found["arrived"]) == [-9, -9, START + 4]
    frame = spell_table(replace(lived_result(60), spells=found))
    assert frame.seen_from.tolist()[2] == START + 4 and frame.left_truncated.all()


def test_no_spells_is_said() -> None:
    with pytest.raises(ValueError, match="kept no spells"):
        spell_table(lived_result(5))


@pytest.mark.parametrize("name", ["outcomes", "weekly", "cohorts", "ledger", "pots", "spells", "events"])
def test_parquet_gives_the_table_back_with_its_remarks(name: str, tmp_path: Path) -> None:
    frame = tables(with_spells(20), "events")[name]
    write_parquet(frame, tmp_path / "t.parquet", {"watermark": "Not calibrated"})
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "t.parquet"), frame, check_categorical=False)
    assert pq.read_schema(tmp_path / "t.parquet").metadata[b"jobcenter.watermark"] == b"Not calibrated"
    assert [file.name for file in tmp_path.iterdir()] == ["t.parquet"]
