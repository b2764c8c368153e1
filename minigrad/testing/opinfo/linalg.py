"""ops/linalg/ and `minigrad.linalg`."""

from functools import partial
from operator import attrgetter
from typing import Any

import numpy as np

from minigrad.testing.opinfo.model import WIDE, Array, SampleInput, op, registered
from minigrad.torch import linalg


def _regular(a: Any) -> Any:
    """Far from singular: large elements on the diagonal, none of them alike."""
    return a + np.eye(a.shape[-1]) * np.linspace(3, 5, a.shape[-1])


def _symmetric(x: Any) -> Any:
    return (x + x.mT) * 0.5


def _positive(x: Any) -> Any:
    """Symmetric and positive definite, made of any square matrix."""
    return x @ x.mT + x.new_ones(x.shape[-1]).diag()


def on(make: Any, name: str, take: Any = None) -> dict[str, Any]:
    """The function of that name on `make(x)`, in minigrad's linalg and in PyTorch's; `take` changes its result."""

    def of(module: Any, x: Any, *args: Any, **options: Any) -> Any:
        out = getattr(module, name)(make(x), *args, **options)
        return take(out) if take else out

    return {"call": partial(of, linalg), "torch": lambda torch, *args, **options: of(torch.linalg, *args, **options)}


def _same(x: Any) -> Any:
    return x


def _squares(factors: Any) -> Any:
    """Of factors whose columns are only determined up to sign: their squares."""
    return tuple(f * f for f in factors)


def _laplace(torch: Any, x: Any) -> Any:
    """det by Laplace's expansion along the first row: its gradient is the adjugate, at singular matrices too."""
    n = x.shape[-1]
    minors = (torch.cat([x[..., 1:, :j], x[..., 1:, j + 1 :]], -1) for j in range(n))
    terms = (x[..., 0, j] * (_laplace(torch, m) if n > 1 else 1) * (-1) ** j for j, m in enumerate(minors))
    return sum(terms)


def _torch_det(torch: Any, x: Any) -> Any:
    """PyTorch's det, but of singular matrices Laplace's: where PyTorch's LU meets an exact zero (which depends on the
    CPU), its gradient is 0."""
    singular = (torch.linalg.matrix_rank(x.detach()) < x.shape[-1]).any()
    return _laplace(torch, x) if singular else torch.det(x)


SQUARE = Array((3, 3), then=_regular)
STACK = Array((2, 4, 4), then=_regular)
SINGULAR = Array((3, 3), then=lambda a: np.vstack([a[:2], a[:1] - 2 * a[1:2]]))
TRIANGLE = Array((3, 3), then=lambda a: a + 3 * np.eye(3))
NORMS: dict[str, Any] = {"rtol": 1e-10, "dtypes": WIDE}

PRODUCTS = [
    op("matmul", "3x4, 4x2 | 4x, 4x | 3x4, 4x | 3x, 3x4 | 2x3x4, 4x2 | 3x4, 2x4x2 | 0x4, 4x2 | 2x1x3x4, 3x4x2",
        "2x3x4, 4x | 3x0, 0x2", numpy="matmul", large=["90x96, 96x100 | 8x32x40, 8x40x24 | 504x528, 528x64"]),
    op("mm", "3x4, 4x2", numpy="matmul"),
    op("bmm", "2x3x4, 2x4x2", numpy="matmul"),
    op("mv", "3x4, 4x", numpy="matmul"),
    op("dot", "4x, 4x | 0x, 0x", numpy="dot"),
    op("sum_of_squares", "3x4 | 0d | 0x3", torch=lambda torch, x: (x * x).sum(), call=registered("sum_of_squares")),
    op("vdot", "4x, 4x", numpy="vdot"),
    op("inner", "3x4, 2x4 | 4x, 3x4 | 0d, 3x4", numpy="inner"),
    op("outer", "3x, 4x", numpy="outer"),
    op("addmm", "3x2, 3x4, 4x2 | 2x, 3x4, 4x2, beta=0.5, alpha=2.0"),
    op("addmv", "3x, 3x4, 4x, beta=0.5"),
    op("addr", "3x4, 3x, 4x, alpha=0.5"),
    op("addbmm", "3x2, 2x3x4, 2x4x2, beta=0.5, alpha=2"),
    op("baddbmm", "2x3x2, 2x3x4, 2x4x2, beta=0.5"),
    op("cross", "2x3, 2x3, 1 | 3x2, 3x2, dim=0"),
    op("linalg.cross", "2x3, 2x3"),
    op("chain_matmul", "3x4, 4x2, 2x5", torch=lambda torch, *x: torch.linalg.multi_dot(x)),
    op("matrix_power", *(SampleInput(SQUARE, n) for n in (3, 0, -2, 1)), **NORMS),
    op("einsum", "'ij,jk->ik', 3x4, 4x2 | 'ij->ji', 3x4 | 'ij->', 3x4 | 'ii->i', 3x3 | 'ii', 3x3",
        "'bij,bjk->bik', 2x3x4, 2x4x2 | 'i,j', 3x, 4x | '...ij,...j->...i', 2x3x4, 2x4 | 'ij,ij->i', 3x4, 3x4",
        "'ij,j,k->ik', 3x4, 4x, 2x | 'bhqd,bhkd->bhqk', 1x2x3x4, 1x2x2x4 | 'ijk,lj->il', 2x3x4, 5x3", alias=True),
    op("tensordot", "2x3x4, 3x4x2 | 3x4, 4x2, 1 | 3x4, 2x, 0 | 2x3x4, 4x2, ([2, 0], [0, 1])"),
    op("kron", "2x3, 2x2 | 3x, 2x2 | 0d, 3x4", numpy="kron"),
]  # fmt: skip

FACTORS = [
    op("inv", SQUARE, STACK, torch="linalg.inv", **NORMS),
    op("det", SQUARE, STACK, SampleInput(SINGULAR, name="singular"), "1x1", torch=_torch_det, **NORMS),
    op("slogdet", SQUARE, STACK, **NORMS),
    op("logabsdet", SQUARE, **on(_same, "slogdet", attrgetter("logabsdet")), **NORMS),
    op("sign_of_det", SQUARE, zero=True, **on(_same, "slogdet", attrgetter("sign")), **NORMS),
    op("logdet", Array((3, 3), -0.5, 0.5, then=_regular), **NORMS),
    op("solve", SampleInput(SQUARE, Array((3, 2))), SampleInput(SQUARE, Array((3,))),
        SampleInput(STACK, Array((2, 4, 3))), SampleInput(STACK, Array((4, 1))),
        SampleInput(SQUARE, Array((2, 3)), left=False), torch="linalg.solve", **NORMS),
    op("solve_triangular", *(SampleInput(TRIANGLE, Array((3, 2)), upper=upper) for upper in (True, False)),
        SampleInput(TRIANGLE, Array((2, 3)), upper=True, left=False),
        SampleInput(TRIANGLE, Array((3, 2)), upper=False, unitriangular=True), torch="linalg.solve_triangular",
        **NORMS),
    op("pinv", "4x3 | 3x4", SQUARE, torch="linalg.pinv", **NORMS),
    op("cholesky", SQUARE, STACK, SampleInput(SQUARE, upper=True), **on(_positive, "cholesky"), **NORMS),
    op("qr", "4x3", SQUARE, "3x4 | 2x4x3", **on(_same, "qr", _squares), **NORMS),
    op("eigh", SQUARE, STACK, SampleInput(SQUARE, "U"), **on(_symmetric, "eigh", _squares),
        kinks=("equal eigenvalues",), **NORMS),
    op("eigvalsh", SQUARE, **on(_symmetric, "eigvalsh"), kinks=("equal eigenvalues",), **NORMS),
    op("svd", SQUARE, "4x3, False | 3x4, full_matrices=False", **on(_same, "svd", _squares),
        kinks=("equal singular values", "singular value 0"), **NORMS),
    op("svdvals", "4x3", STACK, torch="linalg.svdvals", kinks=("equal singular values",), **NORMS),
]  # fmt: skip

SCALES = [
    op("linalg.vector_norm", "3x4 | 3x4, 2, 1 | 3x4, 2, (0, 1), True", kinks=("the zero vector: gradient 0",)),
    op("linalg.matrix_norm", "3x4 | 3x4, 'nuc' | 3x4, 2 | 3x4, -2", SampleInput(Array((2, 3, 4), away=(0.0,)), 1),
        SampleInput(Array((2, 3, 4), away=(0.0,)), float("inf"), (0, 2), True),
        SampleInput(Array((3, 4), away=(0.0,)), -1), **NORMS),
    op("linalg.norm", "3x4 | 3x4, 'fro' | 3x4, 2 | 3x4, 2, 1", **NORMS),
    op("linalg.multi_dot", "[3x4, 4x2, 2x5] | [4x, 4x2, 2x]"),
    op("linalg.vecdot", "3x4, 3x4 | 3x4, 3x4, dim=0"),
    op("linalg.cond", SQUARE, STACK, **NORMS),
    op("linalg.lstsq", "4x3, 4x2", SampleInput(SQUARE, Array((3, 2))), **on(_same, "lstsq", attrgetter("solution")),
        **NORMS),
    op("linalg.matrix_rank", SampleInput(SINGULAR, name="singular"), STACK, order=0, dtypes=("float64",)),
    op("linalg.vander", SampleInput(Array((3,), away=(0.0,))), SampleInput(Array((2, 3), away=(0.0,)), N=4)),
]  # fmt: skip


op_db = PRODUCTS + FACTORS + SCALES
