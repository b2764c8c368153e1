"""ops/reduce/reductions.py, and comparisons of whole arrays."""

from typing import Any

import numpy as np

from minigrad.ops.reduce import reductions
from minigrad.testing.opinfo.model import Array, OpInfo, SampleInput, bools

X = Array((3, 4))
CUBE = Array((2, 3, 4))
APART = Array((3, 4), distinct=True)
SIGNED = Array((3, 4), away=(0.0,))
SIZES = Array((3, 4), 0.1, 2, distinct=True)
EMPTY = Array((0, 3))
SCALAR = Array(())
EVEN = ("ties: an even share",)
FIRST = ("ties: an even share; the first of them where indices are returned",)

OVER = [
    SampleInput(CUBE), SampleInput(CUBE, 1), SampleInput(CUBE, -1, True), SampleInput(CUBE, dim=(0, 2)),
    SampleInput(SCALAR), SampleInput(SCALAR, 0), SampleInput(CUBE, dim=[0, 1], keepdim=True), SampleInput(EMPTY, 1),
]  # fmt: skip
LARGE_OVER = [
    SampleInput(Array((81, 108))), SampleInput(Array((20, 30, 40)), 1), SampleInput(Array((20, 30, 40)), dim=(0, 2)),
    SampleInput(Array((504, 528))), SampleInput(Array((504, 528)), -1), SampleInput(Array((504, 528)), 0),
]  # fmt: skip
EXTREME = [
    SampleInput(APART, 1), SampleInput(Array((2, 3, 4), distinct=True), (0, 2), True), SampleInput(SCALAR, 0),
    SampleInput(EMPTY, 1),
]  # fmt: skip
CHOSEN = [
    SampleInput(APART), SampleInput(APART, 1), SampleInput(APART, dim=-2, keepdim=True), SampleInput(SCALAR),
    SampleInput(SCALAR, 0),
]  # fmt: skip
SPREAD = [
    SampleInput(CUBE), SampleInput(CUBE, 1), SampleInput(CUBE, (0, -1), keepdim=True), SampleInput(X, 1, correction=0),
    SampleInput(X, unbiased=False),
]  # fmt: skip
TRUTH = [
    SampleInput(bools((3, 4))), SampleInput(bools((3, 4)), 1), SampleInput(bools((3, 4)), 0, True), SampleInput(X),
    SampleInput(bools((0, 3)), 0), SampleInput(bools((2, 3, 2)), (0, 2)),
]  # fmt: skip


def _numpy(name: str) -> Any:
    """NumPy's function with PyTorch's dim and keepdim."""

    def call(x: Any, dim: Any = None, keepdim: bool = False) -> Any:
        axis = tuple(dim) if isinstance(dim, list) else dim
        return getattr(np, name)(x, axis=None if not x.ndim else axis, keepdims=keepdim)

    return call


def _with_nan(x: Any) -> Any:
    return np.array([np.nan, *x[1:]])


ROUNDED = Array((3, 4), then=np.round, grad=False)
NEARLY = Array((3, 4), then=lambda x: np.round(x) * (1 + 1e-9), grad=False)
SAME = [
    OpInfo("isclose", [SampleInput(ROUNDED, ROUNDED), SampleInput(ROUNDED, NEARLY),
        SampleInput(NEARLY, ROUNDED, 0.5, 0.1)], numpy="isclose", order=0),
    OpInfo("allclose", [SampleInput(ROUNDED, ROUNDED), SampleInput(ROUNDED, NEARLY, atol=9.0)], numpy="allclose",
        order=0),
    OpInfo("equal", [SampleInput(ROUNDED, ROUNDED), SampleInput(ROUNDED, Array((4,), grad=False))], numpy="array_equal",
        order=0),
    OpInfo("count_nonzero", [SampleInput(ROUNDED), SampleInput(ROUNDED, 1), SampleInput(ROUNDED, (0, 1))],
        numpy="count_nonzero", order=0),
    OpInfo("isin", [SampleInput(ROUNDED, Array((2,), then=np.round, grad=False))], numpy="isin", order=0),
    OpInfo("unique", [SampleInput(ROUNDED), SampleInput(ROUNDED, return_inverse=True, return_counts=True),
        SampleInput(ROUNDED, dim=1)], order=0),
]  # fmt: skip

op_db = [
    *SAME,
    OpInfo("sum", [*OVER, SampleInput(EMPTY), SampleInput(EMPTY, 0)], numpy=_numpy("sum"), large=LARGE_OVER),
    OpInfo("sum_dim", [*OVER, SampleInput(EMPTY, 0)], call=reductions.sum, torch="sum", numpy=_numpy("sum")),
    OpInfo("mean", OVER, numpy=_numpy("mean"), large=LARGE_OVER),
    OpInfo("amax", EXTREME, numpy=_numpy("max"), kinks=EVEN),
    OpInfo("amin", EXTREME, numpy=_numpy("min"), kinks=EVEN),
    OpInfo("argmax", CHOSEN, numpy=_numpy("argmax"), order=0),
    OpInfo("argmin", CHOSEN, numpy=_numpy("argmin"), order=0),
    OpInfo("max", [*CHOSEN, SampleInput(APART, Array((4,), distinct=True))], kinks=FIRST, alias=True),
    OpInfo("min", [*CHOSEN, SampleInput(APART, Array((4,), distinct=True))], kinks=FIRST, alias=True),
    OpInfo("var", SPREAD),
    OpInfo("std", SPREAD, kinks=("constant input: gradient 0",)),
    OpInfo("var_mean", SPREAD),
    OpInfo("std_mean", SPREAD, kinks=("constant input: gradient 0",)),
    OpInfo("nansum", [*OVER, SampleInput(Array((4,), then=_with_nan), name="nan")]),
    OpInfo("nanmean", [*OVER, SampleInput(Array((4,), then=_with_nan), name="nan")]),
    OpInfo("norm", [SampleInput(X), SampleInput(X, 2, 1), SampleInput(SIGNED, 1, 1, True), SampleInput(SIGNED, 3, 0),
        SampleInput(SIGNED, 0.5), SampleInput(X, "fro"), SampleInput(SIZES, float("inf"), 1),
        SampleInput(SIZES, -float("inf"), 1), SampleInput(X, 2, (0, 1)), SampleInput(EMPTY, 2, 0)],
        kinks=("the zero vector: gradient 0", "p = 1: zeros", "p = inf: ties")),
    OpInfo("logsumexp", [SampleInput(CUBE, 1), SampleInput(CUBE, (0, 2), True), SampleInput(Array((3, 4), -40, 40), -1),
        SampleInput(SCALAR, 0), SampleInput(EMPTY, 1)]),
    OpInfo("any", TRUTH, order=0),
    OpInfo("all", TRUTH, order=0),
]  # fmt: skip
