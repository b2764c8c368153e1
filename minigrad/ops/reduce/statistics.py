"""Matrices of covariance, distances and norms of whole tensors, counts of values."""

from typing import Any

from minigrad.backend import array_module, assert_all
from minigrad.dtypes import floating
from minigrad.engine.messages import describe
from minigrad.engine.primitive import wrap
from minigrad.engine.promotion import cast, widened
from minigrad.engine.tensor import Tensor
from minigrad.errors import DtypeError, ShapeError
from minigrad.ops.api import public
from minigrad.ops.array.creation import full
from minigrad.ops.array.diagonal import diagonal
from minigrad.ops.array.shape import mT, reshape, unsqueeze
from minigrad.ops.linalg.products import matmul
from minigrad.ops.pointwise.arithmetic import clamp, sqrt, where
from minigrad.ops.reduce.reductions import amax, amin, p_norm, sum

__all__ = ["aminmax", "corrcoef", "cov", "dist", "histc", "renorm", "unique_consecutive"]


@public
def aminmax(input: Any, *, dim: int | None = None, keepdim: bool = False) -> tuple[Any, Any]:
    """(amin, amax) along `dim`, or of all."""
    return amin(input, dim, keepdim), amax(input, dim, keepdim)


@public
def cov(input: Any, *, correction: int = 1, fweights: Any = None, aweights: Any = None) -> Any:
    """The covariance of variables (rows) over observations (columns): (n, m) to (n, n), (m,) and (1, m) to ().

    fweights: how often each observation counts; aweights: how much.
    """
    if input.ndim > 2:
        raise ShapeError(f"cov: expected (variables, observations) or (observations,), got {describe(input)}")
    x = widened(reshape(input, (-1, input.shape[-1] if input.ndim else 1)))
    weights: Any = full((x.shape[1],), 1.0, dtype=x.dtype, device=x.device)
    for name, given, kinds in (("fweights", fweights, "iu"), ("aweights", aweights, "f")):
        if given is not None:
            _check_weights(name, given, kinds, x)
            weights = weights * given
    total = sum(weights)
    middle = x - unsqueeze(sum(x * weights, 1) / total, 1)
    lost = correction if aweights is None else correction * sum(weights * aweights) / total
    out = cast(matmul(middle * weights, mT(middle)) / clamp(total - lost, min=0.0), input.dtype)
    return out if x.shape[0] != 1 else out[0, 0]


def _check_weights(name: str, given: Any, kinds: str, x: Any) -> None:
    if tuple(given.shape) != (x.shape[1],) or given.dtype.kind not in kinds:
        numbers = f"{x.shape[1]} {'integers' if kinds == 'iu' else 'floats'}"
        raise ShapeError(f"cov: {name}: expected {numbers}, one for each observation, got {describe(given)}")
    array = given._array if isinstance(given, Tensor) else given
    assert_all(array >= 0, ValueError, f"cov: {name}: expected weights of 0 or more")


@public
def corrcoef(input: Any) -> Any:
    """Pearson's correlation of variables (rows) over observations (columns), in [-1, 1]."""
    c = cov(input)
    if not c.ndim:
        return c / c
    scale = sqrt(diagonal(c))
    return clamp(c / unsqueeze(scale, 1) / scale, -1, 1)


@public
def dist(input: Any, other: Any, p: float = 2) -> Any:
    """The p-norm of input - other, of all elements."""
    return p_norm(input - other, p)


@public
def renorm(input: Any, p: float, dim: int, maxnorm: float) -> Any:
    """Every slice along `dim` whose p-norm is above maxnorm, shortened to it."""
    if input.ndim < 2:
        raise ShapeError(f"renorm: expected at least 2 dimensions, got {describe(input)}")
    others = tuple(d for d in range(input.ndim) if d != dim % input.ndim)
    size = p_norm(input, p, others, True)
    return input * where(size > maxnorm, maxnorm / (size + 1e-7), 1.0)


@public
def histc(input: Any, bins: int = 100, min: float = 0, max: float = 0) -> Any:
    """How many elements fall in each of `bins` equal intervals from min to max (both 0: of the elements themselves);
    those outside are not counted."""
    array = input._array if isinstance(input, Tensor) else input
    if not floating(array.dtype):
        raise DtypeError(f"histc: expected a floating tensor, got {describe(input)}")
    xp = array_module(array)
    low, high = (min, max) if min != max or not array.size else (float(array.min()), float(array.max()))
    if low == high:
        low, high = low - 1, high + 1
    if not low < high or bins < 1:
        raise ValueError(f"histc: expected bins of 1 or more and min < max, got {bins}, {min} and {max}")
    flat = array.reshape(-1)
    inside = (flat >= low) & (flat <= high)
    place = xp.where(inside, (flat - low) / (high - low) * bins, 0).astype("int64")
    counts = xp.bincount(xp.minimum(place, bins - 1), inside, minlength=bins)
    return wrap(counts.astype(array.dtype))


@public
def unique_consecutive(
    input: Any, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The first of each run of equal elements (of slices along `dim`); also where each element went, and how long the
    runs are."""
    array = input._array if isinstance(input, Tensor) else input
    xp, axis = array_module(array), 0 if dim is None else dim
    flat = array.reshape(-1) if dim is None else xp.moveaxis(array, axis, 0)
    rows = flat.reshape(len(flat), -1)
    first = xp.ones(len(rows), dtype=bool)
    first[1:] = (rows[1:] != rows[:-1]).any(1)
    kept = flat[first] if dim is None else xp.moveaxis(flat[first], 0, axis)
    numbers = xp.cumsum(first) - 1
    found = [wrap(kept)]
    if return_inverse:
        found.append(wrap(numbers.reshape(array.shape) if dim is None else numbers))
    if return_counts:
        found.append(wrap(xp.bincount(numbers, minlength=int(first.sum()))))
    return tuple(found) if len(found) > 1 else found[0]
