"""One writer at a time, and never a dead one.

On one machine the kernel's lock on a file (`flock`) decides: it ends with its process, however that dies. On a folder
shared by machines that lock may not reach the others, so the writer also keeps a heartbeat: a file with its name,
touched every few seconds. Ages are differences of two times the shared disk itself gave, so clocks that disagree do
no harm.
"""

import contextlib
import errno
import fcntl
import json
import os
import socket
import threading
import time
import uuid
import weakref
from pathlib import Path
from typing import Any, Final

from experiments.store.atomic import cannot_write, write_whole
from sim.errors import UserError

LOCK: Final = "writer.lock"
HEARTBEAT: Final = "writer.json"
BEAT_SECONDS: Final = 5.0
STALE_SECONDS: Final = 60.0
NO_FLOCK: Final = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)  # disks on which the kernel cannot lock


def machine() -> str:
    """What tells this running machine from others; containers with one host name on two machines differ."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return socket.gethostname()


def writer_of(store: Path) -> dict[str, Any] | None:
    """Who last said to be writing (host, pid, since, machine, token), or None."""
    try:
        found = json.loads((store / HEARTBEAT).read_text(encoding="utf-8"))
        return found if isinstance(found, dict) else None
    except (OSError, ValueError):
        return None


def who(found: dict[str, Any] | None) -> str:
    """A writer in words."""
    if found is None:
        return "another process"
    return f"process {found.get('pid')} on {found.get('host')} (since {found.get('since')} UTC)"


def is_being_written(store: Path) -> bool:
    """Whether a writer is at work, asked without disturbing it."""
    found = writer_of(store)
    if found is None:
        return False
    if found.get("machine") == machine():
        return _alive(found.get("pid"))
    try:
        return time.time() - (store / HEARTBEAT).stat().st_mtime < STALE_SECONDS
    except OSError:
        return False


class WriterLock:
    """The right to write to a store, from `take` to `release`."""

    def __init__(self, store: Path):
        self.store = store
        self._heartbeat = store / HEARTBEAT
        self._token = uuid.uuid4().hex
        self._handle: int | None = None
        self._stop = threading.Event()

    def take(self) -> str | None:
        """Takes the lock; returns a remark when it was taken over. Raises UserError when somebody else holds it."""
        try:
            handle = os.open(self.store / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as wrong:
            raise cannot_write(self.store, wrong) from wrong
        try:
            reaches = self._flock(handle)
            remark = self._look_at_heartbeat(handle, reaches)
            text = {
                "host": socket.gethostname(),
                "machine": machine(),
                "pid": os.getpid(),
                "since": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime()),
                "token": self._token,
            }
            write_whole(self._heartbeat, json.dumps(text).encode(), flush=False)
        except BaseException:
            os.close(handle)
            raise
        self._handle = handle
        _held.add(self)
        threading.Thread(target=self._beat, name="store heartbeat", daemon=True).start()
        return remark

    def _flock(self, handle: int) -> bool:
        """Whether the kernel's lock works here; raises UserError when another process holds it."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as wrong:
            if wrong.errno in NO_FLOCK:
                return False
            if wrong.errno in (errno.EAGAIN, errno.EACCES):
                raise self._taken(writer_of(self.store)) from None
            raise cannot_write(self.store, wrong) from wrong
        return True

    def _taken(self, found: dict[str, Any] | None) -> UserError:
        return UserError(
            f"{self.store}: is being written by {who(found)}; wait until it has finished, or write to another store"
            " and merge them (jobcenter store merge)"
        )

    def _look_at_heartbeat(self, handle: int, flock_reaches: bool) -> str | None:
        """Respects a fresh heartbeat of another machine; a remark when a stale one is passed over."""
        found = writer_of(self.store)
        if found is None:
            return None
        if found.get("machine") == machine():
            if not flock_reaches and _alive(found.get("pid")):
                raise self._taken(found)
            return None  # the kernel has let go of it: the process is dead
        try:
            os.utime(self.store / LOCK)  # the disk's own clock
            age = os.fstat(handle).st_mtime - self._heartbeat.stat().st_mtime
        except OSError:
            return None  # it has ended this moment
        if age < STALE_SECONDS:
            raise self._taken(found)
        return f"{self.store}: taken over from {who(found)}, which was last heard of {age:.0f} s ago"

    def _beat(self) -> None:
        while not self._stop.wait(BEAT_SECONDS):
            if not self.is_ours():
                return
            with contextlib.suppress(OSError):
                os.utime(self._heartbeat)  # needs no room, so a full disk does not make the lock stale

    def is_ours(self) -> bool:
        """Whether nobody has taken the lock over, which a machine that slept for a minute must ask."""
        return self._handle is not None and (writer_of(self.store) or {}).get("token") == self._token

    def check(self) -> None:
        """Raises UserError when the lock has been taken over."""
        if not self.is_ours():
            raise UserError(
                f"{self.store}: the right to write was taken over by {who(writer_of(self.store))}; what was stored"
                " before is kept. Repeat the command when the other has finished"
            )

    def release(self) -> None:
        """Lets the next writer in."""
        self._stop.set()
        if self._handle is None:
            return
        if self.is_ours():
            with contextlib.suppress(OSError):
                self._heartbeat.unlink()
        self._close()

    def _close(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)


_held: "weakref.WeakSet[WriterLock]" = weakref.WeakSet()


def _let_go_in_child() -> None:
    """A forked child would keep the parent's lock alive after the parent's death; closing its copy does not unlock."""
    for lock in list(_held):
        lock._close()


os.register_at_fork(after_in_child=_let_go_in_child)


def _alive(pid: Any) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, TypeError, ValueError):
        return False
    except PermissionError:
        pass
    return True
