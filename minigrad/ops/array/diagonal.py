"""Triangles and diagonals of matrices."""

from typing import Any

from minigrad.backend import array_module
from minigrad.engine.dispatch import primitive
from minigrad.errors import ShapeError
from minigrad.ops import axes
from minigrad.ops.api import public
from minigrad.ops.pointwise.cast import clone
from minigrad.ops.reduce.reductions import sum

__all__ = ["diag", "diag_embed", "diagflat", "diagonal", "trace", "tril", "triu"]

# --- triangles ------------------------------------------------------------------------------------------------------


@primitive(name="tril", input=lambda g, diagonal: _tril(g, diagonal=diagonal))
def _tril(input: Any, *, diagonal: int) -> Any:
    return array_module(input).tril(input, diagonal)


@primitive(name="triu", input=lambda g, diagonal: _triu(g, diagonal=diagonal))
def _triu(input: Any, *, diagonal: int) -> Any:
    return array_module(input).triu(input, diagonal)


@public
def tril(input: Any, diagonal: int = 0) -> Any:
    """The lower triangle of the last two dimensions, zeros above the diagonal (or the `diagonal`-th above it)."""
    return _tril(_matrix("tril", input), diagonal=diagonal)


@public
def triu(input: Any, diagonal: int = 0) -> Any:
    """The upper triangle of the last two dimensions, zeros below the diagonal (or the `diagonal`-th above it)."""
    return _triu(_matrix("triu", input), diagonal=diagonal)


def _matrix(name: str, input: Any) -> Any:
    if input.ndim < 2:
        raise ShapeError(f"{name}: expected at least 2 dimensions, got shape {tuple(input.shape)}")
    return input


# --- diagonals ------------------------------------------------------------------------------------------------------


def _look(x: Any, offset: int, dim1: int, dim2: int) -> Any:
    """The diagonal, as a view that may be written to."""
    out = x.diagonal(offset, dim1, dim2)
    if hasattr(out, "setflags") and x.flags.writeable:
        out.setflags(write=True)
    return out


@primitive(view=True, name="diagonal", input=lambda g, input_shape, offset, dim1, dim2: _on_diagonal(
    g, shape=input_shape, offset=offset, dim1=dim1, dim2=dim2))  # fmt: skip
def _diagonal(input: Any, *, offset: int, dim1: int, dim2: int) -> Any:
    return _look(input, offset, dim1, dim2)


@primitive(name="on_diagonal", g=lambda g, offset, dim1, dim2: _diagonal(g, offset=offset, dim1=dim1, dim2=dim2))
def _on_diagonal(g: Any, *, shape: tuple[int, ...], offset: int, dim1: int, dim2: int) -> Any:
    out = array_module(g).zeros(shape, dtype=g.dtype)
    _look(out, offset, dim1, dim2)[...] = g
    return out


@public
def diagonal(input: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    """The diagonal of the dimensions dim1 and dim2 (or the `offset`-th above it), as a last dimension: a view."""
    a, b = (axes.normalize_dim(d, _matrix("diagonal", input).ndim, "diagonal") for d in (dim1, dim2))
    if a == b:
        raise ShapeError(f"diagonal: expected two different dimensions, got {dim1} and {dim2}")
    return _diagonal(input, offset=offset, dim1=a, dim2=b)


@public
def diag_embed(input: Any, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    """Matrices of zeros with the last dimension of `input` on their diagonal."""
    n, ndim = input.shape[-1] + abs(offset), input.ndim + 1
    a, b = axes.normalize_dim(dim1, ndim, "diag_embed"), axes.normalize_dim(dim2, ndim, "diag_embed")
    if a == b:
        raise ShapeError(f"diag_embed: expected two different dimensions, got {dim1} and {dim2}")
    rest = iter(tuple(input.shape)[:-1])
    shape = tuple(n if d in (a, b) else next(rest) for d in range(ndim))
    return _on_diagonal(input, shape=shape, offset=offset, dim1=a, dim2=b)


@public
def diag(input: Any, diagonal: int = 0) -> Any:
    """A vector as the diagonal of a matrix; of a matrix its diagonal (a copy)."""
    if input.ndim == 1:
        return diag_embed(input, diagonal)
    if input.ndim != 2:
        raise ShapeError(f"diag: expected 1 or 2 dimensions, got shape {tuple(input.shape)}")
    return clone(_diagonal(input, offset=diagonal, dim1=0, dim2=1))


@public
def trace(input: Any) -> Any:
    """The sum of a matrix's diagonal."""
    if input.ndim != 2:
        raise ShapeError(f"trace: expected a matrix, got shape {tuple(input.shape)}")
    return sum(_diagonal(input, offset=0, dim1=0, dim2=1))


@public
def diagflat(input: Any, offset: int = 0) -> Any:
    """The matrix whose `offset`-th diagonal holds all elements of `input`."""
    return diag_embed(input.reshape(-1), offset)
