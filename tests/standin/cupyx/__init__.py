"""What is asked of CuPy's second package."""

from collections.abc import Iterator
from contextlib import contextmanager

from cupy._counts import counts


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
