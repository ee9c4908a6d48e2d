"""Files that are whole or absent, also when the power goes: written beside their place, flushed, then renamed."""

import itertools
import os
from pathlib import Path
from typing import Final

from sim.errors import UserError

UNFINISHED: Final = (
    ".tmp"  # ending of a file that is being written; what a killed process left may be removed
)
_numbers = itertools.count()


def cannot_write(place: Path, wrong: OSError) -> UserError:
    """The message for a disk that is full or read-only."""
    return UserError(
        f"{place}: cannot be written ({wrong.strerror or wrong}); what was stored before is untouched."
        " Make room, or make the folder writable, and repeat the command: it goes on where it stopped"
    )


def write_whole(
    path: Path, content: "bytes | memoryview", *, flush: bool = True, flush_names: bool = True
) -> None:
    """Writes a file so that no reader, and nobody after a crash, sees a part of it.

    Raises UserError when it cannot be written; then nothing has changed. `flush=False` spares the wait for the disk
    where a lost file can be written again. `flush_names=False`: whoever writes many files calls `flush_folder` once.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}-{next(_numbers)}{UNFINISHED}")
    try:
        path.parent.mkdir(exist_ok=True)
        with unfinished.open("wb") as file:
            file.write(content)
            if flush:
                file.flush()
                os.fsync(file.fileno())
        os.replace(unfinished, path)
        if flush and flush_names:
            flush_folder(path.parent)
    except BaseException as wrong:
        _remove(unfinished)
        if isinstance(wrong, OSError):
            raise cannot_write(path.parent, wrong) from wrong
        raise


def flush_folder(folder: Path) -> None:
    """Makes renames and removals in a folder last; some network disks cannot, and then do not need to."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        pass  # the next writer removes it
