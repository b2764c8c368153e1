"""Max pooling over planes. See ops.largest."""

from typing import Any

import numpy as np

from minigrad.executors.numba.compiled import loop


@loop
def put_at(g: Any, best: Any, out: Any, kw: int, sh: int, sw: int, dh: int, dw: int, first: int, last: int) -> None:
    """Adds each g at the place of its best in out, (planes, h, w), which begins as zeros."""
    _, rows, columns = g.shape
    for p in range(first, last):
        for r in range(rows):
            for c in range(columns):
                number = np.int64(best[p, r, c])
                out[p, r * sh + number // kw * dh, c * sw + number % kw * dw] += g[p, r, c]
