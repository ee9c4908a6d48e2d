"""Output folders: filled beside their place and moved there when complete, so that no reader sees half a result."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sim.errors import UserError

MANIFEST = "manifest.json"


def check_free(folder: Path, force: bool) -> None:
    """Raises UserError, before anything is computed, when a folder may not be written."""
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder}: is a file; --out names a folder")
    if folder.is_dir() and any(folder.iterdir()) and not force:
        raise UserError(
            f"{folder}: the folder is not empty; choose another, or add --force to replace what is in it"
        )
    above = next(parent for parent in folder.absolute().parents if parent.exists())
    if not above.is_dir() or not os.access(above, os.W_OK):
        raise UserError(f"{folder}: cannot be written, {above} is not a folder one may write in")


@contextmanager
def new_folder(folder: Path, force: bool) -> Iterator[Path]:
    """A folder to fill; its files take their place when the block ends well, and disappear when it does not.

    With `force` the files an earlier result lists in its manifest are removed; files of others stay where they are.
    Raises UserError when the folder exists and is not empty.
    """
    check_free(folder, force)
    folder = folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    try:
        yield part
        if folder.exists():
            _replace_files(part, folder)
        else:
            part.replace(folder)
    except OSError as wrong:
        raise UserError(f"{folder}: cannot be written ({wrong.strerror or wrong})") from wrong
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _replace_files(part: Path, folder: Path) -> None:
    new = sorted(part.iterdir())
    stale = set(_files_of(folder / MANIFEST)) - {file.name for file in new}
    for file in new:
        file.replace(folder / file.name)
    for name in stale:
        (folder / name).unlink(missing_ok=True)


def _files_of(manifest: Path) -> list[str]:
    """Files an earlier result wrote into the folder itself; none when there is no manifest of ours."""
    try:
        named = json.loads(manifest.read_text(encoding="utf-8"))["files"]
        return [name for name in named if isinstance(name, str) and Path(name).name == name]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def write_manifest(folder: Path, values: Mapping[str, Any]) -> None:
    """Writes what makes a result repeatable, and the names of its files, as readable JSON. To be called last."""
    files = sorted([*(file.name for file in folder.iterdir()), MANIFEST])
    text = json.dumps({**values, "files": files}, indent=2, ensure_ascii=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
