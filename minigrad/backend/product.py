"""The product of matrices, as NumPy's BLAS does it soonest: large ones in parts, by the framework's threads."""

import operator
from typing import Any

import numpy as np

from minigrad.backend.threads import get_num_threads, hold_blas, parallel_for

ndarray = np.ndarray
# multiplications from which on OpenBLAS shares a product among its own threads, and from which on that is of any use:
# between them one thread is as fast
SHARED, WORTH_IT = 2**18, 2**22


def product(x: Any, y: Any) -> Any:
    """x @ y of raw arrays or of Tensors. NumPy's `dot` asks the same of BLAS as its `@`, 0.4 us sooner; a column times
    a row `@` multiplies by itself, which takes five times as long (the gradient of a weight from a batch of one)."""
    if x.__class__ is not ndarray or y.__class__ is not ndarray or x.dtype.char not in "fd":
        return operator.matmul(x, y)
    multiplications = x.size * y.shape[-1]
    if multiplications >= SHARED and get_num_threads() > 1:
        hold_blas()
        fits = x.ndim == y.ndim > 1 and x.shape[:-2] == y.shape[:-2] and x.shape[-1] == y.shape[-2]
        if fits and multiplications >= WORTH_IT and len(x) > 1:
            few = x.ndim == 2 and len(x) < y.shape[1] // 2
            return np.ascontiguousarray(_in_parts(y.T, x.T).T) if few else _in_parts(x, y)
    return x.dot(y) if x.ndim < 3 and y.ndim < 3 else operator.matmul(x, y)


def _in_parts(x: Any, y: Any) -> Any:
    """As many rows, or matrices of a stack, by each thread."""
    out, count = np.empty((*x.shape[:-1], y.shape[-1]), x.dtype), min(len(x), get_num_threads())
    edges = [len(x) * i // count for i in range(count + 1)]

    def work(i: int) -> None:
        part = slice(edges[i], edges[i + 1])
        np.matmul(x[part], y if y.ndim == 2 else y[part], out=out[part])

    parallel_for(work, count)
    return out
