"""`amp.GradScaler`: what it does to gradients, steps and its scale; beside PyTorch's where that is there."""

import math
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim
from minigrad.amp import GradScaler


def run(torch: Any, wrong: tuple[int, ...] = (1, 4)) -> list[float]:
    """Steps of which some have an infinite gradient; what came of them."""
    p = torch.nn.Parameter(torch.tensor([1.0, -2.0], dtype=torch.float64))
    optimizer, found = torch.optim.SGD([p], lr=0.1), []
    scaler = torch.amp.GradScaler("cpu", init_scale=64.0, growth_interval=2)
    for step in range(7):
        optimizer.zero_grad()
        scaler.scale((p**2).sum()).backward()
        assert p.grad[0].item() == 2 * p[0].item() * scaler.get_scale()
        if step in wrong:
            p.grad[1] = math.inf
        if step % 2:
            scaler.unscale_(optimizer)
        scaler.step(optimizer)
        scaler.update()
        found += [*p.tolist(), scaler.get_scale()]
    again = torch.amp.GradScaler("cpu")
    again.load_state_dict(scaler.state_dict())
    assert again.state_dict() == scaler.state_dict()
    return found


def test_steps_that_are_not_finite_are_left_out_and_the_scale_adapts() -> None:
    found = np.array(run(mg)).reshape(7, 3)
    assert found[:, 2].tolist() == [64, 32, 32, 64, 32, 32, 64]
    assert (found[1, :2] == found[0, :2]).all() and (found[4, :2] == found[3, :2]).all() and np.isfinite(found).all()


def test_as_pytorch_s() -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    np.testing.assert_allclose(run(mg), run(torch), rtol=1e-12)


def test_without_a_gpu_the_default_is_disabled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("minigrad.cuda.is_available", lambda: False)
    with pytest.warns(UserWarning, match=r"disabled, for there is no GPU; GradScaler\(\"cpu\"\) scales"):
        scaler = GradScaler()
    loss = mg.ones(1)
    assert scaler.scale(loss) is loss and scaler.get_scale() == 1 and scaler.state_dict() == {}
    assert not scaler.is_enabled()


def test_what_is_refused() -> None:
    layer = nn.Linear(2, 1)
    optimizer, scaler = optim.SGD(layer.parameters(), lr=0.1), GradScaler("cpu")
    with pytest.raises(ValueError, match="GradScaler: backoff_factor: expected a number between 0 and 1, got 2"):
        GradScaler("cpu", backoff_factor=2)
    with pytest.raises(RuntimeError, match=r"update: no step was made since .* call step\(optimizer\) first"):
        scaler.update()
    with pytest.raises(RuntimeError, match=r"no parameter of the optimizer has a gradient; call backward\(\) before"):
        scaler.step(optimizer)
    scaler.scale(layer(mg.ones(1, 2)).sum()).backward()
    scaler.unscale_(optimizer)
    with pytest.raises(RuntimeError, match="unscale_: called already for this optimizer"):
        scaler.unscale_(optimizer)
    with pytest.raises(RuntimeError, match="a closure is not supported"):
        scaler.step(optimizer, lambda: 0)
    with pytest.raises(ValueError, match="missing: scale, growth_factor"):
        scaler.load_state_dict({})
    with pytest.raises(TypeError, match="scale: expected a Tensor or a list of them, got float"):
        scaler.scale(1.0)
