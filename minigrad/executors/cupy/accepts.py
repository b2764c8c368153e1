"""Which arrays kernels take."""

from typing import Any


def is_floating(first: Any, *others: Any, **settings: Any) -> bool:
    """Floating arrays of one dtype, on a GPU, not empty (others may be None or numbers)."""
    kind, cls = first.dtype, first.__class__
    if kind.kind != "f" or not first.size:
        return False
    return all(not hasattr(a, "dtype") or a.__class__ is cls and a.dtype == kind for a in others)
