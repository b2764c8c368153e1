"""Array functions by name, and running them without floating-point warnings."""

import contextvars
from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar

import numpy as np

from minigrad.backend.arrays import array_module

T = TypeVar("T")


def kernel(name: str, array: Any = None) -> Callable[..., Any]:
    """The function `name` for arrays like `array` (None: NumPy's). "special.erf" is SciPy's, imported on first use."""
    if not name.startswith("special."):
        found: Callable[..., Any] = getattr(np if array is None else array_module(array), name)
        return found
    short = name.removeprefix("special.")
    on_cpu = array is None or array_module(array) is np

    def special(*args: Any, **options: Any) -> Any:
        return getattr(import_module("scipy.special" if on_cpu else "cupyx.scipy.special"), short)(*args, **options)

    return special


# NumPy keeps its floating-point error state in a context variable. Running a function inside a context in which
# it is set to "ignore" costs about 30 ns, where `with np.errstate(...)` costs 800: as much as two whole ops.
_silent = contextvars.copy_context()
_silent.run(lambda: np.seterr(all="ignore"))
quietly = _silent.run


def quiet() -> Any:
    """`with quiet():` no floating-point warnings inside, on this thread."""
    return np.errstate(all="ignore")
