"""An LSTM's and a GRU's whole sequence, the gates of each step in one pass, and back."""

from typing import Any

import numpy as np

from minigrad.engine.executions import execution, is_float32
from minigrad.executors.lstm import buffers, gradients, is_sequence, stacked
from minigrad.executors.numba.compiled import Array3d, Matrix, loop
from minigrad.executors.numba.functions import HALF, ONE, tanh
from minigrad.ops.linalg.products import _matmul
from minigrad.ops.nn.linear import _linear
from minigrad.ops.nn.recurrent import _gru_sequence, _lstm_sequence, time_order


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
        dh = _matmul(da[t].reshape(len(dh), -1), weight)
    return gradients(da, dh, dc, hs, reverse)


@execution(_lstm_sequence, "numba", accepts, backward)
def lstm_sequence(gates: Any, h: Any, c: Any, weight: Any, *, reverse: bool) -> tuple[Any, tuple[Any, Any, Any, Any]]:
    """The result, and h and c of all steps, gates and tanh(c)."""
    arguments = time_order(gates, reverse)
    hs, cs, activated, tanhs = buffers(gates, h, c)
    for t in range(len(tanhs)):
        step(_linear(hs[t], weight, None), arguments[t], cs[t], activated[t], cs[t + 1], tanhs[t], hs[t + 1])
    return stacked(hs, cs, reverse), (hs, cs, activated, tanhs)


# --- GRU ----------------------------------------------------------------------------------------------------------


@loop
def gru_step(x: Matrix, a: Matrix, h: Matrix, gates: Array3d, h_next: Matrix) -> None:
    """x, a: (n, 3 size), the input's and h's parts; gates: (n, 4, size): r, z, n, and a's part of n."""
    rows, size = h.shape
    for i in range(rows):
        for j in range(size):
            gates[i, 0, j] = HALF * tanh(HALF * (x[i, j] + a[i, j])) + HALF
            gates[i, 1, j] = HALF * tanh(HALF * (x[i, size + j] + a[i, size + j])) + HALF
        for j in range(size):
            r, own = gates[i, 0, j], a[i, 2 * size + j]
            n = tanh(x[i, 2 * size + j] + r * own)
            gates[i, 2, j], gates[i, 3, j] = n, own
            h_next[i, j] = n + gates[i, 1, j] * (h[i, j] - n)


@loop
def gru_step_backward(dh: Matrix, more: Matrix, h: Matrix, gates: Array3d, dx: Array3d, da: Array3d) -> None:
    """dh + more is the gradient of h'; dx, da: (n, 3, size), of the two parts; dh becomes its direct share in h."""
    rows, size = h.shape
    for i in range(rows):
        for j in range(size):
            r, z, n, own = gates[i, 0, j], gates[i, 1, j], gates[i, 2, j], gates[i, 3, j]
            d = dh[i, j] + more[i, j]
            d_n = d * (ONE - z) * (ONE - n * n)
            dx[i, 0, j] = da[i, 0, j] = d_n * own * r * (ONE - r)
            dx[i, 1, j] = da[i, 1, j] = d * (h[i, j] - n) * z * (ONE - z)
            dx[i, 2, j], da[i, 2, j] = d_n, d_n * r
            dh[i, j] = d * z


def accepts_gru(gates: Any, h: Any, weight: Any, bias: Any, **settings: Any) -> bool:
    """float32 in C order, and of some size."""
    return is_float32(gates, weight) and is_float32(h, *(() if bias is None else (bias,)), at_least=1)


def gru_backward(
    g: Any, needed: Any, residuals: Any, gates: Any, h: Any, weight: Any, bias: Any, *, reverse: bool
) -> tuple[Any, Any, Any, Any]:
    """Back through time; the weight's gradient is one product for all steps."""
    (hs, activated), dhs = residuals, time_order(np.ascontiguousarray(g), reverse)
    count, n, size = dhs.shape
    dx, da = (np.empty((count, n, 3, size), np.float32) for _ in range(2))
    dh = np.zeros_like(h)
    for t in reversed(range(count)):
        gru_step_backward(dh, dhs[t], hs[t], activated[t], dx[t], da[t])
        dh += _matmul(da[t].reshape(n, 3 * size), weight)
    flat = da.reshape(count * n, 3 * size)
    dgates = np.ascontiguousarray(time_order(dx, reverse)).reshape(gates.shape)
    d_weight = _matmul(flat.T, hs[:-1].reshape(count * n, size))
    return dgates, dh, d_weight, None if bias is None else flat.sum(0)


@execution(_gru_sequence, "numba", accepts_gru, gru_backward)
def gru_sequence(gates: Any, h: Any, weight: Any, bias: Any, *, reverse: bool) -> tuple[Any, tuple[Any, Any]]:
    """The result, and h and the gates of all steps."""
    arguments, (count, n, _), size = time_order(gates, reverse), gates.shape, h.shape[-1]
    hs, activated = np.empty((count + 1, n, size), np.float32), np.empty((count, n, 4, size), np.float32)
    hs[0] = h
    for t in range(count):
        gru_step(arguments[t], _linear(hs[t], weight, bias), hs[t], activated[t], hs[t + 1])
    return time_order(hs[1:], reverse).copy(), (hs, activated)
