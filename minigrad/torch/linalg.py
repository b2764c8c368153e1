"""Linear algebra, by the names of `torch.linalg`."""

from typing import Any, NamedTuple

from minigrad.engine.messages import describe
from minigrad.errors import LinAlgError, ShapeError
from minigrad.ops import axes
from minigrad.ops.api import public
from minigrad.ops.array.creation import zeros
from minigrad.ops.array.diagonal import diagonal
from minigrad.ops.array.shape import movedim, reshape, squeeze, stack, unsqueeze
from minigrad.ops.linalg.decompositions import (
    cholesky,
    det,
    eigh,
    eigvalsh,
    inv,
    pinv,
    qr,
    slogdet,
    solve,
    solve_triangular,
    svd,
    svdvals,
)
from minigrad.ops.linalg.einsum import tensordot
from minigrad.ops.linalg.products import _chain, matmul, matrix_power
from minigrad.ops.linalg.products import cross as _cross
from minigrad.ops.pointwise.arithmetic import abs, maximum
from minigrad.ops.reduce.reductions import amax, amin, sum
from minigrad.ops.reduce.reductions import norm as _norm

__all__ = [
    "LinAlgError", "cholesky", "cond", "cross", "det", "diagonal", "eigh", "eigvalsh", "inv", "lstsq", "matmul",
    "matrix_norm", "matrix_power", "matrix_rank", "multi_dot", "norm", "pinv", "qr", "slogdet", "solve",
    "solve_triangular", "svd", "svdvals", "tensordot", "vander", "vecdot", "vector_norm",
]  # fmt: skip


@public
def vector_norm(x: Any, ord: Any = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """The norm of the elements as a vector, over all or over `dim`: ord 2, 1, 0, inf, -inf or any number. 0 at the zero
    vector has gradient 0."""
    return _norm(x if dtype is None else x.to(dtype), ord, dim, keepdim)


@public
def matrix_norm(A: Any, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, dtype: Any = None) -> Any:
    """The norm of matrices: "fro" (root of the sum of squares), "nuc" (sum of singular values), 2 and -2 (the largest
    and smallest of them), 1 and -1 (columns), inf and -inf (rows)."""
    A = A if dtype is None else A.to(dtype)
    dims = axes.many(dim, A.ndim, "matrix_norm")
    if dims is None or len(dims) != 2:
        raise ShapeError(f"matrix_norm: expected two dimensions of a tensor of at least two, got {dim} of {A.ndim}")
    if ord == "fro":
        return _norm(A, 2, dims, keepdim)
    x = movedim(A, dims, (-2, -1))
    if ord in ("nuc", 2, -2):
        values = svdvals(x)
        out = sum(values, -1) if ord == "nuc" else (amax if ord == 2 else amin)(values, -1)
    elif ord in (1, -1, float("inf"), -float("inf")):
        totals = sum(abs(x), -2 if ord in (1, -1) else -1)
        out = (amax if ord > 0 else amin)(totals, -1)
    else:
        raise ValueError(f'matrix_norm: ord: expected "fro", "nuc", 1, -1, 2, -2, inf or -inf, got {ord!r}')
    if not keepdim:
        return out
    return reshape(out, tuple(1 if d in dims else n for d, n in enumerate(A.shape)))


@public
def norm(A: Any, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """`matrix_norm` where ord is given and there are two dimensions (of A, or in dim), else `vector_norm`."""
    pair = isinstance(dim, (tuple, list)) and len(dim) == 2
    if ord is not None and (pair or (dim is None and A.ndim == 2)):
        return matrix_norm(A, ord, dim if pair else (-2, -1), keepdim, dtype=dtype)
    return vector_norm(A, 2 if ord is None else ord, dim, keepdim, dtype=dtype)


@public
def cross(input: Any, other: Any, *, dim: int = -1) -> Any:
    """The vector product of 3-vectors along `dim`."""
    return _cross(input, other, dim)


@public
def multi_dot(tensors: Any) -> Any:
    """The product of several matrices (the first and the last may be vectors), in an order that saves
    multiplications."""
    parts = list(tensors)
    if len(parts) < 2:
        raise ShapeError(f"multi_dot: expected at least two tensors, got {len(parts)}")
    first, last = parts[0].ndim == 1, parts[-1].ndim == 1
    parts[0] = unsqueeze(parts[0], 0) if first else parts[0]
    parts[-1] = unsqueeze(parts[-1], -1) if last else parts[-1]
    out = _chain(parts)
    out = squeeze(out, -1) if last else out
    return squeeze(out, 0) if first else out


@public
def vecdot(x: Any, y: Any, *, dim: int = -1) -> Any:
    """The inner products of vectors along `dim`."""
    return sum(x * y, dim)


@public
def cond(A: Any, p: Any = None) -> Any:
    """The condition number: norm(A) * norm(inv(A)); p = None or 2: the largest singular value over the smallest."""
    if p in (None, 2, -2):
        values = svdvals(A)
        ratio = amax(values, -1) / amin(values, -1)
        return 1 / ratio if p == -2 else ratio
    return matrix_norm(A, p) * matrix_norm(inv(A), p)


class LeastSquares(NamedTuple):
    """What `lstsq` gives."""

    solution: Any
    residuals: Any
    rank: Any
    singular_values: Any


@public
def lstsq(input: Any, B: Any, *, rcond: Any = None, driver: Any = None) -> Any:
    """(solution, residuals, rank, singular_values) of the least squares problem min ||A X - B||: (..., m, n) and
    (..., m, k) give (..., n, k), by the pseudo-inverse, so the shortest X where several are best.

    residuals: the sums of squares that are left, (..., k), where m > n and all columns count; empty otherwise. driver:
    one of PyTorch's names; the singular values are always looked at, and always given.
    """
    if driver not in (None, "gels", "gelsy", "gelsd", "gelss"):
        raise ValueError(f'linalg.lstsq: driver: expected "gels", "gelsy", "gelsd" or "gelss", got {driver!r}')
    if input.ndim < 2 or B.ndim < 2 or input.shape[-2] != B.shape[-2]:
        raise ShapeError(
            f"linalg.lstsq: expected A (..., m, n) and B (..., m, k), got {describe(input)} and {describe(B)}; a "
            f"vector is .unsqueeze(-1)"
        )
    m, n = (int(size) for size in input.shape[-2:])
    solution, rank = pinv(input, rtol=rcond) @ B, matrix_rank(input, rtol=rcond)
    left = input @ solution - B
    whole = m > n and bool((rank == n).all())
    residuals = (left * left).sum(-2) if whole else zeros(0, dtype=input.dtype, device=input.device)
    return LeastSquares(solution, residuals, rank, svdvals(input))


@public
def matrix_rank(A: Any, *, atol: Any = None, rtol: Any = None, hermitian: bool = False) -> Any:
    """How many singular values (hermitian: sizes of eigenvalues) are above max(atol, rtol times the largest)."""
    A = A.detach()
    values = abs(eigvalsh(A)) if hermitian else svdvals(A)
    if values.shape[-1] == 0:
        return sum(values > 0, -1)
    eps = 1.1920929e-07 if A.dtype.itemsize == 4 else 2.220446049250313e-16
    if rtol is None:
        rtol = max(A.shape[-2:]) * eps if atol is None else 0.0
    limits: list[Any] = [0.0 if atol is None else atol, rtol]
    low, part = (x[..., None] if hasattr(x, "ndim") and x.ndim else x for x in limits)
    return sum(values > maximum(amax(values, -1, True) * part, low), -1)


@public
def vander(x: Any, N: int | None = None) -> Any:
    """The powers 0, 1, ..., N - 1 of each element, in a new last dimension."""
    x = x if x.ndim else reshape(x, (1,))
    return stack([x**k for k in range(x.shape[-1] if N is None else N)], -1)
