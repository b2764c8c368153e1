"""Fused operations on arrays large enough to be done in parts: value and gradients are those of the composed ones."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.engine.fused import SLOPES, FusedPlan
from minigrad.ops.nn import attention, norm, recurrent

RNG = np.random.default_rng(0)


def drawn(*shape: int) -> Any:
    return RNG.standard_normal(shape)


CASES: dict[str, tuple[Any, Any, list[Any], dict[str, Any]]] = {
    "batch norm": (norm._normalized, norm._composed, [drawn(16, 12, 32, 32), drawn(1, 12, 1, 1), drawn(1, 12, 1, 1)],
                   {"dims": (0, 2, 3), "n": 16 * 1024, "eps": 1e-5}),
    "layer norm": (norm._normalized, norm._composed, [drawn(40, 64, 128), drawn(128), drawn(128)],
                   {"dims": (2,), "n": 128, "eps": 1e-5}),
    "layer norm of two dimensions": (norm._normalized, norm._composed, [drawn(300, 32, 32), drawn(32, 32), None],
                                     {"dims": (1, 2), "n": 1024, "eps": 1e-5}),
    "instance norm": (norm._normalized, norm._composed, [drawn(16, 12, 32, 32), drawn(1, 12, 1, 1), None],
                      {"dims": (2, 3), "n": 1024, "eps": 1e-5}),
    "all of it": (norm._normalized, norm._composed, [drawn(400, 500), None, drawn(500)],
                  {"dims": (0, 1), "n": 200_000, "eps": 1e-5}),
    "attention": (attention._attended, attention._composed, [drawn(8, 4, 80, 16) for _ in range(3)],
                  {"scale": 0.25, "causal": False}),
    "causal attention": (attention._attended, attention._composed, [drawn(9, 4, 80, 16) for _ in range(3)],
                         {"scale": 0.25, "causal": True}),
    "attention without heads": (attention._attended, attention._composed, [drawn(70, 8), drawn(90, 8), drawn(90, 5)],
                                {"scale": 0.25, "causal": False}),
    "sequence": (recurrent._lstm_sequence, recurrent._sequence,
                 [drawn(40, 32, 128), drawn(32, 32), drawn(32, 32), drawn(128, 32) / 8], {"back": False}),
    "sequence from its end": (recurrent._lstm_sequence, recurrent._sequence,
                              [drawn(40, 32, 128), drawn(32, 32), drawn(32, 32), drawn(128, 32) / 8], {"back": True}),
}  # fmt: skip


def gradients(op: Any, arrays: list[Any], settings: dict[str, Any], v: Any = None) -> list[Any]:
    tensors = [None if a is None else mg.tensor(a, requires_grad=True) for a in arrays]
    out = op(*tensors, **settings, known=SimpleNamespace())
    out.backward(mg.tensor(np.cos(np.arange(out.numel())).reshape(out.shape)).to(out.dtype))
    return [out.detach().numpy(), *(t.grad.numpy() for t in tensors if t is not None)]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("dtype, rtol", [("float64", 1e-10), ("float32", 2e-4)])
@pytest.mark.parametrize("case", CASES)
def test_a_fused_operation_is_the_composed_one(case: str, dtype: str, rtol: float, threads: int) -> None:
    op, plain, arrays, settings = CASES[case]
    arrays = [None if a is None else a.astype(dtype) for a in arrays]
    before = mg.get_num_threads()
    mg.set_num_threads(threads)
    try:
        found, expected = gradients(op, arrays, settings), gradients(plain, arrays, settings)
    finally:
        mg.set_num_threads(before)
    for a, b in zip(found, expected, strict=True):
        assert a.dtype == b.dtype == dtype and a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * abs(b).max())


def test_only_what_needs_a_gradient_gets_one() -> None:
    op, _, arrays, settings = CASES["layer norm"]
    x, w, b = (mg.tensor(a, requires_grad=i != 1) for i, a in enumerate(arrays))
    out = op(x, w, b, **settings, known=SimpleNamespace())
    assert isinstance(out.grad_fn.plan, FusedPlan) and out.grad_fn.plan.mask == (True, False, True)
    out.sum().backward()
    assert w.grad is None and b.grad.tolist() == [40 * 64] * 128


def test_slopes_are_written_out_once_for_all_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []
    slopes = SLOPES["attend"]
    monkeypatch.setitem(SLOPES, "attend", lambda *args: calls.append(args) or slopes(*args))
    q, k, v = (mg.randn(2, 3, 4, requires_grad=True) for _ in range(3))
    out = mg.nn.functional.scaled_dot_product_attention(q, k, v)
    out.sum().backward(retain_graph=True)
    first = [t.grad.clone() for t in (q, k, v)]
    out.sum().backward()  # again, by another call
    assert len(calls) == 2 and all(mg.allclose(t.grad, 2 * g) for t, g in zip((q, k, v), first, strict=True))


def test_gradients_of_gradients_come_from_the_composed_one() -> None:
    q, k, v = (mg.randn(2, 3, 4, dtype=mg.float64, requires_grad=True) for _ in range(3))
    attend = mg.nn.functional.scaled_dot_product_attention
    assert mg.autograd.gradgradcheck(lambda *t: attend(*t, is_causal=True), (q, k, v))


def test_an_lstm_takes_no_sequences_and_refuses_a_state_of_another_dtype() -> None:
    layer = mg.nn.LSTM(4, 8)
    out, (h, c) = layer(mg.zeros(5, 0, 4))
    assert out.shape == (5, 0, 8) and h.shape == c.shape == (1, 0, 8)
    h, c = mg.zeros(1, 3, 8, dtype=mg.float64), mg.zeros(1, 3, 8)
    with pytest.raises(mg.DtypeError, match="linear: expected one dtype"):
        layer(mg.zeros(5, 3, 4), (h, c))


def test_arguments_that_are_made_of_each_other_do_not_add_their_share() -> None:
    attend = mg.nn.functional.scaled_dot_product_attention
    x = mg.tensor(drawn(2, 5, 4), requires_grad=True)
    w = mg.tensor(drawn(4), requires_grad=True)

    def twice(x: Any, w: Any) -> Any:
        once = mg.nn.functional.layer_norm(x, (4,), w, w)
        return mg.nn.functional.layer_norm(once, (4,), w * 2, w)

    for op in (lambda x, w: attend(x, x * 2, x * x) * w, twice):
        loss = (op(x, w) ** 2).sum()
        plain = mg.autograd.grad(loss, [x, w], retain_graph=True)
        recorded = mg.autograd.grad(loss, [x, w], create_graph=True)
        for a, b in zip(plain, recorded, strict=True):
            np.testing.assert_allclose(a.numpy(), b.detach().numpy(), rtol=1e-9, atol=1e-9)
        assert mg.autograd.gradcheck(op, (x, w)) and mg.autograd.gradgradcheck(op, (x, w))


def test_a_weight_of_another_dtype_is_promoted_as_ever() -> None:
    x, w = mg.randn(200, 300), mg.randn(300, dtype=mg.float64)
    assert mg.nn.functional.layer_norm(x, (300,), w).dtype == mg.float64
