"""Parametrizations: values and state of PyTorch's, gradients through them, and the way back."""

import copy
import warnings
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn.utils import parametrizations, parametrize


class Symmetric(nn.Module):
    def forward(self, x: Any) -> Any:
        return x.triu() + x.triu(1).mT

    def right_inverse(self, x: Any) -> Any:
        return x.triu()


class Doubled(nn.Module):
    def forward(self, x: Any) -> Any:
        return x * 2


def test_a_parameter_is_a_function_of_its_original() -> None:
    layer = nn.Linear(3, 3)
    parametrize.register_parametrization(layer, "weight", Symmetric())
    assert mg.equal(layer.weight, layer.weight.mT) and parametrize.is_parametrized(layer, "weight")
    assert list(layer.state_dict()) == ["bias", "parametrizations.weight.original"]
    assert type(layer).__name__ == "ParametrizedLinear" and isinstance(layer, nn.Linear)
    layer(mg.ones(2, 3)).sum().backward()
    original = layer.parametrizations.weight.original
    assert mg.equal(original.grad, original.grad.triu()) and float(original.grad.abs().sum()) > 0
    layer.weight = mg.eye(3)
    assert mg.equal(layer.weight, mg.eye(3))
    twin = copy.deepcopy(layer)
    assert mg.equal(twin.weight, mg.eye(3)) and twin.parametrizations.weight.original is not original


def test_several_in_their_order_and_the_way_back() -> None:
    layer = nn.Linear(2, 2)
    before = layer.weight.detach().triu().clone()
    parametrize.register_parametrization(layer, "weight", Symmetric())
    parametrize.register_parametrization(layer, "weight", Doubled())
    now = layer.weight.detach().clone()
    assert mg.allclose(now.triu(), 2 * before)
    with pytest.raises(RuntimeError, match="Doubled has no right_inverse"):
        layer.weight = mg.eye(2)
    twin = copy.deepcopy(layer)
    parametrize.remove_parametrizations(layer, "weight")
    assert type(layer) is nn.Linear and mg.equal(layer.weight, now) and isinstance(layer.weight, nn.Parameter)
    parametrize.remove_parametrizations(twin, "weight", leave_parametrized=False)
    assert mg.allclose(twin.weight, before) and set(twin.state_dict()) == {"weight", "bias"}


def test_inside_cached_it_is_computed_once() -> None:
    calls = []

    class Counted(nn.Module):
        def forward(self, x: Any) -> Any:
            calls.append(1)
            return x * 1

    layer = nn.Linear(2, 2)
    parametrize.register_parametrization(layer, "weight", Counted())
    calls.clear()
    with parametrize.cached():
        layer(layer(mg.ones(1, 2)))
    assert len(calls) == 1
    layer(layer(mg.ones(1, 2)))
    assert len(calls) == 3


@pytest.mark.parametrize("made, shape", [("Linear(4, 3)", (2, 4)), ("Conv2d(3, 4, 3)", (2, 3, 5, 5)),
                                         ("ConvTranspose2d(3, 4, 3)", (2, 3, 5, 5))])  # fmt: skip
@pytest.mark.parametrize("norm", ["weight_norm", "spectral_norm"])
def test_norms_are_pytorchs(made: str, shape: tuple[int, ...], norm: str) -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    from torch.nn.utils import parametrizations as theirs_of

    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = getattr(theirs_of, norm)(eval(f"nn.{made}", {"nn": torch.nn}).double())
    ours = getattr(parametrizations, norm)(eval(f"nn.{made}").double())
    state = {k: mg.from_numpy(v.numpy().copy()) for k, v in theirs.state_dict().items()}
    assert set(ours.state_dict()) == set(state)
    ours.load_state_dict(state)
    x = np.random.default_rng(0).normal(size=shape)
    for training in (True, False):
        ours.train(training), theirs.train(training)
        a, b = ours(mg.tensor(x)), theirs(torch.tensor(x))
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-9, atol=1e-12)
        ours.zero_grad(), theirs.zero_grad()
        (a * a).sum().backward(), (b * b).sum().backward()
        for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
            np.testing.assert_allclose(p.grad.numpy(), q.grad.numpy(), rtol=1e-8, atol=1e-10)


def test_what_is_wrong_is_said() -> None:
    layer = nn.Linear(2, 3)
    with pytest.raises(ValueError, match="a parameter of Linear, got 'wight'; it has weight, bias"):
        parametrize.register_parametrization(layer, "wight", Doubled())
    with pytest.raises(mg.ShapeError, match=r"weight: expected a parametrization that keeps .*\[3, 2\].* unsafe=True"):
        parametrize.register_parametrization(layer, "weight", nn.Flatten(0))
    with pytest.raises(ValueError, match="Linear.weight is not parametrized"):
        parametrize.remove_parametrizations(layer, "weight")
    with pytest.raises(AttributeError, match="orthogonal: not implemented; use nn.init.orthogonal_"):
        _ = parametrizations.orthogonal


def test_extra_state_goes_with_the_state_dict() -> None:
    class Counting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer, self.calls = nn.Linear(1, 1), 0

        def forward(self, x: Any) -> Any:
            self.calls += 1
            return self.layer(x)

        def get_extra_state(self) -> Any:
            return {"calls": self.calls}

        def set_extra_state(self, state: Any) -> None:
            self.calls = state["calls"]

    model, other = nn.Sequential(Counting()), nn.Sequential(Counting())
    model(mg.ones(1, 1))
    state = model.state_dict()
    assert list(state) == ["0._extra_state", "0.layer.weight", "0.layer.bias"]  # as PyTorch's
    other.load_state_dict(state)
    assert other[0].calls == 1
    del state["0._extra_state"]
    with pytest.raises(RuntimeError, match="missing: 0._extra_state"):
        other.load_state_dict(state)


def test_lesser_methods_of_modules() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    model.set_submodule("1", nn.Tanh())
    assert isinstance(model[1], nn.Tanh)
    assert model.to_empty(device="cpu") is model
    with pytest.raises(AttributeError, match="has no module '5'"):
        model.set_submodule("5", nn.Tanh())
    with pytest.raises(NotImplementedError, match="processes share no memory"):
        model.share_memory()
    with pytest.warns(UserWarning, match="runs modules as they are"):
        model.compile()
