"""Every layer on the pretended GPU, in lockstep with the CPU: outputs, gradients, running statistics, no waits."""

import copy
import warnings
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from tests.layers import LAYERS, drawn, flat, made_by

NOISY: list[tuple[str, list[Any]]] = [
    (f"{name}(0.4)", [(2, 3, 4, 4)]) for name in ("Dropout", "Dropout2d", "AlphaDropout", "FeatureAlphaDropout")
]
WAITS = {"BatchNorm1d(3, momentum=None)": "the share of a new batch is 1 / the number of batches, which is read"}


def close(here: Any, there: Any) -> None:
    assert str(there.device) == "cuda:0" and there.dtype == here.dtype and there.shape == here.shape
    np.testing.assert_allclose(there.numpy(force=True), here.numpy(force=True), rtol=1e-12, atol=1e-14)


def outputs(layer: Any, arrays: list[Any], device: str) -> tuple[list[Any], list[Any]]:
    xs = [mg.tensor(a, device=device, requires_grad=a.dtype.kind == "f") for a in arrays]
    given = [x * 1 for x in xs] if "inplace" in repr(layer) else xs
    return flat(layer(*given)), xs


def backward(outs: list[Any]) -> None:
    """The gradients of all floating results, each element weighted on its own."""
    outs = [o for o in outs if o.requires_grad]
    weights = [np.cos(np.arange(o.numel())).reshape(tuple(o.shape)).astype(o.dtype) for o in outs]
    if outs:
        mg.autograd.backward(outs, [mg.tensor(w, device=o.device) for w, o in zip(weights, outs)])


@pytest.mark.parametrize("made, shapes", LAYERS + NOISY, ids=[name for name, _ in LAYERS + NOISY])
def test_a_layer_on_the_gpu_is_the_cpus(made: str, shapes: list[Any], cupy: Any) -> None:
    here = made_by(nn, made).double()
    there = copy.deepcopy(here).to("cuda")
    assert all(str(t.device) == "cuda:0" for t in [*there.parameters(), *there.buffers()])
    for seed, training in enumerate((True, True, False)):  # the second time running statistics have moved
        here.train(training), there.train(training)
        arrays = drawn(shapes, seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            mg.manual_seed(seed)  # noise is drawn on the CPU, for all devices
            outs, xs = outputs(here, arrays, "cpu")
            mg.manual_seed(seed)
            with nullcontext() if made in WAITS else cupy.no_waits():
                twins, ys = outputs(there, arrays, "cuda")
                backward(twins)
        assert len(outs) == len(twins)
        for a, b in zip(outs, twins):
            close(a, b)
        backward(outs)
        for a, b in zip([*xs, *here.parameters()], [*ys, *there.parameters()], strict=True):
            assert (a.grad is None) == (b.grad is None)
            if a.grad is not None:
                close(a.grad, b.grad)
        for a, b in zip(here.buffers(), there.buffers(), strict=True):
            close(a, b)
        here.zero_grad(), there.zero_grad()


@pytest.mark.parametrize("made", sorted({name for name, _ in LAYERS if "Loss" not in name}))
def test_a_layers_state_goes_round_both_devices(made: str, cupy: Any) -> None:
    here = made_by(nn, made)
    there = copy.deepcopy(here).cuda()
    state = there.state_dict()
    assert all(str(t.device) == "cuda:0" for t in state.values())
    fresh = made_by(nn, made)
    fresh.load_state_dict(state)  # takes values from another device, and stays where it is
    there.load_state_dict(here.state_dict())
    assert all(str(t.device) == "cuda:0" for t in there.state_dict().values())
    for other in (fresh, there.cpu()):
        for name, t in here.state_dict().items():
            again = other.state_dict()[name]
            assert again.device.type == "cpu" and again.dtype == t.dtype
            np.testing.assert_array_equal(again.numpy(force=True), t.numpy(force=True))


@pytest.mark.parametrize("made", ["Linear(4, 3)", "Conv2d(3, 4, 3)", "BatchNorm2d(3)", "LSTM(3, 4)", "Embedding(5, 3)",
                                  "MultiheadAttention(6, 2)", "Transformer(6, 2, 1, 1, 8)", "PReLU()"])  # fmt: skip
def test_a_layer_born_on_the_gpu_has_the_cpus_weights(made: str, cupy: Any) -> None:
    mg.manual_seed(3)
    here = made_by(nn, made)
    mg.manual_seed(3)
    with mg.device("cuda"):
        there = made_by(nn, made)
    for a, b in zip(here.state_dict().values(), there.state_dict().values(), strict=True):
        close(a, b)
    assert [*here.state_dict()]


def test_a_layer_moves_with_its_gradients_and_keeps_its_parameters(cupy: Any) -> None:
    layer = nn.Linear(2, 3)
    weight = layer.weight
    layer(mg.ones(1, 2)).sum().backward()
    layer.cuda()
    assert layer.weight is weight and weight.is_leaf and weight.requires_grad
    assert str(weight.device) == str(weight.grad.device) == "cuda:0"
    layer.to("cpu").double()
    assert weight.device.type == weight.grad.device.type == "cpu" and weight.grad.dtype == weight.dtype == mg.float64


def test_operands_on_two_devices_are_refused_by_name(cupy: Any) -> None:
    layer, x = nn.Linear(2, 3).cuda(), mg.ones(1, 2)
    with pytest.raises(mg.errors.DeviceError, match="linear: expected all tensors on one device, got cpu and cuda:0"):
        layer(x)
    classes = mg.tensor([0])
    with pytest.raises(mg.errors.DeviceError, match="cross_entropy: expected all tensors on one device"):
        nn.functional.cross_entropy(layer(x.cuda()), classes)
    with pytest.raises(mg.errors.DeviceError, match="embedding: expected all tensors on one device"):
        nn.Embedding(4, 2).cuda()(classes)
