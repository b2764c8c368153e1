"""Many elements to one: sums, means, extremes, spreads, norms. `dim`/`keepdim`, or NumPy's `axis`/`keepdims`."""

from typing import Any, NamedTuple

from numpy import isfinite, ndarray

from minigrad.backend import array_module
from minigrad.backend.arrays import reduce_sum
from minigrad.dtypes import int64, uint8
from minigrad.engine.dispatch import primitive
from minigrad.engine.elementwise import unary
from minigrad.engine.promotion import cast, divided, floated, widened
from minigrad.errors import DtypeError, ShapeError
from minigrad.ops import axes
from minigrad.ops.api import public, raise_not_tensor
from minigrad.ops.array.shape import _expand, _reshape, reshape, squeeze
from minigrad.ops.index.indexing import gather
from minigrad.ops.pointwise.arithmetic import abs, exp, isnan, maximum, minimum, safe_sqrt, where, zero_if_minus_inf

__all__ = [
    "all", "amax", "amin", "any", "argmax", "argmin", "logsumexp", "max", "mean", "min", "nanmean", "nansum",
    "std", "std_mean", "sum", "var", "var_mean",
]  # fmt: skip


def spread(g: Any, shape: tuple[int, ...], dim: Any, keepdim: bool) -> Any:
    """The adjoint of summing over `dim`: a reduction's result, repeated over what it was reduced from (a view)."""
    if dim is not None and not keepdim:
        g = _reshape(g, shape=tuple([1 if d in dim else n for d, n in enumerate(shape)]))
    return _expand(g, shape=tuple(shape))


# --- sums ---------------------------------------------------------------------------------------------------------


def _added(x: Any, dim: Any = None, keepdim: bool = False) -> Any:
    return reduce_sum(x, dim, int64 if x.dtype.kind in "biu" else None, keepdim)


_sum = unary(
    "sum", "The sum over all elements.", lambda g, input_shape: _expand(g, shape=input_shape), _added, floating=False,
    elementwise=False,
)  # fmt: skip


@primitive(name="sum_dim", input=lambda g, input_shape, dim, keepdim: spread(g, input_shape, dim, keepdim))
def _sum_dim(input: Any, *, dim: Any, keepdim: bool) -> Any:
    return _added(input, dim, keepdim)


def sum(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, axis: Any = None,
        keepdims: bool = False) -> Any:  # fmt: skip
    """The sum over all elements, or over `dim`. Integers and bools add up in int64, unless `dtype` is given."""
    try:
        if dtype is not None:
            input = cast(input, dtype)
        if dim is not None or axis is not None:
            dim = axes.normalize_dims(axes.dim_or_axis(dim, axis, "sum"), input.ndim, "sum")
        if not (dim or keepdim or keepdims):
            total = _sum(input)
        else:
            axes.expect_flag("sum", keepdim)
            total = _sum_dim(input, dim=dim or None, keepdim=keepdim or keepdims)
        return total if dtype is None else cast(total, dtype)
    except (AttributeError, DtypeError):
        raise_not_tensor("sum", input=input)
        raise


@primitive(
    name="mean",
    input=lambda g, input_shape, dim, keepdim: spread(
        divided(g, axes.reduced_size(input_shape, dim)), input_shape, dim, keepdim
    ),
)
def _mean(input: Any, *, dim: Any, keepdim: bool) -> Any:
    if input.dtype.itemsize == 2:  # a half's own mean adds up in float32
        return input.mean(dim, keepdims=keepdim)
    return reduce_sum(input, dim, None, keepdim) / axes.reduced_size(input.shape, dim)


def mean(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, axis: Any = None,
         keepdims: bool = False) -> Any:  # fmt: skip
    """The mean over all elements, or over `dim`; nan of none. Raises DtypeError for integers, as PyTorch does."""
    try:
        if dtype is not None:
            input = cast(input, dtype)
        if input.dtype.kind in "biu":
            raise DtypeError(f"mean: expected a floating dtype, got {input.dtype}; use .float() or dtype=")
        dim = axes.normalize_dims(axes.dim_or_axis(dim, axis, "mean"), input.ndim, "mean")
        if input.size == 0 if not hasattr(input, "numel") else input.numel() == 0:
            return sum(input, dim, keepdim or keepdims) / axes.reduced_size(tuple(input.shape), dim or None)
        axes.expect_flag("mean", keepdim)
        return _mean(input, dim=dim or None, keepdim=keepdim or keepdims)
    except AttributeError:
        raise_not_tensor("mean", input=input)
        raise


# --- extremes -------------------------------------------------------------------------------------------------------


def _ties_evenly(g: Any, input: Any, out: Any, dim: Any, keepdim: bool, nans: bool) -> Any:
    """The gradient to the elements that equal the extreme, shared evenly between them. `nans`: nans are equal too."""
    equal = input == spread(out, input.shape, dim, keepdim)
    equal = cast(equal | (input != input) if nans else equal, widened(g).dtype)
    each = g / sum(equal, dim, keepdim)
    return equal * spread(each, input.shape, dim, keepdim)


@primitive(name="amax", input=_ties_evenly)
def _amax(input: Any, *, dim: Any, keepdim: bool, nans: bool) -> Any:
    return input.max(dim, keepdims=keepdim)


@primitive(name="amin", input=_ties_evenly)
def _amin(input: Any, *, dim: Any, keepdim: bool, nans: bool) -> Any:
    return input.min(dim, keepdims=keepdim)


def _extreme(name: str, op: Any, input: Any, dim: Any, keepdim: bool, nans: bool = False) -> Any:
    axes.expect_flag(name, keepdim)
    dims = axes.normalize_dims(dim, input.ndim, name) or None
    if axes.reduced_size(tuple(input.shape), dims) == 0:
        raise ShapeError(f"{name}: expected at least one element to choose from, got shape {tuple(input.shape)}")
    return op(input, dim=dims, keepdim=keepdim, nans=nans)


@public
def amax(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """The largest element (nan if one is nan). Equal largest ones share the gradient evenly. Raises ShapeError for no
    elements."""
    return _extreme("amax", _amax, input, dim, keepdim)


@public
def amin(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """The smallest element (nan if one is nan). Equal smallest ones share the gradient evenly."""
    return _extreme("amin", _amin, input, dim, keepdim)


class ValuesIndices(NamedTuple):
    """What `max(dim)`, `min(dim)` and related functions return."""

    values: Any
    indices: Any


@primitive(name="argmax")
def _argmax(input: Any, *, dim: int, keepdim: bool) -> Any:
    return array_module(input).argmax(input, axis=dim, keepdims=keepdim)


@primitive(name="argmin")
def _argmin(input: Any, *, dim: int, keepdim: bool) -> Any:
    return array_module(input).argmin(input, axis=dim, keepdims=keepdim)


def _arg(name: str, op: Any, input: Any, dim: Any, keepdim: bool) -> Any:
    axes.expect_flag(name, keepdim)
    if axes.reduced_size(tuple(input.shape), axes.normalize_dims(dim, input.ndim, name)) == 0:
        raise ShapeError(f"{name}: expected at least one element to choose from, got shape {tuple(input.shape)}")
    if dim is None:
        return op(reshape(input, (-1,)), dim=0, keepdim=False)
    return op(input if input.ndim else reshape(input, (1,)), dim=axes.normalize_dim(dim, input.ndim, name),
              keepdim=keepdim and input.ndim > 0)  # fmt: skip


@public
def argmax(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """Where the (first) largest element is: in the flattened tensor, or along `dim`. int64."""
    return _arg("argmax", _argmax, input, dim, keepdim)


@public
def argmin(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """Where the (first) smallest element is: in the flattened tensor, or along `dim`. int64."""
    return _arg("argmin", _argmin, input, dim, keepdim)


def _chosen(name: str, op: Any, input: Any, dim: Any, keepdim: bool) -> ValuesIndices:
    axes.expect_flag(name, keepdim)
    if input.ndim == 0:
        return ValuesIndices(input, _arg(name, op, input, dim, keepdim))
    d = axes.normalize_dim(dim, input.ndim, name)
    return values_at(input, _arg(name, op, input, d, True), d, keepdim)


def values_at(input: Any, indices: Any, dim: int, keepdim: bool) -> ValuesIndices:
    """The elements at `indices`, of size 1 along `dim`, and the indices; without that dimension unless keepdim."""
    values = gather(input, dim, indices)
    return ValuesIndices(values, indices) if keepdim else ValuesIndices(squeeze(values, dim), squeeze(indices, dim))


@public
def max(input: Any, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """max(t): the largest element, ties (also of nans) share the gradient. max(t, dim): (values, indices) along dim,
    the first of equal ones gets the gradient. max(t, u): `maximum`."""
    if dim is None:
        return _extreme("max", _amax, input, None, False, nans=True) if other is None else maximum(input, other)
    return maximum(input, dim) if hasattr(dim, "ndim") else _chosen("max", _argmax, input, dim, keepdim)


@public
def min(input: Any, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """min(t), min(t, dim), min(t, u): as `max`, for the smallest."""
    if dim is None:
        return _extreme("min", _amin, input, None, False, nans=True) if other is None else minimum(input, other)
    return minimum(input, dim) if hasattr(dim, "ndim") else _chosen("min", _argmin, input, dim, keepdim)


# --- spreads and norms ------------------------------------------------------------------------------------------


@public
def var(
    input: Any, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: float | None = 1
) -> Any:
    """The variance, sum((x - mean)^2) / (n - correction). Composed. nan where n <= correction."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if correction is None or unbiased is not None:
        correction = 1 if unbiased is None else int(unbiased)
    dims = axes.normalize_dims(dim, input.ndim, "var") or None
    x = widened(input)
    centred = x - mean(x, dims, True)
    n = axes.reduced_size(tuple(x.shape), dims) - correction
    total = sum(centred * centred, dims, keepdim)
    return cast(total * (1 / n) if n > 0 else total * float("nan"), input.dtype)


@public
def std(
    input: Any, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: float | None = 1
) -> Any:
    """The standard deviation, sqrt(var). Its gradient for a constant input is 0."""
    options: Any = {"correction": correction, "unbiased": unbiased}
    out = safe_sqrt(var(input, dim, keepdim=keepdim, **options))
    if not _overflowed(out):
        return out
    dims = None if isinstance(dim, bool) else dim
    return _scaled(input, dims, keepdim, out, lambda x: safe_sqrt(var(x, dim, keepdim=keepdim, **options)))


def p_norm(input: Any, p: Any = 2, dim: Any = None, keepdim: bool = False) -> Any:
    """The vector norm (sum |x|^p)^(1/p) over all elements or over `dim`; p = 2, 1, 0, inf, -inf or any number.

    The gradient at the zero vector is 0; for p = inf, elements of equal size share it evenly. For p < 0 one element
    that is 0 makes the norm 0. Raises ShapeError for p < 0 of no elements.
    """
    given = floated(input)
    x = widened(given)
    out = _p_norm(x, p, dim, keepdim)
    if _overflowed(out):
        out = _scaled(x, dim, keepdim, out, lambda x: _p_norm(x, p, dim, keepdim))
    return cast(out, given.dtype)


def _overflowed(out: Any) -> bool:
    """Is a size infinite or nan? (Not on a GPU, where to look would be to wait.)"""
    raw = getattr(out, "_array", out)
    return raw.__class__ is ndarray and raw.size > 0 and not isfinite(reduce_sum(raw, None, None, False))


def _scaled(input: Any, dim: Any, keepdim: bool, out: Any, size: Any) -> Any:
    """A size of elements whose powers overflow (squares above 1e19 in float32), which is that of input / its largest
    element times that: where `out` is not finite, the elements are, and so the size may be."""
    top = amax(abs(input.detach() if hasattr(input, "detach") else input), dim, True)
    large = (top < float("inf")) & (top > 1)
    again = size(input / where(large, top, 1.0)) * reshape(top, tuple(out.shape))
    return where((out - out != 0) & reshape(large, tuple(out.shape)), again, out)


def _p_norm(input: Any, p: Any, dim: Any, keepdim: bool) -> Any:
    if p == 2:
        return safe_sqrt(sum(input * input, dim, keepdim))
    size = abs(input)
    if p == float("inf"):
        return amax(size, dim, keepdim)
    if p == -float("inf"):
        return amin(size, dim, keepdim)
    if p == 0:
        return sum(where(size == 0, size, 1.0), dim, keepdim)  # a constant, but recorded: its gradient is 0
    if p == 1:
        return sum(size, dim, keepdim)
    nothing = size == 0
    total = sum(where(nothing, 0.0, where(nothing, 1.0, size) ** p), dim, keepdim)
    if p > 0:
        return where(total == 0, 0.0, where(total == 0, 1.0, total) ** (1 / p))
    if 0 in tuple(input.shape) and 0 not in tuple(total.shape):
        raise ShapeError(f"norm: of order {p}: expected at least one element, got shape {tuple(input.shape)}")
    return where((sum(nothing, dim, keepdim) > 0) & (total == total), 0.0, total ** (1 / p))


@public
def var_mean(input: Any, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *,
             correction: float | None = 1) -> tuple[Any, Any]:  # fmt: skip
    """(variance, mean)."""
    spread = var(input, dim, correction=correction, keepdim=keepdim, unbiased=unbiased)
    return spread, mean(input, None if isinstance(dim, bool) else dim, keepdim)


@public
def std_mean(input: Any, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *,
             correction: float | None = 1) -> tuple[Any, Any]:  # fmt: skip
    """(standard deviation, mean)."""
    spread = std(input, dim, correction=correction, keepdim=keepdim, unbiased=unbiased)
    return spread, mean(input, None if isinstance(dim, bool) else dim, keepdim)


@public
def nansum(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """The sum of the elements that are not nan; the others get no gradient. dtype as in `sum`."""
    return sum(where(isnan(input), 0, input), dim, keepdim, dtype=dtype)


@public
def nanmean(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """The mean of the elements that are not nan; the others get no gradient."""
    found = nansum(widened(input), dim, keepdim, dtype=dtype) / sum(isnan(input) == 0, dim, keepdim)
    return cast(found, input.dtype) if dtype is None else found


# --- log-sum-exp ------------------------------------------------------------------------------------------------


@primitive(
    name="logsumexp",
    input=lambda g, input, out, dim, keepdim: (
        spread(g, input.shape, dim, keepdim) * exp(input - spread(zero_if_minus_inf(out), input.shape, dim, keepdim))
    ),
)
def _logsumexp(input: Any, *, dim: Any, keepdim: bool) -> Any:
    xp, x = array_module(input), widened(input)
    top = x.max(dim, keepdims=True)
    shift = xp.where(xp.isfinite(top), top, 0)
    out = cast(xp.log(xp.exp(x - shift).sum(dim, keepdims=True)) + shift, input.dtype)
    return out if keepdim else out.squeeze(dim)


@public
def logsumexp(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """log(sum(exp(input))), without overflow: a primitive for that stability's sake.

    -inf where all elements are (a fully masked row), with gradient 0 there.
    """
    axes.expect_flag("logsumexp", keepdim)
    input = floated(input)
    dims = axes.normalize_dims(dim, input.ndim, "logsumexp") or None
    if axes.reduced_size(tuple(input.shape), dims) == 0:
        return sum(input, dims, keepdim) - float("inf")
    return _logsumexp(input, dim=dims, keepdim=keepdim)


# --- truth: no gradient -----------------------------------------------------------------------------------------


@primitive(name="any")
def _any(input: Any, *, dim: Any, keepdim: bool) -> Any:
    return input.any(dim, keepdims=keepdim)


@primitive(name="all")
def _all(input: Any, *, dim: Any, keepdim: bool) -> Any:
    return input.all(dim, keepdims=keepdim)


def _truth(name: str, op: Any, input: Any, dim: Any, keepdim: bool) -> Any:
    axes.expect_flag(name, keepdim)
    found = op(input, dim=axes.normalize_dims(dim, input.ndim, name) or None, keepdim=keepdim)
    return cast(found, input.dtype) if input.dtype == uint8 else found


@public
def any(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """Is any element true (non-zero)? A bool; of uint8, PyTorch's bools of old, a uint8."""
    return _truth("any", _any, input, dim, keepdim)


@public
def all(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """Are all elements true (non-zero)? A bool; of uint8, PyTorch's bools of old, a uint8."""
    return _truth("all", _all, input, dim, keepdim)
