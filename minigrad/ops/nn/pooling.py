"""Pooling: the largest or the mean of every window, in one, two and three dimensions.

Means are composed of `sliding_windows`, a view of every window, whose adjoint `add_windows` adds windows up.
"""

from math import prod
from typing import Any

from minigrad.backend import array_module
from minigrad.dtypes import int64
from minigrad.engine.dispatch import primitive
from minigrad.engine.messages import describe
from minigrad.engine.primitive import wrap
from minigrad.engine.promotion import cast, widened
from minigrad.engine.tensor import Tensor
from minigrad.errors import DtypeError, ShapeError
from minigrad.ops.api import by_dimensions, public, shape_error
from minigrad.ops.array.pad import pad
from minigrad.ops.array.shape import movedim, reshape, squeeze, unsqueeze
from minigrad.ops.index.indexing import gather, getitem
from minigrad.ops.linalg.products import matmul
from minigrad.ops.nn import im2col
from minigrad.ops.nn.conv import as_tuple
from minigrad.ops.nn.im2col import Geometry, Ints
from minigrad.ops.nn.max_pool import max_pool
from minigrad.ops.reduce.reductions import argmax, mean, sum

__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d", "adaptive_max_pool2d",
    "adaptive_max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d", "max_pool1d",
    "max_pool2d", "max_pool3d",
]  # fmt: skip


@primitive(view=True, input=lambda g, input_shape, kernel, stride, dilation: add_windows(
    g, shape=input_shape, kernel=kernel, stride=stride, dilation=dilation))  # fmt: skip
def sliding_windows(input: Any, *, kernel: Ints, stride: Ints, dilation: Ints) -> Any:
    """(..., *size) -> (..., *output, *kernel): a view of every window."""
    return im2col.windows(input, kernel, stride, dilation)


@primitive(g=lambda g, kernel, stride, dilation: sliding_windows(g, kernel=kernel, stride=stride, dilation=dilation))
def add_windows(g: Any, *, shape: Ints, kernel: Ints, stride: Ints, dilation: Ints) -> Any:
    """(..., *output, *kernel) -> zeros of `shape` (..., *size) with every window added where it lies."""
    return im2col.add_windows(g, shape, kernel, stride, dilation)


def _batch(op: str, input: Any, dims: int) -> Any:
    if input.ndim not in (dims + 1, dims + 2):
        raise shape_error(op, f"an input of {dims + 1} or {dims + 2} dimensions", input)
    if 0 in tuple(input.shape)[-dims - 1 :]:
        raise shape_error(op, "an input with no size of 0 but the batch's", input)
    return input if input.ndim == dims + 2 else unsqueeze(input, 0)


def _unbatch(out: Any, input: Any) -> Any:
    """The result without the batch's dimension that `_batch` gave to the input."""
    return out if out.ndim == input.ndim else squeeze(out, 0)


def _windows(op: str, x: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool) -> Geometry:
    """Where the windows of a batch of images lie; with ceil_mode also one that hangs over the end, if it starts before
    it."""
    size, output = tuple(x.shape)[2:], []
    kernel = as_tuple(op, "kernel_size", kernel, len(size), 1)
    stride = kernel if stride is None or stride == () else as_tuple(op, "stride", stride, len(size), 1)
    padding = as_tuple(op, "padding", padding, len(size))
    dilation = as_tuple(op, "dilation", dilation, len(size), 1)
    if any(2 * p > k for p, k in zip(padding, kernel)):
        raise ShapeError(f"{op}: padding: expected at most half of the kernel size {kernel}, got {padding}")
    for n, k, s, p, d in zip(size, kernel, stride, padding, dilation):
        room = n + 2 * p - d * (k - 1) - 1
        count = room // s + 1 if not ceil_mode else -(-room // s) + 1
        output.append(count - 1 if ceil_mode and (count - 1) * s >= n + p else count)
    if min(output) < 1:
        raise ShapeError(f"{op}: windows of {kernel} do not fit into an input of {size} padded by {padding}")
    return Geometry(size, kernel, stride, padding, dilation, 1, tuple(output))


def _covered(x: Any, where: Geometry, fill: float) -> Any:
    """The input as far as windows reach, `fill` where they hang over."""
    windows = zip(where.output, where.stride, where.dilation, where.kernel)
    reach = [(m - 1) * s + d * (k - 1) + 1 for m, s, d, k in windows]
    sides = [(p, max(r - n - p, -n)) for n, p, r in zip(where.size, where.padding, reach)]
    widths = [width for pair in reversed(sides) for width in pair]
    return pad(x, widths, value=fill) if any(widths) else x


# --- the largest ----------------------------------------------------------------------------------------------------


def _max_pool(op: str, dims: int, input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
              ceil_mode: bool = False, return_indices: bool = False) -> Any:  # fmt: skip
    """The largest element of every window; of equal ones the first gets the gradient. return_indices: also its index in
    the flattened input plane. ceil_mode: also a window that hangs over the end, if it starts before it."""
    x = _batch(op, input, dims)
    where = _windows(op, x, kernel_size, stride, padding, dilation, ceil_mode)
    covered = _covered(x, where, -float("inf"))
    out, best = max_pool(covered, kernel=where.kernel, stride=where.stride, dilation=where.dilation)
    if not return_indices:
        return _unbatch(out, input)
    return _unbatch(out, input), _unbatch(wrap(_flat_indices(best.astype(int64), where)), input)


def _flat_indices(best: Any, where: Geometry) -> Any:
    """The indices in the flattened input plane of the elements that have the numbers `best` in their windows."""
    xp, total = array_module(best), 0
    for d in reversed(range(len(where.size))):
        inside = best % where.kernel[d] * where.dilation[d]
        best = best // where.kernel[d]
        starts = xp.arange(where.output[d], dtype=int64) * where.stride[d] - where.padding[d]
        starts = starts.reshape((-1,) + (1,) * (len(where.size) - 1 - d))
        total = total + (inside + starts) * prod(where.size[d + 1 :])
    return total


# --- the mean -------------------------------------------------------------------------------------------------------


def _avg_pool(op: str, dims: int, input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0,
              ceil_mode: bool = False, count_include_pad: bool = True,
              divisor_override: int | None = None) -> Any:  # fmt: skip
    """The mean of every window; count_include_pad=False leaves the padding out of it, divisor_override divides the sum
    by another number. ceil_mode as max_pool2d's."""
    x = _batch(op, input, dims)
    if input.dtype.kind in "biu":
        raise DtypeError(f"{op}: the mean of integers is undefined; got {describe(input)}; use .float()")
    where = _windows(op, x, kernel_size, stride, padding, 1, ceil_mode)
    covered = _covered(widened(x), where, 0.0)
    shown = sliding_windows(covered, kernel=where.kernel, stride=where.stride, dilation=where.dilation)
    inner = tuple(range(-dims, 0))
    if divisor_override is not None:
        if divisor_override == 0:
            raise ValueError(f"{op}: divisor_override: expected a number that is not 0, got 0")
        out = sum(shown, inner) / divisor_override
    elif any(where.padding) and not count_include_pad or ceil_mode:
        out = sum(shown, inner) / _counted(x, where, count_include_pad)
    else:
        out = mean(shown, inner)
    return _unbatch(cast(out, input.dtype), input)


def _counted(x: Any, where: Geometry, padding_too: bool) -> Any:
    """How many elements of the input (and of its padding) each window holds."""
    xp = array_module(x._array if isinstance(x, Tensor) else x)
    total = xp.ones((), dtype=widened(x).dtype)
    for n, m, k, s, p in zip(where.size, where.output, where.kernel, where.stride, where.padding):
        starts = xp.arange(m) * s - p
        low, high = (-p, n + p) if padding_too else (0, n)
        inside = xp.minimum(starts + k, high) - xp.maximum(starts, low)
        total = total[..., None] * inside.astype(total.dtype)
    return total


# --- so many results, whatever the input's size ---------------------------------------------------------------------


def _output_sizes(op: str, output_size: Any, sizes: Ints) -> Ints:
    given = (output_size,) * len(sizes) if isinstance(output_size, int) or output_size is None else tuple(output_size)
    if len(given) != len(sizes):
        raise ShapeError(f"{op}: output_size: expected a number, or {len(sizes)} of them, got {output_size}")
    out = tuple(n if m is None else int(m) for m, n in zip(given, sizes))
    if min(out, default=0) < 0:
        raise ShapeError(f"{op}: output_size: expected 0 or more, got {output_size}")
    return out


def _bins(n: int, m: int) -> list[tuple[int, int]]:
    """n elements in m bins as equal as can be, which may overlap by one."""
    return [(i * n // m, -(-(i + 1) * n // m)) for i in range(m)]


def adaptive_avg_pool(op: str, dims: int, input: Any, output_size: Any) -> Any:
    """Means of output_size bins (a number, or one for each dimension; None: the input's size) along each dimension, as
    equal as can be."""
    # by a matrix of means along one dimension after the other
    if input.dtype.kind in "biu":
        raise DtypeError(f"{op}: the mean of integers is undefined; got {describe(input)}; use .float()")
    x = widened(_batch(op, input, dims))
    xp = array_module(x._array if isinstance(x, Tensor) else x)
    for d, m in enumerate(_output_sizes(op, output_size, tuple(x.shape)[2:]), 2):
        n = x.shape[d]
        if n == m:
            continue
        if m == 1:
            x = mean(x, d, True)
            continue
        means = xp.zeros((n, m), dtype=x.dtype)
        for i, (start, end) in enumerate(_bins(n, m)):
            means[start:end, i] = 1 / (end - start)
        x = movedim(matmul(movedim(x, d, -1), means), -1, d)
    return _unbatch(cast(x * 1, input.dtype), input)


def _adaptive_max(op: str, dims: int, input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """The largest elements of output_size bins (a number, or one for each dimension; None: the input's size) along each
    dimension, as equal as can be. return_indices: also their indices in the flattened input plane."""
    # the bins as windows, the short ones filled up with their last element; then their largest elements
    x = _batch(op, input, dims)
    sizes = tuple(x.shape)[2:]
    wanted = _output_sizes(op, output_size, sizes)
    xp = array_module(x._array if isinstance(x, Tensor) else x)
    places = []
    for n, m in zip(sizes, wanted):
        bins = _bins(n, m)
        longest = max((b - a for a, b in bins), default=1)
        places.append(xp.asarray([[min(a + k, b - 1) for k in range(longest)] for a, b in bins], dtype=int64))
    flat = xp.zeros((1,) * (2 * dims), dtype=int64)
    for d, p in enumerate(places):
        shape = [1] * (2 * dims)
        shape[d], shape[dims + d] = p.shape
        flat = flat * sizes[d] + p.reshape(shape)
    index = flat.reshape(*wanted, -1)
    lead = tuple(x.shape)[:2]
    shown = getitem(reshape(x, (*lead, -1)), (slice(None), slice(None), index))
    best = argmax(shown, -1, True)
    out = squeeze(gather(shown, -1, best), -1)
    if not return_indices:
        return _unbatch(out, input)
    raw = best._array if isinstance(best, Tensor) else best
    chosen = wrap(xp.take_along_axis(xp.broadcast_to(index, (*lead, *index.shape)), raw, -1)[..., 0])
    return _unbatch(out, input), _unbatch(chosen, input)


# --- the public face ------------------------------------------------------------------------------------------------


@public
def avg_pool1d(input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
               count_include_pad: bool = True) -> Any:  # fmt: skip
    """The mean of every window; count_include_pad=False leaves the padding out of it. ceil_mode as max_pool1d's."""
    return _avg_pool("avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode, count_include_pad)


avg_pool2d, avg_pool3d = by_dimensions("avg_pool", _avg_pool)[1:]
max_pool1d, max_pool2d, max_pool3d = by_dimensions("max_pool", _max_pool)
adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d = by_dimensions("adaptive_avg_pool", adaptive_avg_pool)
adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d = by_dimensions("adaptive_max_pool", _adaptive_max)
