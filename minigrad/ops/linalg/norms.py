"""Norms of vectors and of matrices."""

from typing import Any

from minigrad.errors import ShapeError
from minigrad.ops import axes
from minigrad.ops.api import public
from minigrad.ops.array.shape import movedim, reshape
from minigrad.ops.linalg.decompositions import svdvals
from minigrad.ops.pointwise.arithmetic import abs
from minigrad.ops.reduce.reductions import amax, amin, p_norm, sum

__all__ = ["norm"]


@public
def norm(input: Any, p: Any = 2, dim: Any = None, keepdim: bool = False) -> Any:
    """The vector norm (sum |x|^p)^(1/p) over all elements or over `dim`; p = 2 ("fro"), 1, 0, inf, -inf or any number;
    "nuc": the sum of a matrix' singular values.

    The gradient at the zero vector is 0; for p = inf, elements of equal size share it evenly.
    """
    if p == "nuc":
        return matrix_norm(input, "nuc", tuple(range(input.ndim)) if dim is None else dim, keepdim)
    if isinstance(p, str) and p != "fro":
        raise ValueError(f'norm: p: expected a number, inf or "fro", got {p!r}')
    return p_norm(input, 2 if p in ("fro", None) else p, dim, keepdim)


@public
def vector_norm(x: Any, ord: Any = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """The norm of the elements as a vector, over all or over `dim`: ord 2, 1, 0, inf, -inf or any number. 0 at the zero
    vector has gradient 0."""
    return p_norm(x if dtype is None else x.to(dtype), ord, dim, keepdim)


def _extreme(values: Any, ord: float) -> Any:
    """The largest (of none: 0, the sum), or for a negative ord the smallest."""
    return amin(values, -1) if ord < 0 else amax(values, -1) if values.shape[-1] else sum(values, -1)


@public
def matrix_norm(A: Any, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, dtype: Any = None) -> Any:
    """The norm of matrices: "fro" (root of the sum of squares), "nuc" (sum of singular values), 2 and -2 (the largest
    and smallest of them), 1 and -1 (columns), inf and -inf (rows)."""
    A = A if dtype is None else A.to(dtype)
    dims = axes.normalize_dims(dim, A.ndim, "matrix_norm")
    if dims is None or len(dims) != 2:
        raise ShapeError(f"matrix_norm: expected two dimensions of a tensor of at least two, got {dim} of {A.ndim}")
    if ord == "fro":
        return p_norm(A, 2, dims, keepdim)
    x = movedim(A, dims, (-2, -1))
    if ord in ("nuc", 2, -2):
        values = svdvals(x)
        out = sum(values, -1) if ord == "nuc" else _extreme(values, ord)
    elif ord in (1, -1, float("inf"), -float("inf")):
        totals = sum(abs(x), -2 if ord in (1, -1) else -1)
        out = _extreme(totals, ord)
    else:
        raise ValueError(f'matrix_norm: ord: expected "fro", "nuc", 1, -1, 2, -2, inf or -inf, got {ord!r}')
    if not keepdim:
        return out
    return reshape(out, tuple(1 if d in dims else n for d, n in enumerate(A.shape)))
