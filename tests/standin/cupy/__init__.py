"""A strict stand-in for CuPy over NumPy, so that a machine without a GPU can run what is meant for one.

It refuses what CuPy refuses: implicit conversion to NumPy, mixing with NumPy arrays, lists where arrays are due, names
and keywords that CuPy lacks. It refuses, too, what CuPy does badly and in silence: indices out of range (which wrap),
NumPy's functions on its arrays, lists as indices (uploaded each time), linear algebra that fails. Results are arrays,
0-d ones too. `syncs`, `launches` and `uploads` count what a GPU would have been asked to do (`_counts`).

Kernels' C++ is compiled for the CPU and run there (`_kernels`). It tells nothing of speed and of rounding.
"""

from types import SimpleNamespace
from typing import Any

from cupy import _functions, _memory, cuda
from cupy._array import ndarray
from cupy._counts import counts, no_waits, wrapping
from cupy._functions import array, asarray, from_dlpack, ufunc
from cupy._kernels import ElementwiseKernel, ReductionKernel

__version__ = "14.2.0"
__all__ = [
    "ElementwiseKernel",
    "ReductionKernel",
    "array",
    "asarray",
    "cuda",
    "from_dlpack",
    "lib",
    "linalg",
    "ndarray",
    "no_waits",
    "ogrid",
    "ufunc",
    "wrapping",
]

lib = SimpleNamespace(
    stride_tricks=SimpleNamespace(as_strided=_functions.as_strided, sliding_window_view=_functions.sliding_window_view)
)
linalg = SimpleNamespace(**_functions.linalg)
ogrid = _functions.ogrid()
globals().update({**_functions.ufuncs, **_functions.functions, **_functions.makers, **_functions.hosts})


def is_available() -> bool:
    """Is there a GPU? This one is always there."""
    return True


def get_default_memory_pool() -> Any:
    """The pool of device memory."""
    return _memory.allocator.pool


def get_default_pinned_memory_pool() -> Any:
    """The pool of pinned memory."""
    return _memory.allocator.pinned


def __getattr__(name: str) -> Any:
    if name in ("syncs", "launches", "uploads"):
        return getattr(counts, name)
    raise AttributeError(f"module 'cupy' has no attribute {name!r} (not in tests/standin/cupy/_table.py)")
