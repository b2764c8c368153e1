"""Max pooling cell by cell (the first elements of all windows, the second ones, ...), so that no window is copied out,
in parts of the batch that stay in the cache, by all threads."""

from typing import Any

import numpy as np

from minigrad.backend.threads import chunks, parallel_for
from minigrad.engine.executions import execution
from minigrad.executors.numpy.arithmetic import select_by_bits
from minigrad.ops.nn.im2col import Ints
from minigrad.ops.nn.max_pool import max_pool, max_pool_backward, window_cells


def is_not_empty(input: Any, **settings: Any) -> bool:
    """Accepts all dtypes."""
    return input.size > 0


def is_floating(g: Any, **settings: Any) -> bool:
    """Accepts float16, float32 and float64."""
    return g.size > 0 and g.dtype.char in "efd"


def by_parts(work: Any, output: Any) -> None:
    """`work(slice)` for parts of the batch with as many windows as stay in the cache."""
    some = chunks(len(output), output.size // max(1, len(output)))
    parallel_for(lambda i: work(some[i]), len(some))


@execution(max_pool, "numpy", is_not_empty)
def forward(input: Any, *, kernel: Ints, stride: Ints, dilation: Ints) -> tuple[Any, Any]:
    """The largest, and their numbers in a byte where it has room for them."""
    cells = window_cells(input, kernel, stride, dilation)
    out = np.empty(cells[0].shape, input.dtype)
    indices = np.zeros(out.shape, "uint8" if len(cells) <= 256 else "int64")
    has_nan = bool((input != input).any())

    def work(part: slice) -> None:
        most, index = out[part], indices[part]
        most[...] = cells[0][part]
        for k, cell in enumerate(cells[1:], 1):
            here = cell[part].copy()  # what lies scattered is read once
            better = here > most
            if has_nan:
                better |= (here != here) & (most == most)
            np.maximum(most, here, out=most)
            np.maximum(index, better * index.dtype.type(k), out=index)

    by_parts(work, out)
    return out, indices


@execution(max_pool_backward, "numpy", is_floating)
def backward(g: Any, *, indices: Any, shape: Ints, kernel: Ints, stride: Ints, dilation: Ints) -> Any:
    """Assigned where no two windows overlap."""
    out = np.zeros(shape, g.dtype)
    cells = window_cells(out, kernel, stride, dilation)
    apart = all(s >= d * (k - 1) + 1 for s, k, d in zip(stride, kernel, dilation))

    def work(part: slice) -> None:
        for k, cell in enumerate(cells):
            here = select_by_bits(indices[part] == k, g[part], 0.0)
            if apart:
                cell[part] = here
            else:
                cell[part] += here

    by_parts(work, g)
    return out
