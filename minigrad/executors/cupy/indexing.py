"""Elements taken along a dimension and put back, in one launch each."""

import math
from typing import Any

from minigrad.backend import array_module
from minigrad.backend.cuda_kernel import elementwise
from minigrad.engine.executions import execution
from minigrad.ops.index.indexing import _gather, _scatter_zeros

TAKE = elementwise(
    "take_along", "raw T x, I index, int64 inner, int64 n, int64 many", "T out",
    "out = x[(i / (inner * many) * n + (long long)index) * inner + i % inner]",
)  # fmt: skip
PUT = elementwise(
    "put_along", "raw T g, raw I index, int64 inner, int64 n", "T out",
    """
    long long from = i / (inner * n) * inner + i % inner;
    out = (long long)index[from] == i / inner % n ? g[from] : T(0);
    """,
)  # fmt: skip


def _is_same_but(dim: int, a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    """Are these sizes the same but at `dim`?"""
    return a[:dim] == b[:dim] and a[dim + 1 :] == b[dim + 1 :]


def accepts(input: Any, index: Any, *, dim: int) -> bool:
    """Floating arrays, and an index with the input's sizes but at `dim`."""
    return input.dtype.kind == "f" and index.size > 0 and _is_same_but(dim, index.shape, input.shape)


def accepts_one(g: Any, index: Any, *, shape: tuple[int, ...], dim: int) -> bool:
    """Likewise, with one element along `dim`."""
    return g.dtype.kind == "f" and g.size > 0 and index.shape[dim] == 1 and _is_same_but(dim, index.shape, shape)


def _sizes(shape: tuple[int, ...], dim: int) -> tuple[int, int]:
    """The sizes of what comes after a dimension, and of itself."""
    return math.prod(shape[dim + 1 :]), shape[dim]


@execution(_gather, "cupy", accepts)
def gather(input: Any, index: Any, *, dim: int) -> Any:
    """input[i][index[i][j][k]][k]."""
    return TAKE.call(input, index, *_sizes(input.shape, dim), index.shape[dim])


@execution(_scatter_zeros, "cupy", accepts_one)
def scatter_zeros(g: Any, index: Any, *, shape: tuple[int, ...], dim: int) -> Any:
    """Zeros of `shape` with g at `index`."""
    out = array_module(g).empty(shape, dtype=g.dtype)
    return PUT.call(g, index, *_sizes(shape, dim), out)
