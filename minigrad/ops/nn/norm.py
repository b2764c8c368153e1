"""Normalization: elements brought to mean 0 and variance 1 over a batch, a layer, an instance or a group; and vectors
to length 1. The statistics are differentiated through."""

from math import prod
from types import SimpleNamespace
from typing import Any

from numpy import empty, full, ndarray, zeros

from minigrad.backend import array_module, column_sums, loops, parts, shared, sums, sums_of_products
from minigrad.dtypes import float32
from minigrad.engine.elementwise import floated
from minigrad.engine.fused import fused
from minigrad.engine.messages import describe
from minigrad.engine.primitive import primitive, wrap
from minigrad.engine.tensor import Tensor
from minigrad.errors import ShapeError
from minigrad.executors.cupy import norm as kernels
from minigrad.executors.cupy.kernel import on_gpu
from minigrad.ops import axes
from minigrad.ops.api import public
from minigrad.ops.array.shape import reshape
from minigrad.ops.pointwise.arithmetic import clamp, rsqrt, sqrt
from minigrad.ops.reduce.reductions import mean, sum
from minigrad.ops.reduce.reductions import norm as vector_norm

__all__ = ["batch_norm", "group_norm", "instance_norm", "layer_norm", "local_response_norm", "normalize", "rms_norm"]


def _wide(x: Any) -> Any:
    """float16 as float32, in which it is calculated."""
    return x.astype(float32) if x.dtype.itemsize == 2 else x


def _deviation(input: Any, dims: tuple[int, ...], n: int, eps: float, known: Any) -> Any:
    """sqrt(variance + eps): of arrays from the sums that are known from the forward pass, of Tensors recorded."""
    if not isinstance(input, Tensor):
        return sqrt(known.squares / n + eps)
    z = _wide(input)
    centred = z - sum(z, dims, True) / n
    return sqrt(sum(centred * centred, dims, True) / n + eps)


def _standardize_slopes(g: Any, out: Any, input: Any, dims: tuple[int, ...], n: int, eps: float, known: Any) -> Any:
    share = g - mean(g, dims, True) - out * mean(g * out, dims, True)
    return share / _deviation(input, dims, n, eps, known)


@primitive(name="standardize", input=on_gpu(kernels.slopes)(_standardize_slopes))
@on_gpu(kernels.standardize)
def _standardize(input: Any, *, dims: tuple[int, ...], n: int, eps: float, known: Any) -> Any:
    """(x - mean) / sqrt(variance + eps) over `dims`, of n elements each. What it adds up, the sum and the squares of
    the distances from the mean, goes into `known`. float16 in float32."""
    z = _wide(input)
    known.total = z.sum(dims, keepdims=True)
    out = z - known.total / n
    known.squares = (out * out).sum(dims, keepdims=True)
    out /= sqrt(known.squares / n + eps)
    return out.astype(input.dtype, copy=False)


def _standardized(x: Any, dims: tuple[int, ...], eps: float, weight: Any = None, bias: Any = None) -> tuple[Any, Any]:
    """The input standardized over `dims`, times the weight, plus the bias; and what is known of it."""
    known, x = SimpleNamespace(), floated(x)
    dims = tuple(d % x.ndim for d in dims)
    settings = {"dims": dims, "n": axes.count(tuple(x.shape), dims), "eps": eps, "known": known}
    on_cpu = isinstance(x._array if isinstance(x, Tensor) else x, ndarray)
    if on_cpu and 0 not in tuple(x.shape) and all(t is None or t.dtype == x.dtype for t in (weight, bias)):
        return _normalized(x, weight, bias, **settings), known
    return _scaled(_standardize(x, **settings), weight, bias), known


def _scaled(x: Any, weight: Any, bias: Any) -> Any:
    x = x if weight is None else x * weight
    return x if bias is None else x + bias


# --- on the CPU: in parts that stay in the cache ----------------------------------------------------------------------


def _composed(input: Any, weight: Any, bias: Any, *, dims: Any, n: int, eps: float, known: Any) -> Any:
    return _scaled(_standardize(input, dims=dims, n=n, eps=eps, known=SimpleNamespace()), weight, bias)


class _Parts:
    """An input cut along a dimension over which nothing is added up; `at` gives what belongs to part i of others."""

    def __init__(self, input: Any, dims: tuple[int, ...]) -> None:
        self.ndim, self.shape, self.dims = input.ndim, input.shape, dims
        self.axis = max((i for i in range(self.ndim) if i not in dims), key=lambda i: self.shape[i], default=0)
        count = 1 if self.axis in dims or not isinstance(input, ndarray) else self.shape[self.axis]
        self.slices = parts(count, input.size // count) if count > 1 else [slice(None)]

    def at(self, i: int, *arrays: Any) -> Any:
        """Views of the arrays (or None), with as many dimensions as the input has."""
        out = []
        for a in arrays:
            if a is not None and a.ndim < self.ndim:
                a = a.reshape((1,) * (self.ndim - a.ndim) + a.shape)
            whole = a is None or a.shape[self.axis] == 1
            out.append(a if whole else a[(slice(None),) * self.axis + (self.slices[i],)])
        return out

    def is_alike(self, t: Any) -> bool:
        """Is it (or None) the same all over `dims`?"""
        return t is None or all(d < self.ndim - t.ndim or t.shape[d - self.ndim] == 1 for d in self.dims)


def _added(x: Any, like: Any) -> Any:
    """x added up along the dimensions in which `like` (or None) has size 1."""
    if like is None:
        return None
    dims = tuple(i for i, n in enumerate(like.shape) if n == 1)
    if dims == tuple(range(x.ndim - 1)) and x.flags.c_contiguous:  # a matrix' columns
        return column_sums(x.reshape(-1, x.shape[-1])).reshape(like.shape)
    return x.sum(dims, keepdims=True)


def _once(shape: tuple[int, ...], dims: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(1 if i in dims else n for i, n in enumerate(shape))


class _Loops:
    """The case as compiled loops know it: rows, which are standardized each by itself, or channels of pictures."""

    def __init__(self, fast: Any, input: Any, dims: tuple[int, ...], *vectors: Any) -> None:
        sizes, channels = input.shape, dims == (0, *range(2, input.ndim))
        self.shape = (sizes[0], sizes[1], -1) if channels else (-1, prod(sizes[d] for d in dims))
        self.width = self.shape[1]
        self.forward, self.back = (
            (fast.norm.channels, fast.norm.channels_slopes) if channels else (fast.norm.rows, fast.norm.rows_slopes)
        )
        count = sizes[1] if channels else input.size // self.width
        self.slices, self.apart = parts(count, input.size // count), channels
        self.weight, self.bias = (
            full(self.width, default, input.dtype) if v is None else v.reshape(self.width)
            for v, default in zip(vectors, (1, 0))
        )


LONGEST = 4096  # a loop adds up a row in one float32: longer ones are added up more exactly by array functions


def _loops(input: Any, dims: tuple[int, ...], *vectors: Any) -> _Loops | None:
    """Those, where they are there and the weight and bias are vectors along what they take them along."""
    given = [v for v in vectors if v is not None]
    fast = loops(input, *given)
    if fast is None:
        return None
    rows = dims == tuple(range(input.ndim - len(dims), input.ndim))
    channels = dims == (0, *range(2, input.ndim)) and input.size >= 8 * input.shape[0] * input.shape[1]
    if prod(input.shape[d] for d in (dims[1:] if channels else dims)) > LONGEST:
        return None
    alike = (1, *input.shape[1:2], *(1,) * (input.ndim - 2))
    wanted = input.shape[dims[0] :] if rows else alike
    fits = all(v.shape == wanted for v in given)
    return _Loops(fast, input, dims, *vectors) if fits and (rows or channels) else None


def _slopes_by_loops(case: _Loops, g: Any, input: Any, vectors: Any, eps: float, known: Any) -> tuple[Any, Any, Any]:
    dx, count = empty(input.shape, input.dtype), 1 if case.apart else len(case.slices)
    of_parts = zeros((2, count, case.width), input.dtype)
    total, squares = known.total.reshape(-1), known.squares.reshape(-1)

    def work(i: int) -> None:
        part, into = case.slices[i], of_parts[:, 0 if case.apart else i]
        case.back(
            g.reshape(case.shape), input.reshape(case.shape), case.weight, total, squares, eps, dx.reshape(case.shape),
            *into, part.start, part.stop,
        )  # fmt: skip

    shared(work, len(case.slices))
    dw, db = (None if v is None else d.reshape(v.shape) for v, d in zip(vectors, of_parts.sum(1)))
    return dx, dw, db


def _slopes(
    g: Any, needed: Any, input: Any, weight: Any, bias: Any, dims: Any, n: int, eps: float, known: Any
) -> tuple[Any, Any, Any]:
    """With y the standardized input and d = g * weight: (d - mean(d) - y * mean(d * y)) / deviation for the input,
    sums of g * y for the weight, of g for the bias. A weight that is the same over `dims` is taken out of the means."""
    case = _loops(input, dims, weight, bias) if g.flags.c_contiguous else None
    if case is not None and g.dtype == input.dtype:
        return _slopes_by_loops(case, g, input, (weight, bias), eps, known)
    xp, cut = array_module(g), _Parts(input, dims)
    dx = xp.empty(input.shape, dtype=input.dtype)
    shares: list[Any] = [None] * len(cut.slices)
    alike = cut.is_alike(weight) and cut.is_alike(bias)

    def work(i: int) -> None:
        x, d, w, b, total, squares, to = cut.at(i, input, g, weight, bias, known.total, known.squares, dx)
        z, d, scale = _wide(x) - total / n, _wide(d), 1 / sqrt(squares / n + eps)
        if alike:
            added, products = sums(d, dims), sums_of_products(d, z, dims) * scale
            shares[i] = _added(products, w), _added(added, b)
            products, scale = products * scale, scale if w is None else scale * w
        else:
            z *= scale
            shares[i] = None if w is None else _added(d * z, w), _added(d, b)
            d = d if w is None else d * w
            added, products = sums(d, dims), sums_of_products(d, z, dims)
        z *= products / -n
        z -= added / n
        z += d
        xp.multiply(z, scale, out=to)

    shared(work, len(shares))
    slopes = [None if t is None else xp.zeros(t.shape, dtype=known.total.dtype) for t in (weight, bias)]
    for i, row in enumerate(shares):
        for total, part in zip(cut.at(i, *slopes), row):
            if total is not None:
                total += part
    return dx, *slopes


@fused("standardize_and_scale", _composed, _slopes)
def _normalized(input: Any, weight: Any, bias: Any, *, dims: Any, n: int, eps: float, known: Any) -> Any:
    """`_standardize` and `_scaled`, in a third of the passes over memory."""
    xp, cut = array_module(input), _Parts(input, dims)
    out, wide = xp.empty(input.shape, dtype=input.dtype), _wide(input[:0]).dtype
    once, alike = _once(input.shape, dims), cut.is_alike(weight)
    known.total, known.squares = xp.empty(once, dtype=wide), xp.empty(once, dtype=wide)
    case = _loops(input, dims, weight, bias)
    if case is not None:
        arrays = input.reshape(case.shape), case.weight, case.bias, out.reshape(case.shape)
        found = known.total.reshape(-1), known.squares.reshape(-1)
        shared(
            lambda i: case.forward(*arrays, *found, eps, case.slices[i].start, case.slices[i].stop), len(case.slices)
        )
        return out

    def work(i: int) -> None:
        x, w, b, total, squares, to = cut.at(i, input, weight, bias, known.total, known.squares, out)
        z = _wide(x)
        total[...] = sums(z, dims)
        z = z - total / n
        squares[...] = sums_of_products(z, z, dims)
        scale = 1 / sqrt(squares / n + eps)
        z *= scale * w if alike and w is not None else scale
        if not alike:
            z *= w
        if b is not None:
            z += b
        to[...] = z

    shared(work, len(cut.slices))
    return out


def _by_channel(t: Any, ndim: int) -> Any:
    return None if t is None else reshape(t, (1, -1) + (1,) * (ndim - 2))


def _channels(op: str, input: Any, least: int = 2, **vectors: Any) -> int:
    if input.ndim < least:
        raise ShapeError(f"{op}: expected an input (N, C, ...) of at least {least} dimensions, got {describe(input)}")
    c = int(input.shape[1])
    for name, t in vectors.items():
        if t is not None and tuple(t.shape) != (c,):
            raise ShapeError(f"{op}: `{name}`: expected {c} numbers, one for each channel, got {describe(t)}")
    return c


@public
def batch_norm(
    input: Any, running_mean: Any = None, running_var: Any = None, weight: Any = None, bias: Any = None,
    training: bool = False, momentum: float = 0.1, eps: float = 1e-5,
) -> Any:  # fmt: skip
    """(x - mean) / sqrt(var + eps) * weight + bias for each channel (dimension 1), over batch and space.

    training: with the batch's own statistics, of which the running ones take the share `momentum`, in place (the
    variance with n - 1); else with the running ones. Ioffe and Szegedy (2015).
    """
    _channels("batch_norm", input, weight=weight, bias=bias, running_mean=running_mean, running_var=running_var)
    w, b = _by_channel(weight, input.ndim), _by_channel(bias, input.ndim)
    if not training:
        if running_mean is None or running_var is None:
            raise ValueError("batch_norm: running_mean and running_var: expected both when not training, got None")
        scale = rsqrt(_by_channel(running_var, input.ndim) + eps)
        return _scaled((input - _by_channel(running_mean, input.ndim)) * scale, w, b)
    dims = (0, *range(2, input.ndim))
    count = axes.count(tuple(input.shape), dims)
    if count < 2:
        raise ShapeError(
            f"batch_norm: expected more than one value for each channel when training, got {describe(input)}"
        )
    out, known = _standardized(input, dims, eps, w, b)
    _follow(running_mean, known.total, momentum, count)
    _follow(running_var, known.squares, momentum, count - 1)
    return out


def _follow(running: Any, sums: Any, momentum: float, n: int) -> None:
    """Let a running statistic take its share of the sums / n."""
    if running is not None:
        running.data.mul_(1 - momentum).add_(wrap(sums).reshape(-1) * (momentum / n))


@public
def instance_norm(
    input: Any, running_mean: Any = None, running_var: Any = None, weight: Any = None, bias: Any = None,
    use_input_stats: bool = True, momentum: float = 0.1, eps: float = 1e-5,
) -> Any:  # fmt: skip
    """batch_norm of every sample by itself: each channel over space."""
    _channels("instance_norm", input, 3, weight=weight, bias=bias)
    if not use_input_stats:
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    dims = tuple(range(2, input.ndim))
    count = axes.count(tuple(input.shape), dims)
    if count < 2:
        raise ShapeError(f"instance_norm: expected more than one value for each channel, got {describe(input)}")
    w, b = _by_channel(weight, input.ndim), _by_channel(bias, input.ndim)
    out, known = _standardized(input, dims, eps, w, b)
    _follow(running_mean, known.total.sum(0), momentum, count * len(input))
    _follow(running_var, known.squares.sum(0), momentum, (count - 1) * len(input))
    return out


@public
def group_norm(input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """Normalized over space and over groups of channels. Wu and He (2018)."""
    channels = _channels("group_norm", input, weight=weight, bias=bias)
    if num_groups < 1 or channels % num_groups:
        raise ShapeError(f"group_norm: num_groups: expected a divisor of the {channels} channels, got {num_groups}")
    sizes = tuple(input.shape)
    apart = reshape(input, (sizes[0], num_groups, -1)) if 0 not in sizes else input
    out = reshape(_standardized(apart, (2,), eps)[0], sizes) if 0 not in sizes else input * 1
    return _scaled(out, _by_channel(weight, input.ndim), _by_channel(bias, input.ndim))


def _last(op: str, input: Any, normalized_shape: Any, **tensors: Any) -> tuple[int, ...]:
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    if not shape or tuple(input.shape)[-len(shape) :] != shape:
        raise ShapeError(f"{op}: expected an input whose last sizes are {shape}, got {describe(input)}")
    for name, t in tensors.items():
        if t is not None and tuple(t.shape) != shape:
            raise ShapeError(f"{op}: `{name}`: expected shape {shape}, got {describe(t)}")
    return tuple(range(-len(shape), 0))


@public
def layer_norm(input: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """Normalized over the last dimensions, whose sizes are `normalized_shape`. Ba, Kiros and Hinton (2016)."""
    dims = _last("layer_norm", input, normalized_shape, weight=weight, bias=bias)
    return _standardized(input, dims, eps, weight, bias)[0]


@public
def rms_norm(input: Any, normalized_shape: Any, weight: Any = None, eps: float | None = None) -> Any:
    """x / sqrt(mean(x^2) + eps) over the last dimensions; eps is the dtype's own unless given. Zhang and Sennrich
    (2019)."""
    dims = _last("rms_norm", input, normalized_shape, weight=weight)
    tiny = {"float16": 0.0009765625, "float32": 1.1920929e-07}.get(input.dtype.name, 2.220446049250313e-16)
    return _scaled(input * rsqrt(mean(input * input, dims, True) + (tiny if eps is None else eps)), weight, None)


@public
def local_response_norm(input: Any, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Any:
    """x / (k + alpha * mean of x^2 over `size` neighbouring channels)^beta. Krizhevsky et al. (2012)."""
    from minigrad.ops.array.pad import pad
    from minigrad.ops.array.windows import unfold

    _channels("local_response_norm", input, 3)
    widths = (0, 0) * (input.ndim - 2) + (size // 2, (size - 1) // 2)
    around = mean(unfold(pad(input * input, widths), 1, size, 1), -1)
    return input / (around * alpha + k) ** beta


@public
def normalize(input: Any, p: float = 2.0, dim: Any = 1, eps: float = 1e-12) -> Any:
    """x / max(norm of x along `dim`, eps): vectors of length 1, zero vectors left as they are."""
    return input / clamp(vector_norm(input, p, dim, True), min=eps)
