"""Dimensions as users give them: `dim` or NumPy's `axis`, negative, one or several, checked."""

import math
from typing import Any

Dims = int | tuple[int, ...] | list[int] | None


def one(dim: Any, ndim: int, op: str) -> int:
    """A dimension as a number from 0. Raises IndexError outside [-ndim, ndim), as PyTorch does."""
    if dim.__class__ is int and 0 <= dim < ndim:
        return dim
    try:
        n: int = dim.__index__()
    except AttributeError:
        raise TypeError(f"{op}: dim: expected an integer, got {dim!r}") from None
    room = max(ndim, 1)
    if not -room <= n < room:
        raise IndexError(f"{op}: dim: expected {-room} to {room - 1} for a tensor of {ndim} dimensions, got {n}")
    return n % room


def many(dim: Any, ndim: int, op: str) -> tuple[int, ...] | None:
    """Dimensions as a tuple of numbers from 0; None (all of them) stays None. Raises ValueError if one comes twice."""
    if dim is None:
        return None
    if dim.__class__ is int and ndim:
        return (one(dim, ndim, op),)
    dims = tuple(one(d, ndim, op) for d in (dim if isinstance(dim, (tuple, list)) else (dim,)))
    if len(set(dims)) < len(dims):
        raise ValueError(f"{op}: dim: expected each dimension once, got {dim}")
    return dims if ndim else None


def either(dim: Any, axis: Any, op: str) -> Any:
    """PyTorch's `dim` or NumPy's `axis`, whichever was given."""
    if axis is None:
        return dim
    if dim is not None:
        raise TypeError(f"{op}: expected dim or axis, got both")
    return axis


def count(shape: tuple[int, ...], dims: tuple[int, ...] | None) -> int:
    """How many elements a reduction over `dims` combines into each of its results."""
    return math.prod(shape if dims is None else [shape[d] for d in dims])
