"""Max pooling undone, and pooling by the p-norm of every window."""

import math
from typing import Any

from minigrad.errors import ShapeError
from minigrad.ops.api import by_dimensions, shape_error
from minigrad.ops.array.creation import zeros
from minigrad.ops.array.shape import reshape
from minigrad.ops.index.indexing import check_range
from minigrad.ops.index.scatter import scatter
from minigrad.ops.nn.conv import as_tuple
from minigrad.ops.nn.pooling import avg_pool1d, avg_pool2d, avg_pool3d
from minigrad.ops.pointwise.arithmetic import clamp, sign

__all__ = ["lp_pool1d", "lp_pool2d", "lp_pool3d", "max_unpool1d", "max_unpool2d", "max_unpool3d"]


def _unpool(op: str, dims: int, input: Any, indices: Any, kernel_size: Any, stride: Any = None, padding: Any = 0,
            output_size: Any = None) -> Any:  # fmt: skip
    """Each element at the index where max pooling with return_indices=True found it, 0 elsewhere; output_size tells
    sizes apart that pool alike. Zeiler and Fergus, Visualizing and Understanding Convolutional Networks, ECCV 2014."""
    if input.ndim not in (dims + 1, dims + 2) or tuple(indices.shape) != tuple(input.shape):
        raise shape_error(op, f"input and indices of one shape, of {dims + 1} or {dims + 2} dimensions", input, indices)
    kernel = as_tuple(op, "kernel_size", kernel_size, dims, 1)
    stride = kernel if stride is None else as_tuple(op, "stride", stride, dims, 1)
    padding = as_tuple(op, "padding", padding, dims)
    usual = [(n - 1) * s - 2 * p + k for n, s, p, k in zip(input.shape[-dims:], stride, padding, kernel)]
    sizes = usual if output_size is None else [int(n) for n in tuple(output_size)[-dims:]]
    if len(sizes) != dims or any(not u - s < n < u + s for n, u, s in zip(sizes, usual, stride)):
        raise ShapeError(f"{op}: output_size: expected less than a stride {stride} away from {tuple(usual)}, got "
                         f"{tuple(output_size)}")  # fmt: skip
    lead = tuple(input.shape)[: input.ndim - dims]
    check_range(op, indices, math.prod(sizes), "places of the output", input)
    flat = scatter(
        zeros(*lead, math.prod(sizes), dtype=input.dtype, device=input.device), -1,
        reshape(indices, (*lead, -1)), reshape(input, (*lead, -1)),
    )  # fmt: skip
    return reshape(flat, (*lead, *sizes))


def _lp_pool(
    op: str, dims: int, input: Any, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
) -> Any:
    """(sum of x^p)^(1/p) of every window, with p = norm_type: p = 1 is the sum, a large p nears the largest."""
    count = math.prod(as_tuple(op, "kernel_size", kernel_size, dims, 1))
    out = (avg_pool1d, avg_pool2d, avg_pool3d)[dims - 1](input**norm_type, kernel_size, stride, 0, ceil_mode)
    return (sign(out) * clamp(abs(out), min=0.0) * count) ** (1 / norm_type)


lp_pool1d, lp_pool2d, lp_pool3d = by_dimensions("lp_pool", _lp_pool)
max_unpool1d, max_unpool2d, max_unpool3d = by_dimensions("max_unpool", _unpool)
