"""An LSTM's whole sequence, the gates of each step in one pass, and back."""

from typing import Any

import numpy as np

from minigrad.engine.executions import execution, is_float32
from minigrad.executors.lstm import buffers, gradients, is_sequence, stacked
from minigrad.executors.numba.compiled import Array3d, Matrix, loop
from minigrad.executors.numba.functions import HALF, ONE, tanh
from minigrad.ops.nn.recurrent import _lstm_sequence, time_order


@loop
def step(
    a: Matrix, arguments: Matrix, c: Matrix, gates: Array3d, c_next: Matrix, tanh_c: Matrix, h_next: Matrix,
) -> None:  # fmt: skip
    """a, arguments: (n, 4 size), added up; gates: (n, 4, size); the others (n, size)."""
    n, size = c.shape
    for i in range(n):
        for k in range(4):
            by = ONE if k == 2 else HALF  # a sigmoid is (tanh(x / 2) + 1) / 2
            for j in range(size):
                gates[i, k, j] = by * tanh(by * (a[i, k * size + j] + arguments[i, k * size + j])) + (ONE - by)
        for j in range(size):
            c_next[i, j] = gates[i, 1, j] * c[i, j] + gates[i, 0, j] * gates[i, 2, j]
        for j in range(size):
            tanh_c[i, j] = tanh(c_next[i, j])
        for j in range(size):
            h_next[i, j] = gates[i, 3, j] * tanh_c[i, j]


@loop
def step_backward(dh: Matrix, more: Matrix, dc: Matrix, c: Matrix, gates: Array3d, tanh_c: Matrix, da: Array3d) -> None:
    """dh + more is the gradient of h; dc becomes that of the c before; da: (n, 4, size), the arguments'."""
    n, size = c.shape
    for k in range(n):
        for j in range(size):
            i, f, g, o, t = gates[k, 0, j], gates[k, 1, j], gates[k, 2, j], gates[k, 3, j], tanh_c[k, j]
            d = dh[k, j] + more[k, j]
            d_c = dc[k, j] + d * o * (ONE - t * t)
            da[k, 0, j] = d_c * g * i * (ONE - i)
            da[k, 1, j] = d_c * c[k, j] * f * (ONE - f)
            da[k, 2, j] = d_c * i * (ONE - g * g)
            da[k, 3, j] = d * t * o * (ONE - o)
            dc[k, j] = d_c * f


def accepts(gates: Any, h: Any, c: Any, weight: Any, **settings: Any) -> bool:
    """float32 in C order, and of some size."""
    return is_float32(gates, weight) and is_sequence(gates, h, c, weight)


def backward(
    g: Any, needed: Any, residuals: Any, gates: Any, h: Any, c: Any, weight: Any, *, reverse: bool
) -> tuple[Any, Any, Any, Any]:
    """Back through time."""
    hs, cs, activated, tanhs = residuals
    g = np.ascontiguousarray(g)
    da, dh, dc, dhs = np.empty_like(activated), np.zeros_like(hs[0]), g[-1].copy(), time_order(g[:-1], reverse)
    for t in reversed(range(len(tanhs))):
        step_backward(dh, dhs[t], dc, cs[t], activated[t], tanhs[t], da[t])
        dh = da[t].reshape(len(dh), -1) @ weight
    return gradients(da, dh, dc, hs, reverse)


@execution(_lstm_sequence, "numba", accepts, backward)
def lstm_sequence(gates: Any, h: Any, c: Any, weight: Any, *, reverse: bool) -> tuple[Any, tuple[Any, Any, Any, Any]]:
    """The result, and h and c of all steps, gates and tanh(c)."""
    arguments = time_order(gates, reverse)
    hs, cs, activated, tanhs = buffers(gates, h, c)
    for t in range(len(tanhs)):
        step(hs[t] @ weight.T, arguments[t], cs[t], activated[t], cs[t + 1], tanhs[t], hs[t + 1])
    return stacked(hs, cs, reverse), (hs, cs, activated, tanhs)
