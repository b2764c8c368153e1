"""What is asked of CuPy's second package."""

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from cupy._counts import counts
from cupy.cuda import pinned_ranges


@contextmanager
def errstate(
    *, divide: str | None = None, over: str | None = None, under: str | None = None, invalid: str | None = None,
    linalg: str | None = None,
) -> Iterator[None]:  # fmt: skip
    """linalg="raise": look, after each call of linear algebra, whether it failed (and wait for that)."""
    before, counts.linalg = counts.linalg, linalg or counts.linalg
    try:
        yield
    finally:
        counts.linalg = before


def empty_pinned(shape: Any, dtype: Any = float, order: str = "C") -> Any:
    """An array in memory that the GPU reads by itself."""
    made = np.empty(shape, dtype, order)
    pinned_ranges.append((made.ctypes.data, made.ctypes.data + max(made.nbytes, 1)))
    weakref.finalize(made, pinned_ranges.remove, pinned_ranges[-1])
    return made


@contextmanager
def allow_synchronize(allow: bool) -> Iterator[None]:
    """False: a wait inside is an error."""
    before, counts.may_wait = counts.may_wait, allow
    try:
        yield
    finally:
        counts.may_wait = before
