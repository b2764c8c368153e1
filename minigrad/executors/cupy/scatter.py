"""Elements taken along a dimension and put back, and rows added up where several meet: always in the same order, which
atomic additions are not."""

from typing import Any

from minigrad.backend import array_module
from minigrad.backend.cuda_kernel import elementwise

TAKE = elementwise(
    "take_along", "raw T x, I index, int64 inner, int64 n, int64 many", "T out",
    "out = x[(i / (inner * many) * n + (long long)index) * inner + i % inner]",
)  # fmt: skip
PUT = elementwise(
    "put_along", "raw T g, raw I index, int64 inner, int64 n", "T out",
    """
    long long from = i / (inner * n) * inner + i % inner;
    out = (long long)index[from] == i / inner % n ? g[from] : T(0);
    """,
)  # fmt: skip
ADD = elementwise(
    "add_rows", "raw int64 sorted, raw int64 order, raw T values, int64 n, int64 width", "raw T out",
    """
    long long k = i / width, j = i % width, row = sorted[k];
    if (k == 0 || sorted[k - 1] != row) {  // the first of those for this row adds up all of them
        A total = out[row * width + j];
        for (; k < n && sorted[k] == row; k++) total += A(values[order[k] * width + j]);
        out[row * width + j] = total;
    }
    """,
)  # fmt: skip


def _apart(shape: tuple[int, ...], dim: int) -> tuple[int, int]:
    """The sizes of what comes after a dimension, and of itself."""
    inner = 1
    for n in shape[dim + 1 :]:
        inner *= n
    return inner, shape[dim]


def take(input: Any, index: Any, *, dim: int) -> Any:
    """input[i][index[i][j][k]][k], where index has input's sizes but at `dim`."""
    return TAKE.call(input, index, *_apart(input.shape, dim), index.shape[dim])


def put(g: Any, index: Any, *, shape: tuple[int, ...], dim: int) -> Any:
    """Zeros of `shape` with g at `index`, one element along `dim`."""
    out = array_module(g).empty(shape, dtype=g.dtype)
    return PUT.call(g, index, *_apart(shape, dim), out)


def add_rows(out: Any, rows: Any, values: Any) -> None:
    """out[rows] += values: of an array of rows with int64 numbers in range, those of one row added up in order."""
    xp, n = array_module(out), rows.size
    width = out.size // max(1, len(out))
    if n and width:
        order = xp.argsort(rows)
        spread = xp.broadcast_to(values, (*rows.shape, *out.shape[1:]))
        ADD.call(rows[order], order, spread, n, width, out, size=n * width)
