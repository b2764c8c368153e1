"""ops/array/shape.py, ops/pointwise/cast.py, and the adjoints of broadcasting and of in-place changes."""

from typing import Any

import numpy as np

from minigrad.backend import CPU
from minigrad.testing.opinfo.model import Array, OpInfo, SampleInput, op, registered


def view(name: str, *samples: str | Array | SampleInput, **about: Any) -> OpInfo:
    """An op whose result may be a view of its argument."""
    return op(name, *samples, alias=True, **about)


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
    view("reshape", "3x4, (2, 6) | 3x4, (-1,) | 0d, (1, 1) | 0x3, (3, 0) | 2x3x4, (4, -1)", numpy="reshape"),
    view("flatten", "2x3x4 | 2x3x4, 1 | 2x3x4, 0, 1 | 0d | 0x3"),
    view("squeeze", "1x3x1 | 1x3x1, 0 | 1x3x1, (0, -1) | 3x4, 0 | 0d"),
    view("unsqueeze", "3x4, 0 | 3x4, -1 | 3x4, 1 | 0d, 0"),
    view("expand", "3x1, (3, 4) | 4x, (2, -1) | 0d, (2, 3) | 1x3, (0, 3)", torch="Tensor.expand", numpy=None),
    view("permute", "2x3x4, (2, 0, 1) | 2x3x4, (-1, 0, 1) | 0d, ()", numpy="transpose"),
    view("transpose", "2x3x4, 0, 2 | 2x3x4, -1, 1 | 0x3, 0, 1 | 0d, 0, -1"),
    view("t", "3x4 | 3x | 0d"),
    view("movedim", "2x3x4, 0, 2 | 2x3x4, (0, 1), (-1, 0)", numpy="moveaxis"),
    op("flip", "2x3x4, (0,) | 2x3x4, (0, -1) | 0x3, (1,) | 3x4, (0, 1)", numpy="flip"),
    op("cat", "[3x4, 2x4] | [3x4, 3x1, 3x4], 1 | [3x4, 0x4], dim=0 | [3x, 3x], -1",
        numpy=lambda x, dim=0: np.concatenate(x, dim)),
    op("stack", "[3x4, 3x4] | [3x4, 3x4, 3x4], 1 | [0d, 0d] | [3x4, 3x4], -1", numpy="stack"),
    view("narrow", "3x4, 1, 1, 2 | 3x4, 0, -2, 1 | 3x4, 0, 3, 0"),
    view("split", "3x4, 2 | 3x4, 3, 1 | 3x4, [1, 3], dim=1"),
    view("chunk", "3x4, 2, 1 | 3x4, 2 | 3x4, 7"),
    view("unbind", "3x4 | 2x3x4, -1"),
    view("clone", "3x4 | 0d | 0x3"),
    op("sum_to", "2x3x4, (3, 1) | 2x3x4, (1, 3, 4) | 2x3x4, () | 0x3, (3,)",
        call=lambda x, shape: registered("sum_to")(x, shape=shape), torch="Tensor.sum_to_size",
        large=["2048x8, (8,) | 32x8x64, (8, 1) | 128x128, (128, 1)"]),
    op("overwrite", "3x4, 2x4 | 3x4, 4x | 3x, 0d", call=_overwrite, torch=_torch_overwrite),
    op("cast", "3x4 | 0d", call=lambda x: x.to(np.longdouble).to(x.dtype), torch="clone"),
    op("move", "3x4 | 0d", call=lambda x: registered("move")(x, origin=CPU, place=CPU), torch="clone", alias=True),
]  # fmt: skip
