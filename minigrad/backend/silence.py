"""Running array functions without floating-point warnings: a nan is a value here, as in PyTorch."""

import contextvars
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")

# NumPy keeps its floating-point error state in a context variable. Running a function inside a context in which
# it is set to "ignore" costs about 30 ns, where `with np.errstate(...)` costs 800: as much as two whole ops.
_silent = contextvars.copy_context()
_silent.run(lambda: np.seterr(all="ignore"))
quietly = _silent.run


def silently(function: Callable[..., T], *args: Any, **options: Any) -> T:
    """`quietly`, also where that is taken: a context serves one call at a time, and this may be a nested one or another
    thread's. Nothing has been run then, so that a function with effects is run once."""
    try:
        return quietly(function, *args, **options)
    except RuntimeError as error:
        if "cannot enter context" not in str(error):
            raise
    with quiet():
        return function(*args, **options)


def quiet() -> Any:
    """`with quiet():` no floating-point warnings inside, on this thread."""
    return np.errstate(all="ignore")
