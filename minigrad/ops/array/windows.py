"""Windows on a tensor's elements: views that overlap, and their adjoints, which add up where they do."""

from typing import Any

from minigrad.backend import add_at, array_module, strided, windows
from minigrad.engine.dispatch import primitive
from minigrad.engine.tensor import Tensor
from minigrad.errors import ShapeError
from minigrad.ops import axes
from minigrad.ops.api import public
from minigrad.ops.array.shape import _ints, reshape

__all__ = ["as_strided", "unfold"]


@primitive(view=True, name="unfold", input=lambda g, input_shape, dim, size, step: _fold(
    g, shape=input_shape, dim=dim, size=size, step=step))  # fmt: skip
def _unfold(input: Any, *, dim: int, size: int, step: int) -> Any:
    return windows(input, (size,), (dim,))[(*(slice(None),) * dim, slice(None, None, step))]


@primitive(name="fold_windows", g=lambda g, dim, size, step: _unfold(g, dim=dim, size=size, step=step))
def _fold(g: Any, *, shape: tuple[int, ...], dim: int, size: int, step: int) -> Any:
    out = array_module(g).zeros(shape, dtype=g.dtype)
    last = (g.shape[dim] - 1) * step + 1
    for k in range(size):
        out[(*(slice(None),) * dim, slice(k, k + last, step))] += g[..., k]
    return out


@public
def unfold(input: Any, dimension: int, size: int, step: int) -> Any:
    """The windows of `size` elements, each `step` after the last, along a dimension; the elements of a window are a
    new last dimension. A view."""
    at = axes.normalize_dim(dimension, input.ndim, "unfold")
    if input.ndim == 0:
        return unfold(reshape(input, (1,)), 0, size, step)[0]
    if not 0 <= size <= input.shape[at] or step < 1:
        raise ShapeError(
            f"unfold: expected a size of at most {input.shape[at]} and a step of at least 1, got {size} and {step}"
        )
    return _unfold(input, dim=at, size=size, step=step)


@primitive(view=True, name="as_strided", input=lambda g, input_shape, size, stride, offset: _strided_sum(
    g, shape=input_shape, size=size, stride=stride, offset=offset))  # fmt: skip
def _as_strided(input: Any, *, size: Any, stride: Any, offset: int) -> Any:
    xp = array_module(input)
    steps = tuple(s * input.itemsize for s in stride)
    return strided(xp.ascontiguousarray(input).reshape(-1)[offset:], size, steps)


@primitive(
    name="as_strided_sum", g=lambda g, size, stride, offset: _as_strided(g, size=size, stride=stride, offset=offset)
)
def _strided_sum(g: Any, *, shape: tuple[int, ...], size: Any, stride: Any, offset: int) -> Any:
    xp = array_module(g)
    flat = xp.zeros(axes.reduced_size(shape, None), dtype=g.dtype)
    places = _as_strided(xp.arange(flat.size), size=size, stride=stride, offset=offset)
    add_at(flat, places, g)
    return flat.reshape(shape)


@public
def as_strided(input: Any, size: Any, stride: Any, storage_offset: int = 0) -> Any:
    """A view of a contiguous tensor's elements with these sizes and strides, both counted in elements."""
    sizes, steps = _ints((size,)), _ints((stride,))
    last = storage_offset + sum((n - 1) * s for n, s in zip(sizes, steps))
    raw = input._array if isinstance(input, Tensor) else input
    if len(sizes) != len(steps) or min((*steps, storage_offset)) < 0:
        raise ShapeError(f"as_strided: expected as many strides as sizes, none negative, got {sizes} and {steps}")
    if not raw.flags.c_contiguous:
        raise ShapeError("as_strided: expected a contiguous tensor; use t.contiguous()")
    if 0 not in sizes and last >= raw.size:
        raise ShapeError(f"as_strided: the last element would be number {last} of {raw.size}")
    return _as_strided(input, size=sizes, stride=steps, offset=storage_offset)
