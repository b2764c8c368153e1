"""The gradient of max pooling in one pass over planes, in one or two dimensions. (The maxima are found twice as fast
cell by cell, where processors compare several at once.)"""

from typing import Any

import numpy as np

from minigrad.backend.threads import chunks, parallel_for
from minigrad.engine.executions import MIN_LARGE, execution
from minigrad.executors.numba.compiled import Array3d, Bytes3d, loop
from minigrad.ops.nn.im2col import Ints
from minigrad.ops.nn.max_pool import max_pool_backward


@loop
def put_back(
    g: Array3d, indices: Bytes3d, out: Array3d, kw: int, sh: int, sw: int, dh: int, dw: int, first: int, last: int
) -> None:
    """Adds each g to the largest element of its window in out, (planes, h, w), which begins as zeros."""
    _, rows, columns = g.shape
    for p in range(first, last):
        for r in range(rows):
            for c in range(columns):
                number = np.int64(indices[p, r, c])
                out[p, r * sh + number // kw * dh, c * sw + number % kw * dw] += g[p, r, c]


def _two(sizes: Ints) -> Ints:
    """Of two dimensions, the first of which is 1 where there is but one."""
    return (1, *sizes)[-2:]


def _planes(*arrays: Any) -> list[Any]:
    """(..., h, w), or (..., w), as (planes, h, w)."""
    return [a.reshape(-1, *_two(a.shape[2:])) for a in arrays]


def _by_parts(loop: Any, *arguments: Any) -> None:
    """The loop over parts of the planes, by all threads."""
    planes = arguments[0]
    some = chunks(len(planes), planes[0].size)
    parallel_for(lambda i: loop(*arguments, some[i].start, some[i].stop), len(some))


def accepts(g: Any, *, indices: Any, kernel: Ints, **settings: Any) -> bool:
    """Planes or lines, whose windows number their elements in a byte."""
    return len(kernel) < 3 and indices.dtype.char == "B" and g.dtype.char == "f" and g.size >= MIN_LARGE


@execution(max_pool_backward, "numba", accepts)
def backward(g: Any, *, indices: Any, shape: Ints, kernel: Ints, stride: Ints, dilation: Ints) -> Any:
    """See `ops.nn.max_pool.max_pool_backward`."""
    out = np.zeros(shape, g.dtype)
    planes = _planes(np.ascontiguousarray(g), np.ascontiguousarray(indices), out)
    _by_parts(put_back, *planes, _two(kernel)[1], *_two(stride), *_two(dilation))
    return out
