"""Array functions by name."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from minigrad.backend.arrays import array_module


def array_function(name: str, array: Any = None) -> Callable[..., Any]:
    """The function `name` for arrays like `array` (None: NumPy's). "special.erf" is SciPy's, imported on first use;
    "linalg.inv" one that raises LinAlgError where it fails."""
    family, _, short = name.rpartition(".")
    if not family:
        found: Callable[..., Any] = getattr(np if array is None else array_module(array), name)
        return found
    on_cpu = array is None or array_module(array) is np
    if family == "linalg":
        return _solver(short, array, on_cpu)

    def special(*args: Any, **options: Any) -> Any:
        return getattr(import_module("scipy.special" if on_cpu else "cupyx.scipy.special"), short)(*args, **options)

    return special


def _solver(name: str, array: Any, on_cpu: bool) -> Callable[..., Any]:
    if on_cpu:
        return getattr(np.linalg, name)

    def watched(*args: Any, **options: Any) -> Any:
        """CuPy looks for failures only when asked to, because that waits for the GPU (PyTorch waits too)."""
        with import_module("cupyx").errstate(linalg="raise"):
            return getattr(array_module(array).linalg, name)(*args, **options)

    return watched
