"""Output folders: whole or absent, never overwritten unasked, never anybody else's file removed."""

import json
from pathlib import Path

import pytest

from experiments.folder import check_free, new_folder, write_manifest
from sim.errors import UserError


def fill(folder: Path, force: bool = False, **files: str) -> None:
    with new_folder(folder, force) as part:
        for name, text in files.items():
            (part / f"{name}.txt").write_text(text)
        write_manifest(part, {"command": "x"})


def test_files_and_manifest_appear_together(tmp_path: Path) -> None:
    fill(tmp_path / "a" / "b", one="1")
    assert json.loads((tmp_path / "a/b/manifest.json").read_text()) == {
        "command": "x",
        "files": ["manifest.json", "one.txt"],
    }
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b"]


def test_a_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), new_folder(tmp_path / "out", False) as part:
        (part / "half.txt").write_text("half")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_full_folder_is_not_touched_without_force(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(UserError, match="not empty.*--force"):
        fill(tmp_path, one="1")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_force_replaces_our_files_and_keeps_those_of_others(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    fill(folder, one="1", stale="old")
    (folder / "thesis.txt").write_text("years of work")
    fill(folder, force=True, one="2")
    assert {path.name for path in folder.iterdir()} == {"manifest.json", "one.txt", "thesis.txt"}
    assert (folder / "one.txt").read_text() == "2"


def test_force_does_not_follow_a_manifest_out_of_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    fill(folder, one="1")
    (tmp_path / "precious.txt").write_text("keep")
    (folder / "manifest.json").write_text(json.dumps({"files": ["../precious.txt", "one.txt", 3]}))
    fill(folder, force=True, two="2")
    assert (tmp_path / "precious.txt").exists() and not (folder / "one.txt").exists()


def test_an_empty_folder_may_be_filled(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    fill(tmp_path / "empty", one="1")
    assert (tmp_path / "empty/one.txt").exists()


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    with pytest.raises(UserError, match="is a file"):
        check_free(tmp_path / "x", True)
    with pytest.raises(UserError, match="not a folder"):
        check_free(tmp_path / "x" / "y", True)
