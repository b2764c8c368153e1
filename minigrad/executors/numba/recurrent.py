"""One step of an LSTM's gates, and back. See ops.recurrent."""

from typing import Any

import numpy as np

from minigrad.executors.numba.compiled import loop
from minigrad.executors.numba.functions import HALF, ONE, tanh

f32: Any = np.float32


@loop
def step(a: Any, arguments: Any, c: Any, four: Any, c_next: Any, t: Any, h_next: Any) -> None:
    """a, arguments: (n, 4 size), added up; four: (n, 4, size), the gates; the others (n, size)."""
    n, size = c.shape
    for i in range(n):
        for k in range(4):
            by = ONE if k == 2 else HALF  # a sigmoid is (tanh(x / 2) + 1) / 2
            for j in range(size):
                four[i, k, j] = by * tanh(by * (a[i, k * size + j] + arguments[i, k * size + j])) + (ONE - by)
        for j in range(size):
            c_next[i, j] = four[i, 1, j] * c[i, j] + four[i, 0, j] * four[i, 2, j]
        for j in range(size):
            t[i, j] = tanh(c_next[i, j])
        for j in range(size):
            h_next[i, j] = four[i, 3, j] * t[i, j]


@loop
def step_back(dh: Any, given: Any, dc: Any, c: Any, four: Any, t: Any, out: Any) -> None:
    """dh + given is the gradient of h; dc becomes that of the c before; out: (n, 4, size), the arguments'."""
    n, size = c.shape
    for k in range(n):
        for j in range(size):
            i, f, g, o = four[k, 0, j], four[k, 1, j], four[k, 2, j], four[k, 3, j]
            d = dh[k, j] + given[k, j]
            back = dc[k, j] + d * o * (ONE - t[k, j] * t[k, j])
            out[k, 0, j] = back * g * i * (ONE - i)
            out[k, 1, j] = back * c[k, j] * f * (ONE - f)
            out[k, 2, j] = back * i * (ONE - g * g)
            out[k, 3, j] = d * t[k, j] * o * (ONE - o)
            dc[k, j] = back * f
