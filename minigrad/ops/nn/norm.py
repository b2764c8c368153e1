"""Normalization: elements brought to mean 0 and variance 1 over a batch, a layer, an instance or a group; and vectors
to length 1. The statistics are differentiated through."""

from math import prod
from typing import Any

from numpy import add, errstate, isfinite, ndarray

from minigrad.dtypes import finfo, float32
from minigrad.engine.composite import composite
from minigrad.engine.messages import describe
from minigrad.engine.promotion import cast, floated, widened
from minigrad.engine.versions import bump_own_version
from minigrad.errors import ShapeError
from minigrad.ops.api import public, shape_error
from minigrad.ops.array.creation import full_like
from minigrad.ops.array.pad import pad
from minigrad.ops.array.shape import reshape
from minigrad.ops.array.windows import unfold
from minigrad.ops.pointwise.arithmetic import abs, clamp, rsqrt, sqrt, where
from minigrad.ops.reduce.reductions import amax, mean, p_norm, sum

add_up = add.reduce

__all__ = ["batch_norm", "group_norm", "instance_norm", "layer_norm", "local_response_norm", "normalize", "rms_norm"]


@composite("standardize", also=2)
def _standardize(input: Any, weight: Any, bias: Any, *, dims: tuple[int, ...], eps: float, by_channel: bool) -> Any:
    """(x - mean) / sqrt(variance + eps) * weight + bias, with the mean and variance over `dims`, which it also returns,
    with these dimensions of size 1. float16 is calculated in float32.

    by_channel: weight and bias are (C,), along dimension 1; else they broadcast from the last dimension.
    """
    n = prod(input.shape[d] for d in dims)
    x = cast(input, float32) if input.dtype.itemsize == 2 else input
    mean = sum(x, dims, True) / n
    centred = x - mean
    variance = sum(centred * centred, dims, True) / n
    out = centred / sqrt(variance + eps)
    if by_channel:
        weight, bias = (along_channels(t, input.ndim) for t in (weight, bias))
    return _narrowed(scale_and_shift(out, weight, bias), input), mean, variance


def _narrowed(out: Any, input: Any) -> Any:
    """What was calculated in float32, or with weights in it, in the input's float16."""
    return cast(out, input.dtype) if input.dtype.itemsize == 2 else out


def _standardized(input: Any, weight: Any, bias: Any, *, dims: tuple[int, ...], eps: float, by_channel: bool) -> Any:
    """`_standardize`, also of elements whose squares overflow (above 1e19 in float32): where the variance did, they
    are divided by the largest first, beside which eps is nothing. (Not on a GPU, where to look would be to wait.)"""
    made = _standardize(input, weight, bias, dims=dims, eps=eps, by_channel=by_channel)
    variance = made[2]
    if variance.__class__ is not ndarray or isfinite(add_up(variance, None)) or not input.numel():
        return made
    large = ~isfinite(variance)
    near, tiny = where(large, _brought_near(input, dims), 0.0), float(finfo(variance.dtype).tiny)
    there = _standardize(near, weight, bias, dims=dims, eps=tiny, by_channel=by_channel)[0]
    others = _standardize(where(large, 0.0, input), weight, bias, dims=dims, eps=eps, by_channel=by_channel)[0]
    return where(large, there, others), made[1], variance


def _brought_near(input: Any, dims: tuple[int, ...]) -> Any:
    """The input divided by the largest of its elements over `dims`."""
    return input / amax(abs(input.detach()), dims, True)


def scale_and_shift(x: Any, weight: Any, bias: Any) -> Any:
    """x * weight + bias, either of which may be None."""
    x = x if weight is None else x * weight
    return x if bias is None else x + bias


def along_channels(t: Any, ndim: int) -> Any:
    """(C,) as (1, C, 1, ...), to broadcast along dimension 1; None stays None."""
    return None if t is None else reshape(t, (1, -1) + (1,) * (ndim - 2))


def _check_channels(op: str, input: Any, least: int = 2, **vectors: Any) -> Any:
    """The input, of a floating dtype; ShapeError where it has no channels, or a vector not one number for each."""
    shape = input._array.shape
    if len(shape) < least:
        raise shape_error(op, f"an input (N, C, ...) of at least {least} dimensions", input)
    for name, t in vectors.items():
        if t is not None and t._array.shape != shape[1:2]:
            raise ShapeError(f"{op}: `{name}`: expected {shape[1]} numbers, one for each channel, got {describe(t)}")
    return input if input._array.dtype.kind == "f" else floated(input)


@public
def batch_norm(
    input: Any, running_mean: Any = None, running_var: Any = None, weight: Any = None, bias: Any = None,
    training: bool = False, momentum: float = 0.1, eps: float = 1e-5,
) -> Any:  # fmt: skip
    """(x - mean) / sqrt(var + eps) * weight + bias for each channel (dimension 1), over batch and space.

    training: with the batch's own statistics, of which the running ones take the share `momentum`, in place (the
    variance with n - 1); else with the running ones. Ioffe and Szegedy (2015).
    """
    x = _check_channels(
        "batch_norm", input, weight=weight, bias=bias, running_mean=running_mean, running_var=running_var
    )
    shape = x._array.shape
    if not training:
        if running_mean is None or running_var is None:
            raise ValueError("batch_norm: running_mean and running_var: expected both when not training, got None")
        scale = rsqrt(running_var + eps)  # statistics and weights in one: two passes over the input, not four
        scale = scale if weight is None else scale * weight
        shift = -running_mean * scale if bias is None else bias - running_mean * scale
        w, b = (along_channels(t, len(shape)) for t in (scale, shift))
        return _narrowed(scale_and_shift(x, w, b), x)
    dims = (0, *range(2, len(shape)))
    n = prod(shape) // max(1, shape[1])
    if not n:
        return scale_and_shift(x * 1, along_channels(weight, len(shape)), along_channels(bias, len(shape)))
    if n == 1:
        raise shape_error("batch_norm", "more than one value for each channel when training", input)
    out, mean, variance = _standardized(x, weight, bias, dims=dims, eps=eps, by_channel=True)
    _update_running(running_mean, mean.reshape(-1), momentum)
    _update_running(running_var, variance.reshape(-1), momentum, n / (n - 1))
    return out


def _update_running(running: Any, value: Any, momentum: float, factor: float = 1.0) -> None:
    """running = (1 - momentum) * running + momentum * factor * value, in place and unrecorded; None is left alone."""
    if running is not None:
        with errstate(all="ignore"):
            running._array *= 1 - momentum
            running._array += value * (momentum * factor)
        bump_own_version(running, "batch_norm")


@public
def instance_norm(
    input: Any, running_mean: Any = None, running_var: Any = None, weight: Any = None, bias: Any = None,
    use_input_stats: bool = True, momentum: float = 0.1, eps: float = 1e-5,
) -> Any:  # fmt: skip
    """batch_norm of every sample by itself: each channel over space."""
    x = _check_channels("instance_norm", input, 3, weight=weight, bias=bias)
    if not use_input_stats:
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    shape = x._array.shape
    n = prod(shape[2:])
    if not n:
        return scale_and_shift(x * 1, along_channels(weight, len(shape)), along_channels(bias, len(shape)))
    if n == 1:
        raise shape_error("instance_norm", "more than one value for each channel", input)
    dims = tuple(range(2, len(shape)))
    out, mean, variance = _standardized(x, weight, bias, dims=dims, eps=eps, by_channel=True)
    _update_running(running_mean, mean.reshape(shape[:2]).mean(0), momentum)
    _update_running(running_var, variance.reshape(shape[:2]).mean(0), momentum, n / (n - 1))
    return out


@public
def group_norm(input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """Normalized over space and over groups of channels. Wu and He (2018)."""
    x = _check_channels("group_norm", input, weight=weight, bias=bias)
    sizes = x._array.shape
    if num_groups < 1 or sizes[1] % num_groups:
        raise ShapeError(f"group_norm: num_groups: expected a divisor of the {sizes[1]} channels, got {num_groups}")
    if prod(sizes) == num_groups:
        raise shape_error("group_norm", "more than one value for each group", input)
    if 0 in sizes:
        out = x * 1
    else:
        grouped = reshape(x, (sizes[0], num_groups, -1))
        out = reshape(_standardized(grouped, None, None, dims=(2,), eps=eps, by_channel=False)[0], sizes)
    w, b = along_channels(weight, len(sizes)), along_channels(bias, len(sizes))
    return out if w is b is None else _narrowed(scale_and_shift(widened(out), w, b), x)


def _last_dims(op: str, input: Any, normalized_shape: Any, **tensors: Any) -> tuple[int, ...]:
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    if not shape or tuple(input.shape)[-len(shape) :] != shape:
        raise shape_error(op, f"an input whose last sizes are {shape}", input)
    for name, t in tensors.items():
        if t is not None and tuple(t.shape) != shape:
            raise ShapeError(f"{op}: `{name}`: expected shape {shape}, got {describe(t)}")
    return tuple(range(-len(shape), 0))


@public
def layer_norm(input: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """Normalized over the last dimensions, whose sizes are `normalized_shape`. Ba, Kiros and Hinton (2016)."""
    dims = _last_dims("layer_norm", input, normalized_shape, weight=weight, bias=bias)
    x = input if input._array.dtype.kind == "f" else floated(input)
    dims = tuple(range(x._array.ndim - len(dims), x._array.ndim))
    return _standardized(x, weight, bias, dims=dims, eps=eps, by_channel=False)[0]


@public
def rms_norm(input: Any, normalized_shape: Any, weight: Any = None, eps: float | None = None) -> Any:
    """x / sqrt(mean(x^2) + eps) over the last dimensions; eps is the dtype's own unless given. Zhang and Sennrich
    (2019)."""
    dims = _last_dims("rms_norm", input, normalized_shape, weight=weight)
    x = widened(input)
    eps = float(finfo(x.dtype).eps) if eps is None else eps
    square = mean(x * x, dims, True)
    if square._array.__class__ is ndarray and not isfinite(add_up(square._array, None)) and x.numel():
        large = ~isfinite(square._array)
        x, eps = where(large, _brought_near(x, dims), x), where(large, 0.0, full_like(square.detach(), eps))
        square = mean(x * x, dims, True)
    return cast(scale_and_shift(x * rsqrt(square + eps), weight, None), input.dtype)


@public
def local_response_norm(input: Any, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Any:
    """x / (k + alpha * mean of x^2 over `size` neighbouring channels)^beta. Krizhevsky et al. (2012)."""
    _check_channels("local_response_norm", input, 3)
    widths = (0, 0) * (input.ndim - 2) + (size // 2, (size - 1) // 2)
    around = mean(unfold(pad(input * input, widths), 1, size, 1), -1)
    return input / (around * alpha + k) ** beta


@public
def normalize(input: Any, p: float = 2.0, dim: Any = 1, eps: float = 1e-12) -> Any:
    """x / max(norm of x along `dim`, eps): vectors of length 1, zero vectors left as they are."""
    return input / clamp(p_norm(input, p, dim, True), min=eps)
