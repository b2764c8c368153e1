"""How loops are compiled."""

from collections.abc import Callable
from typing import Any, TypeVar

import numba

F = TypeVar("F", bound=Callable[..., Any])

# sums may be taken in another order, which is what lets processors do several at once; nan and infinity stay what they
# are, and so does a division by zero
OPTIONS: dict[str, Any] = {
    "nogil": True, "fastmath": {"contract", "reassoc", "arcp", "nsz"}, "error_model": "numpy",
}  # fmt: skip


def loop(function: F) -> F:
    """A loop, compiled when it is first called and kept for the next process."""
    made: F = _kept(function, OPTIONS)
    return made


def inlined(function: F) -> F:
    """A function of numbers for use within loops."""
    made: F = numba.njit(forceinline=True, **OPTIONS)(function)
    return made


def of_numbers(function: F) -> F:
    """`inlined`, for what may be anything where a nan is."""
    made: F = numba.njit(forceinline=True, **OPTIONS | {"fastmath": OPTIONS["fastmath"] | {"nnan"}})(function)
    return made


def _kept(function: Any, options: dict[str, Any]) -> Any:
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # there is nowhere to keep it
        return numba.njit(**options)(function)
