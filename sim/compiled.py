"""The only door to numba: which functions are compiled, and where the compiled code is kept.

`rule` marks a scalar rule of behaviour, `kernel` a loop over agents. With NUMBA_DISABLE_JIT=1 both leave plain Python,
which must give the same values bit for bit. numba does not notice edits in imported modules, so the cache folder is
named by a hash of every source of the model.
"""

import hashlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import numba
import numpy as np

F = TypeVar("F", bound=Callable[..., Any])

JIT: Final = not numba.config.DISABLE_JIT


def cache_home() -> Path:
    """Folder for compiled code and starting populations: $JOBCENTER_CACHE, else the user's cache folder."""
    named = os.environ.get("JOBCENTER_CACHE")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "jobcenter-sim"


def _sources_hash() -> str:
    digest = hashlib.sha256(f"{numba.__version__} {np.__version__} {numba.config.BOUNDSCHECK}".encode())
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _prepare_cache() -> None:
    # The environment variable is read when numba is imported, so the setting itself is changed here.
    folder = cache_home() / f"compiled-{_sources_hash()}"
    cold = not folder.exists() or not any(folder.rglob("*.nbi"))
    numba.config.CACHE_DIR = str(folder)
    if cold and JIT:
        print("Compiling the model for this machine (once; about a minute) ...", file=sys.stderr, flush=True)


_prepare_cache()


# Without numba's run-time (_nrt=False) a kernel may not allocate, and arrays inside a NamedTuple are not
# counted at every
# access: measured, the weekly payments take 164 instead of 3,068 microseconds.


def rule(function: F) -> F:
    """A scalar rule: compiled into the kernels that call it."""
    compiled: F = numba.njit(nogil=True, error_model="numpy", _nrt=False, inline="always")(function)
    return compiled


def kernel(function: F) -> F:
    """A loop over agents: compiled once, cached on disk, releases the interpreter lock, allocates nothing."""
    compiled: F = numba.njit(nogil=True, cache=True, error_model="numpy", _nrt=False)(function)
    return compiled


each_of: Final = (
    numba.literal_unroll
)  # a loop over arrays of different types: `for values in each_of(columns)`


def column(n: int, dtype: str) -> np.ndarray:
    """A zeroed column. The one allocator: without compilation integers are int64, because NumPy scalars of narrow
    types would wrap where compiled code computes in 64 bits."""
    kind = np.dtype(dtype)
    if not JIT and kind.kind in "iu" and kind != np.uint64:
        kind = np.dtype(np.int64)
    return np.zeros(n, kind)
