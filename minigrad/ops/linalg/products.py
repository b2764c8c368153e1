"""Products of matrices."""

from typing import Any

from minigrad.backend.product import product
from minigrad.engine.dispatch import primitive
from minigrad.engine.elementwise import binary
from minigrad.errors import DtypeError, ShapeError
from minigrad.ops.api import public, raise_not_tensor, same_dtype, shape_error
from minigrad.ops.array.shape import mT, reshape, squeeze, stack, unbind, unsqueeze
from minigrad.ops.overloads import with_numbers_first

__all__ = [
    "addbmm", "addmm", "addmv", "addr", "baddbmm", "bmm", "chain_matmul", "cross", "dot", "ger", "matmul",
    "mm", "mv", "outer",
]  # fmt: skip


def _times_transposed(g: Any, other: Any) -> Any:
    """g other^T; of a product with a vector the outer product, as g lacks the dimension that it lacks."""
    return g[..., None] * other if other.ndim == 1 else product(g, mT(other))


def _inner(a: Any, g: Any) -> Any:
    """a^T g. With few columns in g as (g^T a)^T, which takes BLAS four fifths of the time for 256 x 3,073 and ten."""
    if a.ndim == 1:
        return a[:, None] * g if g.ndim else g * a
    if g.ndim == 1:
        return product(g, a)
    few = g.ndim == 2 and 8 * g.shape[1] <= a.shape[1]
    return mT(product(mT(g), a)) if few else product(mT(a), g)


_matmul = binary(
    "matmul",
    "The product of matrices, of stacks of them, or of a matrix or vector and a vector; their dtypes are one.",
    lambda g, other: _times_transposed(g, other),
    lambda g, input: _inner(input, g),
    product, elementwise=False,
)  # fmt: skip


def matmul(input: Any, other: Any) -> Any:
    """The matrix product of the last two dimensions; the leading ones broadcast, vectors count as a row or a column.

    (..., n, k) @ (..., k, m) -> (..., n, m). A stack times one matrix is done as one product of two matrices. Raises
    ShapeError where the inner sizes differ, DtypeError for two dtypes (as PyTorch does: cast one).
    """
    x, y = getattr(input, "_array", input), getattr(other, "_array", other)
    try:
        a, b = x.ndim, y.ndim
    except AttributeError:
        raise_not_tensor("matmul", input=input, other=other)
        raise
    if 0 < a < 3 and 0 < b < 3 and x.dtype == y.dtype:
        try:
            return _matmul(input, other)
        except ShapeError:
            _check(input, other)
            raise
    _check(input, other)
    if a == 1:
        return squeeze(matmul(unsqueeze(input, 0), other), -2)
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


@public
def mm(input: Any, mat2: Any) -> Any:
    """The product of two matrices."""
    return _of_dims("mm", input, mat2, 2)


@public
def bmm(input: Any, mat2: Any) -> Any:
    """The products of two stacks of matrices: (b, n, k), (b, k, m) -> (b, n, m)."""
    return _of_dims("bmm", input, mat2, 3)


@primitive(name="sum_of_squares", input=lambda g, input: input * (2 * g))
def sum_of_squares(input: Any) -> Any:
    """sum of input^2 over all elements. A primitive for speed: one pass over memory each way, where squaring and adding
    up takes two and two."""
    flat = input.reshape(-1)
    return flat.dot(flat)


@primitive(name="dot", input=lambda g, tensor: g * tensor, tensor=lambda g, input: g * input)
def _dot(input: Any, tensor: Any) -> Any:
    return input.dot(tensor)


@public
def dot(input: Any, tensor: Any) -> Any:
    """The inner product of two vectors. A primitive: as a product of matrices its gradient takes 20 times as long."""
    if input.ndim != 1 or tensor.ndim != 1 or input.shape != tensor.shape:
        raise shape_error("dot", "two vectors of one length", input, tensor)
    if input.dtype != tensor.dtype:
        raise DtypeError(f"dot: expected one dtype, got {input.dtype} and {tensor.dtype}; cast one with .to()")
    return _dot(input, tensor)


def _of_dims(name: str, a: Any, b: Any, ndim: int) -> Any:
    if a.ndim != ndim or b.ndim != ndim or (ndim == 3 and a.shape[0] != b.shape[0]):
        raise shape_error(name, f"two {'matrices' if ndim == 2 else 'stacks of as many matrices'}", a, b)
    return matmul(a, b)


@public
def outer(input: Any, vec2: Any) -> Any:
    """input[i] * vec2[j]."""
    if input.ndim != 1 or vec2.ndim != 1:
        raise shape_error("outer", "two vectors", input, vec2)
    return unsqueeze(input, 1) * vec2


ger = outer


@public
def mv(input: Any, vec: Any) -> Any:
    """A matrix times a vector."""
    if input.ndim != 2 or vec.ndim != 1:
        raise shape_error("mv", "a matrix and a vector", input, vec)
    return matmul(input, vec)


def _plus(input: Any, product: Any, beta: float, alpha: float) -> Any:
    scaled = product if alpha == 1 else product * alpha
    return scaled if beta == 0 else (input if beta == 1 else input * beta) + scaled


@public
def addmm(input: Any, mat1: Any, mat2: Any, *old: Any, beta: float = 1, alpha: float = 1) -> Any:
    """beta * input + alpha * (mat1 @ mat2)."""
    if old:
        return with_numbers_first(addmm, 3, (input, mat1, mat2, *old), beta=beta, alpha=alpha)
    same_dtype("addmm", input=input, mat1=mat1, mat2=mat2)
    return _plus(input, mm(mat1, mat2), beta, alpha)


@public
def addbmm(input: Any, batch1: Any, batch2: Any, *old: Any, beta: float = 1, alpha: float = 1) -> Any:
    """beta * input + alpha * the sum of the products of the matrices of two batches."""
    if old:
        return with_numbers_first(addbmm, 3, (input, batch1, batch2, *old), beta=beta, alpha=alpha)
    same_dtype("addbmm", input=input, batch1=batch1, batch2=batch2)
    return input * beta + sum(bmm(batch1, batch2), 0) * alpha


@public
def addmv(input: Any, mat: Any, vec: Any, *old: Any, beta: float = 1, alpha: float = 1) -> Any:
    """beta * input + alpha * (mat @ vec)."""
    if old:
        return with_numbers_first(addmv, 3, (input, mat, vec, *old), beta=beta, alpha=alpha)
    same_dtype("addmv", input=input, mat=mat, vec=vec)
    return _plus(input, mv(mat, vec), beta, alpha)


@public
def addr(input: Any, vec1: Any, vec2: Any, *old: Any, beta: float = 1, alpha: float = 1) -> Any:
    """beta * input + alpha * outer(vec1, vec2)."""
    if old:
        return with_numbers_first(addr, 3, (input, vec1, vec2, *old), beta=beta, alpha=alpha)
    return _plus(input, outer(vec1, vec2), beta, alpha)


@public
def baddbmm(input: Any, batch1: Any, batch2: Any, *old: Any, beta: float = 1, alpha: float = 1) -> Any:
    """beta * input + alpha * bmm(batch1, batch2)."""
    if old:
        return with_numbers_first(baddbmm, 3, (input, batch1, batch2, *old), beta=beta, alpha=alpha)
    same_dtype("baddbmm", input=input, batch1=batch1, batch2=batch2)
    return _plus(input, bmm(batch1, batch2), beta, alpha)


@public
def cross(input: Any, other: Any, dim: int | None = None) -> Any:
    """The vector product of 3-vectors along `dim` (default: the first dimension of size 3)."""
    if input.ndim != other.ndim:
        raise shape_error("cross", "as many dimensions on both sides", input, other)
    same_dtype("cross", input=input, other=other)
    if dim is None:
        sizes = [d for d, n in enumerate(input.shape) if n == 3]
        dim = sizes[0] if sizes else -1
    if input.shape[dim] != 3 or other.shape[dim] != 3:
        raise shape_error("cross", f"3 elements in dimension {dim}", input, other)
    a, b = unbind(input, dim), unbind(other, dim)
    parts = [a[(i + 1) % 3] * b[(i + 2) % 3] - a[(i + 2) % 3] * b[(i + 1) % 3] for i in range(3)]
    return stack(parts, dim if dim >= 0 else dim)


@public
def chain_matmul(*matrices: Any) -> Any:
    """The product of several matrices, in the order that takes the fewest multiplications."""
    return _chain(list(matrices))


def _chain(parts: list[Any]) -> Any:
    """Of all neighbours multiply first the pair whose inner dimension is the largest: each then saves the most."""
    while len(parts) > 1:
        i = max(range(len(parts) - 1), key=lambda k: parts[k].shape[-1])
        parts[i : i + 2] = [matmul(parts[i], parts[i + 1])]
    return parts[0]
