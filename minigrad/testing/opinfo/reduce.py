"""Rows of ops/reduce.py."""

from typing import Any

import numpy as np

from minigrad.testing.opinfo.rows import Draw, Row, Sample, bools

X = Draw((3, 4))
CUBE = Draw((2, 3, 4))
APART = Draw((3, 4), distinct=True)
SIGNED = Draw((3, 4), away=(0.0,))
SIZES = Draw((3, 4), 0.1, 2, distinct=True)
EMPTY = Draw((0, 3))
SCALAR = Draw(())
EVEN = ("ties: an even share",)
FIRST = ("ties: an even share; the first of them where indices are returned",)

OVER = [Sample(CUBE), Sample(CUBE, 1), Sample(CUBE, -1, True), Sample(CUBE, dim=(0, 2)), Sample(SCALAR),
    Sample(SCALAR, 0),
        Sample(CUBE, dim=[0, 1], keepdim=True), Sample(EMPTY, 1)]  # fmt: skip
EXTREME = [Sample(APART, 1), Sample(Draw((2, 3, 4), distinct=True), (0, 2), True), Sample(SCALAR, 0), Sample(EMPTY, 1)]
CHOSEN = [Sample(APART), Sample(APART, 1), Sample(APART, dim=-2, keepdim=True), Sample(SCALAR), Sample(SCALAR, 0)]
SPREAD = [Sample(CUBE), Sample(CUBE, 1), Sample(CUBE, (0, -1), keepdim=True), Sample(X, 1, correction=0),
          Sample(X, unbiased=False)]  # fmt: skip
TRUTH = [Sample(bools((3, 4))), Sample(bools((3, 4)), 1), Sample(bools((3, 4)), 0, True), Sample(X),
         Sample(bools((0, 3)), 0), Sample(bools((2, 3, 2)), (0, 2))]  # fmt: skip


def _numpy(name: str) -> Any:
    """NumPy's function with PyTorch's dim and keepdim."""

    def call(x: Any, dim: Any = None, keepdim: bool = False) -> Any:
        axis = tuple(dim) if isinstance(dim, list) else dim
        return getattr(np, name)(x, axis=None if not x.ndim else axis, keepdims=keepdim)

    return call


def _sum(x: Any, *args: Any, **options: Any) -> Any:
    from minigrad.ops.reduce.reductions import sum

    return sum(x, *args, **options)


def _with_nan(x: Any) -> Any:
    return np.array([np.nan, *x[1:]])


ROUNDED = Draw((3, 4), then=np.round, grad=False)
NEARLY = Draw((3, 4), then=lambda x: np.round(x) * (1 + 1e-9), grad=False)
SAME = [
    Row("isclose", [Sample(ROUNDED, ROUNDED), Sample(ROUNDED, NEARLY),
        Sample(NEARLY, ROUNDED, 0.5, 0.1)], numpy="isclose", order=0),
    Row("allclose", [Sample(ROUNDED, ROUNDED), Sample(ROUNDED, NEARLY, atol=9.0)], numpy="allclose", order=0),
    Row("equal", [Sample(ROUNDED, ROUNDED), Sample(ROUNDED, Draw((4,), grad=False))], numpy="array_equal", order=0),
    Row("count_nonzero", [Sample(ROUNDED), Sample(ROUNDED, 1),
        Sample(ROUNDED, (0, 1))], numpy="count_nonzero", order=0),
    Row("isin", [Sample(ROUNDED, Draw((2,), then=np.round, grad=False))], numpy="isin", order=0),
    Row("unique", [Sample(ROUNDED), Sample(ROUNDED, return_inverse=True, return_counts=True),
        Sample(ROUNDED, dim=1)], order=0),
]  # fmt: skip

ROWS = [
    *SAME,
    Row("sum", [*OVER, Sample(EMPTY), Sample(EMPTY, 0)], numpy=_numpy("sum")),
    Row("sum_dim", [*OVER, Sample(EMPTY, 0)], call=_sum, torch="sum", numpy=_numpy("sum")),
    Row("mean", OVER, numpy=_numpy("mean")),
    Row("amax", EXTREME, numpy=_numpy("max"), kinks=EVEN),
    Row("amin", EXTREME, numpy=_numpy("min"), kinks=EVEN),
    Row("argmax", CHOSEN, numpy=_numpy("argmax"), order=0),
    Row("argmin", CHOSEN, numpy=_numpy("argmin"), order=0),
    Row("max", [*CHOSEN, Sample(APART, Draw((4,), distinct=True))], kinks=FIRST, alias=True),
    Row("min", [*CHOSEN, Sample(APART, Draw((4,), distinct=True))], kinks=FIRST, alias=True),
    Row("var", SPREAD),
    Row("std", SPREAD, kinks=("constant input: gradient 0",)),
    Row("var_mean", SPREAD),
    Row("std_mean", SPREAD, kinks=("constant input: gradient 0",)),
    Row("nansum", [*OVER, Sample(Draw((4,), then=_with_nan), called="nan")]),
    Row("nanmean", [*OVER, Sample(Draw((4,), then=_with_nan), called="nan")]),
    Row("norm", [
        Sample(X), Sample(X, 2, 1), Sample(SIGNED, 1, 1, True), Sample(SIGNED, 3, 0), Sample(SIGNED, 0.5),
        Sample(X, "fro"),
        Sample(SIZES, float("inf"), 1), Sample(SIZES, -float("inf"), 1), Sample(X, 2, (0, 1)), Sample(EMPTY, 2, 0),
    ], kinks=("the zero vector: gradient 0", "p = 1: zeros", "p = inf: ties")),
    Row("logsumexp", [
        Sample(CUBE, 1), Sample(CUBE, (0, 2), True), Sample(Draw((3, 4), -40, 40), -1), Sample(SCALAR, 0),
        Sample(EMPTY, 1),
    ]),
    Row("any", TRUTH, order=0),
    Row("all", TRUTH, order=0),
]  # fmt: skip
