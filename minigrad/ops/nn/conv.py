"""Convolutions in one, two and three dimensions, and their transposes: im2col and one product of matrices a group.

A convolution is linear in the input and in the weight, so three primitives are closed under differentiation: the
convolution, its adjoint in the input (the transposed convolution) and its adjoint in the weight. Each one's rules are
the other two. Arrays are (N, C, ...spatial), weights (out, in / groups, ...kernel), as in PyTorch.
"""

from typing import Any

from minigrad.engine.dispatch import primitive
from minigrad.errors import DtypeError, ShapeError
from minigrad.ops.api import by_dimensions, shape_error
from minigrad.ops.array.pad import pad
from minigrad.ops.array.shape import reshape, squeeze, sum_to, unsqueeze
from minigrad.ops.index.indexing import _getitem
from minigrad.ops.nn.im2col import Geometry, Ints, as_images, as_matrices, as_rows, col2im, im2col, output_size

__all__ = ["conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"]


def along_channels(bias: Any, ndim: int) -> Any:
    """(C,) as (1, C, 1, ...)."""
    return bias.reshape(1, -1, *(1,) * (ndim - 2))


@primitive(
    input=lambda g, weight, input_shape, stride, padding, dilation, groups: conv_transpose(
        g, weight, shape=input_shape, stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
    weight=lambda g, input, weight_shape, stride, padding, dilation, groups: conv_weight(
        input, g, shape=weight_shape, stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
    bias=lambda g, bias_shape: reshape(sum_to(g, shape=(1, *bias_shape, *(1,) * (g.ndim - 2))), bias_shape),
)
def conv(input: Any, weight: Any, bias: Any = None, *, stride: Ints, padding: Ints, dilation: Ints, groups: int) -> Any:
    """Every window of (N, C, *size) times every kernel of (out, C / groups, *kernel), plus (out,)."""
    size, kernel = input.shape[2:], weight.shape[2:]
    output = output_size(size, kernel, stride, padding, dilation)
    where = Geometry(size, kernel, stride, padding, dilation, groups, output)
    out = as_images(as_matrices(weight, groups) @ im2col(input, where), len(input), output)
    return out if bias is None else out + along_channels(bias, out.ndim)


@primitive(
    input=lambda g, weight, input_shape, stride, padding, dilation, groups: _first(
        conv(g, weight, None, stride=stride, padding=padding, dilation=dilation, groups=groups), input_shape
    ),
    weight=lambda g, input, weight_shape, stride, padding, dilation, groups: conv_weight(
        g, input, shape=weight_shape, stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
)
def conv_transpose(
    input: Any, weight: Any, *, shape: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> Any:
    """The adjoint of the convolution of an input of `shape` in this input: each element of (N, out, *output) times its
    kernel, added up where the window lies."""
    where = Geometry(tuple(shape[2:]), weight.shape[2:], stride, padding, dilation, groups, input.shape[2:])
    return col2im(as_matrices(weight, groups).swapaxes(1, 2) @ as_rows(input, groups), shape, where)


def _first(x: Any, shape: Ints) -> Any:
    """As much of x as an array of `shape` has: a large output_padding can give one element more."""
    return x if tuple(x.shape) == tuple(shape) else _getitem(x, index=tuple(slice(n) for n in shape))


@primitive(
    input=lambda g, other, input_shape, stride, padding, dilation, groups: conv_transpose(
        other, g, shape=input_shape, stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
    other=lambda g, input, other_shape, stride, padding, dilation, groups: _first(
        conv(input, g, None, stride=stride, padding=padding, dilation=dilation, groups=groups), other_shape
    ),
)
def conv_weight(
    input: Any, other: Any, *, shape: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> Any:
    """The adjoint of the convolution in a weight of `shape`: every window of (N, C, *size) times its element of
    `other`, (N, out, *output), added up."""
    where = Geometry(input.shape[2:], tuple(shape[2:]), stride, padding, dilation, groups, other.shape[2:])
    return (as_rows(other, groups) @ im2col(input, where).swapaxes(1, 2)).reshape(shape)


# --- the public face ------------------------------------------------------------------------------------------------


def as_tuple(op: str, name: str, value: Any, dims: int, least: int = 0) -> Ints:
    """One number for every dimension, or one for each."""
    if value.__class__ is tuple and len(value) == dims and all(n.__class__ is int and n >= least for n in value):
        return value  # a layer's, which were checked when it was made
    out = (value,) * dims if isinstance(value, int) else tuple(value) * (dims if len(tuple(value)) == 1 else 1)
    if len(out) != dims or any(not isinstance(n, int) or n < least for n in out):
        raise ShapeError(f"{op}: {name}: expected a number, or {dims} of them, of at least {least}, got {value}")
    return out


def _check(op: str, input: Any, weight: Any, bias: Any, dims: int, groups: int, transposed: bool) -> None:
    """Do the shapes and dtypes belong together?"""
    x, w, b = [getattr(t, "_array", t) for t in (input, weight, bias)]
    if groups < 1 or w.ndim and w.shape[0] % groups:
        channels = w.shape[0] if w.ndim else ""
        raise ShapeError(f"{op}: groups: expected a divisor of the channels {channels}, got {groups}")
    if w.ndim != dims + 2 or x.ndim not in (dims + 1, dims + 2):
        wanted = f"an input of {dims + 1} or {dims + 2} dimensions and a weight of {dims + 2}"
        raise shape_error(op, wanted, input, weight)
    first, second = w.shape[0], w.shape[1] * groups
    channels, out = (first, second) if transposed else (second, first)
    if x.shape[-dims - 1] != channels:
        raise shape_error(op, f"an input of {channels} channels for this weight", input, weight)
    if x.dtype != w.dtype:
        raise DtypeError(f"{op}: expected one dtype, got input {x.dtype} and weight {w.dtype}; cast one with .to()")
    if b is not None and b.shape != (out,):
        raise shape_error(f"{op}: `bias`", f"{out} numbers, one for each output channel", bias)
    if b is not None and b.dtype != w.dtype:
        raise DtypeError(f"{op}: expected one dtype, got weight {weight.dtype} and bias {bias.dtype}")


def _convolve(op: str, dims: int, input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0,
              dilation: Any = 1, groups: int = 1) -> Any:  # fmt: skip
    """The cross-correlation of an input (N, C, *size), or without N, with kernels (out, C / groups, *kernel), plus the
    bias (out,). Sizes are (L,) for conv1d, (H, W) for conv2d, (D, H, W) for conv3d.

    padding: zeros on both sides, "same" (stride 1: the result has the input's size) or "valid" (none). Along each
    dimension the result has (n + 2 padding - dilation (k - 1) - 1) // stride + 1 elements.
    """
    _check(op, input, weight, bias, dims, groups, False)
    w = getattr(weight, "_array", weight)
    batched, kernel = getattr(input, "_array", input).ndim == dims + 2, w.shape[2:]
    x = input if batched else unsqueeze(input, 0)
    stride = as_tuple(op, "stride", stride, dims, 1)
    dilation = as_tuple(op, "dilation", dilation, dims, 1)
    if isinstance(padding, str):
        x, padding = _by_name(op, x, padding, kernel, stride, dilation)
    else:
        padding = as_tuple(op, "padding", padding, dims)
    size = getattr(x, "_array", x).shape[2:]
    if 0 in kernel or any(n + 2 * p <= d * (k - 1) for n, p, d, k in zip(size, padding, dilation, kernel)):
        raise ShapeError(
            f"{op}: a kernel of {kernel} (dilation {dilation}) does not fit into an input of {size} padded by {padding}"
        )
    out = conv(x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)
    return out if batched else squeeze(out, 0)


def _by_name(op: str, x: Any, padding: str, kernel: Ints, stride: Ints, dilation: Ints) -> tuple[Any, Ints]:
    """Padding "valid" (none) or "same" (the result has the input's size)."""
    if padding not in ("valid", "same"):
        raise ValueError(f'{op}: padding: expected numbers, "valid" or "same", got {padding!r}')
    nothing = (0,) * len(kernel)
    if padding == "valid":
        return x, nothing
    if any(s != 1 for s in stride):
        raise ValueError(f'{op}: padding="same" needs a stride of 1, got {stride}')
    total = [d * (k - 1) for k, d in zip(kernel, dilation)]
    if not any(n % 2 for n in total):
        return x, tuple(n // 2 for n in total)
    return pad(x, [w for n in reversed(total) for w in (n // 2, n - n // 2)]), nothing


def _transpose(op: str, dims: int, input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0,
               output_padding: Any = 0, groups: int = 1, dilation: Any = 1) -> Any:  # fmt: skip
    """The adjoint of conv1d, conv2d or conv3d in its input: each element of (N, C, *size), or without N, adds its
    multiple of the kernel (C, out / groups, *kernel) to the result, whose size is (n - 1) stride - 2 padding +
    dilation (k - 1) + output_padding + 1 along each dimension."""
    _check(op, input, weight, bias, dims, groups, True)
    x = input if input.ndim == dims + 2 else unsqueeze(input, 0)
    stride = as_tuple(op, "stride", stride, dims, 1)
    padding = as_tuple(op, "padding", padding, dims)
    extra = as_tuple(op, "output_padding", output_padding, dims)
    dilation = as_tuple(op, "dilation", dilation, dims, 1)
    if any(e >= max(s, d) for e, s, d in zip(extra, stride, dilation)):
        raise ShapeError(f"{op}: output_padding {extra}: expected less than stride {stride} or dilation {dilation}")
    sizes = tuple(
        (n - 1) * s - 2 * p + d * (k - 1) + e + 1
        for n, s, p, d, k, e in zip(x.shape[2:], stride, padding, dilation, weight.shape[2:], extra)
    )
    if min(sizes, default=1) < 1:
        raise ShapeError(f"{op}: padding {padding} leaves nothing of the result, whose size would be {sizes}")
    shape = (x.shape[0], weight.shape[1] * groups, *sizes)
    out = conv_transpose(x, weight, shape=shape, stride=stride, padding=padding, dilation=dilation, groups=groups)
    if bias is not None:
        out = out + reshape(bias, (-1,) + (1,) * dims)
    return out if input.ndim == dims + 2 else squeeze(out, 0)


conv1d, conv2d, conv3d = by_dimensions("conv", _convolve)
conv_transpose1d, conv_transpose2d, conv_transpose3d = by_dimensions("conv_transpose", _transpose)
