"""ops/reduce/ scan, sort and statistics."""

from typing import Any

import numpy as np

from minigrad.ops.reduce.scan import cummax
from minigrad.testing.opinfo.model import Array, SampleInput, op, registered

X = Array((3, 4))


def _zeros_at(*positions: int) -> Any:
    """Zeros at these positions of the flattened array."""

    def put(x: Any) -> Any:
        x = np.array(x)
        x.reshape(-1)[list(positions)] = 0
        return x

    return put


ONE_ZERO, TWO_ZEROS = Array((4,), then=_zeros_at(1)), Array((2, 3), then=_zeros_at(0, 2, 4))
ALONG = "3x4, 1 | 2x3x4, 0 | 2x3x4, -1 | 0d, 0 | 0x3, 0 | 0x3, 1"
BY_ORDER = "d3x4 | d3x4, 0 | d3x4, dim=1, descending=True | 0d | 0x3, 1"


def _torch_recurrence(torch: Any, x: Any, decay: Any, dim: int) -> Any:
    rows = [x.select(dim, 0)]
    for i in range(1, x.shape[dim]):
        rows.append(x.select(dim, i) + decay.select(dim, i) * rows[-1])
    return torch.stack(rows, dim)


def _increasing(x: Any) -> Any:
    return np.sort(x, -1)


SCAN = [
    op("cumsum", ALONG, numpy=lambda x, dim: np.cumsum(x, dim) if x.ndim else x),
    op("cumprod", ALONG, SampleInput(ONE_ZERO, 0, name="one_zero"), SampleInput(TWO_ZEROS, 1, name="two_zeros"),
        numpy=lambda x, dim: np.cumprod(x, dim) if x.ndim else x),
    op("recurrence", "3x4, 3x4, 1 | 2x3x4, 2x3x4, 0", torch=_torch_recurrence,
        call=lambda x, decay, dim: registered("recurrence")(x, decay, dim=dim)),
    op("prod", "3x4 | 3x4, 1 | 2x3x4, -2, True | 0d | 0x3 | 0x3, 0", SampleInput(ONE_ZERO, name="one_zero"),
        SampleInput(TWO_ZEROS, 1, name="two_zeros"),
        numpy=lambda x, dim=None, keepdim=False: np.prod(x, axis=dim, keepdims=keepdim)),
    op("logcumsumexp", "3x4, 1 | 2x3x4, 0 | 6x[-40, 40], 0 | 0d, 0 | 0x3, 1"),
    *(op(name, "d3x4, 1 | d3x4, 0 | 0d, 0", kinks=("ties: the last one",)) for name in ("cummax", "cummin")),
    op("argcummax", "d3x4, 1", call=lambda x, dim: cummax(x, dim).indices, order=0,
        torch=lambda torch, x, dim: torch.cummax(x, dim).indices),
    op("diff", "3x4 | 3x4, 2, 0 | 3x4, prepend=3x1 | 3x4, 1, 0, append=2x4"),
    op("trapezoid", "3x4 | 3x4, dx=0.5, dim=0", SampleInput(X, Array((4,), then=_increasing)),
        SampleInput(X, Array((3, 4), then=_increasing), dim=1)),
    op("cumulative_trapezoid", "3x4", SampleInput(X, Array((4,), then=_increasing))),
]  # fmt: skip

SORT = [
    op("sort", BY_ORDER, kinks=("ties: paired in order",)),
    op("argsort", BY_ORDER, order=0),
    op("msort", "d3x4", kinks=("ties: paired in order",)),
    op("topk", "d3x4, 2 | d3x4, 2, 0, False | d3x4, 4, -1 | 0d, 1 | d3x4, 0", kinks=("ties: the k-th",)),
    op("kthvalue", "d3x4, 2 | d3x4, 1, 0, True | 0d, 1", kinks=("ties: the first one",)),
    *(op(name, "d3x4 | d3x4, 1 | d3x4, 0, True | 0d, 0 | d2x5, -1", kinks=("ties: the first one",))
        for name in ("median", "nanmedian")),
    op("mode", "d3x4 | d3x4, 0, True | 0d", kinks=("every tie: there it jumps",)),
    op("quantile", "d3x4, 0.3 | d3x4, 0.5, 1 | d3x4, 0.9, 0, True", *(f"d3x4, 0.4, 1, interpolation={how!r}"
        for how in ("lower", "midpoint", "nearest", "higher")), kinks=("ties",)),
    op("searchsorted", SampleInput(Array((5,), then=_increasing, grad=False), Array((2, 3), grad=False)),
        SampleInput(Array((2, 5), then=_increasing, grad=False), Array((2, 3), grad=False), right=True), order=0),
    op("bucketize", SampleInput(Array((2, 3), grad=False), Array((5,), then=_increasing, grad=False)), order=0),
]  # fmt: skip

STATISTICS = [
    op("histc", "c4x3, 5, -1, 1 | c4x3, 4", order=0),
    op("unique_consecutive", "i12x[0, 2), True, True | i5x1[0, 2), dim=0", order=0),
    op("aminmax", "d3x4 | d3x4, dim=1, keepdim=True", kinks=("equal extremes share the gradient",)),
    op("cov", "3x5 | 6x",
        SampleInput(Array((2, 4)), correction=0, fweights=np.array([1, 2, 1, 3]),
            aweights=Array((4,), 0.5, 2, grad=False))),
    op("corrcoef", "3x5"),
    op("dist", "3x4, 3x4 | 3x4[1, 2], 4x[-2, 0], 3.0", kinks=("equal tensors: gradient 0",)),
    op("renorm", "3x4, 2, 0, 1.0 | 3x4, 1.5, 1, 3.0", kinks=("the largest norm",)),
]  # fmt: skip

op_db = SCAN + SORT + STATISTICS
