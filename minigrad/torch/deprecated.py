"""Functions that PyTorch has replaced: by those of `linalg`, by `arange`."""

import math
from typing import Any, NamedTuple

from minigrad.dtypes import float64, get_default_dtype
from minigrad.engine.messages import warn_user
from minigrad.engine.tensor import Tensor
from minigrad.ops.array.creation import Device, arange
from minigrad.ops.linalg import decompositions as _decompositions

__all__ = ["cholesky", "pinverse", "qr", "svd", "triangular_solve"]


class Solution(NamedTuple):
    """What `triangular_solve` returns."""

    solution: Tensor
    cloned_coefficient: Tensor


def cholesky(input: Tensor, upper: bool = False) -> Any:
    """`linalg.cholesky`, with a warning."""
    warn_user("cholesky: deprecated; use linalg.cholesky")
    return _decompositions.cholesky(input, upper=upper)


def pinverse(input: Tensor, rcond: float = 1e-15) -> Any:
    """`linalg.pinv`, the old way: the singular values below rcond times the largest count as 0."""
    return _decompositions.pinv(input, rcond)


def triangular_solve(
    input: Tensor, A: Tensor, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> Solution:
    """(X with A X = input, a copy of A), of a triangular A (transpose: with A^T X = input); with a warning."""
    warn_user("triangular_solve: deprecated; use linalg.solve_triangular")
    matrix, upper = (A.mT, not upper) if transpose else (A, upper)
    return Solution(
        _decompositions.solve_triangular(matrix, input, upper=upper, unitriangular=unitriangular), A.clone()
    )


def svd(input: Any, some: bool = True, compute_uv: bool = True) -> Any:
    """(U, S, V) with input = U diag(S) V^T, the old way: `linalg.svd` gives V transposed."""
    u, s, vh = _decompositions.svd(input, full_matrices=not some)
    return u, s, vh.mT


def qr(input: Any, some: bool = True) -> Any:
    """(Q, R), the old way: `linalg.qr`."""
    return _decompositions.qr(input, "reduced" if some else "complete")


def range(  # noqa: A001
    start: float, end: float, step: float = 1, *, dtype: Any = None, device: Device = None, requires_grad: bool = False
) -> Tensor:
    """start, start + step, ... up to `end`, which belongs to it, in the default floating dtype; with a warning."""
    warn_user("range: deprecated, since its end belongs to it; use arange, whose end does not")
    if not all(map(math.isfinite, (start, end, step))) or step == 0 or (end - start) * step < 0:
        raise ValueError(
            f"range: expected finite numbers, a step other than 0, and an end that it leads to; got start={start}, "
            f"end={end}, step={step}"
        )
    numbers = arange(math.floor((end - start) / step) + 1, dtype=float64, device=device) * step + start
    return numbers.to(dtype or get_default_dtype()).requires_grad_(requires_grad)
