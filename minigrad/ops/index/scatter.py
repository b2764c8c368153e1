"""Scatter, index_* and masked operations. Reading is made of `getitem` and `gather`, writing of their adjoints."""

import math
from typing import Any

from minigrad.backend import array_module, extreme_at
from minigrad.dtypes import float32, floating, iinfo
from minigrad.engine.dispatch import primitive
from minigrad.engine.messages import describe
from minigrad.engine.primitive import wrap
from minigrad.engine.promotion import cast, widened
from minigrad.engine.tensor import Tensor
from minigrad.errors import DtypeError, ShapeError
from minigrad.ops import axes
from minigrad.ops.api import one_of, public, same_dtype, shape_error
from minigrad.ops.array.creation import ones_like, zeros_like
from minigrad.ops.array.shape import broadcast_to, narrow, reshape
from minigrad.ops.index.indexing import (
    _along,
    _gather,
    _getitem,
    _scatter_zeros,
    _setitem,
    check_range,
    gather,
    getitem,
    in_order,
    raw_index,
    scatter_add_into,
    that_stay,
)
from minigrad.ops.pointwise.arithmetic import div, where
from minigrad.ops.pointwise.cast import clone

__all__ = [
    "bincount", "index_add", "index_copy", "index_fill", "index_put", "index_select", "masked_fill",
    "masked_scatter", "masked_select", "put", "scatter", "scatter_add", "scatter_reduce", "select_scatter",
    "take", "take_along_dim",
]  # fmt: skip


def _raw(x: Any) -> Any:
    return x._array if isinstance(x, Tensor) else x


def _rows(dim: int, index: Any) -> tuple[Any, ...]:
    """The full index that chooses `index` in dimension `dim`."""
    return (*(slice(None),) * dim, _raw(index))


# --- along one dimension, by an index of the result's own shape -----------------------------------------------------


@primitive(
    name="scatter",
    input=lambda g, index, dim: _scatter(g, index, 0.0, dim=dim),
    src=lambda g, index, dim: that_stay(_gather(g, index, dim=dim), shape=tuple(g.shape), index=_raw(index), dim=dim),
)
def _scatter(input: Any, index: Any, src: Any, *, dim: int) -> Any:
    out = array_module(input).array(input)
    place, src = in_order(_along(index, dim), src)
    out[place] = src
    return out


def _checked(name: str, input: Any, dim: int, index: Any, src: Any) -> tuple[int, Any]:
    """The dimension, and as much of `src` as the index covers."""
    at = axes.normalize_dim(dim, input.ndim, name)
    sizes, index_shape = tuple(input.shape), tuple(index.shape)
    if len(index_shape) != len(sizes) or any(n > m for d, (n, m) in enumerate(zip(index_shape, sizes)) if d != at):
        wanted = f"{len(sizes)} dimensions, no larger than {sizes} outside dimension {at}"
        raise shape_error(f"{name}: `index`", wanted, index)
    check_range(name, index, sizes[at] if sizes else 1, f"dimension {at}", input)
    if not hasattr(src, "dtype"):
        return at, src
    if src.ndim != len(index_shape) or any(n > m for n, m in zip(index_shape, src.shape)):
        raise ShapeError(f"{name}: `src`: expected at least the index's shape {index_shape}, got {tuple(src.shape)}")
    if src.dtype != input.dtype:
        raise DtypeError(f"{name}: `src`: expected the input's dtype {input.dtype}, got {src.dtype}")
    if tuple(src.shape) != index_shape:
        src = getitem(src, tuple(slice(n) for n in index_shape))
    return at, src


@public
def scatter(input: Any, dim: int, index: Any, src: Any = None, *, value: Any = None, reduce: str | None = None) -> Any:
    """A copy of the input with out[i][index[i][j]] = src[i][j] (for dim = 1). Where an index comes twice, the
    last one wins (on a GPU any), and the others get no gradient. reduce "add" or "multiply" combines with the input's
    value."""
    src = value if src is None else src
    at, src = _checked("scatter", input, dim, index, src)
    one_of("scatter", "reduce", reduce, None, "add", "multiply")
    if reduce is not None:
        whole = src if hasattr(src, "dtype") else zeros_like(index, dtype=input.dtype) + src
        return scatter_reduce(input, at, index, whole, "sum" if reduce == "add" else "prod")
    return _scatter(input, index, src, dim=at)


@public
def scatter_add(input: Any, dim: int, index: Any, src: Any) -> Any:
    """A copy of the input with out[i][index[i][j]] += src[i][j] (for dim = 1): the adjoint of gather."""
    at, src = _checked("scatter_add", input, dim, index, src)
    if input.ndim == 0:
        return input + src
    return input + _scatter_zeros(src, index, shape=tuple(input.shape), dim=at)


@primitive(name="scatter_extreme")
def _scatter_extreme(input: Any, index: Any, src: Any, *, dim: int, largest: bool) -> Any:
    out = array_module(input).array(input)
    extreme_at(out, _along(index, dim), src, largest)
    return out


def _reduced(input: Any, dim: int, index: Any, src: Any, largest: bool) -> Any:
    """The extremes, chosen so that all that equal them share the gradient evenly."""
    best = _scatter_extreme(_detached(input), _raw(index), _detached(src), dim=dim, largest=largest)
    if not floating(best.dtype):
        return best  # integers have no gradient to share
    wide = widened(_detached(input)).dtype  # for counts, which a float16 has up to 2,048
    mine, own = cast(src == gather(best, dim, index), wide), cast(input == best, wide)
    total = scatter_add(where(own > 0, widened(input), 0.0), dim, index, where(mine > 0, widened(src), 0.0))
    return cast(total / scatter_add(own, dim, index, mine), input.dtype)


def _ends(dtype: Any) -> tuple[int, int]:
    """The least and the greatest number of an integer dtype."""
    limits = iinfo(dtype) if dtype.kind in "iu" else None
    return (limits.min, limits.max) if limits else (0, 1)


def _detached(x: Any) -> Any:
    return x.detach() if isinstance(x, Tensor) else x


@public
def scatter_reduce(input: Any, dim: int, index: Any, src: Any, reduce: str, *, include_self: bool = True) -> Any:
    """`scatter` that combines all elements with one index by "sum", "mean", "prod", "amax" or "amin", with the
    input's own value unless include_self is False."""
    if input.ndim == 0:
        one = [reshape(x, (1,)) for x in (input, index, src)]
        return reshape(scatter_reduce(one[0], 0, one[1], one[2], reduce, include_self=include_self), ())
    at, src = _checked("scatter_reduce", input, dim, index, src)
    one_of("scatter_reduce", "reduce", reduce, "sum", "mean", "prod", "amax", "amin")
    hit = scatter_add(zeros_like(widened(_detached(input))), at, index, ones_like(widened(_detached(src))))
    low, high = (-math.inf, math.inf) if floating(input.dtype) else _ends(input.dtype)
    neutral = {"sum": 0, "mean": 0, "prod": 1, "amax": low, "amin": high}[reduce]
    base = input if include_self else where(hit > 0, neutral, input)
    if reduce == "sum":
        return scatter_add(base, at, index, src)
    if reduce == "mean":
        count = hit + (1 if include_self else cast(hit == 0, hit.dtype))
        if not floating(input.dtype):
            return div(scatter_add(base, at, index, src), count, rounding_mode="floor")
        return cast(scatter_add(widened(base), at, index, widened(src)) / count, input.dtype)
    if reduce == "prod":
        return _scattered_product(base, at, index, src)
    return _reduced(base, at, index, src, reduce == "amax")


def _scattered_product(base: Any, dim: int, index: Any, src: Any) -> Any:
    """One element of `src` after the other, so that its gradient is exact where elements are 0."""
    out = base
    for k in range(index.shape[dim]):
        positions, values = narrow(index, dim, k, 1), narrow(src, dim, k, 1)
        sizes = tuple(slice(n) for n in (*index.shape[:dim], base.shape[dim], *index.shape[dim + 1 :]))
        part = getitem(out, sizes)
        changed = _scatter(part, _raw(positions), gather(part, dim, positions) * values, dim=dim)
        out = changed if tuple(part.shape) == tuple(out.shape) else _setitem(out, changed, index=sizes)
    return out


# --- whole slices, by a vector of indices ---------------------------------------------------------------------------


def _vector(name: str, input: Any, dim: int, index: Any) -> int:
    at = axes.normalize_dim(dim, input.ndim, name)
    if index.ndim > 1:
        raise ShapeError(f"{name}: `index`: expected a vector, got shape {tuple(index.shape)}")
    check_range(name, index, input.shape[at] if input.ndim else 1, f"dimension {at}", input)
    return at


@public
def index_select(input: Any, dim: int, index: Any) -> Any:
    """The slices of `dim` at the indices in the vector `index`: a copy."""
    at = _vector("index_select", input, dim, index)
    if input.ndim == 0:
        return clone(input)
    return _getitem(input, index=_rows(at, reshape(index, (-1,))))


@public
def index_add(input: Any, dim: int, index: Any, source: Any, *, alpha: float = 1) -> Any:
    """A copy of the input with out[index[i]] += alpha * source[i] along `dim`, repeated indices adding up."""
    at = _vector("index_add", input, dim, index)
    same_dtype("index_add", input=input, source=source)
    if input.ndim and tuple(source.shape) != (*input.shape[:at], index.numel(), *input.shape[at + 1 :]):
        wanted = f"input and source of one shape but for dimension {at}, {index.numel()} in source"
        raise shape_error("index_add", wanted, input, source)
    source = source if alpha == 1 else source * alpha
    if input.ndim == 0:
        return input + source
    return input + scatter_add_into(source, shape=tuple(input.shape), index=_rows(at, reshape(index, (-1,))))


@public
def index_copy(input: Any, dim: int, index: Any, source: Any) -> Any:
    """A copy of the input with out[index[i]] = source[i] along `dim`; the last one where an index comes twice."""
    at = _vector("index_copy", input, dim, index)
    same_dtype("index_copy", input=input, source=source)
    return _setitem(input, source, index=_rows(at, reshape(index, (-1,))) if input.ndim else (...,))


@public
def index_fill(input: Any, dim: int, index: Any, value: Any) -> Any:
    """A copy of the input with `value` in the slices of `dim` at the indices in `index`."""
    at = _vector("index_fill", input, dim, index)
    value = cast(value, input.dtype) if hasattr(value, "dtype") else value
    if input.ndim == 0:
        return input * 0 + value
    raw = _raw(input)
    chosen = array_module(raw).zeros(raw.shape, dtype=bool)
    chosen[_rows(at, reshape(index, (-1,)))] = True
    return where(wrap(chosen) if isinstance(input, Tensor) else chosen, value, input)


@public
def select_scatter(input: Any, src: Any, dim: int, index: int) -> Any:
    """A copy of the input with `src` as the slice `index` of `dim`."""
    at = axes.normalize_dim(dim, input.ndim, "select_scatter")
    return _setitem(input, src, index=(*(slice(None),) * at, index))


# --- in the flattened tensor, and elsewhere -------------------------------------------------------------------------


@public
def take(input: Any, index: Any) -> Any:
    """The elements at these indices of the flattened input, in the index's shape."""
    size = math.prod(input.shape)
    low = index + where(index < 0, size, 0)
    check_range("take", low, size, "the flattened input", input)
    return _getitem(reshape(input, (-1,)), index=(_raw(low),))


@public
def take_along_dim(input: Any, indices: Any, dim: int | None = None) -> Any:
    """`gather` whose index broadcasts against the input in the other dimensions; without `dim`, in the flattened
    input."""
    if dim is None:
        return gather(reshape(input, (-1,)), 0, reshape(indices, (-1,)))
    at = axes.normalize_dim(dim, input.ndim, "take_along_dim")
    indices = indices + where(indices < 0, input.shape[at], 0)
    rest = [1 if d == at else max(n, m) for d, (n, m) in enumerate(zip(input.shape, indices.shape))]
    wide = tuple(input.shape[at] if d == at else n for d, n in enumerate(rest))
    index_shape = tuple(indices.shape[at] if d == at else n for d, n in enumerate(rest))
    return gather(broadcast_to(input, wide), at, broadcast_to(indices, index_shape))


@public
def put(input: Any, index: Any, source: Any, accumulate: bool = False) -> Any:
    """A copy of the input with `source` at these indices of the flattened input, added to the values there if
    `accumulate`."""
    same_dtype("put", input=input, source=source)
    flat, positions, values = reshape(input, (-1,)), (_raw(reshape(index, (-1,))),), reshape(source, (-1,))
    new = flat + scatter_add_into(values, shape=tuple(flat.shape), index=positions) if accumulate else (
        _setitem(flat, values, index=positions))  # fmt: skip
    return reshape(new, tuple(input.shape))


@public
def index_put(input: Any, indices: Any, values: Any, accumulate: bool = False) -> Any:
    """A copy of the input with input[indices] = values, or += where `accumulate`, repeated indices adding up."""
    same_dtype("index_put", input=input, values=values)
    positions = raw_index(tuple(indices), _raw(input))
    if not accumulate:
        return _setitem(input, values, index=positions)
    chosen = getitem(_detached(input), positions)
    spread = broadcast_to(values, tuple(chosen.shape))
    return input + scatter_add_into(spread, shape=tuple(input.shape), index=positions)


@public
def masked_select(input: Any, mask: Any) -> Any:
    """The elements where the bool mask holds, as a vector; input and mask broadcast."""
    input, mask = _masked("masked_select", input, mask)
    return getitem(input, (mask,))


def _check_mask(op: str, mask: Any) -> None:
    if mask.dtype.kind != "b":
        raise DtypeError(f"{op}: `mask`: expected bool, got {mask.dtype}; use mask != 0 or mask.bool()")


def _masked(op: str, input: Any, mask: Any) -> tuple[Any, Any]:
    """The input and the mask's array, broadcast. DtypeError for a mask that is not bool."""
    _check_mask(op, mask)
    shape = array_module(_raw(input)).broadcast_shapes(tuple(input.shape), tuple(mask.shape))
    return broadcast_to(input, shape), _raw(broadcast_to(mask, shape))


@public
def masked_scatter(input: Any, mask: Any, source: Any) -> Any:
    """A copy of the input with the first elements of `source`, in order, where the bool mask holds."""
    input, mask = _masked("masked_scatter", input, mask)
    same_dtype("masked_scatter", input=input, source=source)
    count = int(mask.sum())
    flat = reshape(source, (-1,))
    if flat.shape[0] < count:
        raise ShapeError(f"masked_scatter: `source`: expected at least {count} elements, got {flat.shape[0]}")
    return _setitem(input, getitem(flat, slice(count)), index=(mask,))


@public
def masked_fill(input: Any, mask: Any, value: Any) -> Any:
    """`value` where the bool `mask` holds, else input."""
    _check_mask("masked_fill", mask)
    if hasattr(value, "dtype"):
        if value.ndim or (value.dtype.kind == "c" and input.dtype.kind != "c"):
            raise ShapeError(f"masked_fill: value: expected a number or a 0-d tensor, got {describe(value)}")
        value = value.astype(input.dtype)
    elif input.dtype.kind in "biu":
        value = input.dtype.type(value).item()  # the result has the input's dtype, as in PyTorch
    return where(mask, value, input)


# --- counts: no gradient ----------------------------------------------------------------------------------------------


@primitive(name="bincount")
def _bincount(input: Any, weights: Any, *, minlength: int) -> Any:
    found = array_module(input).bincount(input, weights, minlength)  # a library sums weights in float64
    return found.astype(weights.dtype) if weights is not None and weights.dtype == float32 else found


@public
def bincount(input: Any, weights: Any = None, minlength: int = 0) -> Any:
    """How often each of 0, 1, 2, ... comes in a vector of integers (or the sums of their weights, in
    float32 or float64)."""
    if input.ndim != 1 or input.dtype.kind not in "iu":
        raise DtypeError(f"bincount: expected a vector of integers, got {input.dtype}{list(input.shape)}")
    return _bincount(input, weights, minlength=minlength)
