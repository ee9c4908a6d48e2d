"""The only door to numba: which functions are compiled, and where the compiled code is kept.

`rule` marks a scalar rule of behaviour, `kernel` a loop over agents. With NUMBA_DISABLE_JIT=1 both leave plain Python,
which must give the same values bit for bit. numba does not notice edits in imported modules, so the cache folder is
named by a hash of every source of the model.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import numba
import numpy as np

from sim.cache import cache_home, sources_digest

F = TypeVar("F", bound=Callable[..., Any])

JIT: Final = not numba.config.DISABLE_JIT


def _build() -> str:
    """16 hex digits of what the compiled code depends on."""
    text = f"{numba.__version__} {np.__version__} {numba.config.BOUNDSCHECK} {sources_digest()}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


CODE: Final[Path] = cache_home() / f"compiled-{_build()}"
# The environment variable is read when numba is imported, so the setting itself is changed here.
numba.config.CACHE_DIR = str(CODE)


# Without numba's run-time (_nrt=False) a kernel may not allocate, and arrays inside a NamedTuple are not
# counted at every access: measured, the weekly payments take 164 instead of 3,068 microseconds.


def rule(function: F) -> F:
    """A scalar rule: compiled into the kernels that call it."""
    compiled: F = numba.njit(nogil=True, error_model="numpy", _nrt=False, inline="always")(function)
    return compiled


def kernel(function: F) -> F:
    """A loop over agents: compiled once, cached on disk, releases the interpreter lock, allocates nothing."""
    compiled: F = numba.njit(nogil=True, cache=True, error_model="numpy", _nrt=False)(function)
    return compiled


class Calls:
    """How one model calls its kernels.

    At every call numba works out the types of its arguments, some two hundred arrays: three quarters of what a call
    costs. A model passes the same objects week after week, but for numbers and for the rows of its books; as long as it
    does, the compiled code found the first time is entered directly.
    """

    def __init__(self) -> None:
        self._known: dict[Any, tuple[tuple[Any, ...], Callable[..., Any]]] = {}

    def __call__(self, kernel: Callable[..., Any], *args: Any) -> Any:
        """kernel(*args)"""
        known = self._known.get(kernel)
        if known is not None and len(args) == len(known[0]):
            for before, value in zip(known[0], args, strict=True):
                if value is not before and not (
                    type(value) is type(before) is int or _arrays_of_one_kind(before, value)
                ):
                    break
            else:
                return known[1](*args)
        result = kernel(*args)
        entry = _entry(kernel)
        if entry is not None:
            self._known[kernel] = args, entry
        return result


_ENTRIES: Final[dict[Any, Callable[..., Any]]] = {}


def _entry(kernel: Any) -> Callable[..., Any] | None:
    """The compiled code of a kernel that has just run, None if it is not clear which: compiled for one combination of
    types, it is what has run. Looked up once, as numba finds its own codes slowly."""
    if not JIT or len(kernel.overloads) != 1:
        return None
    if kernel not in _ENTRIES:
        codes = list(kernel.overloads.values())
        if len(codes) != 1:  # another thread has just come with other types
            return None
        _ENTRIES[kernel] = codes[0].entry_point
    return _ENTRIES[kernel]


def _arrays_of_one_kind(known: Any, value: Any) -> bool:
    """Whether both are arrays that numba gives the same type."""
    if type(value) is not np.ndarray or type(known) is not np.ndarray:
        return False
    return value.dtype == known.dtype and value.ndim == known.ndim and value.flags.num == known.flags.num


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
