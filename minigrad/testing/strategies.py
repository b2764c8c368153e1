"""Hypothesis strategies for tests of operations: tensors, shapes that broadcast, indices.

Values shrink towards 0 and 1, shapes towards small ones. `near_kinks` mixes in values at and next to points where
operations like to go wrong, `ties` repeats values, `specials` adds what only a test would pass (0, -0.0, inf, nan).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from minigrad import dtypes
from minigrad.engine.primitive import wrap
from minigrad.engine.tensor import Tensor
from minigrad.testing.check import LAYOUTS

KINKS = (0.0, 1.0, -1.0, 3.0, -3.0, 6.0)


def shapes(min_dims: int = 0, max_dims: int = 3, min_side: int = 1, max_side: int = 4) -> st.SearchStrategy[Any]:
    """Shapes, as tuples. min_side=0 also draws empty ones."""
    return st.lists(st.integers(min_side, max_side), min_size=min_dims, max_size=max_dims).map(tuple)


def values(
    low: float = -10.0,
    high: float = 10.0,
    *,
    dtype: Any = dtypes.float64,
    near_kinks: float = 0.2,
    specials: Sequence[float] = (),
) -> st.SearchStrategy[float]:
    """Numbers in [low, high] that `dtype` can hold; a share `near_kinks` of them at, or a hair beside, 0, 1, -1, ..."""
    kind = np.dtype(dtype)
    if kind.kind == "b":
        return st.booleans()
    if kind.kind in "iu":
        ends = np.iinfo(kind)
        return st.integers(max(int(low), int(ends.min)), min(int(high), int(ends.max)))
    plain = st.floats(low, high, width=kind.itemsize * 8 if kind.itemsize < 8 else 64, allow_nan=False)
    inside = [k for k in KINKS if low <= k <= high]
    hair = float(np.finfo(kind).eps) * 64
    beside = [x for k in inside for x in (k, k + hair, k - hair) if low <= x <= high]
    drawn = plain
    if beside and near_kinks > 0:
        drawn = st.integers(0, 99).flatmap(lambda n: st.sampled_from(beside) if n >= 100 - 100 * near_kinks else plain)
    return st.one_of(drawn, st.sampled_from(list(specials))) if specials else drawn


@st.composite
def tensors(
    draw: Any,
    shape: Any = None,
    dtype: Any = dtypes.float64,
    *,
    low: float = -10.0,
    high: float = 10.0,
    near_kinks: float = 0.2,
    ties: float = 0.1,
    specials: Sequence[float] = (),
    requires_grad: bool = False,
    contiguous: bool | None = True,
) -> Tensor:
    """A tensor. shape: a tuple, a strategy for one, or None for any small one; dtype: one, or a strategy.

    ties: the chance that it has repeated values. contiguous=None also draws transposed, strided and reversed memory.
    """
    size = draw(shape if isinstance(shape, st.SearchStrategy) else st.just(shape) if shape is not None else shapes())
    kind = np.dtype(draw(dtype) if isinstance(dtype, st.SearchStrategy) else dtype)
    count = int(np.prod(size))
    numbers = values(low, high, dtype=kind, near_kinks=near_kinks, specials=specials)
    flat = np.array(draw(st.lists(numbers, min_size=count, max_size=count)), dtype=kind)
    if count > 1 and ties and draw(st.integers(0, 99)) >= 100 - 100 * ties:
        flat[draw(st.integers(0, count - 1))] = flat[draw(st.integers(0, count - 1))]
    array = flat.reshape(size)
    if contiguous is not True:
        array = LAYOUTS.get(draw(st.sampled_from(["plain", *LAYOUTS])), np.asarray)(array)
    t = wrap(array)
    return t.requires_grad_() if requires_grad and kind.kind == "f" else t


@st.composite
def broadcastable(draw: Any, count: int = 2, *, max_dims: int = 3, max_side: int = 4) -> tuple[tuple[int, ...], ...]:
    """`count` shapes that broadcast together: sizes of 1, and leading dimensions left out, in any combination."""
    full = draw(shapes(max_dims=max_dims, max_side=max_side))
    found = []
    for _ in range(count):
        kept = draw(st.integers(0, len(full)))
        sizes = full[len(full) - kept :]
        ones = draw(st.lists(st.booleans(), min_size=kept, max_size=kept))
        found.append(tuple(1 if one else n for n, one in zip(sizes, ones)))
    return tuple(found)


@st.composite
def indexers(draw: Any, shape: tuple[int, ...], *, advanced: bool = True) -> Any:
    """An index into a tensor of that shape: integers, slices, ..., None; and (advanced) integer lists, bool masks."""
    parts: list[Any] = []
    arrays = draw(st.integers(1, 3))  # the arrays of one index must broadcast: they share this length
    for n in shape:
        kinds = ["slice"] + (["integer"] if n else []) + (["list"] if n and advanced else [])
        kind = draw(st.sampled_from(kinds))
        if kind == "slice":
            step = draw(st.integers(1, 3))
            parts.append(slice(draw(st.none() | st.integers(-n, n)), draw(st.none() | st.integers(-n, n)), step))
        elif kind == "integer":
            parts.append(draw(st.integers(-n, n - 1)))
        else:
            parts.append(draw(st.lists(st.integers(-n, n - 1), min_size=arrays, max_size=arrays)))
    parts = parts[: draw(st.integers(0, len(parts)))]
    if advanced and shape and not parts and draw(st.booleans()):
        count = int(np.prod(shape))
        mask = draw(st.lists(st.booleans(), min_size=count, max_size=count))
        return wrap(np.array(mask, dtype=bool).reshape(shape))
    for extra in draw(st.lists(st.sampled_from([None, Ellipsis]), max_size=2, unique=True)):
        parts.insert(len(parts) if extra is Ellipsis else draw(st.integers(0, len(parts))), extra)
    return tuple(parts)


__all__ = ["broadcastable", "indexers", "shapes", "tensors", "values"]
