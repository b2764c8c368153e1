"""What a GPU would have been asked to do: read as `cupy.syncs`, `cupy.launches`, `cupy.uploads`.

`syncs`     waits for the GPU: copies to the host, and everything whose result's size depends on values
`launches`  kernels, device copies and fills; a call of sorting, scans and linear algebra, which start several, is one
`uploads`   copies from the host
"""

from collections.abc import Iterator
from contextlib import contextmanager


class Counts:
    """The three counters, the device that is current, what `cupyx.errstate` has set, whether a wait is an error, and
    whether indices out of range wrap."""

    def __init__(self) -> None:
        self.syncs = self.launches = self.uploads = self.current = 0
        self.devices = 2
        self.linalg = "ignore"
        self.may_wait = True
        self.wraps = False


counts = Counts()


def launched(n: int = 1) -> None:
    counts.launches += n


def synced(n: int = 1) -> None:
    if n and not counts.may_wait:
        raise AssertionError("this waits for the GPU")
    counts.syncs += n


@contextmanager
def no_waits() -> Iterator[None]:
    """A wait inside is an AssertionError, where it happens."""
    counts.may_wait = False
    try:
        yield
    finally:
        counts.may_wait = True


@contextmanager
def wrapping() -> Iterator[None]:
    """Indices out of range wrap inside, as CuPy's do, in silence."""
    counts.wraps = True
    try:
        yield
    finally:
        counts.wraps = False
