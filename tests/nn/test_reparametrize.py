"""Weight norm and spectral norm: PyTorch's numbers from equal parts, gradients through them, and the way back."""

import warnings
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim
from minigrad.nn import utils


def pair(made: str, norm: str, options: dict[str, Any]) -> tuple[Any, Any, Any]:
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = getattr(torch.nn.utils, norm)(eval(f"nn.{made}", {"nn": torch.nn}).double(), **options)
    ours = getattr(utils, norm)(eval(f"nn.{made}", {"nn": nn}).double(), **options)
    assert set(ours.state_dict()) == set(theirs.state_dict())
    ours.load_state_dict({k: mg.from_numpy(v.detach().numpy().copy()) for k, v in theirs.state_dict().items()})
    return torch, ours, theirs


@pytest.mark.parametrize("made, shape, norm, options", [
    ("Linear(4, 3)", (2, 4), "weight_norm", {}), ("Conv2d(3, 4, 3)", (2, 3, 5, 5), "weight_norm", {}),
    ("Linear(4, 3)", (2, 4), "weight_norm", {"dim": 1}), ("Linear(4, 3)", (2, 4), "weight_norm", {"dim": None}),
    ("Linear(4, 3)", (2, 4), "spectral_norm", {}),
    ("Conv2d(3, 4, 3)", (2, 3, 5, 5), "spectral_norm", {"n_power_iterations": 3}),
    ("ConvTranspose2d(3, 4, 3)", (2, 3, 5, 5), "spectral_norm", {}),
])  # fmt: skip
def test_as_pytorchs(made: str, shape: Any, norm: str, options: dict[str, Any]) -> None:
    torch, ours, theirs = pair(made, norm, options)
    for training in (True, True, False):
        ours.train(training), theirs.train(training)
        x = np.random.default_rng(0).normal(size=shape)
        a, b = ours(mg.tensor(x)), theirs(torch.tensor(x))
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-9, atol=1e-12)
        ours.zero_grad(), theirs.zero_grad()
        (a * a).sum().backward()
        (b * b).sum().backward()
        grads = {name: p.grad for name, p in theirs.named_parameters()}
        for name, p in ours.named_parameters():
            np.testing.assert_allclose(p.grad.numpy(), grads[name].numpy(), rtol=1e-7, atol=1e-10)
    for name, b in theirs.named_buffers():
        np.testing.assert_allclose(dict(ours.named_buffers())[name].numpy(), b.numpy(), rtol=1e-9)


@pytest.mark.parametrize("norm", ["weight_norm", "spectral_norm"])
def test_it_trains_and_can_be_removed(norm: str) -> None:
    mg.manual_seed(0)
    layer = getattr(utils, norm)(nn.Linear(4, 3))
    assert "weight" not in dict(layer.named_parameters())
    optimizer = optim.SGD(layer.parameters(), lr=0.1)
    x, y = mg.randn(20, 4), mg.randn(20, 3)
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(layer(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    before = layer.eval()(x)
    assert getattr(utils, f"remove_{norm}")(layer) is layer
    assert list(layer.state_dict()) in (["bias", "weight"], ["weight", "bias"])
    np.testing.assert_allclose(layer(x).detach().numpy(), before.detach().numpy(), rtol=1e-5, atol=1e-6)
    assert isinstance(layer.weight, nn.Parameter)


def test_the_largest_singular_value_is_one() -> None:
    mg.manual_seed(0)
    layer = utils.spectral_norm(nn.Linear(6, 5), n_power_iterations=50)
    layer(mg.ones(1, 6))
    assert np.linalg.svd(layer.weight.detach().numpy())[1][0] == pytest.approx(1, rel=1e-4)


def test_bad_calls() -> None:
    layer = utils.weight_norm(nn.Linear(2, 2))
    with pytest.raises(RuntimeError, match="weight_norm: weight: has a weight norm already"):
        utils.weight_norm(layer)
    with pytest.raises(ValueError, match="weight_norm: name: expected a parameter of Linear, got 'wait'"):
        utils.weight_norm(nn.Linear(2, 2), "wait")
    with pytest.raises(ValueError, match="remove_spectral_norm: weight: Linear has no spectral norm"):
        utils.remove_spectral_norm(layer)
    with pytest.raises(ValueError, match="n_power_iterations: expected 1 or more, got 0"):
        utils.spectral_norm(nn.Linear(2, 2), n_power_iterations=0)
