"""Rows of the fused operations: engine/fused.py."""

from types import SimpleNamespace
from typing import Any

from minigrad.testing.opinfo.layers import _torch_lstm_step, _torch_standardize
from minigrad.testing.opinfo.rows import Draw, Row, Sample


def _scaled(input: Any, weight: Any, bias: Any, dims: tuple[int, ...]) -> Any:
    from minigrad.ops.nn.norm import _standardized

    return _standardized(input, dims, 1e-5, weight, bias)[0]


def _torch_scaled(torch: Any, input: Any, weight: Any, bias: Any, dims: tuple[int, ...]) -> Any:
    out = _torch_standardize(torch, input, dims)
    return (out if weight is None else out * weight) + (0 if bias is None else bias)


def _attend(query: Any, key: Any, value: Any, causal: bool) -> Any:
    from minigrad.ops.nn.attention import _attended

    return _attended(query, key, value, scale=0.7, causal=causal, known=SimpleNamespace())


def _torch_attend(torch: Any, query: Any, key: Any, value: Any, causal: bool) -> Any:
    attention = torch.nn.functional.scaled_dot_product_attention
    return attention(query, key, value, is_causal=causal, scale=0.7)


def _lstm_sequence(gates: Any, h: Any, c: Any, weight: Any, back: bool) -> Any:
    from minigrad.ops.nn.recurrent import lstm_sequence

    return lstm_sequence(gates, h, c, weight, back)


def _torch_lstm_sequence(torch: Any, gates: Any, h: Any, c: Any, weight: Any, back: bool) -> Any:
    steps = list(gates)
    for t in sorted(range(len(steps)), reverse=back):
        h, c = _torch_lstm_step(torch, steps[t] + h @ weight.T, c)
        steps[t] = h
    return torch.stack(steps), h, c


X, IMAGE, CHANNEL = Draw((3, 4)), Draw((2, 4, 3)), Draw((4,), 0.5, 2)
SEQUENCE = Draw((4, 3, 8)), Draw((3, 2)), Draw((3, 2)), Draw((8, 2))
ROWS = [
    Row("standardize_and_scale",
        [Sample(X, None, None, (1,)), Sample(X, CHANNEL, Draw((4,)), (1,)), Sample(X, Draw((1, 4)), None, (0,)),
         Sample(IMAGE, Draw((1, 4, 1)), Draw((1, 4, 1)), (0, 2)), Sample(IMAGE, Draw((4, 3)), None, (1, 2)),
         Sample(X, None, Draw((4,)), (0, 1))],
        call=_scaled, torch=_torch_scaled),
    Row("attend", [Sample(Draw((2, 3, 4)), Draw((2, 5, 4)), Draw((2, 5, 2)), False),
                   Sample(Draw((2, 2, 3, 4)), Draw((2, 2, 3, 4)), Draw((2, 2, 3, 4)), True),
                   Sample(Draw((3, 4)), Draw((5, 4)), Draw((5, 2)), False)], call=_attend, torch=_torch_attend),
    Row("lstm_sequence", [Sample(*SEQUENCE, False), Sample(*SEQUENCE, True)], call=_lstm_sequence,
        torch=_torch_lstm_sequence),
]  # fmt: skip
