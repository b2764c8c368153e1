"""Steps of recurrent networks, and an LSTM's whole sequence, by PyTorch's names and gate order."""

from typing import Any

from minigrad.engine.composite import composite
from minigrad.ops.api import public, shape_error
from minigrad.ops.array.shape import chunk, stack
from minigrad.ops.nn.activation import relu, sigmoid
from minigrad.ops.nn.linear import linear
from minigrad.ops.pointwise.arithmetic import tanh

__all__ = ["gru_cell", "lstm_cell", "rnn_relu_cell", "rnn_tanh_cell"]


def _gates(op: str, input: Any, h: Any, w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any, count: int) -> tuple[Any, Any]:
    """input @ w_ih.T + b_ih and h @ w_hh.T + b_hh, of `count` gates side by side."""
    size = h.shape[-1]
    if tuple(w_hh.shape) != (count * size, size) or w_ih.shape[0] != count * size:
        wanted = f"w_ih ({count * size}, input size) and w_hh ({count * size}, {size}) for a hidden state of {size}"
        raise shape_error(op, wanted, w_ih, w_hh)
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


def _next_state(gates: Any, c: Any) -> tuple[Any, Any]:
    """(h', c') = (sigmoid(o) tanh(c'), sigmoid(f) c + sigmoid(i) tanh(g))."""
    i, f, g, o = chunk(gates, 4, -1)
    c = sigmoid(f) * c + sigmoid(i) * tanh(g)
    return sigmoid(o) * tanh(c), c


@composite("lstm_step")
def _lstm_step(gates: Any, c: Any) -> Any:
    """h' and c' stacked, from the gates (..., 4 H) before their non-linearities and c (..., H)."""
    return stack(_next_state(gates, c))


def lstm_step(gates: Any, c: Any) -> tuple[Any, Any]:
    """(h', c') from the gates before their non-linearities."""
    both = _lstm_step(gates, c)
    return both[0], both[1]


@composite("lstm_sequence")
def _lstm_sequence(gates: Any, h: Any, c: Any, weight: Any, *, reverse: bool) -> Any:
    """(T, N, 4 H), (N, H), (N, H) and (4 H, H) -> (T + 1, N, H): h after each step, then the last c."""
    steps: list[Any] = list(gates)
    for t in time_order(range(len(steps)), reverse):
        h, c = _next_state(steps[t] + linear(h, weight), c)
        steps[t] = h
    return stack([*steps, c])


def time_order(steps: Any, reverse: bool) -> Any:
    """The steps (a sequence, or an array along dimension 0) in the order in which they are done."""
    return steps[::-1] if reverse else steps


def lstm_sequence(gates: Any, h: Any, c: Any, weight: Any, reverse: bool) -> tuple[Any, Any, Any]:
    """(h after each step, the last h, the last c) from the input's part of the gates, (T, N, 4 H), and the weight of
    h's part, (4 H, H); reverse: the last step is done first."""
    states = _lstm_sequence(gates, h, c, weight, reverse=reverse)
    return states[:-1], states[0 if reverse else len(gates) - 1], states[-1]


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


@composite("gru_sequence")
def _gru_sequence(gates: Any, h: Any, weight: Any, bias: Any, *, reverse: bool) -> Any:
    """(T, N, 3 H), (N, H), (3 H, H) and (3 H,) or None -> (T, N, H): h after each step."""
    steps: list[Any] = list(gates)
    for t in time_order(range(len(steps)), reverse):
        steps[t] = h = gru_step(steps[t], linear(h, weight, bias), h)
    return stack(steps)


def gru_sequence(gates: Any, h: Any, weight: Any, bias: Any, reverse: bool) -> tuple[Any, Any]:
    """(h after each step, the last h) from the input's part of the gates, (T, N, 3 H), and the weight and bias of h's
    part, (3 H, H) and (3 H,); reverse: the last step is done first."""
    states = _gru_sequence(gates, h, weight, bias, reverse=reverse)
    return states, states[0 if reverse else len(gates) - 1]
