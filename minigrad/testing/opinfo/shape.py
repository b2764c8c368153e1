"""Rows of ops/shape.py and ops/cast.py, and of the adjoints that broadcasting and in-place changes bring with them."""

from typing import Any

import numpy as np

from minigrad.testing.opinfo.rows import Draw, Row, Sample

X = Draw((3, 4))
CUBE = Draw((2, 3, 4))
EMPTY = Draw((0, 3))
SCALAR = Draw(())


def view(name: str, *samples: Sample, **about: Any) -> Row:
    """The row of an op whose result may look at its argument's memory."""
    return Row(name, list(samples), alias=True, **about)


def _sum_to(x: Any, shape: tuple[int, ...]) -> Any:
    from minigrad.ops.array.shape import sum_to

    return sum_to(x, shape=shape)


def _overwrite(x: Any, value: Any) -> Any:
    """What `overwrite` is for: a view of x is changed in place, and x with it."""
    whole = x * 1
    part = whole[1:]
    part[...] = value
    return whole * 1


def _torch_overwrite(torch: Any, x: Any, value: Any) -> Any:
    whole = x.clone()
    whole[1:] = value
    return whole


def _move(x: Any) -> Any:
    from minigrad.backend import CPU
    from minigrad.ops.pointwise.cast import _move

    return _move(x, origin=CPU, place=CPU)


ROWS = [
    view("reshape", Sample(X, (2, 6)), Sample(X, (-1,)), Sample(SCALAR, (1, 1)), Sample(EMPTY, (3, 0)),
        Sample(CUBE, (4, -1)),
         numpy="reshape"),
    view("flatten", Sample(CUBE), Sample(CUBE, 1), Sample(CUBE, 0, 1), Sample(SCALAR), Sample(EMPTY)),
    view("squeeze", Sample(Draw((1, 3, 1))), Sample(Draw((1, 3, 1)), 0), Sample(Draw((1, 3, 1)), (0, -1)), Sample(X, 0),
         Sample(SCALAR)),
    view("unsqueeze", Sample(X, 0), Sample(X, -1), Sample(X, 1), Sample(SCALAR, 0)),
    view("expand", Sample(Draw((3, 1)), (3, 4)), Sample(Draw((4,)), (2, -1)), Sample(SCALAR, (2, 3)),
         Sample(Draw((1, 3)), (0, 3)), torch="Tensor.expand", numpy=None),
    view("permute", Sample(CUBE, (2, 0, 1)), Sample(CUBE, (-1, 0, 1)), Sample(SCALAR, ()), numpy="transpose"),
    view("transpose", Sample(CUBE, 0, 2), Sample(CUBE, -1, 1), Sample(EMPTY, 0, 1), Sample(SCALAR, 0, -1),
         ),
    view("t", Sample(X), Sample(Draw((3,))), Sample(SCALAR)),
    view("movedim", Sample(CUBE, 0, 2), Sample(CUBE, (0, 1), (-1, 0)), numpy="moveaxis"),
    Row("flip", [Sample(CUBE, (0,)), Sample(CUBE, (0, -1)), Sample(EMPTY, (1,)), Sample(X, (0, 1))], numpy="flip"),
    Row("cat", [
        Sample([X, Draw((2, 4))]), Sample([X, Draw((3, 1)), X], 1), Sample([X, Draw((0, 4))], dim=0),
        Sample([Draw((3,)), Draw((3,))], -1),
    ], numpy=lambda x, dim=0: np.concatenate(x, dim)),
    Row("stack", [Sample([X, X]), Sample([X, X, X], 1), Sample([SCALAR, SCALAR]), Sample([X, X], -1)], numpy="stack"),
    view("narrow", Sample(X, 1, 1, 2), Sample(X, 0, -2, 1), Sample(X, 0, 3, 0)),
    view("split", Sample(X, 2), Sample(X, 3, 1), Sample(X, [1, 3], dim=1)),
    view("chunk", Sample(X, 2, 1), Sample(X, 2), Sample(X, 7)),
    view("unbind", Sample(X), Sample(CUBE, -1)),
    view("clone", Sample(X), Sample(SCALAR), Sample(EMPTY)),
    Row("sum_to", [Sample(CUBE, (3, 1)), Sample(CUBE, (1, 3, 4)), Sample(CUBE, ()), Sample(Draw((0, 3)), (3,))],
        call=_sum_to, torch="Tensor.sum_to_size"),
    Row("overwrite", [Sample(X, Draw((2, 4))), Sample(X, Draw((4,))), Sample(Draw((3,)), SCALAR)], call=_overwrite,
        torch=_torch_overwrite),
    Row("cast", [Sample(X), Sample(SCALAR)], call=lambda x: x.to(np.longdouble).to(x.dtype), torch="clone"),
    Row("move", [Sample(X), Sample(SCALAR)], call=_move, torch="clone", alias=True),
]  # fmt: skip
