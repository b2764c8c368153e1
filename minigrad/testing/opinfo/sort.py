"""ops/reduce/ scan, sort and statistics."""

from typing import Any

import numpy as np

from minigrad.ops.reduce.scan import cummax
from minigrad.testing.opinfo.model import Array, OpInfo, SampleInput, ints, registered

X = Array((3, 4))
CUBE = Array((2, 3, 4))
APART = Array((3, 4), distinct=True)
SCALAR = Array(())
EMPTY = Array((0, 3))


def _zeros_at(*places: int) -> Any:
    """Zeros at these positions of the flattened array."""

    def put(x: Any) -> Any:
        x = np.array(x)
        x.reshape(-1)[list(places)] = 0
        return x

    return put


ONE_ZERO, TWO_ZEROS = Array((4,), then=_zeros_at(1)), Array((2, 3), then=_zeros_at(0, 2, 4))
ALONG = [
    SampleInput(X, 1), SampleInput(CUBE, 0), SampleInput(CUBE, -1), SampleInput(SCALAR, 0), SampleInput(EMPTY, 0),
    SampleInput(EMPTY, 1),
]  # fmt: skip
BY_ORDER = [
    SampleInput(APART), SampleInput(APART, 0), SampleInput(APART, dim=1, descending=True), SampleInput(SCALAR),
    SampleInput(EMPTY, 1),
]  # fmt: skip
TO_ONE = [
    SampleInput(APART, 1), SampleInput(APART, 0, True), SampleInput(SCALAR, 0),
    SampleInput(Array((2, 5), distinct=True), -1),
]  # fmt: skip


def _recurrence(x: Any, decay: Any, dim: int) -> Any:
    return registered("recurrence")(x, decay, dim=dim)


def _torch_recurrence(torch: Any, x: Any, decay: Any, dim: int) -> Any:
    rows = [x.select(dim, 0)]
    for i in range(1, x.shape[dim]):
        rows.append(x.select(dim, i) + decay.select(dim, i) * rows[-1])
    return torch.stack(rows, dim)


def _increasing(x: Any) -> Any:
    return np.sort(x, -1)


SCAN = [
    OpInfo("cumsum", ALONG, numpy=lambda x, dim: np.cumsum(x, dim) if x.ndim else x),
    OpInfo("cumprod", [*ALONG, SampleInput(ONE_ZERO, 0, name="one_zero"), SampleInput(TWO_ZEROS, 1, name="two_zeros")],
        numpy=lambda x, dim: np.cumprod(x, dim) if x.ndim else x),
    OpInfo("recurrence", [SampleInput(X, Array((3, 4)), 1), SampleInput(CUBE, Array((2, 3, 4)), 0)], call=_recurrence,
        torch=_torch_recurrence),
    OpInfo("prod", [SampleInput(X), SampleInput(X, 1), SampleInput(CUBE, -2, True), SampleInput(SCALAR),
        SampleInput(EMPTY), SampleInput(EMPTY, 0), SampleInput(ONE_ZERO, name="one_zero"),
        SampleInput(TWO_ZEROS, 1, name="two_zeros")],
        numpy=lambda x, dim=None, keepdim=False: np.prod(x, axis=dim, keepdims=keepdim)),
    OpInfo("logcumsumexp", [SampleInput(X, 1), SampleInput(CUBE, 0), SampleInput(Array((6,), -40, 40), 0),
        SampleInput(SCALAR, 0), SampleInput(EMPTY, 1)]),
    OpInfo("cummax", [SampleInput(APART, 1), SampleInput(APART, 0), SampleInput(SCALAR, 0)],
        kinks=("ties: the last one",)),
    OpInfo("cummin", [SampleInput(APART, 1), SampleInput(APART, 0), SampleInput(SCALAR, 0)],
        kinks=("ties: the last one",)),
    OpInfo("argcummax", [SampleInput(APART, 1)], call=lambda x, dim: cummax(x, dim).indices, order=0,
        torch=lambda torch, x, dim: torch.cummax(x, dim).indices),
    OpInfo("diff", [SampleInput(X), SampleInput(X, 2, 0), SampleInput(X, prepend=Array((3, 1))),
        SampleInput(X, 1, 0, append=Array((2, 4)))]),
    OpInfo("trapezoid", [SampleInput(X), SampleInput(X, dx=0.5, dim=0), SampleInput(X, Array((4,), then=_increasing)),
        SampleInput(X, Array((3, 4), then=_increasing), dim=1)]),
    OpInfo("cumulative_trapezoid", [SampleInput(X), SampleInput(X, Array((4,), then=_increasing))]),
]  # fmt: skip

SORT = [
    OpInfo("sort", BY_ORDER, kinks=("ties: paired in order",)),
    OpInfo("argsort", BY_ORDER, order=0),
    OpInfo("msort", [SampleInput(APART)], kinks=("ties: paired in order",)),
    OpInfo("topk", [SampleInput(APART, 2), SampleInput(APART, 2, 0, False), SampleInput(APART, 4, -1),
        SampleInput(SCALAR, 1), SampleInput(APART, 0)], kinks=("ties: the k-th",)),
    OpInfo("kthvalue", [SampleInput(APART, 2), SampleInput(APART, 1, 0, True), SampleInput(SCALAR, 1)],
        kinks=("ties: the first one",)),
    OpInfo("median", [SampleInput(APART), *TO_ONE], kinks=("ties: the first one",)),
    OpInfo("nanmedian", [SampleInput(APART), *TO_ONE], kinks=("ties: the first one",)),
    OpInfo("mode", [SampleInput(APART), SampleInput(APART, 0, True), SampleInput(SCALAR)],
        kinks=("every tie: there it jumps",)),
    OpInfo("quantile", [SampleInput(APART, 0.3), SampleInput(APART, 0.5, 1), SampleInput(APART, 0.9, 0, True),
        SampleInput(APART, 0.4, 1, interpolation="lower"), SampleInput(APART, 0.4, 1, interpolation="midpoint"),
        SampleInput(APART, 0.4, 1, interpolation="nearest"), SampleInput(APART, 0.4, 1, interpolation="higher")],
        kinks=("ties",)),
    OpInfo("searchsorted", [SampleInput(Array((5,), then=_increasing, grad=False), Array((2, 3), grad=False)),
        SampleInput(Array((2, 5), then=_increasing, grad=False), Array((2, 3), grad=False), right=True)], order=0),
    OpInfo("bucketize", [SampleInput(Array((2, 3), grad=False), Array((5,), then=_increasing, grad=False))], order=0),
]  # fmt: skip

STATISTICS = [
    OpInfo("histc", [SampleInput(Array((4, 3), grad=False), 5, -1, 1), SampleInput(Array((4, 3), grad=False), 4)],
        order=0),
    OpInfo("unique_consecutive", [SampleInput(ints((12,), 0, 2), True, True), SampleInput(ints((5, 1), 0, 2), dim=0)],
        order=0),
    OpInfo("aminmax", [SampleInput(APART), SampleInput(APART, dim=1, keepdim=True)],
        kinks=("equal extremes share the gradient",)),
    OpInfo("cov", [SampleInput(Array((3, 5))), SampleInput(Array((6,))),
        SampleInput(Array((2, 4)), correction=0, fweights=np.array([1, 2, 1, 3]),
        aweights=Array((4,), 0.5, 2, grad=False))]),
    OpInfo("corrcoef", [SampleInput(Array((3, 5)))]),
    OpInfo("dist", [SampleInput(Array((3, 4)), Array((3, 4))),
        SampleInput(Array((3, 4), 1, 2), Array((4,), -2, 0), 3.0)], kinks=("equal tensors: gradient 0",)),
    OpInfo("renorm", [SampleInput(Array((3, 4)), 2, 0, 1.0), SampleInput(Array((3, 4)), 1.5, 1, 3.0)],
        kinks=("the largest norm",)),
]  # fmt: skip

op_db = SCAN + SORT + STATISTICS
