"""Order: sorting, ranks, quantiles. Values are gathered by the order found, so that the gradient goes to where each
value came from; of equal elements the first comes first."""

from typing import Any

from minigrad.backend import array_module
from minigrad.dtypes import floating
from minigrad.engine.dispatch import primitive
from minigrad.engine.promotion import is_number
from minigrad.errors import ShapeError
from minigrad.ops import axes
from minigrad.ops.api import one_of, public, raise_not_tensor, shape_error
from minigrad.ops.array.creation import tensor
from minigrad.ops.array.shape import flip, movedim, narrow, reshape, stack, unsqueeze
from minigrad.ops.index.indexing import gather
from minigrad.ops.pointwise.arithmetic import isnan, where
from minigrad.ops.pointwise.cast import clone
from minigrad.ops.reduce.reductions import ValuesIndices, amax, amin, any, argmax, sum, values_at

__all__ = [
    "argsort", "bucketize", "kthvalue", "median", "mode", "msort", "nanmedian", "quantile", "searchsorted", "sort",
    "topk",
]  # fmt: skip


@primitive(name="argsort")
def _argsort(input: Any, *, dim: int, descending: bool) -> Any:
    xp = array_module(input)
    if not descending:
        return xp.argsort(input, axis=dim, kind="stable")
    order = xp.flip(xp.argsort(xp.flip(input, dim), axis=dim, kind="stable"), dim)
    return input.shape[dim] - 1 - order


@public
def argsort(input: Any, dim: int = -1, descending: bool = False, stable: bool = True) -> Any:
    """Where the elements in order come from along `dim`. Always stable; nan counts as the largest."""
    at = axes.normalize_dim(dim, input.ndim, "argsort")
    if input.ndim == 0:
        return reshape(argsort(reshape(input, (1,))), ())
    return _argsort(input, dim=at, descending=descending)


@public
def sort(input: Any, dim: int = -1, descending: bool = False, stable: bool = True) -> ValuesIndices:
    """(values, indices): the elements in order along `dim`, and where they came from. Always stable."""
    indices = argsort(input, dim, descending)
    return ValuesIndices(gather(input, dim, indices) if input.ndim else clone(input), indices)


@public
def msort(input: Any) -> Any:
    """Sorted along the first dimension."""
    return sort(input, 0).values


@public
def topk(input: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> ValuesIndices:
    """(values, indices) of the k largest (or smallest) elements along `dim`, in order."""
    at = axes.normalize_dim(dim, input.ndim, "topk")
    size = input.shape[at] if input.ndim else 1
    if not 0 <= k <= size:
        raise ShapeError(f"topk: k: expected 0 to {size}, the size of dimension {at}, got {k}")
    if input.ndim == 0:
        return sort(input)
    indices = narrow(_argsort(input, dim=at, descending=largest), at, 0, k) * 1
    return ValuesIndices(gather(input, at, indices), indices)


@public
def kthvalue(input: Any, k: int, dim: int = -1, keepdim: bool = False) -> ValuesIndices:
    """(values, indices) of the k-th smallest element along `dim`, counted from 1."""
    at = axes.normalize_dim(dim, input.ndim, "kthvalue")
    size = input.shape[at] if input.ndim else 1
    if not 1 <= k <= size:
        raise ShapeError(f"kthvalue: k: expected 1 to {size}, the size of dimension {at}, got {k}")
    if input.ndim == 0:
        return sort(input)
    return values_at(input, narrow(argsort(input, at), at, k - 1, 1) * 1, at, keepdim)


@public
def median(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """The middle element, of two the lower: of all, or (values, indices) along `dim`. nan if one is nan."""
    if dim is None:
        return median(reshape(input, (-1,)), 0).values
    at = axes.normalize_dim(dim, input.ndim, "median")
    if input.ndim == 0:
        return sort(input)
    n = input.shape[at]
    if n == 0:
        raise ShapeError(f"median: expected at least one element to choose from, got shape {tuple(input.shape)}")
    order = argsort(input, at)
    middle = narrow(order, at, (n - 1) // 2, 1)
    if floating(input.dtype):
        wrong = isnan(input)
        middle = where(any(wrong, at, True), argmax(wrong, at, True), middle)
    return values_at(input, middle * 1, at, keepdim)


@public
def nanmedian(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """`median` of the elements that are not nan."""
    if dim is None:
        return nanmedian(reshape(input, (-1,)), 0).values
    at = axes.normalize_dim(dim, input.ndim, "nanmedian")
    if input.ndim == 0:
        return sort(input)
    good = sum(isnan(input) == 0, at, True)
    middle = where(good > 0, (good - 1) // 2, 0)
    return values_at(input, gather(argsort(input, at), at, middle), at, keepdim)


@public
def mode(input: Any, dim: int = -1, keepdim: bool = False) -> ValuesIndices:
    """(values, indices) of the commonest value along `dim`: of equally common ones the smallest, its last index."""
    at = axes.normalize_dim(dim, input.ndim, "mode")
    if input.ndim == 0:
        return sort(input)
    x = movedim(input, at, -1)
    equal = unsqueeze(x, -1) == unsqueeze(x, -2)
    count = sum(equal, -1)
    best = where(count == amax(count, -1, True), x.detach() if hasattr(x, "detach") else x, float("inf"))
    chosen = x == amin(best, -1, True)
    last = x.shape[-1] - 1 - argmax(flip(chosen * 1, -1), -1, True)
    return values_at(input, movedim(last, -1, at), at, keepdim)


@public
def quantile(input: Any, q: Any, dim: Any = None, keepdim: bool = False, *, interpolation: str = "linear") -> Any:
    """The value below which the share q of the elements lies, between two of them by `interpolation`: "linear",
    "lower", "higher", "nearest" or "midpoint". Several q come in a new first dimension."""
    one_of("quantile", "interpolation", interpolation, "linear", "lower", "higher", "nearest", "midpoint")
    whole = dim is None or input.ndim == 0
    x = reshape(input, (-1,)) if whole else movedim(input, axes.normalize_dim(dim, input.ndim, "quantile"), -1)
    ordered = sort(x).values
    single = isinstance(q, (int, float)) or (hasattr(q, "ndim") and q.ndim == 0)
    shares = [q] if single else list(q)
    outs = [_between(ordered, share, interpolation) for share in shares]
    if keepdim:
        outs = [reshape(o, (1,) * input.ndim) if whole else movedim(unsqueeze(o, -1), -1, dim) for o in outs]
    return outs[0] if single else stack(outs)


def _between(ordered: Any, share: Any, interpolation: str) -> Any:
    if not 0 <= float(share) <= 1:
        raise ValueError(f"quantile: q: expected numbers from 0 to 1, got {share}")
    n = ordered.shape[-1]
    if n == 0:
        raise ShapeError("quantile: expected at least one element to choose from, got none")
    place = share * (n - 1)  # a Tensor where the share is one: the quantile is differentiable in it
    low, high = int(float(place) // 1), int(-(-float(place) // 1))
    below, above = ordered[..., low], ordered[..., high]
    weight = {"linear": place - low, "lower": 0.0, "higher": 1.0, "midpoint": 0.5 * (high - low)}.get(interpolation)
    if weight is None:
        weight = float(round(float(place)) - low)
    out = below + weight * (above - below)
    return where(isnan(ordered[..., n - 1]), float("nan"), out)


# --- indices: no gradient ---------------------------------------------------------------------------------------------


@primitive(name="searchsorted")
def _searchsorted(sorted_sequence: Any, input: Any, *, right: bool) -> Any:
    xp = array_module(sorted_sequence)
    side = "right" if right else "left"
    if sorted_sequence.ndim == 1:
        return xp.searchsorted(sorted_sequence, input, side)
    rows = [xp.searchsorted(s, v, side) for s, v in zip(
        sorted_sequence.reshape(-1, sorted_sequence.shape[-1]), input.reshape(-1, input.shape[-1]))]  # fmt: skip
    return xp.stack(rows).reshape(input.shape)


@public
def searchsorted(
    sorted_sequence: Any, input: Any, *, out_int32: bool = False, right: bool = False, side: str | None = None,
    sorter: Any = None,
) -> Any:  # fmt: skip
    """Where `input` would go into the sorted last dimension to keep it in order: before equal elements, or after.

    sorter: the order (from argsort) that brings the sequence in order first. int64, or int32.
    """
    one_of("searchsorted", "side", side, None, "left", "right")
    if sorter is not None:
        sorted_sequence = gather(sorted_sequence, -1, sorter)
    raise_not_tensor("searchsorted", sorted_sequence=sorted_sequence)
    input = _beside(sorted_sequence, input)
    raise_not_tensor("searchsorted", input=input)
    if sorted_sequence.ndim != 1 and tuple(sorted_sequence.shape[:-1]) != tuple(input.shape[:-1]):
        raise shape_error("searchsorted", "one sequence, or one for each row of the input", sorted_sequence, input)
    places = _searchsorted(sorted_sequence, input, right=right or side == "right")
    return places.astype("int32") if out_int32 else places


def _beside(ordered: Any, input: Any) -> Any:
    return tensor(input, device=getattr(ordered, "device", None)) if is_number(input) else input


@public
def bucketize(input: Any, boundaries: Any, *, out_int32: bool = False, right: bool = False) -> Any:
    """The number of the interval between the sorted `boundaries` that each element lies in."""
    raise_not_tensor("bucketize", boundaries=boundaries)
    input = _beside(boundaries, input)
    raise_not_tensor("bucketize", input=input)
    if boundaries.ndim != 1:
        raise shape_error("bucketize: `boundaries`", "a vector", boundaries)
    places = _searchsorted(boundaries, input, right=right)
    return places.astype("int32") if out_int32 else places
