"""Recurrent networks: RNN, LSTM, GRU over sequences (padded or packed), and their cells."""

from collections.abc import Callable
from typing import Any

from minigrad.engine.messages import describe
from minigrad.errors import ShapeError
from minigrad.nn import functional as F
from minigrad.nn.modules.function import DeclaredModule
from minigrad.nn.modules.utils import uniform_by_fan_in
from minigrad.nn.parameter import Parameter
from minigrad.nn.utils.rnn import PackedSequence
from minigrad.ops.array.creation import count, empty, zeros
from minigrad.ops.array.shape import cat, split, stack, transpose
from minigrad.ops.nn import recurrent
from minigrad.ops.pointwise.arithmetic import tanh

State = tuple[Any, ...]  # (h,), or (h, c)


class _RNNWeights(DeclaredModule):
    gates: int  # gates of hidden_size rows each
    hidden_size: int

    def reset_parameters(self) -> None:
        """Draw the initial values again: uniform in [-b, b), b = 1 / sqrt(hidden_size)."""
        uniform_by_fan_in(self, self.hidden_size)


# --- whole sequences ------------------------------------------------------------------------------------------------


class RNNBase(_RNNWeights):
    """What RNN, LSTM and GRU share: layers and directions, their weights, sequences padded or packed.

    Weights have PyTorch's names: weight_ih_l0 (gates * hidden_size, input_size), weight_hh_l0 (gates * hidden_size,
    hidden_size), bias_ih_l0, bias_hh_l0, and so on for each layer, with "_reverse" for the backward direction; all
    start uniform in [-b, b), b = 1 / sqrt(hidden_size). dropout: in training, between layers. Raises ValueError for
    less than one layer, a dropout that is no probability, and a proj_size that is not below hidden_size."""

    states = 1
    additive_gates = True  # gates are functions of the sum of the input's and h's terms: one bias does for two

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True, batch_first: bool = False,
        dropout: float = 0.0, bidirectional: bool = False, proj_size: int = 0, device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        name = type(self).__name__
        self.input_size = count(name, "input_size", input_size)
        self.hidden_size = count(name, "hidden_size", hidden_size)
        if count(name, "num_layers", num_layers) < 1:
            raise ValueError(f"{name}: num_layers: expected 1 or more, got {num_layers}")
        if not 0 <= dropout <= 1:
            raise ValueError(f"{name}: dropout: expected a probability, got {dropout}")
        if proj_size < 0 or proj_size >= max(hidden_size, 1):
            raise ValueError(f"{name}: proj_size: expected 0 (none) or less than hidden_size, got {proj_size}")
        self.num_layers, self.bias, self.batch_first = num_layers, bias, batch_first
        self.dropout, self.bidirectional, self.proj_size = dropout, bidirectional, proj_size
        self.directions = 2 if bidirectional else 1
        rows, out = self.gates * hidden_size, proj_size or hidden_size
        options = {"device": device, "dtype": dtype}
        for layer, suffix in self._layer_suffixes():
            size = input_size if layer == 0 else out * self.directions
            shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, size), "weight_hh": (rows, out)}
            shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)} if bias else {}
            shapes |= {"weight_hr": (proj_size, hidden_size)} if proj_size else {}
            for what, shape in shapes.items():
                setattr(self, f"{what}_{suffix}", Parameter(empty(*shape, **options)))
        self.reset_parameters()

    def _layer_suffixes(self) -> list[tuple[int, str]]:
        """(layer, suffix of its weights' names) for each layer and direction."""
        ends = ("", "_reverse")[: self.directions]
        return [(layer, f"l{layer}{end}") for layer in range(self.num_layers) for end in ends]

    def flatten_parameters(self) -> None:
        """Does nothing: weights need not lie side by side here."""

    _sequence: Any = None  # all steps of sequences of one length, as one operation

    def _step(self, x: Any, h: Any, state: State) -> State:
        raise NotImplementedError

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        """(output, final state) for an input (T, N, input_size), (N, T, input_size) if batch_first, (T, input_size) or
        a PackedSequence, from the state hx (None: zeros).

        The output, in the input's form, has the last layer's h of each step, both directions concatenated; states are
        (layers * directions, N, size), without N for (T, input_size). Raises ShapeError where sizes do not fit.
        """
        packed = isinstance(input, PackedSequence)
        x = input.data if packed else input
        unbatched = not packed and getattr(x, "ndim", 0) == 2
        if getattr(x, "ndim", 0) != (2 if packed or unbatched else 3) or x.shape[-1] != self.input_size:
            raise ShapeError(f"{self!r}: expected an input (T, N, {self.input_size}), (N, T, ...) if batch_first, or "
                             f"(T, {self.input_size}), got {describe(x)}")  # fmt: skip
        if unbatched:
            x = x.unsqueeze(1)
        elif not packed and self.batch_first:
            x = transpose(x, 0, 1)
        if not x.shape[0]:
            raise ShapeError(f"{self!r}: expected at least one step, got {describe(input)}")
        sizes = [int(n) for n in input.batch_sizes.tolist()] if packed else [x.shape[1]] * x.shape[0]
        order = input.sorted_indices if packed else None
        state = self._initial_state(hx, x, sizes[0] if sizes else 0, unbatched, order)
        out, last = self._run_layers(x if packed else x.reshape(-1, x.shape[-1]), sizes, state)
        if packed:
            output: Any = input._replace(data=out)
            if input.unsorted_indices is not None:
                last = tuple(s[:, input.unsorted_indices] for s in last)
        else:
            output = out.reshape(*x.shape[:2], out.shape[-1])
            output = output.squeeze(1) if unbatched else transpose(output, 0, 1) if self.batch_first else output
            last = tuple(s.squeeze(1) for s in last) if unbatched else last
        return output, last if self.states > 1 else last[0]

    def _initial_state(self, hx: Any, x: Any, batch: int, unbatched: bool, order: Any) -> State:
        sizes = ((self.proj_size or self.hidden_size), self.hidden_size)[: self.states]
        shapes = [(self.num_layers * self.directions, batch, size) for size in sizes]
        if hx is None:
            return tuple(zeros(*shape, dtype=x.dtype, device=x.device) for shape in shapes)
        given = tuple(hx) if self.states > 1 else (hx,)
        given = tuple(s.unsqueeze(1) for s in given) if unbatched else given
        if [tuple(s.shape) for s in given] != shapes:
            raise ShapeError(f"{self!r}: hx: expected {' and '.join(map(str, shapes))}, got "
                             f"{' and '.join(str(tuple(s.shape)) for s in given)}")  # fmt: skip
        return given if order is None else tuple(s[:, order] for s in given)

    def _run_layers(self, x: Any, sizes: list[int], state: State) -> tuple[Any, State]:
        """All layers over data (all steps, in); `sizes`: the rows of each step."""
        lasts: list[State] = []
        for layer in range(self.num_layers):
            outs = []
            for end in ("", "_reverse")[: self.directions]:
                start = tuple(s[len(lasts)] for s in state)
                out, last = self._run_direction(x, sizes, start, f"l{layer}{end}", bool(end))
                outs.append(out)
                lasts.append(last)
            x = cat(outs, -1) if len(outs) > 1 else outs[0]
            if self.dropout and layer < self.num_layers - 1:
                x = F.dropout(x, self.dropout, self.training)
        return x, tuple(stack([last[i] for last in lasts]) for i in range(self.states))

    def _input_gates(self, x: Any, suffix: str) -> tuple[Any, Any, Any]:
        """The input's part of the gates in all steps; weight and bias of h's part."""
        w_ih, w_hh = getattr(self, f"weight_ih_{suffix}"), getattr(self, f"weight_hh_{suffix}")
        b_ih, b_hh = (getattr(self, f"bias_{which}_{suffix}", None) for which in ("ih", "hh"))
        if self.additive_gates and b_ih is not None:  # one addition and one gradient, not one a step
            b_ih, b_hh = b_ih + b_hh, None
        return F.linear(x, w_ih, b_ih), w_hh, b_hh

    def _run_direction(self, x: Any, sizes: list[int], state: State, suffix: str, reverse: bool) -> tuple[Any, State]:
        """One layer in one direction. The rows of a step are the sequences that have one: the longest are first."""
        gates, w_hh, b_hh = self._input_gates(x, suffix)
        if self._sequence and not self.proj_size and sizes and sizes[0] == sizes[-1] > 0:
            states, last = self._sequence(gates.reshape(len(sizes), sizes[0], -1), state, w_hh, b_hh, reverse)
            return states.reshape(len(x), -1), last
        project = getattr(self, f"weight_hr_{suffix}", None)
        steps = split(gates, sizes)
        outs: list[Any] = [None] * len(steps)
        ended: list[State] = []
        now, rows = tuple(s[: sizes[-1] if reverse else sizes[0]] for s in state), sizes[-1] if reverse else sizes[0]
        for t in reversed(range(len(steps))) if reverse else range(len(steps)):
            if sizes[t] > rows:  # in reverse, shorter sequences begin here
                now = tuple(cat([s, s0[rows : sizes[t]]]) for s, s0 in zip(now, state))
            elif sizes[t] < rows:
                ended.append(tuple(s[sizes[t] :] for s in now))
                now = tuple(s[: sizes[t]] for s in now)
            rows = sizes[t]
            now = self._step(steps[t], F.linear(now[0], w_hh, b_hh), now)
            if project is not None:
                now = (F.linear(now[0], project), *now[1:])
            outs[t] = now[0]
        if ended:
            now = tuple(cat([s, *(e[i] for e in reversed(ended))]) for i, s in enumerate(now))
        return cat(outs), now

    def extra_repr(self) -> str:
        defaults = {"proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0,
                 "bidirectional": False}  # fmt: skip
        changed = [f", {name}={getattr(self, name)}" for name, n in defaults.items() if getattr(self, name) != n]
        return f"{self.input_size}, {self.hidden_size}" + "".join(changed)


class RNN(RNNBase):
    """Elman network: h_t = tanh(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh), or with nonlinearity="relu" ReLU for tanh
    (another word raises ValueError).

    forward(input, h0) gives (output, h_n): see RNNBase. Elman, Finding Structure in Time, 1990.
    """

    gates = 1

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, nonlinearity: str = "tanh", bias: bool = True,
        batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False, device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f'RNN: nonlinearity: expected "tanh" or "relu", got {nonlinearity!r}')
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, device,
                         dtype)  # fmt: skip
        self.nonlinearity = nonlinearity

    def _step(self, x: Any, h: Any, state: State) -> State:
        return (tanh(x + h) if self.nonlinearity == "tanh" else F.relu(x + h),)


class LSTM(RNNBase, gates=4, states=2):
    """Long short-term memory: gates i, f, g, o = W_ih x_t + b_ih + W_hh h_(t-1) + b_hh, in this order;
    c_t = sigmoid(f) c_(t-1) + sigmoid(i) tanh(g); h_t = sigmoid(o) tanh(c_t).

    forward(input, (h0, c0)) gives (output, (h_n, c_n)): see RNNBase. proj_size: h_t is projected to this size by
    weight_hr_l0 (proj_size, hidden_size). Hochreiter and Schmidhuber, Neural Computation 1997.
    """

    def _step(self, x: Any, h: Any, state: State) -> State:
        return recurrent.lstm_step(x + h, state[1])

    def _sequence(self, gates: Any, state: State, w_hh: Any, b_hh: Any, reverse: bool) -> tuple[Any, State]:
        outs, *last = recurrent.lstm_sequence(gates, state[0], state[1], w_hh, reverse)
        return outs, tuple(last)


class GRU(RNNBase, gates=3, additive_gates=False):
    """Gated recurrent units: r, z = sigmoid(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh);
    n = tanh(W_in x_t + b_in + r (W_hn h_(t-1) + b_hn)); h_t = (1 - z) n + z h_(t-1), gates in the order r, z, n.

    forward(input, h0) gives (output, h_n): see RNNBase. Cho et al., EMNLP 2014.
    """

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True, batch_first: bool = False,
        dropout: float = 0.0, bidirectional: bool = False, device: Any = None, dtype: Any = None,
    ) -> None: ...  # fmt: skip

    def _step(self, x: Any, h: Any, state: State) -> State:
        return (recurrent.gru_step(x, h, state[0]),)

    def _sequence(self, gates: Any, state: State, w_hh: Any, b_hh: Any, reverse: bool) -> tuple[Any, State]:
        outs, last = recurrent.gru_sequence(gates, state[0], w_hh, b_hh, reverse)
        return outs, (last,)


# --- one step -------------------------------------------------------------------------------------------------------


class RNNCellBase(_RNNWeights):
    """What the cells share: weight_ih (gates * hidden_size, input_size), weight_hh (gates * hidden_size, hidden_size),
    bias_ih, bias_hh, all uniform in [-b, b), b = 1 / sqrt(hidden_size) at the start, and one step of a sequence."""

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        name = type(self).__name__
        self.input_size = count(name, "input_size", input_size)
        self.hidden_size = count(name, "hidden_size", hidden_size)
        self.bias = bias
        rows, options = self.gates * hidden_size, {"device": device, "dtype": dtype}
        self.weight_ih = Parameter(empty(rows, input_size, **options))
        self.weight_hh = Parameter(empty(rows, hidden_size, **options))
        self.bias_ih = Parameter(empty(rows, **options)) if bias else None
        self.bias_hh = Parameter(empty(rows, **options)) if bias else None
        self.reset_parameters()

    def _run_cell(self, function: Callable[..., Any], input: Any, hx: Any) -> Any:
        if getattr(input, "ndim", 0) not in (1, 2) or input.shape[-1] != self.input_size:
            raise ShapeError(f"{self!r}: expected an input (N, {self.input_size}) or ({self.input_size},), got "
                             f"{describe(input)}")  # fmt: skip
        expected, has_c = (*input.shape[:-1], self.hidden_size), function is recurrent.lstm_cell
        if hx is None:
            h = zeros(*expected, dtype=input.dtype, device=input.device)
            hx = (h, h) if has_c else h
        states = hx if isinstance(hx, (tuple, list)) else (hx,)
        if len(states) != 1 + has_c or any(tuple(getattr(s, "shape", ())) != expected for s in states):
            form = f"(h, c) of {expected} each" if has_c else f"{expected}"
            raise ShapeError(f"{self!r}: hx: expected {form}, got {', '.join(map(describe, states))}")
        return function(input, hx, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else ", bias=False")


class RNNCell(RNNCellBase):
    """One step of an RNN: forward(input (N, input_size) or (input_size,), h) gives the next h, of size hidden_size."""

    gates = 1

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh", device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f'RNNCell: nonlinearity: expected "tanh" or "relu", got {nonlinearity!r}')
        super().__init__(input_size, hidden_size, bias, device, dtype)
        self.nonlinearity = nonlinearity

    def extra_repr(self) -> str:
        shown = "" if self.nonlinearity == "tanh" else f", nonlinearity={self.nonlinearity}"
        return super().extra_repr() + shown

    def forward(self, input: Any, hx: Any = None) -> Any:
        """The next h, from hx (None: zeros)."""
        cell = recurrent.rnn_tanh_cell if self.nonlinearity == "tanh" else recurrent.rnn_relu_cell
        return self._run_cell(cell, input, hx)


class LSTMCell(RNNCellBase, gates=4):
    """One step of an LSTM: forward(input (N, input_size) or (input_size,), (h, c)) gives the next (h, c)."""

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        """The next (h, c), from hx (None: zeros)."""
        return self._run_cell(recurrent.lstm_cell, input, hx)


class GRUCell(RNNCellBase, gates=3):
    """One step of a GRU: forward(input (N, input_size) or (input_size,), h) gives the next h."""

    def forward(self, input: Any, hx: Any = None) -> Any:
        """The next h, from hx (None: zeros)."""
        return self._run_cell(recurrent.gru_cell, input, hx)


__all__ = ["GRU", "LSTM", "RNN", "GRUCell", "LSTMCell", "RNNBase", "RNNCell", "RNNCellBase"]
