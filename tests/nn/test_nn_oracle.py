"""Every layer held against PyTorch's from equal weights: repr, names of the state, outputs, gradients of inputs and
weights, and running statistics."""

import warnings
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from tests.layers import LAYERS, drawn, flat, made_by

ALIKE = [name for name, _ in LAYERS if not name.startswith(("Multihead", "Transformer"))]  # with equal reprs


def pair(made: str) -> tuple[Any, Any]:
    """The layer here and in PyTorch, in float64, with PyTorch's weights in both."""
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    torch.manual_seed(0)
    ours, theirs = (made_by(library, made) for library in (nn, torch.nn))
    for p in theirs.parameters():
        with torch.no_grad():
            p.add_(torch.rand_like(p) * 0.1)  # biases are not zero, then
    ours, theirs = ours.double(), theirs.double()
    state = {k: mg.from_numpy(v.numpy().copy()) for k, v in theirs.state_dict().items()}
    assert list(ours.state_dict()) == list(state)
    ours.load_state_dict(state)
    return ours, theirs


def compare(ours: Any, theirs: Any, arrays: list[Any]) -> None:
    import torch

    xs = [mg.tensor(a, requires_grad=a.dtype.kind == "f") for a in arrays]
    ys = [torch.tensor(a, requires_grad=a.dtype.kind == "f") for a in arrays]
    if "Margin" in repr(ours) and len(arrays) == 2:
        ys[-1] = ys[-1].detach()  # PyTorch does not differentiate by the target
    inplace = "inplace=True" in repr(theirs)
    outs, expected = (flat(m(*(t * 1 for t in ts) if inplace else ts)) for m, ts in ((ours, xs), (theirs, ys)))
    assert len(outs) == len(expected)
    total, other = 0, 0
    for i, (o, e) in enumerate(zip(outs, expected)):
        assert tuple(o.shape) == tuple(e.shape)
        near = 1e-8 if "Hard" in repr(ours) else 1e-11  # PyTorch divides by 6 in float32
        np.testing.assert_allclose(o.detach().numpy(), e.detach().numpy(), rtol=1e-9, atol=near)
        if e.requires_grad:
            v = np.random.default_rng(i).uniform(-1, 1, tuple(e.shape))
            total, other = total + (o * mg.tensor(v)).sum(), other + (e * torch.tensor(v)).sum()
    if isinstance(total, int):
        return
    total.backward()
    other.backward()
    names = [n for n, _ in theirs.named_parameters()]
    mine = [*xs, *ours.parameters()]
    for name, a, b in zip([*range(len(xs)), *names], mine, [*ys, *theirs.parameters()], strict=True):
        if b.grad is not None:
            np.testing.assert_allclose(a.grad.numpy(), b.grad.numpy(), rtol=1e-7, atol=1e-11, err_msg=str(name))


@pytest.mark.parametrize("made, shapes", LAYERS, ids=[name for name, _ in LAYERS])
def test_a_layer_is_pytorchs(made: str, shapes: list[Any]) -> None:
    ours, theirs = pair(made)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for seed in range(2):  # the second time running statistics have moved
            compare(ours, theirs, drawn(shapes, seed))
        ours.eval(), theirs.eval()
        compare(ours, theirs, drawn(shapes, 2))
    for name, b in theirs.named_buffers():
        np.testing.assert_allclose(dict(ours.named_buffers())[name].numpy(), b.numpy(), rtol=1e-10)


def test_statistics_switched_off_later_stay_as_they_are() -> None:
    ours, theirs = pair("BatchNorm2d(3)")
    ours.track_running_stats = theirs.track_running_stats = False
    compare(ours, theirs, drawn([(4, 3, 5, 5)], 0))
    for name, b in theirs.named_buffers():
        np.testing.assert_array_equal(dict(ours.named_buffers())[name].numpy(), b.numpy())
    ours.eval(), theirs.eval()
    compare(ours, theirs, drawn([(4, 3, 5, 5)], 1))


@pytest.mark.parametrize("made", ALIKE)
def test_its_repr_is_pytorchs(made: str) -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    assert repr(made_by(nn, made)) == repr(made_by(torch.nn, made))


@pytest.mark.parametrize("made", [name for name, _ in LAYERS if "(0" not in name and "Loss" not in name])
def test_initial_weights_are_spread_as_pytorchs(made: str) -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    torch.manual_seed(0)
    mg.manual_seed(0)
    draws = [[made_by(library, made) for _ in range(max(1, 400 // 40))] for library in (nn, torch.nn)]
    for name, _ in draws[1][0].named_parameters():
        a, b = (
            np.concatenate([dict(m.named_parameters())[name].detach().numpy().ravel() for m in many]) for many in draws
        )
        n = len(a)
        assert abs(a.mean() - b.mean()) <= 5 * b.std() * (2 / n) ** 0.5 + 1e-12, name
        assert abs(a.std() - b.std()) <= 5 * b.std() / n**0.5 + 1e-12, name
        if n >= 100:
            assert np.abs(a).max() <= 1.6 * np.abs(b).max() + 1e-12, name
