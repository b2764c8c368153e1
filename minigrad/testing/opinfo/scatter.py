"""ops/index/scatter.py, and of ops/array/ arrange, pad, windows and diagonal."""

from typing import Any

import numpy as np

from minigrad.ops.array.pad import pad
from minigrad.testing.opinfo.array import view
from minigrad.testing.opinfo.model import Array, OpInfo, SampleInput, bools, ints, registered

X = Array((3, 4))
Y = Array((3, 4))
CUBE = Array((2, 3, 4))
SCALAR = Array(())
EMPTY = Array((0, 3))
APART = Array((3, 4), distinct=True)
MASK = bools((3, 4))


def permuted(shape: tuple[int, ...], n: int) -> Array:
    """Numbers below n, none twice along the last dimension."""
    return Array(shape, kind="float", grad=False, then=lambda x: np.argsort(np.broadcast_to(x, shape), -1) % n)


SCATTER = [
    OpInfo("scatter", [SampleInput(X, 1, permuted((3, 4), 4), Y),
        SampleInput(X, 1, permuted((3, 2), 4), Array((3, 3), grad=False)), SampleInput(X, 1, permuted((2, 2), 4), 1.5),
        SampleInput(X, -1, permuted((3, 4), 4), value=2.0),
        SampleInput(X, 0, ints((2, 4), 0, 3), Array((2, 4)), reduce="add"),
        SampleInput(X, 0, ints((2, 4), 0, 3), 0.5, reduce="multiply")],
        torch=lambda torch, x, dim, i, src=None, value=None, reduce=None: torch.scatter(x, dim, i,
        value if src is None else src) if reduce is None else torch.scatter_reduce(x, dim, i, src if hasattr(src,
        "dtype") else torch.full(i.shape, src, dtype=x.dtype), {"add": "sum", "multiply": "prod"}[reduce])),
    OpInfo("scatter_add", [SampleInput(X, 1, ints((3, 5), 0, 4), Array((3, 5))),
        SampleInput(X, 0, ints((2, 4), 0, 3), Array((3, 4), grad=False)),
        SampleInput(X, 0, ints((0, 4), 0, 3), Array((0, 4)))]),
    OpInfo("scatter_reduce", [*(SampleInput(APART, 1, ints((3, 5), 0, 4), Array((3, 5), distinct=True),
        r) for r in ("sum", "mean", "prod", "amax", "amin")),
        *(SampleInput(APART, 0, ints((4, 4), 0, 3), Array((4, 4), distinct=True), r,
        include_self=False) for r in ("sum", "mean", "prod", "amax", "amin"))],
        kinks=("ties of amax and amin: an even share",)),
    OpInfo("scatter_extreme", [SampleInput(Array((3, 4), grad=False), ints((3, 5), 0, 4), Array((3, 5), grad=False),
        dim=1, largest=True)], call=registered("scatter_extreme"), order=0,
        torch=lambda torch, x, i, src, dim, largest: x.scatter_reduce(dim, i, src, "amax" if largest else "amin")),
    OpInfo("index_select", [SampleInput(X, 1, ints((3,), 0, 4)), SampleInput(X, 0, ints((5,), 0, 3)),
        SampleInput(CUBE, -1, ints((0,), 0, 3))]),
    OpInfo("index_add", [SampleInput(X, 1, ints((5,), 0, 4), Array((3, 5))),
        SampleInput(X, 0, ints((2,), 0, 3), Array((2, 4)), alpha=2.5)]),
    OpInfo("index_copy", [SampleInput(X, 0, np.array([2, 0]), Array((2, 4)), name="3x4,0"),
        SampleInput(X, 1, np.array([3]), Array((3, 1)))]),
    OpInfo("index_fill", [SampleInput(X, 0, np.array([2, 0]), 0.5, name="3x4,0"),
        SampleInput(X, 1, np.array([3]), SCALAR)]),
    OpInfo("select_scatter", [SampleInput(X, Array((4,)), 0, 1), SampleInput(X, Array((3,)), -1, -1)]),
    OpInfo("take", [SampleInput(X, ints((2, 3), 0, 12)), SampleInput(X, ints((5,), -12, 12))]),
    OpInfo("take_along_dim", [SampleInput(X, ints((3, 2), 0, 4), 1), SampleInput(X, ints((1, 2), 0, 4), 1),
        SampleInput(X, ints((5,), 0, 12))]),
    OpInfo("put", [SampleInput(X, np.array([1, 7, 3]), Array((3,)), name="3x4"),
        SampleInput(X, ints((5,), 0, 12), Array((5,)), True)],
        torch=lambda torch, x, i, src, accumulate=False: x.clone().put(i, src, accumulate)),
    OpInfo("index_put", [SampleInput(X, (np.array([0, 2]), np.array([1, 1])), Array((2,)), name="pairs"),
        SampleInput(X, (np.array([0, 0]), np.array([1, 1])), Array((2,)), True, name="repeated"),
        SampleInput(X, (np.array([2, 0]),), Array((4,)), name="rows")]),
    OpInfo("masked_select", [SampleInput(X, MASK), SampleInput(X, bools((4,))),
        SampleInput(Array((4,)), bools((3, 1)))]),
    OpInfo("masked_scatter", [SampleInput(X, MASK, Array((12,))), SampleInput(X, bools((4,)), Array((3, 4)))]),
    OpInfo("argwhere", [SampleInput(MASK), SampleInput(ints((5,), 0, 2)), SampleInput(Array((), 1, 2, grad=False))],
        order=0),
    OpInfo("nonzero", [SampleInput(MASK), SampleInput(ints((5,), 0, 2)), SampleInput(MASK, as_tuple=True)], order=0),
    OpInfo("bincount", [SampleInput(ints((9,), 0, 5)), SampleInput(ints((4,), 0, 3), Array((4,), grad=False)),
        SampleInput(ints((2,), 0, 3), None, 7)], order=0, dtypes=("float64",)),
]  # fmt: skip

ARRANGE = [
    OpInfo("roll", [SampleInput(X, 1, 0), SampleInput(X, (1, -2), (0, 1)), SampleInput(X, 5), SampleInput(EMPTY, 1, 0),
        SampleInput(X, -7, 1)]),
    OpInfo("rot90", [SampleInput(X, 1), SampleInput(X, 2), SampleInput(CUBE, -1, (1, 2)), SampleInput(X, 0, (0, 1)),
        SampleInput(CUBE, 3, (2, 0))], torch=lambda torch, x, k=1, dims=(0, 1): torch.rot90(x, k, dims)),
    OpInfo("fliplr", [SampleInput(X)], numpy="fliplr"),
    OpInfo("flipud", [SampleInput(X)], numpy="flipud"),
    OpInfo("repeat", [SampleInput(X, 2, 1), SampleInput(Array((3,)), 2, 3), SampleInput(SCALAR, (2, 2)),
        SampleInput(X, 0, 1)], torch="Tensor.repeat"),
    OpInfo("tile", [SampleInput(X, (2,)), SampleInput(Array((3,)), (2, 3)), SampleInput(SCALAR, (2,))], numpy="tile"),
    OpInfo("repeat_interleave", [SampleInput(X, 2), SampleInput(X, 3, 0),
        SampleInput(X, np.array([1, 0, 2]), 0, name="3x4,counts")]),
    OpInfo("meshgrid", [SampleInput(Array((3,)), Array((2,))),
        SampleInput(Array((3,)), Array((2,)), Array((4,)), indexing="xy"),
        SampleInput([Array((3,)), Array((2,))], indexing="ij")], alias=True,
        torch=lambda torch, *x, indexing="ij": torch.meshgrid(*x, indexing=indexing)),
    OpInfo("pad", [SampleInput(X, (1, 2)), SampleInput(X, (1, 2, 0, 1), value=1.5), SampleInput(X, (-1, 1, 0, -1)),
        SampleInput(X, (0, 0, 1, -1), "constant", 2.0), SampleInput(Array((2, 3, 4)), (2, 1), "reflect"),
        SampleInput(Array((2, 3, 4)), (2, 5), "replicate"), SampleInput(Array((2, 3, 4)), (4, 1), "circular"),
        SampleInput(Array((1, 2, 3, 4)), (1, 2, 2, 1), "reflect"),
        SampleInput(Array((1, 2, 3, 4)), (1, 2, 2, 1), "circular")], torch="nn.functional.pad", alias=True),
    OpInfo("pad_zeros", [SampleInput(X, (1, 0))], call=pad, torch="nn.functional.pad"),
    view("unfold", SampleInput(X, 1, 2, 1), SampleInput(CUBE, 2, 3, 2), SampleInput(Array((7,)), 0, 3, 3),
        SampleInput(X, 0, 1, 2), torch="Tensor.unfold"),
    OpInfo("fold_windows", [SampleInput(Array((3, 3, 2)), shape=(3, 4), dim=1, size=2, step=1),
        SampleInput(Array((2, 3)), shape=(8,), dim=0, size=3, step=4)], call=registered("fold_windows"),
        torch=lambda torch, g, shape, dim, size, step: _torch_fold(torch, g, shape, dim, size, step)),
    view("as_strided", SampleInput(X, (2, 2), (1, 2)), SampleInput(Array((6,)), (3, 2), (1, 1), 2),
        SampleInput(X, (3,), (5,), 0), layouts=False),
    OpInfo("as_strided_sum", [SampleInput(Array((3, 2)), shape=(6,), size=(3, 2), stride=(1, 1), offset=2)],
        call=registered("as_strided_sum"),
        torch=lambda torch, g, shape, size, stride, offset: torch.zeros(shape,
        dtype=g.dtype).index_put((torch.as_strided(torch.arange(6), size, stride, offset),), g, accumulate=True)),
    view("ravel", SampleInput(X), SampleInput(SCALAR), numpy="ravel"),
    view("unflatten", SampleInput(X, 1, (2, 2)), SampleInput(X, -1, (-1, 4)), SampleInput(X, 0, (3, 1)),
        torch="Tensor.unflatten"),
    view("select", SampleInput(X, 0, 1), SampleInput(CUBE, -1, -1), torch="Tensor.select"),
    view("tensor_split", SampleInput(X, 3, 1), SampleInput(X, (1, 3), 1), SampleInput(X, 5)),
    view("broadcast_tensors", SampleInput(X, Array((4,)), Array(())), torch="broadcast_tensors"),
    view("hsplit", SampleInput(X, 2), SampleInput(Array((4,)), 2), numpy="hsplit"),
    view("vsplit", SampleInput(X, 3), numpy="vsplit"),
    view("dsplit", SampleInput(CUBE, (1, 3)), numpy="dsplit"),
    OpInfo("column_stack", [SampleInput([X, Array((3,))])], numpy="column_stack"),
    OpInfo("block_diag", [SampleInput(X, Array((2,)), Array((1, 1)))]),
    OpInfo("cartesian_prod", [SampleInput(Array((2,)), Array((3,))), SampleInput(Array((3,)))]),
    view("atleast_1d", SampleInput(SCALAR), SampleInput(X)),
    view("atleast_2d", SampleInput(SCALAR), SampleInput(Array((3,)))),
    view("atleast_3d", SampleInput(SCALAR), SampleInput(Array((3,))), SampleInput(X)),
    OpInfo("hstack", [SampleInput([X, Array((3, 2))]), SampleInput([Array((3,)), Array((2,))])], numpy="hstack"),
    OpInfo("vstack", [SampleInput([X, Array((2, 4))]), SampleInput([Array((3,)), Array((3,))])], numpy="vstack"),
    OpInfo("dstack", [SampleInput([X, X]), SampleInput([Array((3,)), Array((3,))])], numpy="dstack"),
]  # fmt: skip


def _torch_fold(torch: Any, g: Any, shape: Any, dim: int, size: int, step: int) -> Any:
    places = torch.arange(int(np.prod(shape))).reshape(shape).unfold(dim, size, step)
    return torch.zeros(int(np.prod(shape)), dtype=g.dtype).index_put((places,), g, accumulate=True).reshape(shape)


DIAGONAL = [
    OpInfo("tril", [SampleInput(X), SampleInput(CUBE, 1), SampleInput(X, -1), SampleInput(Array((0, 0)))],
        numpy="tril"),
    OpInfo("triu", [SampleInput(X), SampleInput(CUBE, 1), SampleInput(X, -1), SampleInput(Array((0, 0)))],
        numpy="triu"),
    view("diagonal", SampleInput(X), SampleInput(X, 1), SampleInput(CUBE, -1, 1, 2), SampleInput(CUBE, 0, -1, 0),
        numpy="diagonal"),
    OpInfo("on_diagonal", [SampleInput(Array((3,)), shape=(3, 4), offset=0, dim1=0, dim2=1)],
        call=registered("on_diagonal"),
        torch=lambda torch, g, shape, offset, dim1, dim2: torch.diagonal_scatter(torch.zeros(shape, dtype=g.dtype), g)),
    OpInfo("diagflat", [SampleInput(Array((2, 2))), SampleInput(Array((3,)), 1)]),
    OpInfo("diag_embed", [SampleInput(Array((3,))), SampleInput(Array((2, 3)), 1),
        SampleInput(Array((2, 3)), -1, 0, 2)]),
    OpInfo("diag", [SampleInput(Array((3,))), SampleInput(X), SampleInput(X, 1), SampleInput(Array((3,)), -1)],
        numpy="diag"),
    OpInfo("trace", [SampleInput(X), SampleInput(Array((3, 3)))], numpy="trace"),
]  # fmt: skip

op_db = SCATTER + ARRANGE + DIAGONAL
