"""Damage, full disks, kills and second writers: what was stored stays, what is missing is said."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from made_runs import filled, part_files, run, runs

from experiments.store import Store
from experiments.store.export import export
from experiments.store.lock import HEARTBEAT, LOCK
from experiments.store.parts import Parts
from sim.errors import UserError

HERE = Path(__file__).parent


def python(code: str, *arguments: object) -> "subprocess.Popen[str]":
    """Another process that can make runs."""
    paths = [str(HERE), str(HERE.parents[1])]
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
    )


def first_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line or process.stderr is None or not process.stderr.read()
    return line


# ---- parts that cannot be read


@pytest.mark.parametrize("damage", ["half", "empty", "one byte"])
def test_a_damaged_part_is_found_and_redone(tmp_path: Path, damage: str) -> None:
    store = filled(tmp_path / "s", runs(3), runs(3, 3), runs(3, 6))
    whole = store.frame()
    victim = part_files(store.folder)[1]
    lost = set(pd.read_parquet(victim).key)
    content = bytearray(victim.read_bytes())
    content[len(content) // 3] ^= 1
    victim.write_bytes(
        {"half": content[: len(content) // 2], "empty": b"", "one byte": bytes(content)}[damage]
    )
    reader = Store.open(store.folder)
    assert reader.keys() == set(whole.key) - lost
    assert len(reader.warnings) == 1 and victim.name in reader.warnings[0] and victim.exists()
    assert len(reader.query("SELECT * FROM runs")) == len(reader.frame()) == 6
    with store.writing():
        missing = set(whole.key) - store.keys()
        assert missing == lost and "moved to" in store.warnings[0]
        store.add([row for row in runs(9) if row.key in missing])
    pd.testing.assert_frame_equal(Store.open(store.folder).frame(), whole)
    assert [path.name for path in (store.folder / "broken").iterdir()] == [victim.name]


def test_a_part_damaged_while_writing_is_found_by_keys(tmp_path: Path) -> None:
    store = Store.create_or_open(tmp_path / "s")
    with store.writing():
        store.add(runs(3))
        (path,) = part_files(store.folder)
        path.write_bytes(path.read_bytes()[:100])
        assert store.keys() == set()
        store.add(runs(3))
    assert len(store.keys()) == 3


# ---- folders that are no store of ours


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(UserError, match="is not empty and holds no result store"):
        Store.create_or_open(tmp_path)
    with pytest.raises(UserError, match="is a file"):
        Store.create_or_open(tmp_path / "thesis.txt")
    for place in (tmp_path, tmp_path / "missing", tmp_path / "thesis.txt"):
        with pytest.raises(UserError, match="there is no result store here"):
            Store.open(place)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        ('{"schema": 0}', "schema 0, written by an older version"),
        ('{"schema": 2}', "schema 2, written by a newer version"),
        ('{"schema": "1"}', "this version reads and writes schema 1"),
        ("{}", "cannot be read"),
        ("{ torn", "cannot be read"),
    ],
)
def test_another_schema_is_refused(tmp_path: Path, mark: str, message: str) -> None:
    store = filled(tmp_path / "s", runs(2))
    (store.folder / "store.json").write_text(mark)
    for ask in (Store.open, Store.create_or_open):
        with pytest.raises(UserError, match=message):
            ask(store.folder)


def test_a_part_of_another_schema_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = filled(tmp_path / "s", runs(2))
    monkeypatch.setattr("experiments.store.parts.SCHEMA", 2)
    with pytest.raises(UserError, match="a part of schema 1 in a store of schema 2"):
        Store.open(store.folder).frame()


# ---- disks that cannot be written


@pytest.mark.parametrize("call", ["replace", "fsync"])
def test_a_full_disk_leaves_the_store_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    store = filled(tmp_path / "s", runs(3))
    before = {path: path.read_bytes() for path in store.folder.rglob("*") if path.is_file()}

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with store.writing():
        with monkeypatch.context() as broken:
            broken.setattr(os, call, full)
            with pytest.raises(UserError, match=r"cannot be written \(No space left on device\).*Make room"):
                store.add(runs(3, 3))
        assert len(store.keys()) == 3
        assert not list(store.folder.rglob("*.tmp"))
    assert {path: path.read_bytes() for path in store.folder.rglob("*") if path.is_file()} == before
    with store.writing():
        store.add(runs(3, 3))
    assert len(store.keys()) == 6


def test_a_disk_too_full_to_merge_parts_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store.create_or_open(tmp_path / "s")
    with store.writing():
        for row in runs(12):
            store.add([row])
        monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
    assert len(store.keys()) == 12 and "could not be merged" in store.warnings[0]


def test_the_kernel_refuses_to_write_more(tmp_path: Path) -> None:
    """A real refusal, by a limit on the size of files."""
    store = filled(tmp_path / "s", runs(3))
    code = (
        "import resource, sys; from pathlib import Path; from made_runs import runs\n"
        "from experiments.store import Store; from sim.errors import UserError\n"
        "store = Store.open(Path(sys.argv[1]))\n"
        "with store.writing():\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY))\n"
        "    try: store.add(runs(50, 3))\n"
        "    except UserError as wrong: print('refused', wrong)\n"
    )
    out, errors = python(code, store.folder).communicate(timeout=60)
    assert out.startswith("refused") and "cannot be written" in out, errors
    assert len(store.keys()) == 3 and store.warnings == [] and not list(store.folder.rglob("*.tmp"))


def test_a_read_only_folder(tmp_path: Path) -> None:
    store = filled(tmp_path / "s", runs(3))
    for folder in (store.folder / "runs", store.folder):
        folder.chmod(0o555)
    try:
        if os.access(store.folder, os.W_OK):
            pytest.skip("the superuser may write everywhere")
        assert len(Store.open(store.folder).frame()) == 3
        with pytest.raises(UserError, match="cannot be written"):
            Store.create_or_open(store.folder)
        with pytest.raises(UserError, match="cannot be written"):
            Store.create_or_open(store.folder / "new")
    finally:
        for folder in (store.folder, store.folder / "runs"):
            folder.chmod(0o755)


def test_a_read_only_disk_as_the_system_reports_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = filled(tmp_path / "s", runs(3))
    opened = os.open

    def read_only(path: object, flags: int, *rest: int) -> int:
        if flags & (os.O_RDWR | os.O_WRONLY):
            raise OSError(errno.EROFS, "Read-only file system")
        return opened(path, flags, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", read_only)
    with pytest.raises(UserError, match=r"cannot be written \(Read-only file system\)"), store.writing():
        pass
    assert len(store.frame()) == 3


# ---- kills


KILLED_WHILE_MERGING = """
import os, signal, sys
from pathlib import Path
from made_runs import runs
import experiments.store.compact as compact
import experiments.store.atomic as atomic
from experiments.store import Store
stop_at, count = sys.argv[2], [0]
real_replace, real_unlink = os.replace, os.unlink
def die(): os.kill(os.getpid(), signal.SIGKILL)
store = Store.open(Path(sys.argv[1]))
with store.writing():
    for row in runs(12): store.add([row])
    def replace(a, b):
        if stop_at == "before rename": die()
        real_replace(a, b)
        if stop_at == "after rename": die()
    def unlink(path):
        real_unlink(path)
        count[0] += 1
        if stop_at == "while removing" and count[0] == 5: die()
    os.replace, os.unlink = replace, unlink
"""


@pytest.mark.parametrize("moment", ["before rename", "after rename", "while removing"])
def test_killed_while_parts_are_merged(tmp_path: Path, moment: str) -> None:
    store = Store.create_or_open(tmp_path / "s")
    process = python(KILLED_WHILE_MERGING, store.folder, moment)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, errors
    files = len(part_files(store.folder))
    assert files == {"before rename": 12, "after rename": 13, "while removing": 8}[moment]
    wanted = filled(tmp_path / "undisturbed", runs(12)).frame()
    reader = Store.open(store.folder)
    pd.testing.assert_frame_equal(reader.frame(), wanted)
    assert reader.query("SELECT count(*) FROM runs").iloc[0, 0] == 12 and reader.warnings == []
    with store.writing():
        assert len(store.keys()) == 12
    pd.testing.assert_frame_equal(store.frame(), wanted)
    assert (
        len(part_files(store.folder)) == 1 and not list(store.folder.rglob("*.tmp")) and store.warnings == []
    )


KILLED_WHILE_ADDING = """
import sys
from pathlib import Path
from made_runs import run
from experiments.store import Store
store = Store.open(Path(sys.argv[1]))
with store.writing():
    print("writing", flush=True)
    for number in range(100_000): store.add([run(number)]); print(number, flush=True)
"""


def test_killed_while_runs_are_added(tmp_path: Path) -> None:
    """Every run that was reported as stored is there, and the lock is free at once."""
    store = Store.create_or_open(tmp_path / "s")
    process = python(KILLED_WHILE_ADDING, store.folder)
    assert first_line(process) == "writing\n"
    while first_line(process) != "19\n":
        pass
    with pytest.raises(UserError, match=rf"is being written by process {process.pid} on "), store.writing():
        pass
    process.kill()
    out, _ = process.communicate(timeout=60)
    last = max([19, *(int(line) for line in out.split())])
    wanted = runs(last + 10)
    with store.writing():
        stored = store.keys()
        assert {row.key for row in wanted[: last + 1]} <= stored
        assert len(stored) <= last + 2
        store.add([row for row in wanted if row.key not in stored])
    assert store.warnings == []
    undisturbed = filled(tmp_path / "undisturbed", wanted)
    for one, name in ((store, "a.csv"), (undisturbed, "b.csv")):
        export(one, tmp_path / name, "csv", [], tidy=True, force=False)
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_a_reader_beside_a_writer_that_merges(tmp_path: Path) -> None:
    """Parts vanish under the reader's hands; it never sees less than before, nor an error."""
    store = Store.create_or_open(tmp_path / "s")
    code = KILLED_WHILE_ADDING.replace(
        "store = ", "import experiments.store.store as s; s.MANY = 3\nstore = ", 1
    )
    process = python(code.replace("100_000", "120"), store.folder)
    try:
        seen, reader = 0, Store.open(store.folder)
        while process.poll() is None:
            count = len(reader.frame())
            assert seen <= count <= int(reader.query("SELECT count(*) FROM runs").iloc[0, 0])
            seen = count
            if process.stdout is not None:
                process.stdout.readline()
    finally:
        process.kill()
        process.communicate(timeout=60)
    assert len(reader.keys()) == 120 and reader.warnings == []


# ---- two writers


def test_two_writers_in_one_process(tmp_path: Path) -> None:
    store = Store.create_or_open(tmp_path / "s")
    with store.writing():
        with pytest.raises(UserError, match=rf"is being written by process {os.getpid()} "):
            with Store.open(store.folder).writing():
                pass
        store.add(runs(2))
    assert not (store.folder / HEARTBEAT).exists()
    with Store.open(store.folder).writing():
        pass


def test_a_child_does_not_keep_a_dead_parents_lock(tmp_path: Path) -> None:
    store = Store.create_or_open(tmp_path / "s")
    code = (
        "import os, sys, time; from pathlib import Path; from experiments.store import Store\n"
        "store = Store.open(Path(sys.argv[1]))\n"
        "with store.writing():\n"
        "    child = os.fork()\n"
        "    if child == 0: time.sleep(60); os._exit(0)\n"
        "    print(child, flush=True); time.sleep(60)\n"
    )
    process = python(code, store.folder)
    child = int(first_line(process))
    try:
        with pytest.raises(UserError, match="is being written"), store.writing():
            pass
        process.kill()
        process.wait(timeout=60)
        os.kill(child, 0)  # it lives
        with store.writing():
            pass
    finally:
        os.kill(child, signal.SIGKILL)
        process.communicate(timeout=60)


def another_machine(folder: Path, age: float) -> None:
    """A heartbeat of another machine, so many seconds old."""
    text = {
        "host": "server-b",
        "machine": "m2",
        "pid": 4711,
        "since": "2026-01-01 00:00:00",
        "token": "theirs",
    }
    (folder / HEARTBEAT).write_text(json.dumps(text))
    then = time.time() - age
    os.utime(folder / HEARTBEAT, (then, then))


def test_a_fresh_heartbeat_of_another_machine_is_respected(tmp_path: Path) -> None:
    store = filled(tmp_path / "s", runs(1))
    another_machine(store.folder, 20)
    with pytest.raises(UserError, match="process 4711 on server-b"), store.writing():
        pass
    assert json.loads((store.folder / HEARTBEAT).read_text())["token"] == "theirs"
    another_machine(store.folder, 90)
    with store.writing():
        store.add([run(5)])
    assert "taken over from process 4711 on server-b" in store.warnings[0]


def test_the_heartbeat_beats_and_a_lost_lock_stops_the_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("experiments.store.lock.BEAT_SECONDS", 0.05)
    store = Store.create_or_open(tmp_path / "s")
    with store.writing():
        heartbeat = store.folder / HEARTBEAT
        os.utime(heartbeat, (0, 0))
        deadline = time.monotonic() + 20
        while heartbeat.stat().st_mtime < 1 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert heartbeat.stat().st_mtime > 1
        store.add([run(1)])
        another_machine(store.folder, 0)
        with pytest.raises(UserError, match="taken over by process 4711 on server-b"):
            store.add([run(2)])
    assert json.loads(heartbeat.read_text())["token"] == "theirs"
    assert store.keys() == {run(1).key}


def test_a_disk_without_flock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The heartbeat alone decides: a living process on this machine is respected, a dead one is not."""

    def none(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", none)
    store = Store.create_or_open(tmp_path / "s")
    with store.writing():
        with pytest.raises(UserError, match="is being written"), Store.open(store.folder).writing():
            pass
        found = json.loads((store.folder / HEARTBEAT).read_text())
    dead = python("pass")
    dead.communicate(timeout=60)
    (store.folder / HEARTBEAT).write_text(json.dumps({**found, "pid": dead.pid}))
    with store.writing():
        store.add(runs(1))
    assert (store.folder / LOCK).exists()


def test_two_machines_that_both_wrote(tmp_path: Path) -> None:
    """Both took a lock that did not reach the other and wrote the same run: it counts once."""
    store = filled(tmp_path / "s", runs(2))
    shutil.copytree(store.folder, tmp_path / "elsewhere")
    elsewhere = filled(tmp_path / "elsewhere", [run(2), run(3)])
    with store.writing():
        store.add([run(2, seconds=5.0)])
        Parts(store.folder).write(elsewhere.table(keys=[run(2).key, run(3).key]))
        assert len(store.keys()) == 4
    assert len(store.frame()) == 4
