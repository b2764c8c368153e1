"""Rows of ops/scatter.py, ops/arrange.py and ops/diagonal.py."""

from typing import Any

import numpy as np

from minigrad.testing.opinfo.index import _primitive
from minigrad.testing.opinfo.rows import Draw, Row, Sample, bools, ints
from minigrad.testing.opinfo.shape import view

X = Draw((3, 4))
Y = Draw((3, 4))
CUBE = Draw((2, 3, 4))
SCALAR = Draw(())
EMPTY = Draw((0, 3))
APART = Draw((3, 4), distinct=True)
MASK = bools((3, 4))


def permuted(shape: tuple[int, ...], n: int) -> Draw:
    """Numbers below n, none twice along the last dimension."""
    return Draw(shape, kind="float", grad=False, then=lambda x: np.argsort(np.broadcast_to(x, shape), -1) % n)


SCATTER = [
    Row("scatter", [
        Sample(X, 1, permuted((3, 4), 4), Y), Sample(X, 1, permuted((3, 2), 4), Draw((3, 3), grad=False)),
        Sample(X, 1, permuted((2, 2), 4), 1.5),
        Sample(X, -1, permuted((3, 4), 4), value=2.0), Sample(X, 0, ints((2, 4), 0, 3), Draw((2, 4)), reduce="add"),
        Sample(X, 0, ints((2, 4), 0, 3), 0.5, reduce="multiply"),
    ], torch=lambda torch, x, dim, i, src=None, value=None, reduce=None:
        torch.scatter(x, dim, i, value if src is None else src) if reduce is None else
        torch.scatter_reduce(x, dim, i, src if hasattr(src, "dtype") else torch.full(i.shape, src, dtype=x.dtype),
                             {"add": "sum", "multiply": "prod"}[reduce])),
    Row("scatter_add", [Sample(X, 1, ints((3, 5), 0, 4), Draw((3, 5))),
        Sample(X, 0, ints((2, 4), 0, 3), Draw((3, 4), grad=False)),
                        Sample(X, 0, ints((0, 4), 0, 3), Draw((0, 4)))]),
    Row("scatter_reduce", [
        *(Sample(APART, 1, ints((3, 5), 0, 4),
            Draw((3, 5), distinct=True), r) for r in ("sum", "mean", "prod", "amax", "amin")),
        *(Sample(APART, 0, ints((4, 4), 0, 3), Draw((4, 4), distinct=True), r, include_self=False)
          for r in ("sum", "mean", "prod", "amax", "amin")),
    ], kinks=("ties of amax and amin: an even share",)),
    Row("scatter_extreme", [Sample(Draw((3, 4), grad=False), ints((3, 5), 0, 4),
        Draw((3, 5), grad=False), dim=1, largest=True)],
        call=_primitive("scatter_extreme"), order=0,
        torch=lambda torch, x, i, src, dim, largest: x.scatter_reduce(dim, i, src, "amax" if largest else "amin")),
    Row("index_select", [Sample(X, 1, ints((3,), 0, 4)), Sample(X, 0, ints((5,), 0, 3)),
        Sample(CUBE, -1, ints((0,), 0, 3))]),
    Row("index_add", [Sample(X, 1, ints((5,), 0, 4), Draw((3, 5))),
        Sample(X, 0, ints((2,), 0, 3), Draw((2, 4)), alpha=2.5)]),
    Row("index_copy", [Sample(X, 0, np.array([2, 0]), Draw((2, 4)), called="3x4,0"),
        Sample(X, 1, np.array([3]), Draw((3, 1)))]),
    Row("index_fill", [Sample(X, 0, np.array([2, 0]), 0.5, called="3x4,0"), Sample(X, 1, np.array([3]), SCALAR)]),
    Row("select_scatter", [Sample(X, Draw((4,)), 0, 1), Sample(X, Draw((3,)), -1, -1)]),
    Row("take", [Sample(X, ints((2, 3), 0, 12)), Sample(X, ints((5,), -12, 12))]),
    Row("take_along_dim", [Sample(X, ints((3, 2), 0, 4), 1), Sample(X, ints((1, 2), 0, 4), 1),
        Sample(X, ints((5,), 0, 12))]),
    Row("put", [Sample(X, np.array([1, 7, 3]), Draw((3,)), called="3x4"),
        Sample(X, ints((5,), 0, 12), Draw((5,)), True)],
        torch=lambda torch, x, i, src, accumulate=False: x.clone().put(i, src, accumulate)),
    Row("index_put", [
        Sample(X, (np.array([0, 2]), np.array([1, 1])), Draw((2,)), called="pairs"),
        Sample(X, (np.array([0, 0]), np.array([1, 1])), Draw((2,)), True, called="repeated"),
        Sample(X, (np.array([2, 0]),), Draw((4,)), called="rows"),
    ]),
    Row("masked_select", [Sample(X, MASK), Sample(X, bools((4,))), Sample(Draw((4,)), bools((3, 1)))]),
    Row("masked_scatter", [Sample(X, MASK, Draw((12,))), Sample(X, bools((4,)), Draw((3, 4)))]),
    Row("argwhere", [Sample(MASK), Sample(ints((5,), 0, 2)), Sample(Draw((), 1, 2, grad=False))], order=0),
    Row("nonzero", [Sample(MASK), Sample(ints((5,), 0, 2)), Sample(MASK, as_tuple=True)], order=0),
    Row("bincount", [Sample(ints((9,), 0, 5)), Sample(ints((4,), 0, 3), Draw((4,), grad=False)),
        Sample(ints((2,), 0, 3), None, 7)],
        order=0, dtypes=("float64",)),
]  # fmt: skip

ARRANGE = [
    Row("roll", [Sample(X, 1, 0), Sample(X, (1, -2), (0, 1)), Sample(X, 5), Sample(EMPTY, 1, 0), Sample(X, -7, 1)]),
    Row("rot90", [Sample(X, 1), Sample(X, 2), Sample(CUBE, -1, (1, 2)), Sample(X, 0, (0, 1)), Sample(CUBE, 3, (2, 0))],
        torch=lambda torch, x, k=1, dims=(0, 1): torch.rot90(x, k, dims)),
    Row("fliplr", [Sample(X)], numpy="fliplr"),
    Row("flipud", [Sample(X)], numpy="flipud"),
    Row("repeat", [Sample(X, 2, 1), Sample(Draw((3,)), 2, 3), Sample(SCALAR, (2, 2)),
        Sample(X, 0, 1)], torch="Tensor.repeat"),
    Row("tile", [Sample(X, (2,)), Sample(Draw((3,)), (2, 3)), Sample(SCALAR, (2,))], numpy="tile"),
    Row("repeat_interleave", [Sample(X, 2), Sample(X, 3, 0), Sample(X, np.array([1, 0, 2]), 0, called="3x4,counts")]),
    Row("meshgrid", [Sample(Draw((3,)), Draw((2,))), Sample(Draw((3,)), Draw((2,)), Draw((4,)), indexing="xy"),
                     Sample([Draw((3,)), Draw((2,))], indexing="ij")], alias=True,
        torch=lambda torch, *x, indexing="ij": torch.meshgrid(*x, indexing=indexing)),
    Row("pad", [
        Sample(X, (1, 2)), Sample(X, (1, 2, 0, 1), value=1.5), Sample(X, (-1, 1, 0, -1)),
        Sample(X, (0, 0, 1, -1), "constant", 2.0),
        Sample(Draw((2, 3, 4)), (2, 1), "reflect"), Sample(Draw((2, 3, 4)), (2, 5), "replicate"),
        Sample(Draw((2, 3, 4)), (4, 1), "circular"), Sample(Draw((1, 2, 3, 4)), (1, 2, 2, 1), "reflect"),
        Sample(Draw((1, 2, 3, 4)), (1, 2, 2, 1), "circular"),
    ], torch="nn.functional.pad", alias=True),
    Row("pad_zeros", [Sample(X, (1, 0))], call=lambda x, p: _pad(x, p), torch="nn.functional.pad"),
    view("unfold", Sample(X, 1, 2, 1), Sample(CUBE, 2, 3, 2), Sample(Draw((7,)), 0, 3, 3),
        Sample(X, 0, 1, 2), torch="Tensor.unfold"),
    Row("fold_windows", [Sample(Draw((3, 3, 2)), shape=(3, 4), dim=1, size=2, step=1),
                         Sample(Draw((2, 3)), shape=(8,), dim=0, size=3, step=4)], call=_primitive("fold_windows"),
        torch=lambda torch, g, shape, dim, size, step: _torch_fold(torch, g, shape, dim, size, step)),
    view("as_strided", Sample(X, (2, 2), (1, 2)), Sample(Draw((6,)), (3, 2), (1, 1), 2),
        Sample(X, (3,), (5,), 0), layouts=False),
    Row("as_strided_sum", [Sample(Draw((3, 2)), shape=(6,), size=(3, 2), stride=(1, 1), offset=2)],
        call=_primitive("as_strided_sum"),
        torch=lambda torch, g, shape, size, stride, offset: torch.zeros(shape, dtype=g.dtype).index_put(
            (torch.as_strided(torch.arange(6), size, stride, offset),), g, accumulate=True)),
    view("ravel", Sample(X), Sample(SCALAR), numpy="ravel"),
    view("unflatten", Sample(X, 1, (2, 2)), Sample(X, -1, (-1, 4)), Sample(X, 0, (3, 1)), torch="Tensor.unflatten"),
    view("select", Sample(X, 0, 1), Sample(CUBE, -1, -1), torch="Tensor.select"),
    view("tensor_split", Sample(X, 3, 1), Sample(X, (1, 3), 1), Sample(X, 5)),
    view("broadcast_tensors", Sample(X, Draw((4,)), Draw(())), torch="broadcast_tensors"),
    view("hsplit", Sample(X, 2), Sample(Draw((4,)), 2), numpy="hsplit"),
    view("vsplit", Sample(X, 3), numpy="vsplit"),
    view("dsplit", Sample(CUBE, (1, 3)), numpy="dsplit"),
    Row("column_stack", [Sample([X, Draw((3,))])], numpy="column_stack"),
    Row("block_diag", [Sample(X, Draw((2,)), Draw((1, 1)))]),
    Row("cartesian_prod", [Sample(Draw((2,)), Draw((3,))), Sample(Draw((3,)))]),
    view("atleast_1d", Sample(SCALAR), Sample(X)),
    view("atleast_2d", Sample(SCALAR), Sample(Draw((3,)))),
    view("atleast_3d", Sample(SCALAR), Sample(Draw((3,))), Sample(X)),
    Row("hstack", [Sample([X, Draw((3, 2))]), Sample([Draw((3,)), Draw((2,))])], numpy="hstack"),
    Row("vstack", [Sample([X, Draw((2, 4))]), Sample([Draw((3,)), Draw((3,))])], numpy="vstack"),
    Row("dstack", [Sample([X, X]), Sample([Draw((3,)), Draw((3,))])], numpy="dstack"),
]  # fmt: skip


def _pad(x: Any, widths: Any) -> Any:
    from minigrad.ops.array.pad import pad

    return pad(x, widths)


def _torch_fold(torch: Any, g: Any, shape: Any, dim: int, size: int, step: int) -> Any:
    places = torch.arange(int(np.prod(shape))).reshape(shape).unfold(dim, size, step)
    return torch.zeros(int(np.prod(shape)), dtype=g.dtype).index_put((places,), g, accumulate=True).reshape(shape)


DIAGONAL = [
    Row("tril", [Sample(X), Sample(CUBE, 1), Sample(X, -1), Sample(Draw((0, 0)))], numpy="tril"),
    Row("triu", [Sample(X), Sample(CUBE, 1), Sample(X, -1), Sample(Draw((0, 0)))], numpy="triu"),
    view("diagonal", Sample(X), Sample(X, 1), Sample(CUBE, -1, 1, 2), Sample(CUBE, 0, -1, 0), numpy="diagonal"),
    Row("on_diagonal", [Sample(Draw((3,)), shape=(3, 4), offset=0, dim1=0, dim2=1)], call=_primitive("on_diagonal"),
        torch=lambda torch, g, shape, offset, dim1, dim2: torch.diagonal_scatter(torch.zeros(shape, dtype=g.dtype), g)),
    Row("diagflat", [Sample(Draw((2, 2))), Sample(Draw((3,)), 1)]),
    Row("diag_embed", [Sample(Draw((3,))), Sample(Draw((2, 3)), 1), Sample(Draw((2, 3)), -1, 0, 2)]),
    Row("diag", [Sample(Draw((3,))), Sample(X), Sample(X, 1), Sample(Draw((3,)), -1)], numpy="diag"),
    Row("trace", [Sample(X), Sample(Draw((3, 3)))], numpy="trace"),
]  # fmt: skip

ROWS = SCATTER + ARRANGE + DIAGONAL
