"""Pinned memory: the CPU's memory that a GPU reads by itself, so that copies of it need not be waited for."""

from collections import deque
from importlib import import_module
from typing import Any

import numpy as np

from minigrad.backend import cuda

_HOST = 1  # CUDA's name for pinned memory, among kinds of memory
_flying: deque[tuple[Any, Any]] = deque()  # what copies still read, each with the mark of its end


def pinned(array: Any) -> Any:
    """A copy of a NumPy array in pinned memory; itself if it is there."""
    cuda.cupy()
    if is_pinned(array):
        return array
    out = import_module("cupyx").empty_pinned(array.shape, array.dtype)
    out[...] = array
    return out


def is_pinned(array: Any) -> bool:
    """Does it lie in pinned memory, whoever made it? Never where no GPU has been asked for, or is available."""
    if not isinstance(array, np.ndarray) or not cuda.is_available():
        return False
    return int(cuda.cupy().cuda.runtime.pointerGetAttributes(array.ctypes.data).type) == _HOST


def upload(array: Any) -> Any:
    """A copy of a contiguous pinned array on the current GPU, begun and not waited for. The array is kept until the
    copy is done, for its memory would be handed to the next that asks for some."""
    module = cuda.cupy()
    out = module.empty(array.shape, dtype=array.dtype)
    out.set(array)
    end = module.cuda.Event(disable_timing=True)
    end.record()
    _flying.append((end, array))
    while _flying and _flying[0][0].done:
        _flying.popleft()
    return out
