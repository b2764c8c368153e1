"""Max pooling and its adjoints, in one launch each."""

from typing import Any

from minigrad.backend import array_module
from minigrad.backend.cuda_kernel import elementwise
from minigrad.engine.executions import execution
from minigrad.executors.cupy.accepts import is_floating
from minigrad.executors.cupy.im2col import EACH, SIZES, all_sizes
from minigrad.ops.nn.im2col import Ints, output_size
from minigrad.ops.nn.max_pool import max_pool, max_pool_backward, take_max

MAX_POOL_BACKWARD = elementwise(
    "max_pool_backward", f"raw T g, raw B indices, {SIZES}", "T out",
    EACH.replace("ADD", """
        long long spot = ((lead * m0 + y0) * m1 + y1) * m2 + y2;
        if ((long long)indices[spot] == (a * k1 + b) * k2 + c) total += A(g[spot]);
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
MAX_POOL = elementwise(
    "max_pool", f"raw T x, {SIZES}", "T out, int64 indices",
    START + """
    int number = 0;
    for (int a = 0; a < k0; a++) for (int b = 0; b < k1; b++) for (int c = 0; c < k2; c++, number++) {
        T here = x[((lead * n0 + y0 + a * d0) * n1 + y1 + b * d1) * n2 + y2 + c * d2];
        if (number == 0 || A(here) > A(out) || A(here) != A(here) && A(out) == A(out)) { out = here; indices = number; }
    }
    """,
)  # fmt: skip
TAKE_MAX = elementwise(
    "take_max", f"raw T x, B indices, {SIZES}", "T out",
    START + """
    int k = indices, inner = k % (k1 * k2);
    y0 += k / (k1 * k2) * d0; y1 += inner / k2 * d1; y2 += inner % k2 * d2;
    out = x[((lead * n0 + y0) * n1 + y1) * n2 + y2];
    """,
)  # fmt: skip


def _sizes(shape: Ints, kernel: Ints, stride: Ints, dilation: Ints, output: Ints) -> list[int]:
    d = len(kernel)
    return all_sizes(shape[-d:], output, kernel, stride, dilation, (0,) * d)


@execution(max_pool, "cupy", is_floating)
def forward(input: Any, *, kernel: Ints, stride: Ints, dilation: Ints) -> tuple[Any, Any]:
    """(..., *size) -> (..., *output): the largest, and their numbers."""
    d = len(kernel)
    output = output_size(input.shape[-d:], kernel, stride, (0,) * d, dilation)
    xp, shape = array_module(input), (*input.shape[:-d], *output)
    out, indices = xp.empty(shape, dtype=input.dtype), xp.empty(shape, dtype="int64")
    MAX_POOL.call(input, *_sizes(input.shape, kernel, stride, dilation, output), out, indices)
    return out, indices


@execution(max_pool_backward, "cupy", is_floating)
def backward(g: Any, *, indices: Any, shape: Ints, kernel: Ints, stride: Ints, dilation: Ints) -> Any:
    """An element gathers the gradients of the windows whose largest it is."""
    out = array_module(g).empty(shape, dtype=g.dtype)
    return MAX_POOL_BACKWARD.call(g, indices, *_sizes(shape, kernel, stride, dilation, g.shape[-len(kernel) :]), out)


@execution(take_max, "cupy", is_floating)
def take(input: Any, *, indices: Any, kernel: Ints, stride: Ints, dilation: Ints) -> Any:
    """See `ops.nn.max_pool.take_max`."""
    return TAKE_MAX.call(input, indices, *_sizes(input.shape, kernel, stride, dilation, indices.shape[-len(kernel) :]))
