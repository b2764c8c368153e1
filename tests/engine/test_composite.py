"""Composite operations that an execution does in one node: whose gradients they give, and how often they are asked."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.engine.composite import JointPlan
from minigrad.engine.executions import load_all, only
from minigrad.ops.nn.attention import attention

RNG = np.random.default_rng(0)
F = mg.nn.functional


def test_only_what_needs_a_gradient_gets_one() -> None:
    x, w, b = mg.randn(40, 64, 128, requires_grad=True), mg.randn(128), mg.randn(128, requires_grad=True)
    out = F.layer_norm(x, (128,), w, b)
    assert isinstance(out.grad_fn.plan, JointPlan) and out.grad_fn.plan.mask == (True, False, True)
    out.sum().backward()
    assert w.grad is None and b.grad.tolist() == [40 * 64] * 128


def test_one_call_gives_the_gradients_of_all_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []
    chosen = next(e for e in load_all(attention.primitive) if e.executor == "numpy")
    backward = chosen.backward
    monkeypatch.setattr(chosen, "backward", lambda *args, **settings: calls.append(args) or backward(*args, **settings))
    q, k, v = (mg.randn(2, 3, 4, requires_grad=True) for _ in range(3))
    out = F.scaled_dot_product_attention(q, k, v)
    out.sum().backward(retain_graph=True)
    first = [t.grad.clone() for t in (q, k, v)]
    out.sum().backward()  # again, by another call
    assert len(calls) == 2 and all(mg.allclose(t.grad, 2 * g) for t, g in zip((q, k, v), first, strict=True))


def test_arguments_that_are_made_of_each_other_do_not_add_their_share() -> None:
    x = mg.tensor(RNG.standard_normal((2, 5, 4)), requires_grad=True)
    w = mg.tensor(RNG.standard_normal(4), requires_grad=True)

    def attended(x: Any, w: Any) -> Any:
        return F.scaled_dot_product_attention(x, x * 2, x * x) * w

    def normalized(x: Any, w: Any) -> Any:
        return F.layer_norm(F.layer_norm(x, (4,), w, w), (4,), w * 2, w)

    for op in (attended, normalized):
        loss = (op(x, w) ** 2).sum()
        direct = mg.autograd.grad(loss, [x, w], retain_graph=True)
        recorded = mg.autograd.grad(loss, [x, w], create_graph=True)
        for a, b in zip(direct, recorded, strict=True):
            np.testing.assert_allclose(a.numpy(), b.detach().numpy(), rtol=1e-9, atol=1e-9)
        assert mg.autograd.gradcheck(op, (x, w)) and mg.autograd.gradgradcheck(op, (x, w))


def test_a_weight_of_another_dtype_is_promoted_as_ever() -> None:
    x, w = mg.randn(200, 300), mg.randn(300, dtype=mg.float64)
    assert F.layer_norm(x, (300,), w).dtype == mg.float64


def test_without_executions_the_definition_is_recorded() -> None:
    q, k, v = (mg.randn(2, 3, 4, requires_grad=True) for _ in range(3))
    joint = F.scaled_dot_product_attention(q, k, v)
    with only():
        composed = F.scaled_dot_product_attention(q, k, v)
    assert joint.grad_fn.plan.name == "attention" and composed.grad_fn.plan.name == "matmul"
    np.testing.assert_allclose(joint.detach().numpy(), composed.detach().numpy(), rtol=1e-5, atol=1e-6)


def test_to_import_minigrad_is_enough_to_have_executions() -> None:
    code = (
        "import minigrad as mg\n"
        "x = mg.randn(3, 4, requires_grad=True)\n"
        "print(mg.nn.functional.layer_norm(x, (4,)).grad_fn.plan.name)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("standardize\n", "")
