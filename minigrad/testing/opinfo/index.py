"""ops/index/indexing.py."""

from typing import Any

import numpy as np

from minigrad.testing.opinfo.model import Array, OpInfo, SampleInput, bools, ints, registered

X = Array((3, 4))
CUBE = Array((2, 3, 4))
MASK = np.array([[True, False, True, False], [False, True, True, False], [True, True, False, False]])
INDICES: list[tuple[str, Any]] = [
    ("number", 1), ("negative", -1), ("slice", slice(0, 2)), ("step", slice(None, None, 2)), ("ellipsis", (..., 0)),
    ("none", (None, slice(1, 3))), ("corner", (1, 2)), ("empty", slice(3, 3)), ("integers", np.array([2, 0, 2])),
    ("list", [0, 1]), ("pairs", (np.array([0, 0, 2]), np.array([1, 1, 3]))), ("matrix", np.array([[0, 1], [1, 0]])),
    ("mixed", (np.array([0, 2]), slice(1, 3))), ("mask", MASK), ("rows", np.array([True, False, True])), ("apart",
    (slice(None), np.array([0, 0]))), ("none_and_integers", (None, np.array([1, 2]), None)),
]  # fmt: skip


def _getitem(x: Any, index: Any) -> Any:
    return x[index]


def _setitem(x: Any, value: Any, index: Any) -> Any:
    whole = x * 1
    whole[index] = value
    return whole


def _torch_setitem(torch: Any, x: Any, value: Any, index: Any) -> Any:
    whole = x.clone()
    whole[index] = value
    return whole


def _put(g: Any, shape: tuple[int, ...], index: Any) -> Any:
    return registered("scatter_add_into")(g, shape=shape, index=index if isinstance(index, tuple) else (index,))


def _torch_put(torch: Any, g: Any, shape: tuple[int, ...], index: Any) -> Any:
    base = torch.zeros(shape, dtype=g.dtype)
    index = index if isinstance(index, tuple) else (index,)
    if builtin_slices(index):
        base[index] += g
        return base
    return base.index_put(index, g, accumulate=True)


def builtin_slices(index: tuple[Any, ...]) -> bool:
    """Is it an index without arrays?"""
    return not any(hasattr(i, "dtype") for i in index)


op_db = [
    OpInfo("getitem", [SampleInput(X, index, name=name) for name, index in INDICES], call=_getitem,
        torch=lambda torch, x, i: x[i], numpy=lambda x, i: x[i], alias=True),
    OpInfo("scatter_add_into", [SampleInput(Array((3, 2)), (3, 4), (slice(None), slice(1, 3)), name="slice"),
        SampleInput(Array((3, 4)), (3, 4), np.array([2, 0, 2]), name="repeated")], call=_put, torch=_torch_put),
    OpInfo("setitem", [SampleInput(X, Array((2, 4)), slice(0, 2), name="slice"),
        SampleInput(X, Array(()), (1, 2), name="corner"),
        SampleInput(X, Array((4,)), np.array([2, 0]), name="integers"), SampleInput(X, Array(()), MASK, name="mask"),
        SampleInput(Array((4,)), Array((2,)), slice(None, None, 2), name="step")], call=_setitem, torch=_torch_setitem),
    OpInfo("gather", [SampleInput(X, 1, ints((3, 2), 0, 4)), SampleInput(X, 0, ints((5, 4), 0, 3)),
        SampleInput(CUBE, -1, ints((2, 2, 1), 0, 4)), SampleInput(X, 0, ints((0, 4), 0, 3))],
        large=[SampleInput(Array((64, 200)), 1, ints((64, 150), 0, 200)),
        SampleInput(Array((504, 528)), 0, ints((504, 528), 0, 504))]),
    OpInfo("scatter_zeros", [SampleInput(Array((3, 2)), ints((3, 2), 0, 4), shape=(3, 4), dim=1),
        SampleInput(Array((3, 1)), ints((3, 1), 0, 4), shape=(3, 4), dim=1)], call=registered("scatter_zeros"),
        torch=lambda torch, g, i, shape, dim: torch.zeros(shape, dtype=g.dtype).scatter_add(dim, i, g)),
    OpInfo("pick", [SampleInput(X, np.array([1, 0, 3]), name="3x4")], call=lambda x, i: registered("pick")(x, index=i),
        torch=lambda torch, x, i: x[torch.arange(len(i)), i]),
    OpInfo("place", [SampleInput(Array((3,)), (3, 4), np.array([1, 0, 3]), name="3")],
        call=lambda g, shape, i: registered("place")(g, shape=shape, index=i),
        torch=lambda torch, g, shape, i: torch.zeros(shape, dtype=g.dtype).index_put((torch.arange(len(i)), i), g)),
    OpInfo("masked_fill", [SampleInput(X, bools((3, 4)), 0.5), SampleInput(X, bools((4,)), Array(()))]),
]  # fmt: skip
