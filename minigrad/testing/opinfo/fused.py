"""The private fused operations: engine/fused.py."""

from types import SimpleNamespace
from typing import Any

from minigrad.testing.opinfo.model import Array, OpInfo, SampleInput
from minigrad.testing.opinfo.nn import _torch_lstm_step


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


X, IMAGE, CHANNEL = Array((3, 4)), Array((2, 4, 3)), Array((4,), 0.5, 2)
SEQUENCE = Array((4, 3, 8)), Array((3, 2)), Array((3, 2)), Array((8, 2))
op_db = [
    OpInfo("attend", [SampleInput(Array((2, 3, 4)), Array((2, 5, 4)), Array((2, 5, 2)), False),
        SampleInput(*[Array((2, 2, 3, 4))] * 3, True), SampleInput(Array((3, 4)), Array((5, 4)), Array((5, 2)), False)],
        call=_attend, torch=_torch_attend),
    OpInfo("lstm_sequence", [SampleInput(*SEQUENCE, False), SampleInput(*SEQUENCE, True)], call=_lstm_sequence,
        torch=_torch_lstm_sequence),
]  # fmt: skip
