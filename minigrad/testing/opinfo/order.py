"""Rows of ops/scan.py, ops/sort.py and ops/statistics.py."""

from typing import Any

import numpy as np

from minigrad.testing.opinfo.rows import Draw, Row, Sample, ints

X = Draw((3, 4))
CUBE = Draw((2, 3, 4))
APART = Draw((3, 4), distinct=True)
SCALAR = Draw(())
EMPTY = Draw((0, 3))


def _zeros_at(*places: int) -> Any:
    """Zeros at these places of the flattened array."""

    def put(x: Any) -> Any:
        x = np.array(x)
        x.reshape(-1)[list(places)] = 0
        return x

    return put


ONE_ZERO, TWO_ZEROS = Draw((4,), then=_zeros_at(1)), Draw((2, 3), then=_zeros_at(0, 2, 4))
ALONG = [Sample(X, 1), Sample(CUBE, 0), Sample(CUBE, -1), Sample(SCALAR, 0), Sample(EMPTY, 0), Sample(EMPTY, 1)]
BY_ORDER = [Sample(APART), Sample(APART, 0), Sample(APART, dim=1, descending=True), Sample(SCALAR), Sample(EMPTY, 1)]
TO_ONE = [Sample(APART, 1), Sample(APART, 0, True), Sample(SCALAR, 0), Sample(Draw((2, 5), distinct=True), -1)]


def _recurrence(x: Any, decay: Any, dim: int) -> Any:
    from minigrad.ops.reduce.scan import recurrence

    return recurrence(x, decay, dim=dim)


def _torch_recurrence(torch: Any, x: Any, decay: Any, dim: int) -> Any:
    rows = [x.select(dim, 0)]
    for i in range(1, x.shape[dim]):
        rows.append(x.select(dim, i) + decay.select(dim, i) * rows[-1])
    return torch.stack(rows, dim)


def _increasing(x: Any) -> Any:
    return np.sort(x, -1)


SCAN = [
    Row("cumsum", ALONG, numpy=lambda x, dim: np.cumsum(x, dim) if x.ndim else x),
    Row("cumprod", [*ALONG, Sample(ONE_ZERO, 0, called="one_zero"), Sample(TWO_ZEROS, 1, called="two_zeros")],
        numpy=lambda x, dim: np.cumprod(x, dim) if x.ndim else x),
    Row("recurrence", [Sample(X, Draw((3, 4)), 1), Sample(CUBE, Draw((2, 3, 4)), 0)], call=_recurrence,
        torch=_torch_recurrence),
    Row("prod", [
        Sample(X), Sample(X, 1), Sample(CUBE, -2, True), Sample(SCALAR), Sample(EMPTY), Sample(EMPTY, 0),
        Sample(ONE_ZERO, called="one_zero"), Sample(TWO_ZEROS, 1, called="two_zeros"),
    ], numpy=lambda x, dim=None, keepdim=False: np.prod(x, axis=dim, keepdims=keepdim)),
    Row("logcumsumexp", [Sample(X, 1), Sample(CUBE, 0), Sample(Draw((6,), -40, 40), 0), Sample(SCALAR, 0),
        Sample(EMPTY, 1)]),
    Row("cummax", [Sample(APART, 1), Sample(APART, 0), Sample(SCALAR, 0)], kinks=("ties: the last one",)),
    Row("cummin", [Sample(APART, 1), Sample(APART, 0), Sample(SCALAR, 0)], kinks=("ties: the last one",)),
    Row("argcummax", [Sample(APART, 1)], call=lambda x, dim: __import__("minigrad").cummax(x, dim).indices, order=0,
        torch=lambda torch, x, dim: torch.cummax(x, dim).indices),
    Row("diff", [Sample(X), Sample(X, 2, 0), Sample(X, prepend=Draw((3, 1))), Sample(X, 1, 0, append=Draw((2, 4)))]),
    Row("trapezoid", [Sample(X), Sample(X, dx=0.5, dim=0), Sample(X, Draw((4,), then=_increasing)),
                      Sample(X, Draw((3, 4), then=_increasing), dim=1)]),
    Row("cumulative_trapezoid", [Sample(X), Sample(X, Draw((4,), then=_increasing))]),
]  # fmt: skip

SORT = [
    Row("sort", BY_ORDER, kinks=("ties: paired in order",)),
    Row("argsort", BY_ORDER, order=0),
    Row("msort", [Sample(APART)], kinks=("ties: paired in order",)),
    Row("topk", [Sample(APART, 2), Sample(APART, 2, 0, False), Sample(APART, 4, -1), Sample(SCALAR, 1),
        Sample(APART, 0)],
        kinks=("ties: the k-th",)),
    Row("kthvalue", [Sample(APART, 2), Sample(APART, 1, 0, True), Sample(SCALAR, 1)], kinks=("ties: the first one",)),
    Row("median", [Sample(APART), *TO_ONE], kinks=("ties: the first one",)),
    Row("nanmedian", [Sample(APART), *TO_ONE], kinks=("ties: the first one",)),
    Row("mode", [Sample(APART), Sample(APART, 0, True), Sample(SCALAR)], kinks=("every tie: there it jumps",)),
    Row("quantile", [Sample(APART, 0.3), Sample(APART, 0.5, 1), Sample(APART, 0.9, 0, True),
                     Sample(APART, 0.4, 1, interpolation="lower"), Sample(APART, 0.4, 1, interpolation="midpoint"),
                     Sample(APART, 0.4, 1, interpolation="nearest"), Sample(APART, 0.4, 1, interpolation="higher")],
        kinks=("ties",)),
    Row("searchsorted", [Sample(Draw((5,), then=_increasing, grad=False), Draw((2, 3), grad=False)),
                         Sample(Draw((2, 5), then=_increasing, grad=False),
                             Draw((2, 3), grad=False), right=True)], order=0),
    Row("bucketize", [Sample(Draw((2, 3), grad=False), Draw((5,), then=_increasing, grad=False))], order=0),
]  # fmt: skip

STATISTICS = [
    Row("histc", [Sample(Draw((4, 3), grad=False), 5, -1, 1), Sample(Draw((4, 3), grad=False), 4)], order=0),
    Row("unique_consecutive", [Sample(ints((12,), 0, 2), True, True), Sample(ints((5, 1), 0, 2), dim=0)], order=0),
    Row("aminmax", [Sample(APART), Sample(APART, dim=1, keepdim=True)], kinks=("equal extremes share the gradient",)),
    Row("cov", [Sample(Draw((3, 5))), Sample(Draw((6,))), Sample(Draw((2, 4)), correction=0,
        fweights=np.array([1, 2, 1, 3]), aweights=Draw((4,), 0.5, 2, grad=False))]),
    Row("corrcoef", [Sample(Draw((3, 5)))]),
    Row("dist", [Sample(Draw((3, 4)), Draw((3, 4))), Sample(Draw((3, 4), 1, 2), Draw((4,), -2, 0), 3.0)],
        kinks=("equal tensors: gradient 0",)),
    Row("renorm", [Sample(Draw((3, 4)), 2, 0, 1.0), Sample(Draw((3, 4)), 1.5, 1, 3.0)], kinks=("the largest norm",)),
]  # fmt: skip

ROWS = SCAN + SORT + STATISTICS
