"""The private fused operations: engine/fused.py."""

from types import SimpleNamespace
from typing import Any

from minigrad.testing.opinfo.model import Array, OpInfo, SampleInput
from minigrad.testing.opinfo.nn import _torch_lstm_step, _torch_standardize


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


X, IMAGE, CHANNEL = Array((3, 4)), Array((2, 4, 3)), Array((4,), 0.5, 2)
SEQUENCE = Array((4, 3, 8)), Array((3, 2)), Array((3, 2)), Array((8, 2))
op_db = [
    OpInfo("standardize_and_scale", [SampleInput(X, None, None, (1,)), SampleInput(X, CHANNEL, Array((4,)), (1,)),
        SampleInput(X, Array((1, 4)), None, (0,)), SampleInput(IMAGE, Array((1, 4, 1)), Array((1, 4, 1)), (0, 2)),
        SampleInput(IMAGE, Array((4, 3)), None, (1, 2)), SampleInput(X, None, Array((4,)), (0, 1))], call=_scaled,
        torch=_torch_scaled),
    OpInfo("attend", [SampleInput(Array((2, 3, 4)), Array((2, 5, 4)), Array((2, 5, 2)), False),
        SampleInput(*[Array((2, 2, 3, 4))] * 3, True), SampleInput(Array((3, 4)), Array((5, 4)), Array((5, 2)), False)],
        call=_attend, torch=_torch_attend),
    OpInfo("lstm_sequence", [SampleInput(*SEQUENCE, False), SampleInput(*SEQUENCE, True)], call=_lstm_sequence,
        torch=_torch_lstm_sequence),
]  # fmt: skip
