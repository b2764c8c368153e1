"""Sums to the shape that was broadcast, as products with ones: see `sums.py`."""

from typing import Any

from minigrad.engine.executions import execution
from minigrad.executors.numpy.sums import MANY, column_sums, sums
from minigrad.ops.array.shape import sum_to


def accepts(g: Any, *, shape: tuple[int, ...]) -> bool:
    """float32 and float64 of many elements, unless just leading dimensions of more than a matrix are added up."""
    extra = g.ndim - len(shape)
    return g.size >= MANY and g.dtype.char in "fd" and (g.ndim == 2 or any(
        n == 1 and g.shape[i + extra] != 1 for i, n in enumerate(shape)
    ))  # fmt: skip


@execution(sum_to, "numpy", accepts)
def forward(g: Any, *, shape: tuple[int, ...]) -> Any:
    """`g` summed to `shape`."""
    extra = g.ndim - len(shape)
    stretched = tuple(i + extra for i, n in enumerate(shape) if n == 1 and g.shape[i + extra] != 1)
    if g.ndim == 2 and len(shape) == 1 and not stretched:
        return column_sums(g)[0]
    return sums(g, (*range(extra), *stretched)).reshape(shape)
