"""Where the machine keeps what can be made again, and which sources of the model it was made from."""

import hashlib
import os
from functools import cache
from pathlib import Path


def cache_home() -> Path:
    """Folder for compiled code and starting populations: $JOBCENTER_CACHE, else the user's cache folder."""
    named = os.environ.get("JOBCENTER_CACHE")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "jobcenter-sim"


@cache
def sources_digest() -> str:
    """64 hex digits of the bytes of all sources in `sim`, comments included."""
    digest = hashlib.sha256()
    root = Path(__file__).parent
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
