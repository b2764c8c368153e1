"""im2col and col2im in one launch each: an element of the image gathers the columns it is in, so that the sum has one
order. One to three dimensions; with fewer the first are 1."""

import math
from typing import Any

from minigrad.backend import array_module
from minigrad.backend.cuda_kernel import elementwise
from minigrad.ops.nn.im2col import Geometry, Ints

# picture, places, kernel, stride, dilation, padding. Divisions are most of the work, and in 32 bits they are cheaper
SIZES = ", ".join(f"int32 {name}{d}" for name in "nmksdp" for d in range(3))
# columns[channel and window's element, picture and place] = x[picture, channel, ...], 0 where the window hangs over
IM2COL = elementwise(
    "im2col", f"raw T x, int64 batch, int64 channels, {SIZES}", "T out",
    """
    int places = m0 * m1 * m2, window = k0 * k1 * k2;
    long long at = i / (batch * places), from = i % (batch * places), picture = from / places, channel = at / window;
    int place = from % places, cell = at % window, rest = place % (m1 * m2), inner = cell % (k1 * k2);
    int y0 = place / (m1 * m2) * s0 + cell / (k1 * k2) * d0 - p0;
    int y1 = rest / m2 * s1 + inner / k2 * d1 - p1;
    int y2 = rest % m2 * s2 + inner % k2 * d2 - p2;
    bool inside = y0 >= 0 && y0 < n0 && y1 >= 0 && y1 < n1 && y2 >= 0 && y2 < n2;
    out = inside ? x[(((picture * channels + channel) * n0 + y0) * n1 + y1) * n2 + y2] : T(0);
    """,
)  # fmt: skip
# x0, x1, x2: an element of the picture; over all places (y0, y1, y2) whose windows hold it, in their cell (a, b, c)
EACH = """
    int area = n0 * n1 * n2;
    long long lead = i / area;
    int place = i % area, rest = place % (n1 * n2);
    int x0 = place / (n1 * n2) + p0, x1 = rest / n2 + p1, x2 = rest % n2 + p2;
    A total = 0;
    for (int a = 0; a < k0; a++) for (int b = 0; b < k1; b++) for (int c = 0; c < k2; c++) {
        int y0 = x0 - a * d0, y1 = x1 - b * d1, y2 = x2 - c * d2;
        if (y0 < 0 || y1 < 0 || y2 < 0 || y0 % s0 || y1 % s1 || y2 % s2) continue;
        y0 /= s0; y1 /= s1; y2 /= s2;
        if (y0 >= m0 || y1 >= m1 || y2 >= m2) continue;
        ADD
    }
    out = total;
"""
# where an element lies: by steps from picture to picture, channel to channel, in the window, from place to place
COL2IM = elementwise(
    "col2im",
    f"raw T columns, int64 channels, int64 by_picture, int64 by_channel, int64 in_window, int64 by_place, {SIZES}",
    "T out",
    EACH.replace("ADD", """
        long long from = lead / channels * by_picture + lead % channels * by_channel;
        total += A(columns[from + ((a * k1 + b) * k2 + c) * in_window + ((y0 * m1 + y1) * m2 + y2) * by_place]);
    """),
)  # fmt: skip


def all_sizes(size: Ints, output: Ints, kernel: Ints, stride: Ints, dilation: Ints, padding: Ints) -> list[int]:
    """All of them for three dimensions."""
    fill = ((1, size), (1, output), (1, kernel), (1, stride), (1, dilation), (0, padding))
    return [n for one, given in fill for n in (*(one,) * (3 - len(given)), *given)]


def _sizes_of(where: Geometry) -> list[int]:
    return all_sizes(where.size, where.output, where.kernel, where.stride, where.dilation, where.padding)


def im2col(x: Any, where: Geometry) -> Any:
    """(N, C, *size) -> (groups, C / groups * kernel, N * output)."""
    n, c = x.shape[:2]
    rows, columns = c // where.groups * math.prod(where.kernel), n * math.prod(where.output)
    out = array_module(x).empty((where.groups, rows, columns), dtype=x.dtype)
    return IM2COL.call(x, n, c, *_sizes_of(where), out)


def col2im(columns: Any, shape: Ints, where: Geometry) -> Any:
    """(groups, C / groups * kernel, N * output) -> `shape`, (N, C, *size)."""
    places, window = math.prod(where.output), math.prod(where.kernel)
    steps = (places, window * shape[0] * places, shape[0] * places, 1)
    out = array_module(columns).empty(shape, dtype=columns.dtype)
    return COL2IM.call(columns, shape[1], *steps, *_sizes_of(where), out)
