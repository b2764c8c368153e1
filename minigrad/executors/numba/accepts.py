"""Which arrays loops take: float32, the dtype of training, in C order, the first of some size."""

from typing import Any

from numpy import ndarray

from minigrad.executors import MIN_NUMBA


def is_float32(*arrays: Any) -> bool:
    """Are they such?"""
    if arrays[0].size < MIN_NUMBA:
        return False
    for a in arrays:
        if a.__class__ is not ndarray or a.dtype.char != "f" or not a.flags.c_contiguous:
            return False
    return True
