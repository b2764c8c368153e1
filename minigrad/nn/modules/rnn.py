"""Recurrent networks: RNN, LSTM, GRU over sequences (padded or packed), and their cells."""

import math
from collections.abc import Callable
from typing import Any

from minigrad.engine.messages import describe
from minigrad.errors import ShapeError
from minigrad.nn import functional as F
from minigrad.nn import init
from minigrad.nn.modules.module import Module
from minigrad.nn.parameter import Parameter
from minigrad.nn.utils.rnn import PackedSequence
from minigrad.ops.array.creation import count, empty, zeros
from minigrad.ops.array.shape import cat, split, stack, transpose
from minigrad.ops.nn.recurrent import (
    gru_cell,
    gru_step,
    lstm_cell,
    lstm_sequence,
    lstm_step,
    rnn_relu_cell,
    rnn_tanh_cell,
)
from minigrad.ops.pointwise.arithmetic import tanh

State = tuple[Any, ...]  # (h,), or (h, c)
Step = Callable[[Any, Any, State], State]  # gates from the input, gates from h, state -> next state


class _Weights(Module):
    """Weights named and drawn as PyTorch's: uniform within 1 / sqrt(hidden_size)."""

    hidden_size: int

    def reset_parameters(self) -> None:
        """Draw the initial values again."""
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size else 0.0
        for p in self.parameters():
            init.uniform_(p, -bound, bound)


# --- whole sequences ------------------------------------------------------------------------------------------------


class RNNBase(_Weights):
    """What RNN, LSTM and GRU have in common: layers, directions, weights, sequences padded or packed."""

    gates: int
    states = 1
    summed = True  # are the gates a sum of what comes from the input and of what comes from h?

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
        for layer, suffix in self._places():
            size = input_size if layer == 0 else out * self.directions
            shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, size), "weight_hh": (rows, out)}
            shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)} if bias else {}
            shapes |= {"weight_hr": (proj_size, hidden_size)} if proj_size else {}
            for what, shape in shapes.items():
                setattr(self, f"{what}_{suffix}", Parameter(empty(*shape, **options)))
        self.reset_parameters()

    def _places(self) -> list[tuple[int, str]]:
        """(layer, suffix of its weights' names), direction by direction."""
        ends = ("", "_reverse")[: self.directions]
        return [(layer, f"l{layer}{end}") for layer in range(self.num_layers) for end in ends]

    def flatten_parameters(self) -> None:
        """Nothing to do: here for scripts that call it."""

    def _step(self, x: Any, h: Any, state: State) -> State:
        raise NotImplementedError

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        """(output, last state): input (T, N, in), (N, T, in) if batch_first, (T, in) or packed; the output has the
        input's form, and states are (layers * directions, N, size)."""
        packed = isinstance(input, PackedSequence)
        x = input.data if packed else input
        alone = not packed and getattr(x, "ndim", 0) == 2
        if getattr(x, "ndim", 0) != (2 if packed or alone else 3) or x.shape[-1] != self.input_size:
            raise ShapeError(f"{self!r}: expected an input (T, N, {self.input_size}), (N, T, ...) if batch_first, or "
                             f"(T, {self.input_size}), got {describe(x)}")  # fmt: skip
        if alone:
            x = x.unsqueeze(1)
        elif not packed and self.batch_first:
            x = transpose(x, 0, 1)
        if not x.shape[0]:
            raise ShapeError(f"{self!r}: expected at least one step, got {describe(input)}")
        sizes = [int(n) for n in input.batch_sizes.tolist()] if packed else [x.shape[1]] * x.shape[0]
        state = self._initial(hx, x, sizes[0] if sizes else 0, alone, input.sorted_indices if packed else None)
        out, last = self._layers(x if packed else x.reshape(-1, x.shape[-1]), sizes, state)
        if packed:
            output: Any = input._replace(data=out)
            if input.unsorted_indices is not None:
                last = tuple(s[:, input.unsorted_indices] for s in last)
        else:
            output = out.reshape(*x.shape[:2], out.shape[-1])
            output = output.squeeze(1) if alone else transpose(output, 0, 1) if self.batch_first else output
            last = tuple(s.squeeze(1) for s in last) if alone else last
        return output, last if self.states > 1 else last[0]

    def _initial(self, hx: Any, x: Any, batch: int, alone: bool, order: Any) -> State:
        sizes = ((self.proj_size or self.hidden_size), self.hidden_size)[: self.states]
        shapes = [(self.num_layers * self.directions, batch, size) for size in sizes]
        if hx is None:
            return tuple(zeros(*shape, dtype=x.dtype, device=x.device) for shape in shapes)
        given = tuple(hx) if self.states > 1 else (hx,)
        given = tuple(s.unsqueeze(1) for s in given) if alone else given
        if [tuple(s.shape) for s in given] != shapes:
            raise ShapeError(f"{self!r}: hx: expected {' and '.join(map(str, shapes))}, got "
                             f"{' and '.join(str(tuple(s.shape)) for s in given)}")  # fmt: skip
        return given if order is None else tuple(s[:, order] for s in given)

    def _layers(self, x: Any, sizes: list[int], state: State) -> tuple[Any, State]:
        """All layers over data (all steps, in), of which each step has so many rows."""
        lasts: list[State] = []
        for layer in range(self.num_layers):
            outs = []
            for end in ("", "_reverse")[: self.directions]:
                start = tuple(s[len(lasts)] for s in state)
                out, last = self._run(x, sizes, start, f"l{layer}{end}", bool(end))
                outs.append(out)
                lasts.append(last)
            x = cat(outs, -1) if len(outs) > 1 else outs[0]
            if self.dropout and layer < self.num_layers - 1:
                x = F.dropout(x, self.dropout, self.training)
        return x, tuple(stack([last[i] for last in lasts]) for i in range(self.states))

    def _arguments(self, x: Any, suffix: str) -> tuple[Any, Any, Any]:
        """What the input gives the gates in all steps, the state's weight, and what is still to be added to it."""
        w_ih, w_hh = getattr(self, f"weight_ih_{suffix}"), getattr(self, f"weight_hh_{suffix}")
        b_ih, b_hh = (getattr(self, f"bias_{which}_{suffix}", None) for which in ("ih", "hh"))
        if self.summed and b_ih is not None:  # one addition and one gradient instead of one a step
            b_ih, b_hh = b_ih + b_hh, None
        return F.linear(x, w_ih, b_ih), w_hh, b_hh

    def _run(self, x: Any, sizes: list[int], state: State, suffix: str, back: bool) -> tuple[Any, State]:
        """One layer in one direction. Rows come and go as sequences begin and end: the longest are first."""
        gates, w_hh, b_hh = self._arguments(x, suffix)
        project = getattr(self, f"weight_hr_{suffix}", None)
        steps = split(gates, sizes)
        outs: list[Any] = [None] * len(steps)
        ended: list[State] = []
        now, rows = tuple(s[: sizes[-1] if back else sizes[0]] for s in state), sizes[-1] if back else sizes[0]
        for t in reversed(range(len(steps))) if back else range(len(steps)):
            if sizes[t] > rows:  # going backward, shorter sequences begin here
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
        text = f"{self.input_size}, {self.hidden_size}"
        usual = {"proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0,
                 "bidirectional": False}  # fmt: skip
        for name, value in usual.items():
            if getattr(self, name) != value:
                text += f", {name}={getattr(self, name)}"
        return text


class RNN(RNNBase):
    """h_t = tanh(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh), or relu: see rnn_tanh_cell."""

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


class LSTM(RNNBase):
    """Long short-term memory over a sequence: see lstm_cell. The state is (h, c). proj_size: h is projected to it."""

    gates, states = 4, 2

    def _step(self, x: Any, h: Any, state: State) -> State:
        return lstm_step(x + h, state[1])

    def _run(self, x: Any, sizes: list[int], state: State, suffix: str, back: bool) -> tuple[Any, State]:
        """Sequences of one length are one operation."""
        if self.proj_size or not sizes or not sizes[0] == sizes[-1] > 0:
            return super()._run(x, sizes, state, suffix, back)
        gates, w_hh, _ = self._arguments(x, suffix)
        h, c = state
        outs, *last = lstm_sequence(gates.reshape(len(sizes), sizes[0], -1), h, c, w_hh, back)
        return outs.reshape(len(x), -1), tuple(last)


class GRU(RNNBase):
    """Gated recurrent units over a sequence: see gru_cell."""

    gates, summed = 3, False

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True, batch_first: bool = False,
        dropout: float = 0.0, bidirectional: bool = False, device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, device,
                         dtype)  # fmt: skip

    def _step(self, x: Any, h: Any, state: State) -> State:
        return (gru_step(x, h, state[0]),)


# --- one step -------------------------------------------------------------------------------------------------------


class RNNCellBase(_Weights):
    """What the cells have in common: their weights, and one step of a sequence."""

    gates: int

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

    def _call(self, function: Callable[..., Any], input: Any, hx: Any) -> Any:
        if getattr(input, "ndim", 0) not in (1, 2) or input.shape[-1] != self.input_size:
            raise ShapeError(f"{self!r}: expected an input (N, {self.input_size}) or ({self.input_size},), got "
                             f"{describe(input)}")  # fmt: skip
        if hx is None:
            h = zeros(*input.shape[:-1], self.hidden_size, dtype=input.dtype, device=input.device)
            hx = (h, h) if function is lstm_cell else h
        states = hx if isinstance(hx, (tuple, list)) else (hx,)
        wanted = (*input.shape[:-1], self.hidden_size)
        both = function is lstm_cell
        if len(states) != 1 + both or any(tuple(getattr(s, "shape", ())) != wanted for s in states):
            form = f"(h, c) of {wanted} each" if both else f"{wanted}"
            raise ShapeError(f"{self!r}: hx: expected {form}, got {', '.join(map(describe, states))}")
        return function(input, hx, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else ", bias=False")


class RNNCell(RNNCellBase):
    """One step of an RNN: see rnn_tanh_cell."""

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
        """The next h."""
        return self._call(rnn_tanh_cell if self.nonlinearity == "tanh" else rnn_relu_cell, input, hx)


class LSTMCell(RNNCellBase):
    """One step of an LSTM: see lstm_cell."""

    gates = 4

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        """The next (h, c)."""
        found: tuple[Any, Any] = self._call(lstm_cell, input, hx)
        return found


class GRUCell(RNNCellBase):
    """One step of a GRU: see gru_cell."""

    gates = 3

    def forward(self, input: Any, hx: Any = None) -> Any:
        """The next h."""
        return self._call(gru_cell, input, hx)
