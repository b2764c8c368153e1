"""Rows of ops/index.py."""

from typing import Any

import numpy as np

from minigrad.testing.opinfo.rows import Draw, Row, Sample, bools, ints

X = Draw((3, 4))
CUBE = Draw((2, 3, 4))
MASK = np.array([[True, False, True, False], [False, True, True, False], [True, True, False, False]])
INDICES: list[tuple[str, Any]] = [
    ("number", 1), ("negative", -1), ("slice", slice(0, 2)), ("step", slice(None, None, 2)), ("ellipsis", (..., 0)),
    ("none", (None, slice(1, 3))), ("corner", (1, 2)), ("empty", slice(3, 3)), ("integers", np.array([2, 0, 2])),
    ("list", [0, 1]), ("pairs", (np.array([0, 0, 2]), np.array([1, 1, 3]))), ("matrix", np.array([[0, 1], [1, 0]])),
    ("mixed", (np.array([0, 2]), slice(1, 3))), ("mask", MASK), ("rows", np.array([True, False, True])),
    ("apart", (slice(None), np.array([0, 0]))), ("none_and_integers", (None, np.array([1, 2]), None)),
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
    from minigrad.ops.index.indexing import scatter_add_into

    return scatter_add_into(g, shape=shape, index=index if isinstance(index, tuple) else (index,))


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


def _primitive(name: str) -> Any:
    def call(*args: Any, **options: Any) -> Any:
        from minigrad.engine.primitive import REGISTRY

        return REGISTRY[name].call(*args, **options)

    return call


ROWS = [
    Row("getitem", [Sample(X, index, called=name) for name, index in INDICES], call=_getitem,
        torch=lambda torch, x, i: x[i],
        numpy=lambda x, i: x[i], alias=True),
    Row("scatter_add_into", [
        Sample(Draw((3, 2)), (3, 4), (slice(None), slice(1, 3)), called="slice"),
        Sample(Draw((3, 4)), (3, 4), np.array([2, 0, 2]), called="repeated"),
    ], call=_put, torch=_torch_put),
    Row("setitem", [
        Sample(X, Draw((2, 4)), slice(0, 2), called="slice"), Sample(X, Draw(()), (1, 2), called="corner"),
        Sample(X, Draw((4,)), np.array([2, 0]), called="integers"), Sample(X, Draw(()), MASK, called="mask"),
        Sample(Draw((4,)), Draw((2,)), slice(None, None, 2), called="step"),
    ], call=_setitem, torch=_torch_setitem),
    Row("gather", [Sample(X, 1, ints((3, 2), 0, 4)), Sample(X, 0, ints((5, 4), 0, 3)),
        Sample(CUBE, -1, ints((2, 2, 1), 0, 4)),
                   Sample(X, 0, ints((0, 4), 0, 3))]),
    Row("scatter_zeros", [
        Sample(Draw((3, 2)), ints((3, 2), 0, 4), shape=(3, 4), dim=1),
        Sample(Draw((3, 1)), ints((3, 1), 0, 4), shape=(3, 4), dim=1),
    ], call=_primitive("scatter_zeros"),
        torch=lambda torch, g, i, shape, dim: torch.zeros(shape, dtype=g.dtype).scatter_add(dim, i, g)),
    Row("pick", [Sample(X, np.array([1, 0, 3]), called="3x4")], call=lambda x, i: _primitive("pick")(x, index=i),
        torch=lambda torch, x, i: x[torch.arange(len(i)), i]),
    Row("place", [Sample(Draw((3,)), (3, 4), np.array([1, 0, 3]), called="3")],
        call=lambda g, shape, i: _primitive("place")(g, shape=shape, index=i),
        torch=lambda torch, g, shape, i: torch.zeros(shape, dtype=g.dtype).index_put((torch.arange(len(i)), i), g)),
    Row("masked_fill", [Sample(X, bools((3, 4)), 0.5), Sample(X, bools((4,)), Draw(()))]),
]  # fmt: skip
