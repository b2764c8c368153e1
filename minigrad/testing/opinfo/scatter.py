"""ops/index/scatter.py, and of ops/array/ arrange, pad, windows and diagonal."""

from typing import Any

import numpy as np

from minigrad.ops.array.pad import pad
from minigrad.testing.opinfo.array import view
from minigrad.testing.opinfo.model import Array, SampleInput, op, registered

X = Array((3, 4))


def permuted(shape: tuple[int, ...], n: int) -> Array:
    """Numbers below n, none twice along the last dimension."""
    return Array(shape, kind="float", grad=False, then=lambda x: np.argsort(np.broadcast_to(x, shape), -1) % n)


def _torch_scatter(torch: Any, x: Any, dim: int, i: Any, src: Any = None, value: Any = None, reduce: Any = None) -> Any:
    if reduce is None:
        return torch.scatter(x, dim, i, value if src is None else src)
    src = src if hasattr(src, "dtype") else torch.full(i.shape, src, dtype=x.dtype)
    return torch.scatter_reduce(x, dim, i, src, {"add": "sum", "multiply": "prod"}[reduce])


SCATTER = [
    op("scatter", SampleInput(X, 1, permuted((3, 4), 4), X),
        SampleInput(X, 1, permuted((3, 2), 4), Array((3, 3), grad=False)),
        SampleInput(X, 1, permuted((2, 2), 4), 1.5), SampleInput(X, -1, permuted((3, 4), 4), value=2.0),
        "3x4, 0, i2x4[0, 3), 2x4, reduce='add' | 3x4, 0, i2x4[0, 3), 0.5, reduce='multiply'",
        torch=_torch_scatter),
    op("scatter_add", "3x4, 1, i3x5[0, 4), 3x5 | 3x4, 0, i2x4[0, 3), c3x4 | 3x4, 0, i0x4[0, 3), 0x4"),
    op("scatter_reduce", *(f"d3x4, 1, i3x5[0, 4), d3x5, {r!r} | d3x4, 0, i4x4[0, 3), d4x4, {r!r}, include_self=False"
        for r in ("sum", "mean", "prod", "amax", "amin")), kinks=("ties of amax and amin: an even share",)),
    op("scatter_extreme", "c3x4, i3x5[0, 4), c3x5, dim=1, largest=True", call=registered("scatter_extreme"), order=0,
        torch=lambda torch, x, i, src, dim, largest: x.scatter_reduce(dim, i, src, "amax" if largest else "amin")),
    op("index_select", "3x4, 1, i3x[0, 4) | 3x4, 0, i5x[0, 3) | 2x3x4, -1, i0x[0, 3)"),
    op("index_add", "3x4, 1, i5x[0, 4), 3x5 | 3x4, 0, i2x[0, 3), 2x4, alpha=2.5"),
    op("index_copy", SampleInput(X, 0, np.array([2, 0]), Array((2, 4)), name="3x4,0"),
        SampleInput(X, 1, np.array([3]), Array((3, 1)))),
    op("index_fill", SampleInput(X, 0, np.array([2, 0]), 0.5, name="3x4,0"),
        SampleInput(X, 1, np.array([3]), Array(()))),
    op("select_scatter", "3x4, 4x, 0, 1 | 3x4, 3x, -1, -1"),
    op("take", "3x4, i2x3[0, 12) | 3x4, i5x[-12, 12)"),
    op("take_along_dim", "3x4, i3x2[0, 4), 1 | 3x4, i1x2[0, 4), 1 | 3x4, i5x[0, 12)"),
    op("put", SampleInput(X, np.array([1, 7, 3]), Array((3,)), name="3x4"), "3x4, i5x[0, 12), 5x, True",
        torch=lambda torch, x, i, src, accumulate=False: x.clone().put(i, src, accumulate)),
    op("index_put", SampleInput(X, (np.array([0, 2]), np.array([1, 1])), Array((2,)), name="pairs"),
        SampleInput(X, (np.array([0, 0]), np.array([1, 1])), Array((2,)), True, name="repeated"),
        SampleInput(X, (np.array([2, 0]),), Array((4,)), name="rows")),
    op("masked_select", "3x4, b3x4 | 3x4, b4x | 4x, b3x1"),
    op("masked_scatter", "3x4, b3x4, 12x | 3x4, b4x, 3x4"),
    op("argwhere", "b3x4 | i5x[0, 2) | c0d[1, 2]", order=0),
    op("nonzero", "b3x4 | i5x[0, 2) | b3x4, as_tuple=True", order=0),
    op("bincount", "i9x[0, 5) | i4x[0, 3), c4x | i2x[0, 3), None, 7", order=0, dtypes=("float64",)),
]  # fmt: skip


def _torch_sum(torch: Any, g: Any, shape: Any, positions: Any) -> Any:
    """Zeros of that shape with g added at positions of the flat result."""
    zeros = torch.zeros(int(np.prod(shape)), dtype=g.dtype)
    return zeros.index_put((positions,), g, accumulate=True).reshape(shape)


def _torch_fold(torch: Any, g: Any, shape: Any, **windows: int) -> Any:
    flat = torch.arange(int(np.prod(shape))).reshape(shape)
    return _torch_sum(torch, g, shape, flat.unfold(windows["dim"], windows["size"], windows["step"]))


ARRANGE = [
    op("roll", "3x4, 1, 0 | 3x4, (1, -2), (0, 1) | 3x4, 5 | 0x3, 1, 0 | 3x4, -7, 1"),
    op("rot90", "3x4, 1 | 3x4, 2 | 2x3x4, -1, (1, 2) | 3x4, 0, (0, 1) | 2x3x4, 3, (2, 0)",
        torch=lambda torch, x, k=1, dims=(0, 1): torch.rot90(x, k, dims)),
    *(op(name, "3x4", numpy=name) for name in ("fliplr", "flipud")),
    op("repeat", "3x4, 2, 1 | 3x, 2, 3 | 0d, (2, 2) | 3x4, 0, 1", torch="Tensor.repeat"),
    op("tile", "3x4, (2,) | 3x, (2, 3) | 0d, (2,)", numpy="tile"),
    op("repeat_interleave", "3x4, 2 | 3x4, 3, 0", SampleInput(X, np.array([1, 0, 2]), 0, name="3x4,counts")),
    op("meshgrid", "3x, 2x | 3x, 2x, 4x, indexing='xy' | [3x, 2x], indexing='ij'", alias=True,
        torch=lambda torch, *x, indexing="ij": torch.meshgrid(*x, indexing=indexing)),
    op("pad", "3x4, (1, 2) | 3x4, (1, 2, 0, 1), value=1.5 | 3x4, (-1, 1, 0, -1) | 3x4, (0, 0, 1, -1), 'constant', 2.0",
        "2x3x4, (2, 1), 'reflect' | 2x3x4, (2, 5), 'replicate' | 2x3x4, (4, 1), 'circular'",
        "1x2x3x4, (1, 2, 2, 1), 'reflect' | 1x2x3x4, (1, 2, 2, 1), 'circular'", torch="nn.functional.pad", alias=True),
    op("pad_zeros", "3x4, (1, 0)", call=pad, torch="nn.functional.pad"),
    view("unfold", "3x4, 1, 2, 1 | 2x3x4, 2, 3, 2 | 7x, 0, 3, 3 | 3x4, 0, 1, 2", torch="Tensor.unfold"),
    op("fold_windows", "3x3x2, shape=(3, 4), dim=1, size=2, step=1 | 2x3, shape=(8,), dim=0, size=3, step=4",
        call=registered("fold_windows"), torch=_torch_fold),
    view("as_strided", "3x4, (2, 2), (1, 2) | 6x, (3, 2), (1, 1), 2 | 3x4, (3,), (5,), 0", layouts=False),
    op("as_strided_sum", "3x2, shape=(6,), size=(3, 2), stride=(1, 1), offset=2", call=registered("as_strided_sum"),
        torch=lambda torch, g, shape, **view: _torch_sum(torch, g, shape, torch.arange(6).as_strided(*view.values()))),
    view("ravel", "3x4 | 0d", numpy="ravel"),
    view("unflatten", "3x4, 1, (2, 2) | 3x4, -1, (-1, 4) | 3x4, 0, (3, 1)", torch="Tensor.unflatten"),
    view("select", "3x4, 0, 1 | 2x3x4, -1, -1", torch="Tensor.select"),
    view("tensor_split", "3x4, 3, 1 | 3x4, (1, 3), 1 | 3x4, 5"),
    view("broadcast_tensors", "3x4, 4x, 0d", torch="broadcast_tensors"),
    view("hsplit", "3x4, 2 | 4x, 2", numpy="hsplit"),
    view("vsplit", "3x4, 3", numpy="vsplit"),
    view("dsplit", "2x3x4, (1, 3)", numpy="dsplit"),
    op("column_stack", "[3x4, 3x]", numpy="column_stack"),
    op("block_diag", "3x4, 2x, 1x1"),
    op("cartesian_prod", "2x, 3x | 3x"),
    view("atleast_1d", "0d | 3x4"),
    view("atleast_2d", "0d | 3x"),
    view("atleast_3d", "0d | 3x | 3x4"),
    op("hstack", "[3x4, 3x2] | [3x, 2x]", numpy="hstack"),
    op("vstack", "[3x4, 2x4] | [3x, 3x]", numpy="vstack"),
    op("dstack", "[3x4, 3x4] | [3x, 3x]", numpy="dstack"),
]  # fmt: skip

DIAGONAL = [
    *(op(name, "3x4 | 2x3x4, 1 | 3x4, -1 | 0x0", numpy=name) for name in ("tril", "triu")),
    view("diagonal", "3x4 | 3x4, 1 | 2x3x4, -1, 1, 2 | 2x3x4, 0, -1, 0", numpy="diagonal"),
    op("on_diagonal", "3x, shape=(3, 4), offset=0, dim1=0, dim2=1", call=registered("on_diagonal"),
        torch=lambda torch, g, shape, offset, dim1, dim2: torch.diagonal_scatter(torch.zeros(shape, dtype=g.dtype), g)),
    op("diagflat", "2x2 | 3x, 1"),
    op("diag_embed", "3x | 2x3, 1 | 2x3, -1, 0, 2"),
    op("diag", "3x | 3x4 | 3x4, 1 | 3x, -1", numpy="diag"),
    op("trace", "3x4 | 3x3", numpy="trace"),
]  # fmt: skip

op_db = SCATTER + ARRANGE + DIAGONAL
