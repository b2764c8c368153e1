"""Sparse matrices: what the example of structured sparsity asks for."""

from typing import Any

from cupy._array import ndarray, wrap
from cupy._counts import launched, synced
from scipy import sparse


class csr_matrix:  # noqa: N801
    """The nonzero elements of a matrix, row by row."""

    def __init__(self, arg1: Any) -> None:
        if not isinstance(arg1, ndarray):
            raise ValueError("Unsupported initializer format")
        synced()
        self._matrix = sparse.csr_matrix(arg1._a)
        self.shape = self._matrix.shape

    def __matmul__(self, other: Any) -> Any:
        launched()
        return wrap(self._matrix @ other._a)
