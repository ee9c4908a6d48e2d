"""The model is compiled once, by two processes, before it is first run (sim/warm.py)."""

import subprocess
from pathlib import Path

import pytest
from elsewhere import run_elsewhere

from sim import warm

RUN = """
import sys
from numba.core import event
from experiments.run import run_one
from sim.compiled import CODE
from sim.scenario import load

class Compilations(event.Listener):
    def on_start(self, this):
        print("compiled here:", this.data["dispatcher"].py_func.__qualname__)
    def on_end(self, this):
        pass

event.register("numba:compile", Compilations())
run_one(load("baseline", overrides=["world.share=0.01"]).for_weeks(6), None, 1)
print("done:", (CODE / "done").exists(), len(list(CODE.rglob("*.nbi"))))
"""


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What would be started, in a cache folder of its own."""
    commands: list[list[str]] = []

    class Process:
        def __init__(self, command: list[str], **_: object):
            commands.append(command)

        def wait(self) -> int:
            return 0

    monkeypatch.setattr(subprocess, "Popen", Process)
    monkeypatch.setattr(warm, "CODE", tmp_path / "code")
    monkeypatch.setattr(warm, "DONE", tmp_path / "code" / "done")
    monkeypatch.setattr(warm, "JIT", True)
    return commands


def test_two_processes_are_started_once(started: list[list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    warm.compile_model()
    warm.compile_model()
    assert [command[-1][-2:] for command in started] == ["0)", "1)"]
    assert capsys.readouterr().err.count("Compiling the model") == 1


def test_nothing_is_started_where_nothing_is_compiled_or_can_be_kept(
    started: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm, "JIT", False)
    warm.compile_model()
    monkeypatch.setattr(warm, "JIT", True)
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(warm, "CODE", tmp_path / "file" / "code")
    monkeypatch.setattr(warm, "DONE", tmp_path / "file" / "code" / "done")
    warm.compile_model()
    assert not started


@pytest.mark.slow
def test_the_two_parts_leave_nothing_to_compile(tmp_path: Path) -> None:
    said = run_elsewhere(RUN, JOBCENTER_CACHE=str(tmp_path / "cache"))
    assert "compiled here" not in said and "done: True" in said
    assert int(said.split()[-1]) > 15
