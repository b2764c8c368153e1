"""Max pooling over planes. See ops.largest."""

import numpy as np

from minigrad.executors.numba.compiled import Array3d, Bytes3d, loop


@loop
def put_at(
    g: Array3d, best: Bytes3d, out: Array3d, kw: int, sh: int, sw: int, dh: int, dw: int, first: int, last: int,
) -> None:  # fmt: skip
    """Adds each g at the place of its best in out, (planes, h, w), which begins as zeros."""
    _, rows, columns = g.shape
    for p in range(first, last):
        for r in range(rows):
            for c in range(columns):
                number = np.int64(best[p, r, c])
                out[p, r * sh + number // kw * dh, c * sw + number % kw * dw] += g[p, r, c]
