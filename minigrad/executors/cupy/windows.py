"""The windows of pictures as columns of a matrix (im2col), and columns put back and added up (col2im): each element of
the picture gathers what it is in, so that the sum has one order. One to three dimensions; with fewer the first are 1.
"""

import math
from typing import Any

from minigrad.backend import array_module
from minigrad.backend.cuda_kernel import elementwise

Ints = tuple[int, ...]
# picture, places, kernel, stride, dilation, padding. Divisions are most of the work, and in 32 bits they are cheaper
SIZES = ", ".join(f"int32 {name}{d}" for name in "nmksdp" for d in range(3))
# columns[channel and window's element, picture and place] = x[picture, channel, ...], 0 where the window hangs over
COLUMNS = elementwise(
    "columns", f"raw T x, int64 batch, int64 channels, {SIZES}", "T out",
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
BACK = elementwise(
    "columns_put_back",
    f"raw T columns, int64 channels, int64 by_picture, int64 by_channel, int64 in_window, int64 by_place, {SIZES}",
    "T out",
    EACH.replace("ADD", """
        long long from = lead / channels * by_picture + lead % channels * by_channel;
        total += A(columns[from + ((a * k1 + b) * k2 + c) * in_window + ((y0 * m1 + y1) * m2 + y2) * by_place]);
    """),
)  # fmt: skip
PUT_AT = elementwise(
    "put_at_best", f"raw T g, raw B best, {SIZES}", "T out",
    EACH.replace("ADD", """
        long long spot = ((lead * m0 + y0) * m1 + y1) * m2 + y2;
        if ((long long)best[spot] == (a * k1 + b) * k2 + c) total += A(g[spot]);
    """),
)  # fmt: skip
# the first element of the window at a place
START = """
    int places = m0 * m1 * m2;
    long long lead = i / places;
    int place = i % places, rest = place % (m1 * m2);
    int y0 = place / (m1 * m2) * s0, y1 = rest / m2 * s1, y2 = rest % m2 * s2;
"""
# the first largest element of each window, a nan before all, and its number
LARGEST = elementwise(
    "largest_of_windows", f"raw T x, {SIZES}", "T out, int64 best",
    START + """
    int number = 0;
    for (int a = 0; a < k0; a++) for (int b = 0; b < k1; b++) for (int c = 0; c < k2; c++, number++) {
        T here = x[((lead * n0 + y0 + a * d0) * n1 + y1 + b * d1) * n2 + y2 + c * d2];
        if (number == 0 || A(here) > A(out) || A(here) != A(here) && A(out) == A(out)) { out = here; best = number; }
    }
    """,
)  # fmt: skip
AT = elementwise(
    "at_best", f"raw T x, B best, {SIZES}", "T out",
    START + """
    int k = best, inner = k % (k1 * k2);
    y0 += k / (k1 * k2) * d0; y1 += inner / k2 * d1; y2 += inner % k2 * d2;
    out = x[((lead * n0 + y0) * n1 + y1) * n2 + y2];
    """,
)  # fmt: skip


def _sizes(size: Ints, spots: Ints, kernel: Ints, stride: Ints, dilation: Ints, padding: Ints) -> list[int]:
    """All of them for three dimensions."""
    fill = ((1, size), (1, spots), (1, kernel), (1, stride), (1, dilation), (0, padding))
    return [n for one, given in fill for n in (*(one,) * (3 - len(given)), *given)]


def columns(x: Any, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, spots: Ints) -> Any:
    """(N, C, *size) -> (C * kernel, N * spots)."""
    n, c, *size = x.shape
    out = array_module(x).empty((c * math.prod(kernel), n * math.prod(spots)), dtype=x.dtype)
    return COLUMNS.call(x, n, c, *_sizes(tuple(size), spots, kernel, stride, dilation, padding), out)


def put_back(made: Any, shape: Ints, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, spots: Ints) -> Any:
    """The adjoint of `columns`, for pictures of `shape`."""
    n, c, *size = shape
    places, window = math.prod(spots), math.prod(kernel)
    out = array_module(made).empty(shape, dtype=made.dtype)
    steps = (places, window * n * places, n * places, 1)
    return BACK.call(made, c, *steps, *_sizes(tuple(size), spots, kernel, stride, dilation, padding), out)


def windows_put_back(g: Any, *, shape: Ints, kernel: Ints, stride: Ints, dilation: Ints) -> Any:
    """(..., *spots, *kernel) -> zeros of `shape` (..., *size) with the windows put back and added up."""
    d = len(kernel)
    spots, size, window = g.shape[-2 * d : -d], shape[-d:], math.prod(kernel)
    out = array_module(g).empty(shape, dtype=g.dtype)
    steps = (0, math.prod(spots) * window, 1, window)
    lead = max(1, math.prod(shape[:-d]))
    return BACK.call(g, lead, *steps, *_sizes(size, spots, kernel, stride, dilation, (0,) * d), out)


def _of(shape: Ints, kernel: Ints, stride: Ints, dilation: Ints, spots: Ints = ()) -> tuple[Ints, list[int]]:
    """How many windows there are in arrays of `shape` (..., *size), and all sizes."""
    d = len(kernel)
    size = shape[-d:]
    spots = spots or tuple((n - e * (k - 1) - 1) // s + 1 for n, k, s, e in zip(size, kernel, stride, dilation))
    return spots, _sizes(size, spots, kernel, stride, dilation, (0,) * d)


def largest(x: Any, *, kernel: Ints, stride: Ints, dilation: Ints, known: Any) -> Any:
    """(..., *size) -> (..., *spots): the largest of each window; known.best: its number."""
    spots, sizes = _of(x.shape, kernel, stride, dilation)
    xp, shape = array_module(x), (*x.shape[: -len(kernel)], *spots)
    out, known.best = xp.empty(shape, dtype=x.dtype), xp.empty(shape, dtype="int64")
    return LARGEST.call(x, *sizes, out, known.best)[0]


def at(x: Any, *, best: Any, kernel: Ints, stride: Ints, dilation: Ints) -> Any:
    """Of each window the element of the number in `best`."""
    return AT.call(x, best, *_of(x.shape, kernel, stride, dilation)[1])


def put_at(g: Any, *, best: Any, shape: Ints, kernel: Ints, stride: Ints, dilation: Ints) -> Any:
    """The adjoint of `at`."""
    out = array_module(g).empty(shape, dtype=g.dtype)
    return PUT_AT.call(g, best, *_of(shape, kernel, stride, dilation, g.shape[-len(kernel) :])[1], out)
