"""Distances and likenesses of vectors. The gradient where two points coincide is 0."""

from typing import Any

from minigrad.ops import axes
from minigrad.ops.api import public, shape_error
from minigrad.ops.array.arrange import broadcast_tensors
from minigrad.ops.array.shape import unsqueeze
from minigrad.ops.pointwise.arithmetic import clamp
from minigrad.ops.reduce.reductions import p_norm, sum

__all__ = ["cdist", "cosine_similarity", "pairwise_distance", "pdist"]


@public
def cdist(x1: Any, x2: Any, p: float = 2.0, compute_mode: str | None = None) -> Any:
    """The distances of every row of x1 (..., n, d) to every row of x2 (..., m, d) in the p-norm: (..., n, m).

    compute_mode is accepted for PyTorch's sake: the differences themselves are taken, which is the exact way."""
    if x1.ndim < 2 or x2.ndim < 2 or x1.shape[-1] != x2.shape[-1]:
        raise shape_error("cdist", "(..., n, d) and (..., m, d)", x1, x2)
    return p_norm(unsqueeze(x1, -2) - unsqueeze(x2, -3), p, -1)


@public
def pdist(input: Any, p: float = 2.0) -> Any:
    """The distances of every two rows of a matrix, each pair once: n (n - 1) / 2 numbers."""
    if input.ndim != 2:
        raise shape_error("pdist", "a matrix", input)
    n = input.shape[0]
    first = [i for i in range(n) for _ in range(i + 1, n)]
    second = [j for i in range(n) for j in range(i + 1, n)]
    return p_norm(input[first] - input[second], p, -1)


@public
def pairwise_distance(x1: Any, x2: Any, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Any:
    """The p-norm of x1 - x2 + eps along the last dimension; x1 and x2 broadcast."""
    return p_norm(x1 - x2 + eps, p, -1, keepdim)


@public
def cosine_similarity(x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Any:
    """x1 . x2 / (|x1| |x2|) along `dim`, each length held above eps: the cosine of the angle. x1 and x2 broadcast."""
    x1, x2 = broadcast_tensors(x1, x2)
    at = axes.normalize_dim(dim, x1.ndim, "cosine_similarity")
    lengths = [clamp(p_norm(x, 2, at, True), min=eps) for x in (x1, x2)]
    return sum(x1 / lengths[0] * (x2 / lengths[1]), at)
