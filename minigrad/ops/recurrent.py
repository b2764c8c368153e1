"""One step of recurrent networks, by PyTorch's names and gate order."""

from types import SimpleNamespace
from typing import Any

from minigrad.backend import array_module
from minigrad.engine.primitive import primitive
from minigrad.errors import ShapeError
from minigrad.ops.activation import relu, sigmoid
from minigrad.ops.elementwise import tanh
from minigrad.ops.linear import linear
from minigrad.ops.public import public
from minigrad.ops.shape import _cat, chunk
from minigrad.tensor import Tensor

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
