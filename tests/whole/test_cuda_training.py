"""Training on the pretended GPU, in lockstep with the CPU: optimizers, clipping, the checker, data, files."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim
from minigrad.gradcheck import GradcheckError, gradcheck, gradgradcheck, numerical_gradient
from minigrad.utils.data import DataLoader, Dataset, TensorDataset
from tests.nn.test_regularizers import RULES
from tests.optim.test_optim_adaptive import CASES, IDS

SGD: list[dict[str, Any]] = [
    {}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}, {"maximize": True},
    {"momentum": 0.5, "dampening": 0.3},
]  # fmt: skip
STEPPED = [*CASES, *[("SGD", settings) for settings in SGD], ("Muon", {}), ("Muon", {"nesterov": False})]
NAMES = [*IDS, *[f"SGD-{i}" for i in range(len(SGD))], "Muon-plain", "Muon-straight"]
GRADIENTS = np.random.default_rng(5).standard_normal((50, 3, 4))


def trained(make: Callable[[list[Any]], Any], device: str, steps: int = 50) -> Any:
    """The weights after so many steps along gradients that depend on them, and the optimizer."""
    w = mg.tensor(GRADIENTS[0], device=device, requires_grad=True)
    optimizer = make([w])
    noise = mg.tensor(GRADIENTS, device=device)
    for i in range(steps):
        w.grad = w.detach() * 0.5 + noise[i]
        optimizer.step()
    return w, optimizer


def near(here: Any, there: Any) -> None:
    assert str(there.device) == "cuda:0" and there.dtype == here.dtype
    np.testing.assert_allclose(there.numpy(force=True), here.numpy(force=True), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name, settings", STEPPED, ids=NAMES)
def test_fifty_steps_are_the_cpus_and_wait_for_nothing(name: str, settings: dict[str, Any], cupy: Any) -> None:
    def make(params: list[Any]) -> Any:
        return getattr(optim, name)(params, **settings)

    here, ours = trained(make, "cpu")
    with cupy.no_waits():
        there, theirs = trained(make, "cuda")
    near(here, there)
    for a, b in zip(ours.state[here].values(), theirs.state[there].values(), strict=True):
        near(a, b) if isinstance(a, mg.Tensor) else None
    theirs.load_state_dict(ours.state_dict())  # of the CPU, brought to the GPU
    assert {str(v.device) for v in theirs.state[there].values() if isinstance(v, mg.Tensor)} <= {"cuda:0"}


@pytest.mark.parametrize("rule", RULES, ids=repr)
@pytest.mark.parametrize("kind", [lambda p: optim.SGD(p, lr=0.1), lambda p: optim.Adam(p, lr=0.1)], ids=["SGD", "Adam"])
def test_proximal_steps_are_the_cpus(rule: Any, kind: Any, cupy: Any) -> None:
    def make(params: list[Any]) -> Any:
        try:
            return optim.Proximal(kind(params), rule)
        except NotImplementedError:
            pytest.skip("no exact step is known for this pair")

    here, _ = trained(make, "cpu", 10)
    with cupy.no_waits():
        there, _ = trained(make, "cuda", 10)
    near(here, there)


def test_a_schedule_and_a_closure(cupy: Any) -> None:
    def run(device: str) -> tuple[Any, list[float]]:
        w = mg.tensor(GRADIENTS[0], device=device, requires_grad=True)
        optimizer = optim.SGD([w], lr=0.1, momentum=0.9)
        schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, 5)

        def closure() -> mg.Tensor:
            optimizer.zero_grad()
            (loss := (w * w).sum()).backward()
            return loss

        rates = []
        for _ in range(8):
            optimizer.step(closure)
            schedule.step()
            rates.append(schedule.get_last_lr()[0])
        return w, rates

    (here, rates), (there, again) = run("cpu"), run("cuda")
    near(here, there)
    assert rates == again and len(set(rates)) > 3


@pytest.mark.parametrize("norm", [1.0, 2.0, float("inf")])
def test_clipping_waits_for_nothing(norm: float, cupy: Any) -> None:
    def run(device: str) -> list[Any]:
        layer = nn.Linear(4, 3, device=device) if device == "cpu" else layers[0]
        layer(mg.tensor(GRADIENTS[1].astype("float32"), device=device)).sum().backward()
        total = nn.utils.clip_grad_norm_(layer.parameters(), 0.5, norm)
        nn.utils.clip_grad_value_(layer.parameters(), 0.2)
        return [total, *(p.grad for p in layer.parameters())]

    mg.manual_seed(0)
    here = run("cpu")
    mg.manual_seed(0)
    layers = [nn.Linear(4, 3).cuda()]
    with cupy.no_waits():
        there = run("cuda")
    for a, b in zip(here, there, strict=True):
        near(a, b)


def test_averages_of_weights(cupy: Any) -> None:
    def run(device: str) -> Any:
        model = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3)).to(device)
        average = optim.swa_utils.AveragedModel(model)
        x = mg.tensor(GRADIENTS.reshape(-1, 4).astype("float32"), device=device)
        for i in range(3):
            with mg.no_grad():
                model[0].weight.add_(0.5 * i)
            average.update_parameters(model)
        optim.swa_utils.update_bn([x[:30], x[30:]], average)
        return [*average.module.parameters(), *average.module.buffers()]

    mg.manual_seed(0)
    here = run("cpu")
    mg.manual_seed(0)
    for a, b in zip(here, run("cuda"), strict=True):
        np.testing.assert_allclose(b.numpy(force=True), a.numpy(force=True), rtol=1e-5)
        assert str(b.device) == "cuda:0"


# --- the checker --------------------------------------------------------------------------------------------------


def test_gradcheck_takes_tensors_on_a_gpu(cupy: Any) -> None:
    x = mg.tensor(GRADIENTS[0], device="cuda", requires_grad=True)
    w = mg.tensor(GRADIENTS[1], device="cuda", requires_grad=True)

    def function(x: Any, w: Any) -> Any:
        return mg.tanh(x @ w.mT).sum(0), mg.softmax(x * w, 1)

    for fast in (False, True):
        assert gradcheck(function, (x, w), fast_mode=fast)
        assert gradgradcheck(function, (x, w), fast_mode=fast)


def test_gradcheck_finds_a_wrong_gradient_on_a_gpu(cupy: Any) -> None:
    class Twice(mg.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 2

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * 2.01

    x = mg.tensor(GRADIENTS[0], device="cuda", requires_grad=True)
    with pytest.raises(GradcheckError, match=r"a factor is wrong: .* 1.005 times"):
        gradcheck(Twice.apply, (x,))


@pytest.mark.parametrize("method", ["forward", "backward", "central", "richardson", "complex"])
def test_numerical_gradients_on_a_gpu(method: str, cupy: Any) -> None:
    def cubes(x: Any) -> Any:
        return (x * x * x).sum()

    here = numerical_gradient(cubes, mg.tensor(GRADIENTS[0]), method=method)
    there = numerical_gradient(cubes, mg.tensor(GRADIENTS[0], device="cuda"), method=method)
    assert str(there.device) == "cuda:0"
    np.testing.assert_allclose(there.numpy(force=True), here.numpy(), rtol=1e-9)


# --- data ---------------------------------------------------------------------------------------------------------


class Rows(Dataset):  # type: ignore[misc, type-arg]
    """Samples as NumPy arrays and numbers."""

    def __len__(self) -> int:
        return 10

    def __getitem__(self, i: int) -> Any:
        return GRADIENTS[i].astype("float32"), i % 3


@pytest.mark.parametrize("default", ["cuda", "cpu"])
def test_a_loaders_batches_are_born_on_the_default_device(default: str, cupy: Any) -> None:
    mg.set_default_device(default)
    place = {"cuda": "cuda:0", "cpu": "cpu"}[default]
    mg.manual_seed(0)
    seen = []
    for x, y in DataLoader(Rows(), batch_size=4, shuffle=True):
        assert str(x.device) == str(y.device) == place and y.dtype == mg.int64
        seen += y.tolist()
    assert sorted(seen) == sorted(i % 3 for i in range(10))
    data = TensorDataset(mg.from_numpy(GRADIENTS), mg.arange(50))
    mg.manual_seed(1)
    order = []
    for x, i in DataLoader(data, batch_size=20, shuffle=True):
        assert str(x.device) == str(i.device) == place
        np.testing.assert_array_equal(x.numpy(force=True), GRADIENTS[i.tolist()])
        order += i.tolist()
    assert sorted(order) == list(range(50)) != order


def test_a_resident_data_set_is_cut_into_batches_without_a_wait(cupy: Any) -> None:
    data = TensorDataset(mg.tensor(GRADIENTS, device="cuda"), mg.arange(50, device="cuda"))
    with cupy.no_waits():
        sizes = [len(x) for x, _ in DataLoader(data, batch_size=20, shuffle=True)]
    assert sizes == [20, 20, 10]


# --- files --------------------------------------------------------------------------------------------------------


def test_what_is_saved_on_one_device_loads_on_the_other(tmp_path: Path, cupy: Any) -> None:
    model = nn.Linear(4, 3)
    for source, target in (("cuda", "cpu"), ("cpu", "cuda"), ("cuda", None)):
        mg.save({"model": model.to(source).state_dict(), "step": 3}, tmp_path / "f")
        found = mg.load(tmp_path / "f", map_location=target)
        wanted = {"cuda": "cuda:0", "cpu": "cpu"}[target or source]
        assert found["step"] == 3 and {str(t.device) for t in found["model"].values()} == {wanted}
        for name, t in model.state_dict().items():
            np.testing.assert_array_equal(found["model"][name].numpy(force=True), t.numpy(force=True))


def test_a_snapshot_resumes_exactly_on_either_device(tmp_path: Path, cupy: Any) -> None:
    def parts(device: str) -> dict[str, Any]:
        mg.manual_seed(0)
        model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5), nn.Linear(8, 3)).to(device)
        optimizer = optim.Adam(model.parameters(), lr=0.1)
        data = TensorDataset(mg.tensor(GRADIENTS[:, 0].astype("float32")), mg.arange(50) % 3)
        return {"model": model, "optimizer": optimizer, "loader": DataLoader(data, batch_size=10, shuffle=True)}

    def epoch(model: Any, optimizer: Any, loader: Any) -> None:
        place = next(model.parameters()).device
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x.to(place)), y.to(place)).backward()
            optimizer.step()

    first = parts("cuda")
    epoch(**first)
    mg.snapshot.save(tmp_path / "s", **first, best=0.5)
    epoch(**first)
    for device in ("cuda", "cpu"):
        second = parts(device)
        assert mg.snapshot.load(tmp_path / "s", **second, map_location=device) == {"best": 0.5}
        epoch(**second)
        for a, b in zip(first["model"].parameters(), second["model"].parameters(), strict=True):
            assert b.device.type == device
            np.testing.assert_allclose(b.numpy(force=True), a.numpy(force=True), rtol=2e-5, atol=1e-6)


def test_a_copy_of_model_and_optimizer_stays_on_the_gpu(cupy: Any) -> None:
    model = nn.Linear(4, 3).cuda()
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    model(mg.ones(2, 4, device="cuda")).sum().backward()
    optimizer.step()
    twin, other = copy.deepcopy((model, optimizer))
    assert {str(p.device) for p in twin.parameters()} == {"cuda:0"}
    assert {str(s["momentum_buffer"].device) for s in other.state.values()} == {"cuda:0"}
