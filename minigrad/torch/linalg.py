"""Linear algebra, by the names of `torch.linalg`. Its functions are in `minigrad/ops/linalg/`."""

from minigrad.errors import LinAlgError
from minigrad.ops.array.diagonal import diagonal
from minigrad.ops.linalg.decompositions import (
    cholesky,
    det,
    eigh,
    eigvalsh,
    inv,
    pinv,
    qr,
    slogdet,
    solve,
    solve_triangular,
    svd,
    svdvals,
)  # fmt: skip
from minigrad.ops.linalg.einsum import tensordot
from minigrad.ops.linalg.functions import (
    cond,
    cross,
    lstsq,
    matrix_power,
    matrix_rank,
    multi_dot,
    norm,
    vander,
    vecdot,
)  # fmt: skip
from minigrad.ops.linalg.norms import matrix_norm, vector_norm
from minigrad.ops.linalg.products import matmul

__all__ = [
    "LinAlgError", "cholesky", "cond", "cross", "det", "diagonal", "eigh", "eigvalsh", "inv", "lstsq", "matmul",
    "matrix_norm", "matrix_power", "matrix_rank", "multi_dot", "norm", "pinv", "qr", "slogdet", "solve",
    "solve_triangular", "svd", "svdvals", "tensordot", "vander", "vecdot", "vector_norm",
]  # fmt: skip
