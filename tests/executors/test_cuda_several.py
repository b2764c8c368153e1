"""Several GPUs: every operation, backward pass and step runs on the one its arrays are on, whichever is current."""

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import autograd, nn, optim
from minigrad.backend import run as runner
from minigrad.nn.regularizers import L1

F: Any = nn.functional


def net() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.2),
        nn.Linear(27, 8), nn.LayerNorm(8), nn.GELU(), nn.Linear(8, 4),
    )  # fmt: skip


OPTIMIZERS: dict[str, Any] = {
    "SGD": lambda p: optim.SGD(p, 0.1, momentum=0.9),
    "Adam": lambda p: optim.Adam(p, 0.01, amsgrad=True),
    "Muon": lambda p: optim.Muon([w for w in p if w.ndim == 2], 0.01),
    "LBFGS": lambda p: optim.LBFGS(p, max_iter=2),
    "Proximal": lambda p: optim.Proximal(optim.SGD(p, 0.1), L1(0.01)),
    "RandomLocalSearch": lambda p: optim.RandomLocalSearch(p),
}


def trained(place: str, make: Any) -> list[float]:
    mg.manual_seed(0)
    model, x, y = (
        net().double().to(place),
        mg.randn(5, 1, 8, 8).double().to(place),
        mg.tensor([0, 1, 2, 3, 0]).to(place),
    )
    params = list(model.parameters())
    optimizer, losses = make(params), []

    def closure() -> Any:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        if loss.requires_grad:
            loss.backward()
            nn.utils.clip_grad_norm_(params, 1.0)
        return loss

    for _ in range(3):
        losses.append(optimizer.step(closure).item())
    model.eval()
    x[0] = 1.0
    x[mg.tensor([0, 1], device=place)] *= 2
    grads = autograd.grad((model(x) ** 2).sum(), params, create_graph=True)
    losses.append(sum((g**2).sum() for g in grads).item())
    assert {str(t.device) for t in (*params, *grads, x, F.one_hot(y), mg.rand_like(x), mg.cat([x, x]))} == {place}
    return losses


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_training_on_a_gpu_that_is_not_the_current_one(name: str, two_gpus: Any) -> None:
    there = trained("cuda:1", OPTIMIZERS[name])
    assert mg.cuda.current_device() == 0
    np.testing.assert_allclose(there, trained("cpu", OPTIMIZERS[name]), rtol=1e-6)


def test_a_graph_over_two_gpus(two_gpus: Any) -> None:
    first, second = nn.Linear(3, 4).to("cuda:0"), nn.Linear(4, 2).to("cuda:1")
    x = mg.ones(2, 3, device="cuda:0", requires_grad=True)
    for times in (1, 2):
        second(first(x).relu().to("cuda:1")).sum().backward()
        for p, place in ((x, 0), *((p, 0) for p in first.parameters()), *((p, 1) for p in second.parameters())):
            assert p.grad.device == p.device == mg.device("cuda", place)
        assert second.bias.grad.tolist() == [2.0 * times] * 2


def test_where_cuda_is_the_current_gpu(two_gpus: Any) -> None:
    x = mg.ones(2, device="cuda:1")
    assert str(x.to("cuda").device) == str(x.cuda().device) == "cuda:0" and x.to("cuda:1") is x
    with mg.cuda.device(1):
        assert x.to("cuda") is x and str(mg.tensor([1.0], device="cuda").device) == "cuda:1"
        assert str(mg.tensor(mg.ones(2, device="cuda:0"), device="cuda").device) == "cuda:1"


def test_with_one_gpu_nothing_is_exchanged() -> None:
    before, several = runner.run, runner.multi_gpu
    try:
        runner.set_runner(runner.run_quiet)
        runner.multi_gpu = False
        runner._found_gpus(1)
        assert runner.run is runner.run_quiet and runner.device_guard(mg.ones(1)) is runner.no_guard
        runner._found_gpus(2)
        assert runner.multi_gpu and runner.run is runner.run_on_device
    finally:
        runner.multi_gpu = several
        runner.set_runner(before)
