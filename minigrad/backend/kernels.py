"""Array functions by name."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from minigrad.backend.arrays import array_module


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
