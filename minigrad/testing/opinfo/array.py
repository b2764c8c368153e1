"""ops/array/shape.py, ops/pointwise/cast.py, and the adjoints of broadcasting and of in-place changes."""

from typing import Any

import numpy as np

from minigrad.backend import CPU
from minigrad.testing.opinfo.model import Array, OpInfo, SampleInput, registered

X = Array((3, 4))
CUBE = Array((2, 3, 4))
EMPTY = Array((0, 3))
SCALAR = Array(())


def view(name: str, *samples: SampleInput, **about: Any) -> OpInfo:
    """An op whose result may be a view of its argument."""
    return OpInfo(name, list(samples), alias=True, **about)


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


op_db = [
    view("reshape", SampleInput(X, (2, 6)), SampleInput(X, (-1,)), SampleInput(SCALAR, (1, 1)),
        SampleInput(EMPTY, (3, 0)), SampleInput(CUBE, (4, -1)), numpy="reshape"),
    view("flatten", SampleInput(CUBE), SampleInput(CUBE, 1), SampleInput(CUBE, 0, 1), SampleInput(SCALAR),
        SampleInput(EMPTY)),
    view("squeeze", SampleInput(Array((1, 3, 1))), SampleInput(Array((1, 3, 1)), 0),
        SampleInput(Array((1, 3, 1)), (0, -1)), SampleInput(X, 0), SampleInput(SCALAR)),
    view("unsqueeze", SampleInput(X, 0), SampleInput(X, -1), SampleInput(X, 1), SampleInput(SCALAR, 0)),
    view("expand", SampleInput(Array((3, 1)), (3, 4)), SampleInput(Array((4,)), (2, -1)), SampleInput(SCALAR, (2, 3)),
        SampleInput(Array((1, 3)), (0, 3)), torch="Tensor.expand", numpy=None),
    view("permute", SampleInput(CUBE, (2, 0, 1)), SampleInput(CUBE, (-1, 0, 1)), SampleInput(SCALAR, ()),
        numpy="transpose"),
    view("transpose", SampleInput(CUBE, 0, 2), SampleInput(CUBE, -1, 1), SampleInput(EMPTY, 0, 1),
        SampleInput(SCALAR, 0, -1)),
    view("t", SampleInput(X), SampleInput(Array((3,))), SampleInput(SCALAR)),
    view("movedim", SampleInput(CUBE, 0, 2), SampleInput(CUBE, (0, 1), (-1, 0)), numpy="moveaxis"),
    OpInfo("flip", [SampleInput(CUBE, (0,)), SampleInput(CUBE, (0, -1)), SampleInput(EMPTY, (1,)),
        SampleInput(X, (0, 1))], numpy="flip"),
    OpInfo("cat", [SampleInput([X, Array((2, 4))]), SampleInput([X, Array((3, 1)), X], 1),
        SampleInput([X, Array((0, 4))], dim=0), SampleInput([Array((3,)), Array((3,))], -1)],
        numpy=lambda x, dim=0: np.concatenate(x, dim)),
    OpInfo("stack", [SampleInput([X, X]), SampleInput([X, X, X], 1), SampleInput([SCALAR, SCALAR]),
        SampleInput([X, X], -1)], numpy="stack"),
    view("narrow", SampleInput(X, 1, 1, 2), SampleInput(X, 0, -2, 1), SampleInput(X, 0, 3, 0)),
    view("split", SampleInput(X, 2), SampleInput(X, 3, 1), SampleInput(X, [1, 3], dim=1)),
    view("chunk", SampleInput(X, 2, 1), SampleInput(X, 2), SampleInput(X, 7)),
    view("unbind", SampleInput(X), SampleInput(CUBE, -1)),
    view("clone", SampleInput(X), SampleInput(SCALAR), SampleInput(EMPTY)),
    OpInfo("sum_to", [SampleInput(CUBE, (3, 1)), SampleInput(CUBE, (1, 3, 4)), SampleInput(CUBE, ()),
        SampleInput(Array((0, 3)), (3,))], call=lambda x, shape: registered("sum_to")(x, shape=shape),
        torch="Tensor.sum_to_size", large=[SampleInput(Array((2048, 8)), (8,)), SampleInput(Array((32, 8, 64)), (8, 1)),
                                           SampleInput(Array((128, 128)), (128, 1))]),
    OpInfo("overwrite", [SampleInput(X, Array((2, 4))), SampleInput(X, Array((4,))), SampleInput(Array((3,)), SCALAR)],
        call=_overwrite, torch=_torch_overwrite),
    OpInfo("cast", [SampleInput(X), SampleInput(SCALAR)], call=lambda x: x.to(np.longdouble).to(x.dtype),
        torch="clone"),
    OpInfo("move", [SampleInput(X), SampleInput(SCALAR)], call=lambda x: registered("move")(x, origin=CPU, place=CPU),
        torch="clone", alias=True),
]  # fmt: skip
