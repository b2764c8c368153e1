"""Whether compiled loops are there for an array."""

import functools
import importlib.util
import os
from collections.abc import Callable
from operator import attrgetter
from types import ModuleType
from typing import Any

import numpy as np

LEAST = 2**13  # elements: below, a call of array functions takes no longer, and nothing need be compiled
_loops: ModuleType | None = None
_looked = False


def loops(*arrays: Any) -> Any:
    """The module `minigrad.executors.numba`, where Numba is installed and its loops take the arrays: of float32, in C
    order, the first of some size. Else None. MINIGRAD_LOOPS=0 says no."""
    first = arrays[0]
    if type(first) is not np.ndarray or first.size < LEAST or os.environ.get("MINIGRAD_LOOPS") == "0":
        return None
    for a in arrays:
        if type(a) is not np.ndarray or a.dtype.char != "f" or not a.flags.c_contiguous:
            return None
    return _found()


def _found() -> ModuleType | None:
    """Numba takes a second to import: it is done when there is something to do for it."""
    global _looked, _loops
    if not _looked:
        _looked = True
        if importlib.util.find_spec("numba") is not None:
            _loops = importlib.import_module("minigrad.executors.numba")
    return _loops


def looped(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate an element-wise function of arrays: where loops are there, the one of that name
    ("activation.gelu") does the same in one pass."""
    found = attrgetter(name)

    def decorate(plain: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(plain)
        def choose(*arrays: Any) -> Any:
            fast = loops(*arrays)
            if fast is None or any(a.shape != arrays[0].shape for a in arrays):
                return plain(*arrays)
            out = np.empty_like(arrays[0])
            found(fast)(*(a.reshape(-1) for a in arrays), out.reshape(-1), 0, out.size)
            return out

        return choose

    return decorate
