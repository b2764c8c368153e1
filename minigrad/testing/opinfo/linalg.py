"""Rows of ops/linalg.py, ops/einsum.py, ops/decompose.py and `minigrad.linalg`."""

from typing import Any

import numpy as np

from minigrad.testing.opinfo.rows import WIDE, Draw, Row, Sample

X = Draw((3, 4))
INF = float("inf")


def _regular(a: Any) -> Any:
    """Far from singular: large elements on the diagonal, none of them alike."""
    return a + np.eye(a.shape[-1]) * np.linspace(3, 5, a.shape[-1])


def _symmetric(x: Any) -> Any:
    return (x + x.mT) * 0.5


def _positive(x: Any) -> Any:
    """Symmetric and positive definite, made of any square matrix."""
    import minigrad

    return x @ x.mT + minigrad.eye(x.shape[-1], dtype=x.dtype, device=x.device)


def of(name: str, make: Any) -> Any:
    """The op of that name on `make(x)`, for minigrad and for torch."""

    def call(x: Any, *args: Any, **options: Any) -> Any:
        from minigrad.torch import linalg

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
        import minigrad

        out = getattr(minigrad.linalg, name)(make(x), *args, **options)
        return tuple(f * f for f in out)

    return call


def torch_signless(name: str, make: Any = lambda x: x) -> Any:
    return lambda torch, x, *a, **k: tuple(f * f for f in getattr(torch.linalg, name)(make(x), *a, **k))


def _solution(A: Any, B: Any) -> Any:
    import minigrad

    return minigrad.linalg.lstsq(A, B).solution


def _torch_solution(torch: Any, A: Any, B: Any) -> Any:
    return torch.linalg.lstsq(A, B).solution


SQUARE = Draw((3, 3), then=_regular)
STACK = Draw((2, 4, 4), then=_regular)
TALL, FLAT = Draw((4, 3)), Draw((3, 4))
SINGULAR = Draw((3, 3), then=lambda a: np.vstack([a[:2], a[:1] - 2 * a[1:2]]))
TRIANGLE = Draw((3, 3), then=lambda a: a + 3 * np.eye(3))
NORMS: dict[str, Any] = {"rtol": 1e-10, "dtypes": WIDE}

PRODUCTS = [
    Row("matmul", [
        Sample(X, Draw((4, 2))), Sample(Draw((4,)), Draw((4,))), Sample(X, Draw((4,))), Sample(Draw((3,)), X),
        Sample(Draw((2, 3, 4)), Draw((4, 2))), Sample(Draw((3, 4)), Draw((2, 4, 2))),
        Sample(Draw((0, 4)), Draw((4, 2))),
        Sample(Draw((2, 1, 3, 4)), Draw((3, 4, 2))), Sample(Draw((2, 3, 4)), Draw((4,))),
        Sample(Draw((3, 0)), Draw((0, 2))),
    ], numpy="matmul"),
    Row("mm", [Sample(X, Draw((4, 2)))], numpy="matmul"),
    Row("bmm", [Sample(Draw((2, 3, 4)), Draw((2, 4, 2)))], numpy="matmul"),
    Row("mv", [Sample(X, Draw((4,)))], numpy="matmul"),
    Row("dot", [Sample(Draw((4,)), Draw((4,))), Sample(Draw((0,)), Draw((0,)))], numpy="dot"),
    Row("sum_of_squares", [Sample(X), Sample(Draw(())), Sample(Draw((0, 3)))], torch=lambda torch, x: (x * x).sum(),
        call=lambda x: _sum_of_squares(x)),
    Row("vdot", [Sample(Draw((4,)), Draw((4,)))], numpy="vdot"),
    Row("inner", [Sample(X, Draw((2, 4))), Sample(Draw((4,)), X), Sample(Draw(()), X)], numpy="inner"),
    Row("outer", [Sample(Draw((3,)), Draw((4,)))], numpy="outer"),
    Row("addmm", [Sample(Draw((3, 2)), X, Draw((4, 2))), Sample(Draw((2,)), X, Draw((4, 2)), beta=0.5, alpha=2.0)]),
    Row("addmv", [Sample(Draw((3,)), X, Draw((4,)), beta=0.5)]),
    Row("addr", [Sample(X, Draw((3,)), Draw((4,)), alpha=0.5)]),
    Row("addbmm", [Sample(Draw((3, 2)), Draw((2, 3, 4)), Draw((2, 4, 2)), beta=0.5, alpha=2)]),
    Row("baddbmm", [Sample(Draw((2, 3, 2)), Draw((2, 3, 4)), Draw((2, 4, 2)), beta=0.5)]),
    Row("cross", [Sample(Draw((2, 3)), Draw((2, 3)), 1), Sample(Draw((3, 2)), Draw((3, 2)), dim=0)]),
    Row("linalg.cross", [Sample(Draw((2, 3)), Draw((2, 3)))]),
    Row("chain_matmul", [Sample(X, Draw((4, 2)), Draw((2, 5)))], torch=lambda torch, *x: torch.linalg.multi_dot(x)),
    Row("matrix_power", [Sample(SQUARE, 3), Sample(SQUARE, 0), Sample(SQUARE, -2), Sample(SQUARE, 1)], **NORMS),
    Row("einsum", [
        Sample("ij,jk->ik", X, Draw((4, 2))), Sample("ij->ji", X), Sample("ij->", X), Sample("ii->i", Draw((3, 3))),
        Sample("ii", Draw((3, 3))), Sample("bij,bjk->bik", Draw((2, 3, 4)), Draw((2, 4, 2))),
        Sample("i,j", Draw((3,)), Draw((4,))),
        Sample("...ij,...j->...i", Draw((2, 3, 4)), Draw((2, 4))), Sample("ij,ij->i", X, X),
        Sample("ij,j,k->ik", X, Draw((4,)), Draw((2,))),
        Sample("bhqd,bhkd->bhqk", Draw((1, 2, 3, 4)), Draw((1, 2, 2, 4))),
        Sample("ijk,lj->il", Draw((2, 3, 4)), Draw((5, 3))),
    ], alias=True),
    Row("tensordot", [Sample(Draw((2, 3, 4)), Draw((3, 4, 2))), Sample(X, Draw((4, 2)), 1), Sample(X, Draw((2,)), 0),
                      Sample(Draw((2, 3, 4)), Draw((4, 2)), ([2, 0], [0, 1]))]),
    Row("kron", [Sample(Draw((2, 3)), Draw((2, 2))), Sample(Draw((3,)), Draw((2, 2))),
        Sample(Draw(()), X)], numpy="kron"),
]  # fmt: skip

FACTORS = [
    Row("inv", [Sample(SQUARE), Sample(STACK)], torch="linalg.inv", **NORMS),
    Row("det", [Sample(SQUARE), Sample(STACK), Sample(SINGULAR, called="singular"), Sample(Draw((1, 1)))], **NORMS),
    Row("slogdet", [Sample(SQUARE), Sample(STACK)], **NORMS),
    Row("logabsdet", [Sample(SQUARE)], call=lambda x: of("slogdet", lambda y: y)(x).logabsdet,
        torch=lambda torch, x: torch.slogdet(x).logabsdet, **NORMS),
    Row("sign_of_det", [Sample(SQUARE)], call=lambda x: of("slogdet", lambda y: y)(x).sign, order=0,
        torch=lambda torch, x: torch.slogdet(x).sign, **NORMS),
    Row("logdet", [Sample(Draw((3, 3), -0.5, 0.5, then=_regular))], **NORMS),
    Row("solve", [Sample(SQUARE, Draw((3, 2))), Sample(SQUARE, Draw((3,))), Sample(STACK, Draw((2, 4, 3))),
        Sample(STACK, Draw((4, 1))),
                  Sample(SQUARE, Draw((2, 3)), left=False)], torch="linalg.solve", **NORMS),
    Row("solve_triangular", [Sample(TRIANGLE, Draw((3, 2)), upper=True), Sample(TRIANGLE, Draw((3, 2)), upper=False),
                             Sample(TRIANGLE, Draw((2, 3)), upper=True, left=False),
                             Sample(TRIANGLE, Draw((3, 2)), upper=False, unitriangular=True)],
        torch="linalg.solve_triangular", **NORMS),
    Row("pinv", [Sample(TALL), Sample(FLAT), Sample(SQUARE)], torch="linalg.pinv", **NORMS),
    Row("cholesky", [Sample(SQUARE), Sample(STACK), Sample(SQUARE, upper=True)], call=of("cholesky", _positive),
        torch=torch_of("cholesky", _torch_positive), **NORMS),
    Row("qr", [Sample(TALL), Sample(SQUARE), Sample(FLAT), Sample(Draw((2, 4, 3)))], call=signless("qr"),
        torch=torch_signless("qr"), **NORMS),
    Row("eigh", [Sample(SQUARE), Sample(STACK), Sample(SQUARE, "U")], call=signless("eigh", _symmetric),
        torch=torch_signless("eigh", _symmetric), kinks=("equal eigenvalues",), **NORMS),
    Row("eigvalsh", [Sample(SQUARE)], call=of("eigvalsh", _symmetric),
        torch=torch_of("eigvalsh", lambda t, x: _symmetric(x)),
        kinks=("equal eigenvalues",), **NORMS),
    Row("svd", [Sample(SQUARE), Sample(TALL, False), Sample(FLAT, full_matrices=False)], call=signless("svd"),
        torch=torch_signless("svd"), kinks=("equal singular values", "singular value 0"), **NORMS),
    Row("svdvals", [Sample(TALL), Sample(STACK)], torch="linalg.svdvals", kinks=("equal singular values",), **NORMS),
]  # fmt: skip

SCALES = [
    Row("linalg.vector_norm", [Sample(X), Sample(X, 2, 1),
        Sample(X, 2, (0, 1), True)], kinks=("the zero vector: gradient 0",)),
    Row("linalg.matrix_norm", [
        Sample(X), Sample(X, "nuc"), Sample(X, 2), Sample(X, -2), Sample(Draw((2, 3, 4), away=(0.0,)), 1),
        Sample(Draw((2, 3, 4), away=(0.0,)), INF, (0, 2), True), Sample(Draw((3, 4), away=(0.0,)), -1),
    ], **NORMS),
    Row("linalg.norm", [Sample(X), Sample(X, "fro"), Sample(X, 2), Sample(X, 2, 1)], **NORMS),
    Row("linalg.multi_dot", [Sample([X, Draw((4, 2)), Draw((2, 5))]), Sample([Draw((4,)), Draw((4, 2)), Draw((2,))])]),
    Row("linalg.vecdot", [Sample(X, Draw((3, 4))), Sample(X, Draw((3, 4)), dim=0)]),
    Row("linalg.cond", [Sample(SQUARE), Sample(STACK)], **NORMS),
    Row("linalg.lstsq", [Sample(TALL, Draw((TALL.shape[-2], 2))), Sample(SQUARE, Draw((SQUARE.shape[-2], 2)))],
        call=_solution, torch=_torch_solution, **NORMS),
    Row("linalg.matrix_rank", [Sample(SINGULAR, called="singular"), Sample(STACK)], order=0, dtypes=("float64",)),
    Row("linalg.vander", [Sample(Draw((3,), away=(0.0,))), Sample(Draw((2, 3), away=(0.0,)), N=4)]),
]  # fmt: skip


def _sum_of_squares(x: Any) -> Any:
    from minigrad.ops.linalg.products import sum_of_squares

    return sum_of_squares(x)


ROWS = PRODUCTS + FACTORS + SCALES
