"""Products of matrices."""

import operator
from typing import Any

from minigrad.engine.primitive import primitive
from minigrad.errors import DtypeError, ShapeError
from minigrad.ops.shape import mT, reshape, squeeze, unsqueeze

__all__ = [
    "bmm", "dot", "matmul", "mm", "outer",
]  # fmt: skip


@primitive(name="matmul", input=lambda g, other: g @ mT(other), other=lambda g, input: mT(input) @ g)
def _matmul(input: Any, other: Any) -> Any:
    return operator.matmul(input, other)


def matmul(input: Any, other: Any) -> Any:
    """The matrix product of the last two dimensions; the leading ones broadcast, vectors count as a row or a column.

    (..., n, k) @ (..., k, m) -> (..., n, m). A stack times one matrix is done as one product of two matrices. Raises
    ShapeError where the inner sizes differ, DtypeError for two dtypes (as PyTorch does: cast one).
    """
    a, b = input.ndim, other.ndim
    if a == 2 and b == 2 and input.dtype == other.dtype and input.shape[1] == other.shape[0]:
        return _matmul(input, other)
    _check(input, other)
    if a == 1:
        return squeeze(matmul(unsqueeze(input, 0), other), -2 if b > 1 else 0)
    if b == 1:
        return squeeze(matmul(input, unsqueeze(other, 1)), -1)
    if a > 2 and b == 2:
        rows = _matmul(reshape(input, (-1, input.shape[-1])), other) if 0 not in input.shape else None
        if rows is not None:
            return reshape(rows, (*input.shape[:-1], other.shape[-1]))
    return _matmul(input, other)


def _check(input: Any, other: Any) -> None:
    shapes = f"{list(input.shape)} and {list(other.shape)}"
    if input.ndim == 0 or other.ndim == 0:
        raise ShapeError(f"matmul: expected at least 1 dimension on both sides, got shapes {shapes}; use * for numbers")
    inner, outer = input.shape[-1], other.shape[-2 if other.ndim > 1 else -1]
    if inner != outer:
        raise ShapeError(
            f"matmul: expected the last size of the left ({inner}) to equal the "
            f"{'last but one' if other.ndim > 1 else 'last'} size of the right ({outer}), got shapes {shapes}"
        )
    if input.dtype != other.dtype:
        raise DtypeError(f"matmul: expected one dtype, got {input.dtype} and {other.dtype}; cast one with .to()")


def mm(input: Any, mat2: Any) -> Any:
    """The product of two matrices."""
    return _of_dims("mm", input, mat2, 2)


def bmm(input: Any, mat2: Any) -> Any:
    """The products of two stacks of matrices: (b, n, k), (b, k, m) -> (b, n, m)."""
    return _of_dims("bmm", input, mat2, 3)


def dot(input: Any, tensor: Any) -> Any:
    """The inner product of two vectors."""
    return _of_dims("dot", input, tensor, 1)


def _of_dims(name: str, a: Any, b: Any, ndim: int) -> Any:
    if a.ndim != ndim or b.ndim != ndim or (ndim == 3 and a.shape[0] != b.shape[0]):
        raise ShapeError(
            f"{name}: expected two tensors of {ndim} dimensions, got shapes {list(a.shape)} and {list(b.shape)}"
        )
    return matmul(a, b)


def outer(input: Any, vec2: Any) -> Any:
    """input[i] * vec2[j]."""
    if input.ndim != 1 or vec2.ndim != 1:
        raise ShapeError(f"outer: expected two vectors, got shapes {list(input.shape)} and {list(vec2.shape)}")
    return unsqueeze(input, 1) * vec2
