"""One step of recurrent networks, by PyTorch's names and gate order."""

from types import SimpleNamespace
from typing import Any

from minigrad.backend import array_module, loops, parts, shared
from minigrad.backend.threads import spun
from minigrad.engine.dispatch import primitive
from minigrad.engine.fused import fused
from minigrad.engine.tensor import Tensor
from minigrad.errors import ShapeError
from minigrad.ops.api import public
from minigrad.ops.array.shape import _cat, chunk, stack
from minigrad.ops.nn.activation import relu, sigmoid
from minigrad.ops.nn.linear import linear
from minigrad.ops.pointwise.arithmetic import tanh

__all__ = ["gru_cell", "lstm_cell", "rnn_relu_cell", "rnn_tanh_cell"]


def _gates(op: str, input: Any, h: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any, count: int) -> tuple[Any, Any]:
    """input @ w_ih.T + b_ih and h @ w_hh.T + b_hh, of `count` gates side by side."""
    size = h.shape[-1]
    if tuple(w_hh.shape) != (count * size, size) or w_ih.shape[0] != count * size:
        raise ShapeError(
            f"{op}: expected w_ih ({count * size}, input size) and w_hh ({count * size}, {size}) for a hidden state of "
            f"{size}, got {tuple(w_ih.shape)} and {tuple(w_hh.shape)}"
        )
    return linear(input, w_ih, b_ih), linear(h, w_hh, b_hh)


@public
def rnn_tanh_cell(input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None) -> Any:
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh) (Elman, Finding Structure in Time, 1990)."""
    x, h = _gates("rnn_tanh_cell", input, hx, w_ih, w_hh, b_ih, b_hh, 1)
    return tanh(x + h)


@public
def rnn_relu_cell(input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None) -> Any:
    """h' = relu(W_ih x + b_ih + W_hh h + b_hh)."""
    x, h = _gates("rnn_relu_cell", input, hx, w_ih, w_hh, b_ih, b_hh, 1)
    return relu(x + h)


@public
def lstm_cell(input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None) -> tuple[Any, Any]:
    """(h', c') from hx = (h, c): gates i, f, g, o in this order, c' = f c + i g, h' = o tanh(c').

    i, f, o are sigmoids, g a tanh, of W_ih x + b_ih + W_hh h + b_hh. Hochreiter and Schmidhuber, Long Short-Term
    Memory, 1997; with Gers's forget gate.
    """
    h, c = hx
    x, r = _gates("lstm_cell", input, h, w_ih, w_hh, b_ih, b_hh, 4)
    return lstm_step(x + r, c)


def _activated(gates: Any, c: Any) -> tuple[Any, Any, Any, Any, Any]:
    """The gates i, f, g, o behind their non-linearities, and tanh(c')."""
    n = c.shape[-1]
    both, g, o = sigmoid(gates[..., : 2 * n]), tanh(gates[..., 2 * n : 3 * n]), sigmoid(gates[..., 3 * n :])
    i, f = both[..., :n], both[..., n:]
    return i, f, g, o, tanh(f * c + i * g)


def _known(gates: Any, c: Any, known: Any) -> tuple[Any, Any, Any, Any, Any]:
    """Those, kept from the forward pass; recorded where they are Tensors."""
    return _activated(gates, c) if isinstance(gates, Tensor) else known.activated


def _gates_slope(d: Any, gates: Any, c: Any, known: Any) -> Any:
    i, f, g, o, t = _known(gates, c, known)
    dc = d[1] + d[0] * o * (1 - t * t)
    parts = dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g * g), d[0] * t * o * (1 - o)
    return _cat(*parts, dim=c.ndim - 1, starts=tuple(k * c.shape[-1] for k in range(5)))


def _memory_slope(d: Any, gates: Any, c: Any, known: Any) -> Any:
    _, f, _, o, t = _known(gates, c, known)
    return (d[1] + d[0] * o * (1 - t * t)) * f


@primitive(name="lstm_step", gates=_gates_slope, c=_memory_slope)
def _lstm_step(gates: Any, c: Any, *, known: Any) -> Any:
    """h' above c', from the gates before their non-linearities. One operation for twelve: a step of a small net is
    mostly Python's time."""
    known.activated = i, f, g, o, t = _activated(gates, c)
    out = array_module(gates).empty((2, *c.shape), dtype=c.dtype)
    out[0], out[1] = o * t, f * c + i * g
    return out


def lstm_step(gates: Any, c: Any) -> tuple[Any, Any]:
    """(h', c') from the gates before their non-linearities."""
    both = _lstm_step(gates, c, known=SimpleNamespace())
    return both[0], both[1]


# --- a whole sequence ------------------------------------------------------------------------------------------------


def _sequence(gates: Any, h: Any, c: Any, weight: Any, *, back: bool, known: Any) -> Any:
    """(T, N, 4 H), (N, H), (N, H) and (4 H, H) -> (T + 1, N, H): h after each step, then the last c."""
    steps: list[Any] = list(gates)
    for t in reversed(range(len(steps))) if back else range(len(steps)):
        h, c = lstm_step(steps[t] + linear(h, weight), c)
        steps[t] = h
    return stack([*steps, c])


def _in_order(x: Any, back: bool) -> Any:
    return x[::-1] if back else x


def _factors(xp: Any, cs: Any, four: Any, tanhs: Any) -> tuple[Any, Any]:
    """What a step's slopes are multiplied by, of all steps at once: for the gates' arguments, and from h to c."""
    by, to_c = xp.empty_like(four), xp.empty_like(tanhs)

    def work(part: slice) -> None:
        now, slope, t = four[part], by[part], tanhs[part]
        i, g, o = now[:, :, 0], now[:, :, 2], now[:, :, 3]
        xp.multiply(now, 1 - now, out=slope)  # times dc, or for o times dh, the slope of a gate's argument
        slope[:, :, 0] *= g
        slope[:, :, 1] *= cs[:-1][part]
        slope[:, :, 2] = i * (1 - g * g)
        slope[:, :, 3] *= t
        xp.multiply(o, 1 - t * t, out=to_c[part])

    some = parts(len(four), four[0].size)
    shared(lambda i: work(some[i]), len(some))
    return by, to_c


def _sequence_slopes(
    d: Any, needed: Any, gates: Any, h: Any, c: Any, weight: Any, back: bool, known: Any
) -> tuple[Any, Any, Any, Any]:
    """Back through time: what a step's gates are multiplied by is known of all steps beforehand, and the weight's
    gradient is one product for all of them."""
    xp, (hs, cs, four, tanhs) = array_module(d), known.kept
    count, n, size = tanhs.shape
    fast, forget = loops(four, d, gates), four[:, :, 1]
    by, to_c = _factors(xp, cs, four, tanhs) if fast is None else (four, tanhs)
    out, dh, dc = xp.empty_like(gates), xp.zeros_like(h), d[-1].copy()
    at, given = _in_order(out, back).reshape(count, n, 4, size), _in_order(d[:-1], back)
    for t in reversed(range(count)):
        if fast is not None:
            fast.recurrent.step_back(dh, given[t], dc, cs[t], four[t], tanhs[t], at[t])
            dh = at[t].reshape(n, 4 * size) @ weight
            continue
        dh = dh + given[t]
        dc += dh * to_c[t]
        xp.multiply(dc[:, None], by[t, :, :3], out=at[t, :, :3])
        xp.multiply(dh, by[t, :, 3], out=at[t, :, 3])
        dh = at[t].reshape(n, 4 * size) @ weight
        dc *= forget[t]
    _in_order(out, back)[...] = at.reshape(gates.shape)
    rows = at.reshape(count * n, 4 * size)
    return out, dh, dc, rows.T @ hs[:-1].reshape(count * n, size)


@fused("lstm_sequence", _sequence, _sequence_slopes)
def _lstm_sequence(gates: Any, h: Any, c: Any, weight: Any, *, back: bool, known: Any) -> Any:
    """All steps of an LSTM in one operation: half of the time of a small one is Python's. Sigmoids by tanh, which is
    the faster one: 2 sigmoid(2 x) = 1 + tanh(x), with the halves taken into the arguments of all steps at once."""
    xp, (count, n, _), size = array_module(gates), gates.shape, h.shape[-1]
    half = xp.full((4, size), 0.5, dtype=gates.dtype)
    half[2] = 1
    shift = 1 - half
    flat = half.reshape(-1)
    fast = loops(gates, weight)
    arguments, product = _in_order(gates, back), weight.T
    if fast is None:
        arguments, product = arguments * flat, (weight * flat[:, None]).T.copy()
    four = xp.empty((count, n, 4, size), dtype=gates.dtype)
    hs, cs = (xp.empty((count + 1, n, size), dtype=gates.dtype) for _ in range(2))
    tanhs = xp.empty((count, n, size), dtype=gates.dtype)
    hs[0], cs[0] = h, c
    for t in range(count):
        a = hs[t] @ product
        if fast is not None:
            fast.recurrent.step(a, arguments[t], cs[t], four[t], cs[t + 1], tanhs[t], hs[t + 1])
            continue
        a += arguments[t]
        now = xp.tanh(a, out=a).reshape(n, 4, size)
        now = xp.multiply(now, half, out=four[t])
        now += shift
        xp.multiply(now[:, 1], cs[t], out=cs[t + 1])
        cs[t + 1] += now[:, 0] * now[:, 2]
        xp.tanh(cs[t + 1], out=tanhs[t])
        xp.multiply(now[:, 3], tanhs[t], out=hs[t + 1])
    spun()
    known.kept = hs, cs, four, tanhs
    out = xp.empty((count + 1, n, size), dtype=gates.dtype)
    _in_order(out[:-1], back)[...] = hs[1:]
    out[-1] = cs[-1]
    return out


def lstm_sequence(gates: Any, h: Any, c: Any, weight: Any, back: bool) -> tuple[Any, Any, Any]:
    """(h after each step, the last h, the last c) from what the input gives the gates, (T, N, 4 H); `back`: the last
    step comes first."""
    all_steps = _lstm_sequence(gates, h, c, weight, back=back, known=SimpleNamespace())
    return all_steps[:-1], all_steps[0 if back else len(gates) - 1], all_steps[-1]


@public
def gru_cell(input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None) -> Any:
    """h' = (1 - z) n + z h, with n = tanh(x_n + r h_n): gates r, z, n in this order, r and z sigmoids.

    Cho et al., Learning Phrase Representations using RNN Encoder-Decoder, 2014; the reset gate after the product, as
    PyTorch and cuDNN have it.
    """
    x, h = _gates("gru_cell", input, hx, w_ih, w_hh, b_ih, b_hh, 3)
    return gru_step(x, h, hx)


def gru_step(x: Any, r: Any, h: Any) -> Any:
    """h' from the gates' two parts, from the input and from h."""
    (xr, xz, xn), (hr, hz, hn) = chunk(x, 3, -1), chunk(r, 3, -1)
    n, z = tanh(xn + sigmoid(xr + hr) * hn), sigmoid(xz + hz)
    return n + z * (h - n)
