"""An LSTM's step, and its whole sequence, forward and backward through time.

Sigmoids by tanh, which is the faster one: sigmoid(x) = 1/2 tanh(x / 2) + 1/2. So each gate is scale * tanh(scale * x) +
shift, with a scale of 1/2, but of 1 for g, and shift = 1 - scale.
"""

from functools import lru_cache
from typing import Any

import numpy as np

from minigrad.backend.threads import chunks, parallel_for
from minigrad.engine.executions import execution
from minigrad.executors.lstm import buffers, gradients, is_sequence, stacked
from minigrad.ops.linalg.products import _matmul
from minigrad.ops.nn.linear import _linear
from minigrad.ops.nn.recurrent import _lstm_sequence, _lstm_step, time_order

ndarray = np.ndarray


@lru_cache(32)
def scale_and_shift(size: int, dtype: Any) -> tuple[Any, Any]:
    """Of the gates i, f, g, o, (4, size) each."""
    scale = np.full((4, size), 0.5, dtype)
    scale[2] = 1
    return scale, 1 - scale


def step(a: Any, c: Any, scale: Any, shift: Any, gates: Any, c_next: Any, tanh_c: Any, h_next: Any) -> None:
    """The last four are written, from a = scale * x (overwritten) and c; gates: (..., 4, H), others (..., H)."""
    np.tanh(a, out=a)
    np.multiply(a.reshape(gates.shape), scale, out=gates)
    gates += shift
    np.multiply(gates[..., 1, :], c, out=c_next)
    c_next += gates[..., 0, :] * gates[..., 2, :]
    np.tanh(c_next, out=tanh_c)
    np.multiply(gates[..., 3, :], tanh_c, out=h_next)


def step_factors(c: Any, gates: Any, tanh_c: Any, by: Any, to_c: Any) -> None:
    """What a step's gradients are multiplied by: dc for the arguments of i, f, g and dh for that of o in `by`, dh for
    its share of dc in `to_c`."""
    i, g, o = (gates[..., k, :] for k in (0, 2, 3))
    np.multiply(gates, 1 - gates, out=by)
    by[..., 0, :] *= g
    by[..., 1, :] *= c
    by[..., 2, :] = i * (1 - g * g)
    by[..., 3, :] *= tanh_c
    np.multiply(o, 1 - tanh_c * tanh_c, out=to_c)


def step_backward(dh: Any, dc: Any, by: Any, to_c: Any, da: Any) -> None:
    """The gradient of the arguments in `da`, (..., 4, H), and h's share added to dc; times f that is dc of before."""
    dc += dh * to_c
    np.multiply(dc[..., None, :], by[..., :3, :], out=da[..., :3, :])
    np.multiply(dh, by[..., 3, :], out=da[..., 3, :])


# --- one step --------------------------------------------------------------------------------------------------------


def accepts_step(gates: Any, c: Any) -> bool:
    """float32 or float64 arrays of one dtype, not empty, with the same leading dimensions."""
    kind = gates.dtype
    return kind.char in "fd" and c.dtype == kind and gates.size > 0 and gates.shape[:-1] == c.shape[:-1]


def lstm_step_backward(g: Any, needed: Any, residuals: Any, gates: Any, c: Any) -> tuple[Any, Any]:
    """See `step_backward`."""
    activated, tanh_c = residuals
    by, to_c, dc = np.empty_like(activated), np.empty_like(tanh_c), g[1].copy()
    step_factors(c, activated, tanh_c, by, to_c)
    step_backward(g[0], dc, by, to_c, by)
    dc *= activated[..., 1, :]
    return by.reshape(gates.shape), dc


@execution(_lstm_step, "numpy", accepts_step, lstm_step_backward)
def lstm_step(gates: Any, c: Any) -> tuple[Any, tuple[Any, Any]]:
    """The result, and the gates (..., 4, H) and tanh(c')."""
    size, dtype = c.shape[-1], c.dtype
    scale, shift = scale_and_shift(size, dtype)
    out, tanh_c = np.empty((2, *c.shape), dtype), np.empty(c.shape, dtype)
    activated = np.empty((*c.shape[:-1], 4, size), dtype)
    step(gates * scale.reshape(-1), c, scale, shift, activated, out[1], tanh_c, out[0])
    return out, (activated, tanh_c)


# --- a whole sequence: arrays are in the order in which steps are done -----------------------------------------------


def lstm_sequence_backward(
    g: Any, needed: Any, residuals: Any, gates: Any, h: Any, c: Any, weight: Any, *, reverse: bool
) -> tuple[Any, Any, Any, Any]:
    """Back through time; what gradients are multiplied by is calculated of all steps beforehand."""
    hs, cs, activated, tanhs = residuals
    da, by, to_c = np.empty_like(activated), np.empty_like(activated), np.empty_like(tanhs)
    slices = chunks(len(by), by[0].size)
    parallel_for(lambda i: step_factors(*(x[slices[i]] for x in (cs[:-1], activated, tanhs, by, to_c))), len(slices))
    dh, dc, dhs = np.zeros_like(h), g[-1].copy(), time_order(g[:-1], reverse)
    for t in reversed(range(len(by))):
        step_backward(dh + dhs[t], dc, by[t], to_c[t], da[t])
        dh = _matmul(da[t].reshape(len(dh), -1), weight)
        dc *= activated[t, :, 1]
    return gradients(da, dh, dc, hs, reverse)


@execution(_lstm_sequence, "numpy", is_sequence, lstm_sequence_backward)
def lstm_sequence(gates: Any, h: Any, c: Any, weight: Any, *, reverse: bool) -> tuple[Any, tuple[Any, Any, Any, Any]]:
    """The result, and h and c of all steps, gates and tanh(c); the scales are taken into arguments and weight."""
    scale, shift = scale_and_shift(h.shape[-1], gates.dtype)
    arguments = time_order(gates, reverse) * scale.reshape(-1)
    scaled = weight * scale.reshape(-1, 1)
    hs, cs, activated, tanhs = buffers(gates, h, c)
    for t in range(len(tanhs)):
        a = _linear(hs[t], scaled, None)
        a += arguments[t]
        step(a, cs[t], scale, shift, activated[t], cs[t + 1], tanhs[t], hs[t + 1])
    return stacked(hs, cs, reverse), (hs, cs, activated, tanhs)
