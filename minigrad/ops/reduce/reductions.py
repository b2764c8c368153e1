"""Many elements to one: sums, means, extremes, spreads, norms. `dim`/`keepdim`, or NumPy's `axis`/`keepdims`."""

from typing import Any, NamedTuple

from minigrad.backend import array_module
from minigrad.backend.arrays import reduce_sum
from minigrad.dtypes import int64
from minigrad.engine.dispatch import primitive
from minigrad.engine.elementwise import unary
from minigrad.engine.promotion import cast, floated
from minigrad.errors import DtypeError, ShapeError
from minigrad.ops import axes
from minigrad.ops.api import public, raise_not_tensor
from minigrad.ops.array.shape import _expand, _reshape, reshape, squeeze
from minigrad.ops.index.indexing import gather
from minigrad.ops.pointwise.arithmetic import (
    abs,
    exp,
    isnan,
    maximum,
    minimum,
    safe_sqrt,
    sign,
    where,
    zero_if_minus_inf,
)

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
    """The sum over all elements, or over `dim`. Integers and bools add up in int64."""
    try:
        if dtype is not None:
            input = cast(input, dtype)
        if dim is not None or axis is not None:
            dim = axes.normalize_dims(axes.dim_or_axis(dim, axis, "sum"), input.ndim, "sum")
        if not (dim or keepdim or keepdims):
            return _sum(input)
        return _sum_dim(input, dim=dim or None, keepdim=keepdim or keepdims)
    except (AttributeError, DtypeError):
        raise_not_tensor("sum", input=input)
        raise


@primitive(
    name="mean",
    input=lambda g, input_shape, dim, keepdim: spread(
        g / axes.reduced_size(input_shape, dim), input_shape, dim, keepdim
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
        return _mean(input, dim=dim or None, keepdim=keepdim or keepdims)
    except AttributeError:
        raise_not_tensor("mean", input=input)
        raise


# --- extremes -------------------------------------------------------------------------------------------------------


def _ties_evenly(g: Any, input: Any, out: Any, dim: Any, keepdim: bool) -> Any:
    """The gradient to the elements that equal the extreme, shared evenly between them."""
    equal = cast(input == spread(out, input.shape, dim, keepdim), g.dtype)
    each = g / sum(equal, dim, keepdim)
    return equal * spread(each, input.shape, dim, keepdim)


@primitive(name="amax", input=lambda g, input, out, dim, keepdim: _ties_evenly(g, input, out, dim, keepdim))
def _amax(input: Any, *, dim: Any, keepdim: bool) -> Any:
    return input.max(dim, keepdims=keepdim)


@primitive(name="amin", input=lambda g, input, out, dim, keepdim: _ties_evenly(g, input, out, dim, keepdim))
def _amin(input: Any, *, dim: Any, keepdim: bool) -> Any:
    return input.min(dim, keepdims=keepdim)


def _extreme(name: str, op: Any, input: Any, dim: Any, keepdim: bool) -> Any:
    dims = axes.normalize_dims(dim, input.ndim, name) or None
    if axes.reduced_size(tuple(input.shape), dims) == 0:
        raise ShapeError(f"{name}: expected at least one element to choose from, got shape {tuple(input.shape)}")
    return op(input, dim=dims, keepdim=keepdim)


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
    """max(t): the largest element, ties share the gradient. max(t, dim): (values, indices) along dim, the first of
    equal ones gets the gradient. max(t, u): `maximum`."""
    if dim is None:
        return amax(input) if other is None else maximum(input, other)
    return maximum(input, dim) if hasattr(dim, "ndim") else _chosen("max", _argmax, input, dim, keepdim)


@public
def min(input: Any, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """min(t), min(t, dim), min(t, u): as `max`, for the smallest."""
    if dim is None:
        return amin(input) if other is None else minimum(input, other)
    return minimum(input, dim) if hasattr(dim, "ndim") else _chosen("min", _argmin, input, dim, keepdim)


# --- spreads and norms ------------------------------------------------------------------------------------------


@public
def var(
    input: Any, dim: Any = None, *, correction: float | None = 1, keepdim: bool = False, unbiased: bool | None = None
) -> Any:
    """The variance, sum((x - mean)^2) / (n - correction). Composed. nan where n <= correction."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if correction is None or unbiased is not None:
        correction = 1 if unbiased is None else int(unbiased)
    dims = axes.normalize_dims(dim, input.ndim, "var") or None
    centred = input - mean(input, dims, True)
    n = axes.reduced_size(tuple(input.shape), dims) - correction
    total = sum(centred * centred, dims, keepdim)
    return total * (1 / n) if n > 0 else total * float("nan")


@public
def std(
    input: Any, dim: Any = None, *, correction: float | None = 1, keepdim: bool = False, unbiased: bool | None = None
) -> Any:
    """The standard deviation, sqrt(var). Its gradient for a constant input is 0."""
    return safe_sqrt(var(input, dim, correction=correction, keepdim=keepdim, unbiased=unbiased))


@primitive(name="p_norm", input=lambda g, input, out, p, dim, keepdim: _p_norm_gradient(g, input, out, p, dim, keepdim))
def _p_norm(input: Any, *, p: float, dim: Any, keepdim: bool) -> Any:
    xp = array_module(input)
    size = xp.abs(input)
    unit = (size.max if p > 0 else size.min)(dim, keepdims=True)  # powers of ratios to it do not overflow
    unit = xp.where((unit > 0) & (unit < float("inf")), unit, xp.ones_like(unit))
    out = (reduce_sum((size / unit) ** p, dim, None, True) ** (1 / p)) * unit
    return out if keepdim else out.squeeze(dim)


def _p_norm_gradient(g: Any, input: Any, out: Any, p: float, dim: Any, keepdim: bool) -> Any:
    """sign(x) (|x| / norm)^(p - 1), and 0 where x or the norm is 0."""
    g, out = (spread(x, input.shape, dim, keepdim) for x in (g, out))
    nothing = (input == 0) | (out == 0)
    ratio = where(nothing, 1.0, input) / where(nothing, 1.0, out)
    return where(nothing, 0.0, g * sign(ratio) * abs(ratio) ** (p - 1))


def p_norm(input: Any, p: Any = 2, dim: Any = None, keepdim: bool = False) -> Any:
    """The vector norm (sum |x|^p)^(1/p) over all elements or over `dim`; p = 2, 1, 0, inf, -inf or any number.

    The gradient at the zero vector is 0; for p = inf, elements of equal size share it evenly. For p < 0 one element
    that is 0 makes the norm 0. Raises ShapeError for p < 0 of no elements.
    """
    input = floated(input)
    if p == 2:
        return safe_sqrt(sum(input * input, dim, keepdim))
    size = abs(input)
    if p == float("inf"):
        return amax(size, dim, keepdim)
    if p == -float("inf"):
        return amin(size, dim, keepdim)
    if p == 0:
        return sum(cast(size != 0, input.dtype), dim, keepdim)
    dims = axes.normalize_dims(dim, input.ndim, "norm") or None
    count = axes.reduced_size(tuple(input.shape), dims)
    if p < 0 and count == 0:
        raise ShapeError(f"norm: expected at least one element for p = {p}, got shape {tuple(input.shape)}")
    if p == 1 or 0 in tuple(input.shape):
        return sum(size, dim, keepdim)
    return _p_norm(input, p=float(p), dim=dims, keepdim=keepdim)


@public
def var_mean(input: Any, dim: Any = None, *, correction: float | None = 1, keepdim: bool = False,
             unbiased: bool | None = None) -> tuple[Any, Any]:  # fmt: skip
    """(variance, mean)."""
    spread = var(input, dim, correction=correction, keepdim=keepdim, unbiased=unbiased)
    return spread, mean(input, None if isinstance(dim, bool) else dim, keepdim)


@public
def std_mean(input: Any, dim: Any = None, *, correction: float | None = 1, keepdim: bool = False,
             unbiased: bool | None = None) -> tuple[Any, Any]:  # fmt: skip
    """(standard deviation, mean)."""
    spread = std(input, dim, correction=correction, keepdim=keepdim, unbiased=unbiased)
    return spread, mean(input, None if isinstance(dim, bool) else dim, keepdim)


@public
def nansum(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """The sum of the elements that are not nan; the others get no gradient."""
    return sum(where(isnan(input), 0.0, input), dim, keepdim)


@public
def nanmean(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """The mean of the elements that are not nan; the others get no gradient."""
    return nansum(input, dim, keepdim) / sum(isnan(input) == 0, dim, keepdim)


# --- log-sum-exp ------------------------------------------------------------------------------------------------


@primitive(
    name="logsumexp",
    input=lambda g, input, out, dim, keepdim: (
        spread(g, input.shape, dim, keepdim) * exp(input - spread(zero_if_minus_inf(out), input.shape, dim, keepdim))
    ),
)
def _logsumexp(input: Any, *, dim: Any, keepdim: bool) -> Any:
    xp = array_module(input)
    top = input.max(dim, keepdims=True)
    shift = xp.where(xp.isfinite(top), top, 0)
    out = xp.log(xp.exp(input - shift).sum(dim, keepdims=True)) + shift
    return out if keepdim else out.squeeze(dim)


@public
def logsumexp(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """log(sum(exp(input))), without overflow: a primitive for that stability's sake.

    -inf where all elements are (a fully masked row), with gradient 0 there.
    """
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


@public
def any(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """Is any element true (non-zero)?"""
    return _any(input, dim=axes.normalize_dims(dim, input.ndim, "any") or None, keepdim=keepdim)


@public
def all(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """Are all elements true (non-zero)?"""
    return _all(input, dim=axes.normalize_dims(dim, input.ndim, "all") or None, keepdim=keepdim)
