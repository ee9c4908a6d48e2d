"""A made-up town with the smallest files that make a scenario, in a folder of its own that is the current one."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

STANDIN = Path(__file__).parent / "standin"


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder `scenarios` of the made-up town."""
    folder = tmp_path / "scenarios"
    shutil.copytree(STANDIN, folder)
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture
def write(town: Path) -> Callable[[str, str], Path]:
    """Writes a scenario file; the question is added where the test does not care."""

    def writer(name: str, text: str) -> Path:
        path = town / f"{name}.yaml"
        path.write_text(text if "question" in text else f"{text}\nquestion: why?\n", encoding="utf-8")
        return path

    return writer


@pytest.fixture
def edit(town: Path) -> Callable[[str, str, str], None]:
    """Replaces a text that must stand in a file exactly once."""

    def editor(name: str, old: str, new: str) -> None:
        path = town / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    return editor
