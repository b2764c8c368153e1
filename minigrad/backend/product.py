"""The product of matrices, as NumPy's BLAS does it soonest."""

import operator
from typing import Any

from numpy import ndarray

from minigrad.backend.threads import get_num_threads, note_blas_spin, single_threaded

# multiplications from which on OpenBLAS shares a product among threads, and from which on that is of any use: between
# them one thread is as fast, and leaves no others spinning
SHARED, WORTH_IT = 2**18, 2**22


def product(x: Any, y: Any) -> Any:
    """x @ y of raw arrays or of Tensors. NumPy's `dot` asks the same of BLAS as its `@`, 0.4 us sooner; a column times
    a row `@` multiplies by itself, which takes five times as long (the gradient of a weight from a batch of one)."""
    if x.__class__ is ndarray and x.ndim < 3 and y.ndim < 3 and x.dtype.char in "fd":
        size = x.size * y.shape[-1]
        if size < SHARED or get_num_threads() == 1:
            return x.dot(y)
        if size < WORTH_IT:
            return single_threaded(x.dot, y)
        out = x.dot(y)
        note_blas_spin()
        return out
    return operator.matmul(x, y)
