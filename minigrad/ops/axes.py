"""Dimensions as users give them: `dim` or NumPy's `axis`, negative, one or several, checked."""

import math
from typing import Any

Dims = int | tuple[int, ...] | list[int] | None


def normalize_dim(dim: Any, ndim: int, op: str) -> int:
    """A dimension as a number from 0. Raises IndexError outside [-ndim, ndim), as PyTorch does."""
    if dim.__class__ is int and 0 <= dim < ndim:
        return dim
    try:
        n: int = dim.__index__()
    except AttributeError:
        raise TypeError(f"{op}: dim: expected an integer, got {dim!r}") from None
    limit = max(ndim, 1)
    if not -limit <= n < limit:
        raise IndexError(f"{op}: dim: expected {-limit} to {limit - 1} for a tensor of {ndim} dimensions, got {n}")
    return n % limit


def expect_flag(op: str, keepdim: Any) -> None:
    """TypeError unless it is a bool: t.sum(0, 1) would be the sum over dimension 0 alone."""
    if keepdim.__class__ is not bool:
        raise TypeError(f"{op}: keepdim: expected True or False, got {keepdim!r}; several dimensions are a tuple")


def normalize_dims(dim: Any, ndim: int, op: str) -> tuple[int, ...] | None:
    """Dimensions as a tuple of numbers from 0; None (all of them) stays None. Raises ValueError if one comes twice."""
    if dim is None:
        return None
    if dim.__class__ is int and ndim:
        return (normalize_dim(dim, ndim, op),)
    dims = tuple(normalize_dim(d, ndim, op) for d in (dim if isinstance(dim, (tuple, list)) else (dim,)))
    if len(set(dims)) < len(dims):
        raise ValueError(f"{op}: dim: expected each dimension once, got {dim}")
    return dims if ndim else None


def dim_or_axis(dim: Any, axis: Any, op: str) -> Any:
    """PyTorch's `dim` or NumPy's `axis`, whichever was given."""
    if axis is None:
        return dim
    if dim is not None:
        raise TypeError(f"{op}: expected dim or axis, got both")
    return axis


def reduced_size(shape: tuple[int, ...], dims: tuple[int, ...] | None) -> int:
    """How many elements a reduction over `dims` combines into each of its results."""
    return math.prod(shape if dims is None else [shape[d] for d in dims])
