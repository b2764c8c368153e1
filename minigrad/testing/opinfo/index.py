"""ops/index/indexing.py."""

from operator import getitem
from typing import Any

import numpy as np

from minigrad.testing.opinfo.model import Array, SampleInput, op, registered

X = Array((3, 4))
MASK = np.array([[True, False, True, False], [False, True, True, False], [True, True, False, False]])
INDICES: list[tuple[str, Any]] = [
    ("number", 1), ("negative", -1), ("slice", slice(0, 2)), ("step", slice(None, None, 2)), ("ellipsis", (..., 0)),
    ("none", (None, slice(1, 3))), ("corner", (1, 2)), ("empty", slice(3, 3)), ("integers", np.array([2, 0, 2])),
    ("list", [0, 1]), ("pairs", (np.array([0, 0, 2]), np.array([1, 1, 3]))), ("matrix", np.array([[0, 1], [1, 0]])),
    ("mixed", (np.array([0, 2]), slice(1, 3))), ("mask", MASK), ("rows", np.array([True, False, True])), ("apart",
    (slice(None), np.array([0, 0]))), ("none_and_integers", (None, np.array([1, 2]), None)),
]  # fmt: skip


def _setitem(x: Any, value: Any, index: Any) -> Any:
    whole = x * 1
    whole[index] = value
    return whole


def _torch_setitem(torch: Any, x: Any, value: Any, index: Any) -> Any:
    whole = x.clone()
    whole[index] = value
    return whole


def _torch_stay(torch: Any, g: Any, shape: Any, index: Any) -> Any:
    numbers = torch.zeros(shape, dtype=torch.int64)
    mine = torch.arange(g.numel()).reshape(g.shape)
    numbers[index] = mine
    return torch.where(numbers[index] == mine, g, 0.0)


def _torch_put(torch: Any, g: Any, shape: tuple[int, ...], index: Any) -> Any:
    base = torch.zeros(shape, dtype=g.dtype)
    if not any(hasattr(i, "dtype") for i in index):
        base[index] += g
        return base
    return base.index_put(index, g, accumulate=True)


op_db = [
    op("getitem", *[SampleInput(X, index, name=name) for name, index in INDICES], call=getitem,
        torch=lambda torch, x, i: x[i], numpy=getitem, alias=True),
    op("scatter_add_into", SampleInput(Array((3, 2)), (3, 4), (slice(None), slice(1, 3)), name="slice"),
        SampleInput(X, (3, 4), (np.array([2, 0, 2]),), name="repeated"), torch=_torch_put,
        call=lambda g, shape, index: registered("scatter_add_into")(g, shape=shape, index=index)),
    op("setitem", SampleInput(X, Array((2, 4)), slice(0, 2), name="slice"), "3x4, 0d, (1, 2), name='corner'",
        SampleInput(X, Array((4,)), np.array([2, 0]), name="integers"), SampleInput(X, Array(()), MASK, name="mask"),
        SampleInput(Array((4,)), Array((2,)), slice(None, None, 2), name="step"), call=_setitem, torch=_torch_setitem),
    op("that_stay", SampleInput(Array((3, 4)), (3, 4), (np.array([2, 0, 2]),), name="rows"),
        SampleInput(Array((2, 3)), (2, 4), (slice(None), np.array([3, 3, 1])), name="columns"),
        SampleInput(Array((3,)), (2, 4), (1, np.array([3, 3, 1])), name="of a row"), torch=_torch_stay,
        call=lambda g, shape, index: registered("that_stay")(g, shape=shape, index=index, dim=None)),
    op("gather", "3x4, 1, i3x2[0, 4) | 3x4, 0, i5x4[0, 3) | 2x3x4, -1, i2x2x1[0, 4) | 3x4, 0, i0x4[0, 3)",
        large=["64x200, 1, i64x150[0, 200) | 504x528, 0, i504x528[0, 504)"]),
    op("scatter_zeros", "3x2, i3x2[0, 4), shape=(3, 4), dim=1 | 3x1, i3x1[0, 4), shape=(3, 4), dim=1",
        call=registered("scatter_zeros"),
        torch=lambda torch, g, i, shape, dim: torch.zeros(shape, dtype=g.dtype).scatter_add(dim, i, g)),
    op("pick", SampleInput(X, np.array([1, 0, 3]), name="3x4"), call=lambda x, i: registered("pick")(x, index=i),
        torch=lambda torch, x, i: x[torch.arange(len(i)), i]),
    op("place", SampleInput(Array((3,)), (3, 4), np.array([1, 0, 3]), name="3"),
        call=lambda g, shape, i: registered("place")(g, shape=shape, index=i),
        torch=lambda torch, g, shape, i: torch.zeros(shape, dtype=g.dtype).index_put((torch.arange(len(i)), i), g)),
    op("masked_fill", "3x4, b3x4, 0.5 | 3x4, b4x, 0d"),
]  # fmt: skip
