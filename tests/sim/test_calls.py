"""Kernels entered directly: only while numba would give every argument the type it had; the version kept on disk."""

from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest

from sim import version
from sim.compiled import JIT, Calls, _arrays_of_one_kind, kernel

Table = namedtuple("Table", ["values"])


@kernel
def _sum(table, row, times):
    total = 0.0
    for k in range(row.size):
        total += table.values[k] * row[k] * times
    return total


@kernel
def _double(table, row):
    for k in range(row.size):
        row[k] *= 2
        table.values[k] = row[k]


def test_the_same_objects_enter_the_compiled_code_and_others_are_typed_anew() -> None:
    call, rows = Calls(), np.arange(12).reshape(3, 4)
    whole = Table(np.arange(4))
    for week in range(3):  # another view and another number every week
        assert call(_sum, whole, rows[week], week) == whole.values @ rows[week] * week
    halves = Table(np.arange(4) / 2)  # float64 where there was int64: the old code would read nonsense
    assert call(_sum, halves, rows[1], 2) == halves.values @ rows[1] * 2
    narrow = Table(np.arange(4, dtype=np.int8))
    assert call(_sum, narrow, rows[1].astype(np.int16), 2) == whole.values @ rows[1] * 2
    assert call(_sum, whole, rows[::2, 1::2][1], 1) == 0 * 9 + 1 * 11  # not one after another in memory
    assert call(_sum, whole, rows[1], 0.5) == whole.values @ rows[1] * 0.5


def test_what_counts_as_the_same_type() -> None:
    row = np.zeros(4, np.int64)
    locked = row.copy()
    locked.flags.writeable = False
    table = Table(row)
    assert _arrays_of_one_kind(row, np.ones(9, np.int64))
    for known, value in (
        (table, Table(row)),
        (row, row.astype(np.int32)),
        (row, row.astype(np.float64)),
        (row, row.reshape(2, 2)),
        (row, np.zeros(8, np.int64)[::2]),
        (row, locked),
        (row, 3),
        (None, row),
    ):
        assert not _arrays_of_one_kind(known, value)


@pytest.mark.skipif(not JIT, reason="nothing is compiled")
def test_a_kernel_is_entered_directly_from_the_second_week_on() -> None:
    call, row = Calls(), np.arange(3)
    table = Table(row)
    for _ in range(2):
        call(_double, table, row)
    known, entry = call._known[_double]
    assert known[0] is table and entry is _double.overloads[_double.signatures[0]].entry_point
    assert row.tolist() == [0, 4, 8]
    other = np.arange(3.0)
    call(_double, Table(other), other)  # a second type goes through numba; the first is entered as before
    assert other.tolist() == [0, 2, 4] and call._known[_double][0][0] is table
    assert call(_double, table, row) is None and row.tolist() == [0, 8, 16]


def test_the_version_is_kept_and_a_torn_file_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOBCENTER_CACHE", str(tmp_path))
    parsed = version.parsed_version()
    assert version.code_version.__wrapped__() == parsed
    (kept,) = (tmp_path / "versions").iterdir()
    assert kept.read_text() == parsed
    kept.write_text("0123456789abcdef")
    assert version.code_version.__wrapped__() == "0123456789abcdef"  # read, not parsed
    for torn in ("", parsed[:7], "\xff" * 16):
        kept.write_text(torn, encoding="latin-1")
        assert version.code_version.__wrapped__() == parsed
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv("JOBCENTER_CACHE", str(tmp_path / "a file"))  # nowhere to keep it
    assert version.code_version.__wrapped__() == parsed
