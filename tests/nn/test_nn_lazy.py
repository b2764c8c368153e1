"""Lazy layers become ordinary ones at the first input."""

import copy
import warnings
from typing import Any

import pytest

import minigrad as mg
from minigrad import nn, optim

LAYERS: list[tuple[str, tuple[int, ...], str]] = [
    ("LazyLinear(3)", (2, 5), "Linear(5, 3)"),
    ("LazyLinear(3, bias=False)", (2, 4, 5), "Linear(5, 3, bias=False)"),
    ("LazyConv1d(4, 3)", (2, 6, 8), "Conv1d(6, 4, 3)"),
    ("LazyConv2d(4, 3, padding=1, groups=2)", (2, 6, 5, 5), "Conv2d(6, 4, 3, padding=1, groups=2)"),
    ("LazyConv2d(4, 3)", (6, 5, 5), "Conv2d(6, 4, 3)"),
    ("LazyConv3d(2, 2)", (1, 3, 4, 4, 4), "Conv3d(3, 2, 2)"),
    ("LazyConvTranspose2d(4, 3, stride=2)", (2, 6, 5, 5), "ConvTranspose2d(6, 4, 3, stride=2)"),
    ("LazyBatchNorm1d()", (4, 3), "BatchNorm1d(3)"),
    ("LazyBatchNorm2d(momentum=0.2)", (4, 3, 2, 2), "BatchNorm2d(3, momentum=0.2)"),
    ("LazyInstanceNorm1d()", (4, 3, 5), "InstanceNorm1d(3, affine=True, track_running_stats=True)"),
    ("LazyInstanceNorm2d(affine=True)", (3, 5, 5), "InstanceNorm2d(3, affine=True, track_running_stats=True)"),
]


@pytest.mark.parametrize("lazy, shape, made", LAYERS)
def test_the_first_input_makes_it_the_layer(lazy: str, shape: tuple[int, ...], made: str) -> None:
    layer, plain = eval(f"nn.{lazy}"), eval(f"nn.{made}")
    before = list(layer.parameters())
    out = layer(mg.randn(*shape))
    assert type(layer) is type(plain) and repr(layer) == repr(plain)
    assert all(p is q for p, q in zip(before, layer.parameters(), strict=True))
    assert {k: v.shape for k, v in layer.state_dict().items()} == {k: v.shape for k, v in plain.state_dict().items()}
    assert all(type(p) is nn.Parameter for p in layer.parameters())
    plain.load_state_dict(layer.state_dict())
    assert out.shape == plain(mg.randn(*shape)).shape


@pytest.mark.parametrize("lazy", [lazy for lazy, _, _ in LAYERS])
def test_its_repr_and_state_are_pytorchs(lazy: str) -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = eval(f"nn.{lazy}", {"nn": torch.nn})
    ours = eval(f"nn.{lazy}")
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())


def test_an_optimizer_may_be_made_before() -> None:
    mg.manual_seed(0)
    model = nn.Sequential(nn.LazyLinear(8), nn.ReLU(), nn.LazyLinear(1))
    optimizer = optim.Adam(model.parameters(), lr=0.02)
    x = mg.randn(64, 3)
    y = x.sum(1, keepdim=True)
    losses = []
    for _ in range(100):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.1 * losses[0]


def test_before_the_first_input_it_says_what_is_missing() -> None:
    layer = nn.LazyLinear(3)
    with pytest.raises(ValueError, match="UninitializedParameter: its shape is not known yet; run the model once"):
        _ = layer.weight.shape
    with pytest.raises(ValueError, match="not known yet"):
        sum(p.numel() for p in layer.parameters())
    assert "LazyLinear(in_features=0, out_features=3, bias=True)" in repr(layer)
    with pytest.raises(mg.ShapeError, match="LazyConv2d: expected an input whose dimension -3 tells in_channels, got"):
        nn.LazyConv2d(2, 3)(mg.randn(4, 4))


def test_dtype_copies_and_states() -> None:
    layer = nn.LazyLinear(3).double()
    twin = copy.deepcopy(layer)
    layer(mg.randn(2, 5, dtype=mg.float64))
    assert layer.weight.dtype == mg.float64 and type(twin) is nn.LazyLinear
    twin.load_state_dict(layer.state_dict())
    assert mg.equal(twin.weight, layer.weight)
    x = mg.randn(2, 5, dtype=mg.float64)
    assert mg.equal(twin(x), layer(x)) and type(twin) is nn.Linear


def test_a_loaded_size_that_the_input_contradicts_is_refused() -> None:
    lazy: Any = nn.LazyLinear(3)
    lazy.load_state_dict(nn.Linear(5, 3).state_dict())
    with pytest.raises(mg.ShapeError, match=r"weight was loaded as .*\[3, 5\], but this input needs .*\[3, 4\]"):
        lazy(mg.randn(2, 4))
