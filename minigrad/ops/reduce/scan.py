"""Running results along a dimension: sums, products, extremes; and the product of all elements.

Products are exact where elements are 0, at every order: the product of the *other* elements is built from the running
products on both sides, never by dividing.
"""

from typing import Any

from minigrad.backend import array_module
from minigrad.dtypes import int64
from minigrad.engine.dispatch import primitive
from minigrad.engine.promotion import cast, widened
from minigrad.ops import axes
from minigrad.ops.api import public
from minigrad.ops.array.creation import ones_like, zeros_like
from minigrad.ops.array.diagonal import tril
from minigrad.ops.array.shape import cat, flip, movedim, narrow, reshape, unsqueeze
from minigrad.ops.index.indexing import gather
from minigrad.ops.pointwise.arithmetic import exp, where
from minigrad.ops.pointwise.cast import clone
from minigrad.ops.reduce.reductions import ValuesIndices, spread, sum

__all__ = [
    "cummax", "cummin", "cumprod", "cumsum", "cumulative_trapezoid", "diff", "logcumsumexp", "prod", "trapezoid",
    "trapz",
]  # fmt: skip


def _delayed(x: Any, dim: int, first: float) -> Any:
    """x moved on by one along `dim`, `first` coming in."""
    n = x.shape[dim]
    if n == 0:
        return x
    start = narrow(x, dim, 0, 1)
    return cat([(ones_like if first else zeros_like)(start), narrow(x, dim, 0, n - 1)], dim)


def _prepared(name: str, input: Any, dim: Any, dtype: Any) -> tuple[Any, int]:
    if dtype is not None:
        input = cast(input, dtype)
    elif input.dtype.kind in "biu":
        input = cast(input, int64)
    return input, axes.normalize_dim(dim, input.ndim, name)


# --- sums -----------------------------------------------------------------------------------------------------------


@primitive(name="cumsum", input=lambda g, dim: flip(_cumsum(flip(g, dim), dim=dim), dim))
def _cumsum(input: Any, *, dim: int) -> Any:
    x = widened(input)  # in halves, 2,048 + 1 is 2,048
    return cast(array_module(x).cumsum(x, axis=dim, dtype=x.dtype), input.dtype)


@public
def cumsum(input: Any, dim: int, *, dtype: Any = None) -> Any:
    """out[i] = input[0] + ... + input[i] along `dim`. Integers and bools add up in int64."""
    input, at = _prepared("cumsum", input, dim, dtype)
    return _cumsum(input, dim=at) if input.ndim else input * 1


def _later(g: Any, input: Any, out: Any, dim: int) -> Any:
    """The gradient of a logcumsumexp: sum over k >= i of g[k] exp(input[i] - out[k]), whose exponents are never > 0."""
    x, y, g = (unsqueeze(movedim(t, dim, -1), d) for t, d in ((input, -2), (out, -1), (g, -1)))
    finite = where(y == -float("inf"), 0.0, y)
    return movedim(sum(g * tril(exp(where(_below(x, y), x - finite, -float("inf")))), -2), -1, dim)


def _below(x: Any, y: Any) -> Any:
    """Where the row is at or after the column."""
    return tril(ones_like(x) * ones_like(y)) > 0


@primitive(name="logcumsumexp", input=lambda g, input, out, dim: _later(g, input, out, dim))
def _logcumsumexp(input: Any, *, dim: int) -> Any:
    """Twice as many are summed up in every turn."""
    xp = array_module(input)
    out = xp.array(input)
    rows, step = xp.moveaxis(out, dim, 0), 1
    while step < len(rows):
        rows[step:] = xp.logaddexp(rows[step:], rows[:-step])
        step *= 2
    return out


@public
def logcumsumexp(input: Any, dim: int) -> Any:
    """out[i] = log(exp(input[0]) + ... + exp(input[i])), without overflow. Its backward takes n^2 memory along
    `dim`."""
    at = axes.normalize_dim(dim, input.ndim, "logcumsumexp")
    return _logcumsumexp(input, dim=at) if input.ndim and 0 not in tuple(input.shape) else input * 1


# --- products -------------------------------------------------------------------------------------------------------


@primitive(
    name="recurrence",
    input=lambda g, decay, dim: _backwards(g, decay, dim),
    decay=lambda g, decay, out, dim: _backwards(g, decay, dim) * _delayed(out, dim, 0),
)
def recurrence(input: Any, decay: Any, *, dim: int) -> Any:
    """out[i] = input[i] + decay[i] * out[i - 1] along `dim`, from out[-1] = 0: what the gradient of a running product
    is made of. A primitive because it is a loop."""
    xp = array_module(input)
    out = xp.array(input)
    rows, factors = xp.moveaxis(out, dim, 0), xp.moveaxis(decay, dim, 0)
    for i in range(1, len(rows)):
        rows[i] += factors[i] * rows[i - 1]
    return out


def _backwards(g: Any, decay: Any, dim: int) -> Any:
    """The adjoint of a recurrence: the recurrence from the other end, w[i] = g[i] + decay[i + 1] w[i + 1]."""
    return flip(recurrence(flip(g, dim), _delayed(flip(decay, dim), dim, 0), dim=dim), dim)


@primitive(name="cumprod", input=lambda g, input, out, dim: _delayed(out, dim, 1) * _backwards(g, input, dim))
def _cumprod(input: Any, *, dim: int) -> Any:
    return array_module(input).cumprod(input, axis=dim, dtype=input.dtype)


@public
def cumprod(input: Any, dim: int, *, dtype: Any = None) -> Any:
    """out[i] = input[0] * ... * input[i] along `dim`. Its gradient is exact where elements are 0."""
    input, at = _prepared("cumprod", input, dim, dtype)
    return _cumprod(input, dim=at) if input.ndim else input * 1


def _of_the_others(input: Any) -> Any:
    """For each element the product of the others in the last dimension."""
    last = input.ndim - 1
    before = _delayed(_cumprod(input, dim=last), last, 1)
    return before * flip(_delayed(_cumprod(flip(input, last), dim=last), last, 1), last)


@primitive(name="prod", input=lambda g, input: spread(g, input.shape, (input.ndim - 1,), False) * _of_the_others(input))
def _prod(input: Any) -> Any:
    return input.prod(-1, dtype=input.dtype)


@public
def prod(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """The product of all elements, or along `dim`. Integers and bools multiply in int64. Its gradient is exact where
    elements are 0, at every order."""
    axes.expect_flag("prod", keepdim)
    input = _prepared("prod", input, 0, dtype)[0]
    dims = axes.normalize_dims(dim, input.ndim, "prod")
    if dims is None:
        return reshape(_prod(reshape(input, (-1,))), (1,) * input.ndim if keepdim else ())
    rest = tuple(d for d in range(input.ndim) if d not in dims)
    sizes = tuple(input.shape)
    kept = tuple(sizes[d] for d in rest)
    moved = movedim(input, dims, tuple(range(len(rest), input.ndim)))
    out = _prod(reshape(moved, (*kept, axes.reduced_size(sizes, dims))))
    return reshape(out, tuple(1 if d in dims else n for d, n in enumerate(sizes))) if keepdim else out


# --- extremes -------------------------------------------------------------------------------------------------------


@primitive(name="argcummax")
def _argcummax(input: Any, *, dim: int) -> Any:
    xp = array_module(input)
    places = xp.moveaxis(xp.zeros(input.shape, dtype=int64), dim, 0)
    rows = xp.moveaxis(input, dim, 0)
    best = rows[0]
    for i in range(1, len(rows)):
        new = (rows[i] >= best) | xp.isnan(rows[i])
        places[i] = xp.where(new, i, places[i - 1])
        best = xp.where(new, rows[i], best)
    return xp.ascontiguousarray(xp.moveaxis(places, 0, dim))


def _running(name: str, input: Any, dim: int, keys: Any) -> ValuesIndices:
    at = axes.normalize_dim(dim, input.ndim, name)
    if input.ndim == 0:
        return ValuesIndices(clone(input), zeros_like(input, dtype=int64))
    indices = _argcummax(keys, dim=at) if input.shape[at] else zeros_like(keys, dtype=int64)
    return ValuesIndices(gather(input, at, indices), indices)


@public
def cummax(input: Any, dim: int) -> ValuesIndices:
    """The largest so far along `dim`, and where it was (of equal ones the last, which gets the gradient)."""
    return _running("cummax", input, dim, input)


@public
def cummin(input: Any, dim: int) -> ValuesIndices:
    """The smallest so far along `dim`, and where it was (of equal ones the last, which gets the gradient)."""
    return _running("cummin", input, dim, -input)


# --- differences and areas --------------------------------------------------------------------------------------------


@public
def diff(input: Any, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """out[i] = input[i + 1] - input[i] along `dim`, n times over; `prepend` and `append` are joined to the input
    first."""
    if n < 0:
        raise ValueError(f"diff: n: expected 0 or more, got {n}")
    at = axes.normalize_dim(dim, input.ndim, "diff")
    parts = [p for p in (prepend, input, append) if p is not None]
    out = cat(parts, at) if len(parts) > 1 and n else input
    for _ in range(n):
        size = max(out.shape[at] - 1, 0)
        out = narrow(out, at, out.shape[at] - size, size) - narrow(out, at, 0, size)
    return out


def _trapezoids(y: Any, x: Any, dx: float, dim: int) -> Any:
    at = axes.normalize_dim(dim, y.ndim, "trapezoid")
    n = y.shape[at]
    sides = narrow(y, at, 1, n - 1) + narrow(y, at, 0, n - 1)
    if x is None:
        return sides * (dx / 2)
    width = diff(x, 1, at if x.ndim > 1 else 0)
    return sides * (reshape(width, (-1,) + (1,) * (y.ndim - 1 - at)) if x.ndim == 1 else width) / 2


@public
def trapezoid(y: Any, x: Any = None, *, dx: float = 1, dim: int = -1) -> Any:
    """The integral of y along `dim` by trapezoids, at the points x or at steps of dx."""
    return sum(_trapezoids(y, x, dx, dim), dim)


trapz = trapezoid


@public
def cumulative_trapezoid(y: Any, x: Any = None, *, dx: float = 1, dim: int = -1) -> Any:
    """The running integral of y along `dim` by trapezoids."""
    return cumsum(_trapezoids(y, x, dx, dim), dim)
