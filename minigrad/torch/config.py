"""What this installation works with, by PyTorch's name `minigrad.__config__`."""

import numpy as np

from minigrad.backend import cuda
from minigrad.backend.openmp import libgomp
from minigrad.backend.threads import get_num_threads
from minigrad.engine.executions import EXECUTORS, is_enabled, lacks
from minigrad.executors.onednn.library import library

__all__ = ["parallel_info", "show"]


def show() -> str:
    """A line for each executor: is it in use, and if not, why; then versions and threads. Loads oneDNN to ask it."""
    lines = [f"  {name:7}{_state(name)}" for name in EXECUTORS]
    return "\n".join(["executors, in order of preference:", *lines, f"NumPy {np.__version__}, {parallel_info()}"])


def _state(name: str) -> str:
    if why := lacks(EXECUTORS[name]):
        return f"not used: {why}"
    if name == "cupy" and not cuda.is_available():
        return "not used: no GPU"
    if not is_enabled(name):
        return "not used: switched off (MINIGRAD_EXECUTORS)"
    return f"in use: version {library().version}" if name == "onednn" else "in use"


def parallel_info() -> str:
    """How many threads work on one operation."""
    return f"{get_num_threads()} threads"


def has_onednn() -> bool:
    """Is oneDNN (MKL-DNN, as PyTorch still calls it) in use?"""
    return is_enabled("onednn") and not lacks(EXECUTORS["onednn"])


def has_openmp() -> bool:
    """Are the threads OpenMP's (libgomp), or Python's own?"""
    return libgomp() is not None
