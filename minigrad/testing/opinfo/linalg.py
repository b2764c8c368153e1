"""ops/linalg/ and `minigrad.linalg`."""

from typing import Any

import numpy as np

from minigrad.ops.array.creation import eye
from minigrad.testing.opinfo.model import WIDE, Array, OpInfo, SampleInput, registered
from minigrad.torch import linalg

X = Array((3, 4))
INF = float("inf")


def _regular(a: Any) -> Any:
    """Far from singular: large elements on the diagonal, none of them alike."""
    return a + np.eye(a.shape[-1]) * np.linspace(3, 5, a.shape[-1])


def _symmetric(x: Any) -> Any:
    return (x + x.mT) * 0.5


def _positive(x: Any) -> Any:
    """Symmetric and positive definite, made of any square matrix."""
    return x @ x.mT + eye(x.shape[-1], dtype=x.dtype, device=x.device)


def of(name: str, make: Any) -> Any:
    """The op of that name on `make(x)`, for minigrad and for torch."""

    def call(x: Any, *args: Any, **options: Any) -> Any:
        return getattr(linalg, name)(make(x), *args, **options)

    return call


def torch_of(name: str, make: Any) -> Any:
    def call(torch: Any, x: Any, *args: Any, **options: Any) -> Any:
        return getattr(torch.linalg, name)(make(torch, x), *args, **options)

    return call


def _torch_positive(torch: Any, x: Any) -> Any:
    return x @ x.mT + torch.eye(x.shape[-1], dtype=x.dtype)


def signless(name: str, make: Any = lambda x: x) -> Any:
    """Factors whose columns are only determined up to sign, with the sign taken out: squares."""

    def call(x: Any, *args: Any, **options: Any) -> Any:
        out = getattr(linalg, name)(make(x), *args, **options)
        return tuple(f * f for f in out)

    return call


def torch_signless(name: str, make: Any = lambda x: x) -> Any:
    return lambda torch, x, *a, **k: tuple(f * f for f in getattr(torch.linalg, name)(make(x), *a, **k))


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


def _solution(A: Any, B: Any) -> Any:
    return linalg.lstsq(A, B).solution


def _torch_solution(torch: Any, A: Any, B: Any) -> Any:
    return torch.linalg.lstsq(A, B).solution


SQUARE = Array((3, 3), then=_regular)
STACK = Array((2, 4, 4), then=_regular)
TALL, FLAT = Array((4, 3)), Array((3, 4))
SINGULAR = Array((3, 3), then=lambda a: np.vstack([a[:2], a[:1] - 2 * a[1:2]]))
TRIANGLE = Array((3, 3), then=lambda a: a + 3 * np.eye(3))
NORMS: dict[str, Any] = {"rtol": 1e-10, "dtypes": WIDE}

PRODUCTS = [
    OpInfo("matmul", [SampleInput(X, Array((4, 2))), SampleInput(Array((4,)), Array((4,))), SampleInput(X, Array((4,))),
        SampleInput(Array((3,)), X), SampleInput(Array((2, 3, 4)), Array((4, 2))),
        SampleInput(Array((3, 4)), Array((2, 4, 2))), SampleInput(Array((0, 4)), Array((4, 2))),
        SampleInput(Array((2, 1, 3, 4)), Array((3, 4, 2))), SampleInput(Array((2, 3, 4)), Array((4,))),
        SampleInput(Array((3, 0)), Array((0, 2)))], numpy="matmul",
        large=[SampleInput(Array((90, 96)), Array((96, 100))), SampleInput(Array((8, 32, 40)), Array((8, 40, 24))),
        SampleInput(Array((504, 528)), Array((528, 64)))]),
    OpInfo("mm", [SampleInput(X, Array((4, 2)))], numpy="matmul"),
    OpInfo("bmm", [SampleInput(Array((2, 3, 4)), Array((2, 4, 2)))], numpy="matmul"),
    OpInfo("mv", [SampleInput(X, Array((4,)))], numpy="matmul"),
    OpInfo("dot", [SampleInput(Array((4,)), Array((4,))), SampleInput(Array((0,)), Array((0,)))], numpy="dot"),
    OpInfo("sum_of_squares", [SampleInput(X), SampleInput(Array(())), SampleInput(Array((0, 3)))],
        torch=lambda torch, x: (x * x).sum(), call=registered("sum_of_squares")),
    OpInfo("vdot", [SampleInput(Array((4,)), Array((4,)))], numpy="vdot"),
    OpInfo("inner", [SampleInput(X, Array((2, 4))), SampleInput(Array((4,)), X), SampleInput(Array(()), X)],
        numpy="inner"),
    OpInfo("outer", [SampleInput(Array((3,)), Array((4,)))], numpy="outer"),
    OpInfo("addmm", [SampleInput(Array((3, 2)), X, Array((4, 2))),
        SampleInput(Array((2,)), X, Array((4, 2)), beta=0.5, alpha=2.0)]),
    OpInfo("addmv", [SampleInput(Array((3,)), X, Array((4,)), beta=0.5)]),
    OpInfo("addr", [SampleInput(X, Array((3,)), Array((4,)), alpha=0.5)]),
    OpInfo("addbmm", [SampleInput(Array((3, 2)), Array((2, 3, 4)), Array((2, 4, 2)), beta=0.5, alpha=2)]),
    OpInfo("baddbmm", [SampleInput(Array((2, 3, 2)), Array((2, 3, 4)), Array((2, 4, 2)), beta=0.5)]),
    OpInfo("cross", [SampleInput(Array((2, 3)), Array((2, 3)), 1), SampleInput(Array((3, 2)), Array((3, 2)), dim=0)]),
    OpInfo("linalg.cross", [SampleInput(Array((2, 3)), Array((2, 3)))]),
    OpInfo("chain_matmul", [SampleInput(X, Array((4, 2)), Array((2, 5)))],
        torch=lambda torch, *x: torch.linalg.multi_dot(x)),
    OpInfo("matrix_power", [SampleInput(SQUARE, 3), SampleInput(SQUARE, 0), SampleInput(SQUARE, -2),
        SampleInput(SQUARE, 1)], **NORMS),
    OpInfo("einsum", [SampleInput("ij,jk->ik", X, Array((4, 2))), SampleInput("ij->ji", X), SampleInput("ij->", X),
        SampleInput("ii->i", Array((3, 3))), SampleInput("ii", Array((3, 3))),
        SampleInput("bij,bjk->bik", Array((2, 3, 4)), Array((2, 4, 2))), SampleInput("i,j", Array((3,)), Array((4,))),
        SampleInput("...ij,...j->...i", Array((2, 3, 4)), Array((2, 4))), SampleInput("ij,ij->i", X, X),
        SampleInput("ij,j,k->ik", X, Array((4,)), Array((2,))),
        SampleInput("bhqd,bhkd->bhqk", Array((1, 2, 3, 4)), Array((1, 2, 2, 4))),
        SampleInput("ijk,lj->il", Array((2, 3, 4)), Array((5, 3)))], alias=True),
    OpInfo("tensordot", [SampleInput(Array((2, 3, 4)), Array((3, 4, 2))), SampleInput(X, Array((4, 2)), 1),
        SampleInput(X, Array((2,)), 0), SampleInput(Array((2, 3, 4)), Array((4, 2)), ([2, 0], [0, 1]))]),
    OpInfo("kron", [SampleInput(Array((2, 3)), Array((2, 2))), SampleInput(Array((3,)), Array((2, 2))),
        SampleInput(Array(()), X)], numpy="kron"),
]  # fmt: skip

FACTORS = [
    OpInfo("inv", [SampleInput(SQUARE), SampleInput(STACK)], torch="linalg.inv", **NORMS),
    OpInfo("det", [SampleInput(SQUARE), SampleInput(STACK), SampleInput(SINGULAR, name="singular"),
        SampleInput(Array((1, 1)))], torch=_torch_det, **NORMS),
    OpInfo("slogdet", [SampleInput(SQUARE), SampleInput(STACK)], **NORMS),
    OpInfo("logabsdet", [SampleInput(SQUARE)], call=lambda x: of("slogdet", lambda y: y)(x).logabsdet,
        torch=lambda torch, x: torch.slogdet(x).logabsdet, **NORMS),
    OpInfo("sign_of_det", [SampleInput(SQUARE)], call=lambda x: of("slogdet", lambda y: y)(x).sign, order=0,
        torch=lambda torch, x: torch.slogdet(x).sign, **NORMS),
    OpInfo("logdet", [SampleInput(Array((3, 3), -0.5, 0.5, then=_regular))], **NORMS),
    OpInfo("solve", [SampleInput(SQUARE, Array((3, 2))), SampleInput(SQUARE, Array((3,))),
        SampleInput(STACK, Array((2, 4, 3))), SampleInput(STACK, Array((4, 1))),
        SampleInput(SQUARE, Array((2, 3)), left=False)], torch="linalg.solve", **NORMS),
    OpInfo("solve_triangular", [SampleInput(TRIANGLE, Array((3, 2)), upper=True),
        SampleInput(TRIANGLE, Array((3, 2)), upper=False), SampleInput(TRIANGLE, Array((2, 3)), upper=True, left=False),
        SampleInput(TRIANGLE, Array((3, 2)), upper=False, unitriangular=True)], torch="linalg.solve_triangular",
        **NORMS),
    OpInfo("pinv", [SampleInput(TALL), SampleInput(FLAT), SampleInput(SQUARE)], torch="linalg.pinv", **NORMS),
    OpInfo("cholesky", [SampleInput(SQUARE), SampleInput(STACK), SampleInput(SQUARE, upper=True)],
        call=of("cholesky", _positive), torch=torch_of("cholesky", _torch_positive), **NORMS),
    OpInfo("qr", [SampleInput(TALL), SampleInput(SQUARE), SampleInput(FLAT), SampleInput(Array((2, 4, 3)))],
        call=signless("qr"), torch=torch_signless("qr"), **NORMS),
    OpInfo("eigh", [SampleInput(SQUARE), SampleInput(STACK), SampleInput(SQUARE, "U")],
        call=signless("eigh", _symmetric), torch=torch_signless("eigh", _symmetric), kinks=("equal eigenvalues",),
        **NORMS),
    OpInfo("eigvalsh", [SampleInput(SQUARE)], call=of("eigvalsh", _symmetric),
        torch=torch_of("eigvalsh", lambda t, x: _symmetric(x)), kinks=("equal eigenvalues",), **NORMS),
    OpInfo("svd", [SampleInput(SQUARE), SampleInput(TALL, False), SampleInput(FLAT, full_matrices=False)],
        call=signless("svd"), torch=torch_signless("svd"), kinks=("equal singular values", "singular value 0"),
        **NORMS),
    OpInfo("svdvals", [SampleInput(TALL), SampleInput(STACK)], torch="linalg.svdvals", kinks=("equal singular values",),
        **NORMS),
]  # fmt: skip

SCALES = [
    OpInfo("linalg.vector_norm", [SampleInput(X), SampleInput(X, 2, 1), SampleInput(X, 2, (0, 1), True)],
        kinks=("the zero vector: gradient 0",)),
    OpInfo("linalg.matrix_norm", [SampleInput(X), SampleInput(X, "nuc"), SampleInput(X, 2), SampleInput(X, -2),
        SampleInput(Array((2, 3, 4), away=(0.0,)), 1), SampleInput(Array((2, 3, 4), away=(0.0,)), INF, (0, 2), True),
        SampleInput(Array((3, 4), away=(0.0,)), -1)], **NORMS),
    OpInfo("linalg.norm", [SampleInput(X), SampleInput(X, "fro"), SampleInput(X, 2), SampleInput(X, 2, 1)], **NORMS),
    OpInfo("linalg.multi_dot", [SampleInput([X, Array((4, 2)), Array((2, 5))]),
        SampleInput([Array((4,)), Array((4, 2)), Array((2,))])]),
    OpInfo("linalg.vecdot", [SampleInput(X, Array((3, 4))), SampleInput(X, Array((3, 4)), dim=0)]),
    OpInfo("linalg.cond", [SampleInput(SQUARE), SampleInput(STACK)], **NORMS),
    OpInfo("linalg.lstsq", [SampleInput(TALL, Array((TALL.shape[-2], 2))),
        SampleInput(SQUARE, Array((SQUARE.shape[-2], 2)))], call=_solution, torch=_torch_solution, **NORMS),
    OpInfo("linalg.matrix_rank", [SampleInput(SINGULAR, name="singular"), SampleInput(STACK)], order=0,
        dtypes=("float64",)),
    OpInfo("linalg.vander", [SampleInput(Array((3,), away=(0.0,))), SampleInput(Array((2, 3), away=(0.0,)), N=4)]),
]  # fmt: skip


op_db = PRODUCTS + FACTORS + SCALES
