"""Functions that PyTorch has replaced by those of `linalg`."""

from typing import Any

from minigrad.ops.linalg import decompositions as _decompositions

__all__ = ["qr", "svd"]


def svd(input: Any, some: bool = True, compute_uv: bool = True) -> Any:
    """(U, S, V) with input = U diag(S) V^T, the old way: `linalg.svd` gives V transposed."""
    u, s, vh = _decompositions.svd(input, full_matrices=not some)
    return u, s, vh.mT


def qr(input: Any, some: bool = True) -> Any:
    """(Q, R), the old way: `linalg.qr`."""
    return _decompositions.qr(input, "reduced" if some else "complete")
