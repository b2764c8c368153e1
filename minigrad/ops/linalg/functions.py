"""What `torch.linalg` has beside decompositions and norms, composed of them and of products."""

from typing import Any, NamedTuple

from minigrad.backend import array_module
from minigrad.errors import ShapeError
from minigrad.ops.api import one_of, public, shape_error
from minigrad.ops.array.creation import zeros, zeros_like
from minigrad.ops.array.shape import reshape, squeeze, stack, unsqueeze
from minigrad.ops.linalg.decompositions import eigvalsh, inv, pinv, svdvals
from minigrad.ops.linalg.norms import matrix_norm, vector_norm
from minigrad.ops.linalg.products import _chain, matmul
from minigrad.ops.linalg.products import cross as _cross
from minigrad.ops.pointwise.arithmetic import abs, maximum, where
from minigrad.ops.reduce.reductions import amax, sum

__all__ = ["matrix_power"]


@public
def matrix_power(input: Any, n: int) -> Any:
    """A square matrix multiplied with itself n times; n < 0: its inverse."""
    if input.ndim < 2 or input.shape[-1] != input.shape[-2]:
        raise shape_error("matrix_power", "square matrices", input)
    if n < 0:
        return matrix_power(inv(input), -n)
    if n == 0:
        xp = array_module(input._array if hasattr(input, "_array") else input)
        one = xp.eye(input.shape[-1], dtype=input.dtype)
        return where(zeros_like(input) == 0, one, input)  # a constant, but recorded: its gradient is 0
    half = matrix_power(input, n // 2) if n > 1 else None
    square = None if half is None else matmul(half, half)
    return input * 1 if square is None else matmul(square, input) if n % 2 else square


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
        ratio = values[..., 0] / values[..., -1]
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
    one of PyTorch's names; the singular values are always used, and always returned.
    """
    one_of("linalg.lstsq", "driver", driver, None, "gels", "gelsy", "gelsd", "gelss")
    if input.ndim < 2 or B.ndim < 2 or input.shape[-2] != B.shape[-2]:
        raise shape_error("linalg.lstsq", "A (..., m, n) and B (..., m, k) (a vector .unsqueeze(-1)-ed)", input, B)
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


@public
def norm(A: Any, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """`matrix_norm` where ord is given and there are two dimensions (of A, or in dim), else `vector_norm`."""
    pair = isinstance(dim, (tuple, list)) and len(dim) == 2
    if ord is not None and (pair or (dim is None and A.ndim == 2)):
        return matrix_norm(A, ord, dim if pair else (-2, -1), keepdim, dtype=dtype)
    return vector_norm(A, 2 if ord is None else ord, dim, keepdim, dtype=dtype)
