"""Windows added up where they lie, in one launch."""

import math
from typing import Any

from minigrad.backend import array_module
from minigrad.engine.executions import execution
from minigrad.executors.cupy.accepts import is_floating
from minigrad.executors.cupy.im2col import COL2IM, all_sizes
from minigrad.ops.nn.im2col import Ints
from minigrad.ops.nn.pooling import add_windows


@execution(add_windows, "cupy", is_floating)
def forward(g: Any, *, shape: Ints, kernel: Ints, stride: Ints, dilation: Ints) -> Any:
    """(..., *output, *kernel) -> `shape` (..., *size)."""
    d = len(kernel)
    output, size, window = g.shape[-2 * d : -d], shape[-d:], math.prod(kernel)
    steps = (0, math.prod(output) * window, 1, window)
    out = array_module(g).empty(shape, dtype=g.dtype)
    lead = max(1, math.prod(shape[:-d]))
    return COL2IM.call(g, lead, *steps, *all_sizes(size, output, kernel, stride, dilation, (0,) * d), out)
