"""Images in another size: interpolation, and channels traded for space."""

from math import prod
from typing import Any

from minigrad.backend import array_module
from minigrad.dtypes import float32
from minigrad.engine.messages import describe
from minigrad.engine.promotion import cast, widened
from minigrad.engine.tensor import Tensor
from minigrad.errors import DtypeError, ShapeError
from minigrad.ops.api import public, shape_error
from minigrad.ops.array.pad import pad
from minigrad.ops.array.shape import movedim, permute, reshape, squeeze, unsqueeze
from minigrad.ops.index.indexing import getitem
from minigrad.ops.linalg.products import matmul
from minigrad.ops.nn.conv import as_tuple
from minigrad.ops.nn.im2col import Ints
from minigrad.ops.nn.im2col import output_size as windows_along
from minigrad.ops.nn.pooling import adaptive_avg_pool, add_windows, sliding_windows
from minigrad.ops.pointwise.arithmetic import clamp, floor

__all__ = ["channel_shuffle", "fold", "interpolate", "pixel_shuffle", "pixel_unshuffle", "unfold", "upsample"]

MODES = {  # for so many spatial dimensions
    "linear": 1, "bilinear": 2, "trilinear": 3, "bicubic": 2, "nearest": "any", "nearest-exact": "any", "area": "any",
}  # fmt: skip


# --- interpolation ------------------------------------------------------------------------------------------------


@public
def interpolate(
    input: Any, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None, antialias: bool = False,
) -> Any:  # fmt: skip
    """(N, C, ...spatial) in another spatial size, given as `size` or as `scale_factor`.

    mode "nearest", "nearest-exact", "linear"/"bilinear"/"trilinear" (by the number of spatial dimensions), "bicubic" or
    "area" (adaptive means). align_corners: the corner elements, not the corners of their cells, keep their places.
    Linear in the input: one matrix along each dimension. Integers have only the nearest of their neighbours; uint8 also
    means of them, rounded along each dimension from the last on, as PyTorch does.
    """
    dims = input.ndim - 2
    if dims not in (1, 2, 3):
        raise ShapeError(f"interpolate: expected an input of 3, 4 or 5 dimensions, got {describe(input)}")
    if MODES.get(mode) not in (dims, "any"):
        raise ValueError(f"interpolate: mode: {mode!r} is not for {dims} spatial dimensions")
    if antialias:
        raise NotImplementedError("interpolate: antialias=True is not available")
    sizes, factors = _wanted(input, size, scale_factor, dims, bool(recompute_scale_factor))
    if mode == "area":
        return adaptive_avg_pool("interpolate", dims, input, sizes)
    if mode.startswith("nearest"):
        for d, (m, factor) in enumerate(zip(sizes, factors), 2):
            places = _nearest(input.shape[d], m, factor, mode == "nearest-exact")
            input = getitem(input, (*(slice(None),) * d, places))
        return input
    byte = input.dtype.name == "uint8"
    if input.dtype.kind in "biu" and not byte:
        raise DtypeError(f"interpolate: mode {mode!r} takes means, for floats or uint8; got {describe(input)}; "
                         f"use .float()")  # fmt: skip
    out = cast(input, float32) if byte else widened(input)
    for d, m, factor in reversed(list(zip(range(2, dims + 2), sizes, factors))):
        weights = _weights(input.shape[d], m, factor, bool(align_corners), mode == "bicubic")
        raw = out._array if isinstance(out, Tensor) else out
        matrix = array_module(raw).asarray(weights, dtype=raw.dtype)
        out = movedim(matmul(movedim(out, d, -1), matrix), -1, d)
        out = clamp(floor(out + 0.5), 0, 255) if byte else out
    return cast(out, input.dtype)


upsample = interpolate


def _wanted(input: Any, size: Any, scale_factor: Any, dims: int, recompute: bool) -> tuple[Ints, tuple[Any, ...]]:
    """The spatial sizes, and for each dimension the scale to use (None: from the sizes)."""
    if (size is None) == (scale_factor is None):
        raise ValueError("interpolate: expected size or scale_factor, one of them")
    if size is not None:
        return as_tuple("interpolate", "size", size, dims, 1), (None,) * dims
    factors = (scale_factor,) * dims if isinstance(scale_factor, (int, float)) else tuple(scale_factor)
    if len(factors) != dims or min(factors) <= 0:
        raise ShapeError(f"interpolate: scale_factor: expected {dims} positive numbers, got {scale_factor}")
    sizes = tuple(int(n * f) for n, f in zip(input.shape[2:], factors))
    return sizes, (None,) * dims if recompute else factors


def _nearest(n: int, m: int, factor: float | None, exact: bool) -> list[int]:
    step = 1 / factor if factor else n / m
    return [min(int((i + 0.5) * step if exact else i * step), n - 1) for i in range(m)]


def _weights(n: int, m: int, factor: float | None, align_corners: bool, cubic: bool) -> list[list[float]]:
    """The n x m matrix whose columns say how each new element is mixed of old ones."""
    out = [[0.0] * m for _ in range(n)]
    for i in range(m):
        if align_corners:
            place = i * (n - 1) / (m - 1) if m > 1 else 0.0
        else:
            place = (i + 0.5) * (1 / factor if factor else n / m) - 0.5
            place = place if cubic else max(place, 0.0)
        low = int(place // 1)
        t = place - low
        for k, w in enumerate(_cubic(t), -1) if cubic else enumerate((1 - t, t)):
            out[min(max(low + k, 0), n - 1)][i] += w
    return out


def _cubic(t: float) -> tuple[float, ...]:
    """The weights of four neighbours at distance t after the second: Keys (1981) with a = -3/4."""
    a = -0.75

    def near(x: float) -> float:
        return ((a + 2) * x - (a + 3)) * x * x + 1

    def far(x: float) -> float:
        return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a

    return far(t + 1), near(t), near(1 - t), far(2 - t)


# --- channels and space -------------------------------------------------------------------------------------------


@public
def pixel_shuffle(input: Any, upscale_factor: int) -> Any:
    """(..., C r^2, H, W) to (..., C, H r, W r)."""
    r = upscale_factor
    if input.ndim < 3 or r < 1 or input.shape[-3] % (r * r):
        raise ShapeError(f"pixel_shuffle: expected (..., C * {r}^2, H, W), got {describe(input)}")
    *lead, c, h, w = tuple(input.shape)
    k = len(lead)
    apart = reshape(input, (*lead, c // (r * r), r, r, h, w))
    return reshape(permute(apart, (*range(k), k, k + 3, k + 1, k + 4, k + 2)) * 1, (*lead, c // (r * r), h * r, w * r))


@public
def pixel_unshuffle(input: Any, downscale_factor: int) -> Any:
    """(..., C, H r, W r) to (..., C r^2, H, W): the inverse of pixel_shuffle."""
    r = downscale_factor
    if input.ndim < 3 or r < 1 or input.shape[-2] % r or input.shape[-1] % r:
        raise ShapeError(f"pixel_unshuffle: expected (..., C, H * {r}, W * {r}), got {describe(input)}")
    *lead, c, h, w = tuple(input.shape)
    k = len(lead)
    apart = reshape(input, (*lead, c, h // r, r, w // r, r))
    return reshape(permute(apart, (*range(k), k, k + 2, k + 4, k + 1, k + 3)) * 1, (*lead, c * r * r, h // r, w // r))


@public
def channel_shuffle(input: Any, groups: int) -> Any:
    """Channels (dimension 1) dealt out anew: one of each of the groups in turn."""
    n, c, *rest = tuple(input.shape)
    if groups < 1 or c % groups:
        raise ShapeError(f"channel_shuffle: groups: expected a divisor of the {c} channels, got {groups}")
    apart = reshape(input, (n, groups, c // groups, *rest))
    return reshape(movedim(apart, 1, 2) * 1, (n, c, *rest))


# --- windows as columns -------------------------------------------------------------------------------------------


def _geometry(op: str, kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> tuple[Ints, Ints, Ints, Ints]:
    return (
        as_tuple(op, "kernel_size", kernel_size, 2, 1), as_tuple(op, "dilation", dilation, 2, 1),
        as_tuple(op, "padding", padding, 2), as_tuple(op, "stride", stride, 2, 1),
    )  # fmt: skip


@public
def unfold(input: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    """Every window of images (N, C, H, W) as a column: (N, C * kernel, windows)."""
    kernel, dilation, padding, stride = _geometry("unfold", kernel_size, dilation, padding, stride)
    if input.ndim not in (3, 4):
        raise ShapeError(f"unfold: expected (N, C, H, W) or (C, H, W), got {describe(input)}")
    x = input if input.ndim == 4 else unsqueeze(input, 0)
    x = pad(x, (padding[1], padding[1], padding[0], padding[0])) if any(padding) else x
    output = windows_along(tuple(x.shape)[2:], kernel, stride, (0, 0), dilation)
    if min(output) < 1:
        raise shape_error("unfold", f"an input, padded by {padding}, that windows of {kernel} fit into", input)
    shown = sliding_windows(x, kernel=kernel, stride=stride, dilation=dilation)
    n, c = x.shape[:2]
    out = reshape(permute(shown, (0, 1, 4, 5, 2, 3)) * 1, (n, c * prod(kernel), prod(output)))
    return out if input.ndim == 4 else squeeze(out, 0)


@public
def fold(input: Any, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    """Columns (N, C * kernel, windows) added up as the windows of images (N, C, *output_size): the adjoint of
    unfold."""
    kernel, dilation, padding, stride = _geometry("fold", kernel_size, dilation, padding, stride)
    size = as_tuple("fold", "output_size", output_size, 2, 1)
    x = input if input.ndim == 3 else unsqueeze(input, 0)
    output = windows_along(size, kernel, stride, padding, dilation)
    if x.ndim != 3 or x.shape[1] % prod(kernel) or x.shape[2] != prod(output):
        raise ShapeError(f"fold: expected (N, C * {prod(kernel)}, {prod(output)}), got {describe(input)}")
    n, c = x.shape[0], x.shape[1] // prod(kernel)
    windows = permute(reshape(x, (n, c, *kernel, *output)), (0, 1, 4, 5, 2, 3))
    wide = (n, c, *(m + 2 * p for m, p in zip(size, padding)))
    out = add_windows(windows, shape=wide, kernel=kernel, stride=stride, dilation=dilation)
    out = pad(out, (-padding[1], -padding[1], -padding[0], -padding[0])) if any(padding) else out
    return out if input.ndim == 3 else squeeze(out, 0)
