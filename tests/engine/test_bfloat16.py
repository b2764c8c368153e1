"""bfloat16, where ml_dtypes is installed: two bytes in memory, calculated in float32; without it, words."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import autograd, nn, optim

F: Any = nn.functional
there = pytest.mark.skipif(find_spec("ml_dtypes") is None, reason="ml_dtypes is not installed")
b16: Any = mg.bfloat16


def test_without_ml_dtypes_it_can_be_named_and_not_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ml_dtypes", None)
    assert repr(b16) == "minigrad.bfloat16"
    for wrong in (lambda: mg.zeros(2, dtype=b16), lambda: mg.zeros(2).to(b16), lambda: nn.Linear(2, 2).bfloat16()):
        with pytest.raises(TypeError, match="bfloat16: NumPy has no such dtype without the package ml_dtypes"):
            wrong()


def test_until_one_is_asked_for_nothing_is_looked_at() -> None:
    code = (
        "import minigrad as mg; from minigrad.engine import bfloat16; from minigrad.backend import run\n"
        "mg.ones(2).half() * 2; assert mg.float32 != mg.bfloat16\n"
        "assert not bfloat16.active and run.run is run.run_quiet"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], timeout=60).returncode == 0


@there
def test_it_adds_up_in_float32_and_keeps_its_dtype() -> None:
    ones = mg.ones(1000, dtype=b16)
    assert ones.dtype == b16 == mg.tensor([1], dtype="bfloat16").dtype and ones.element_size() == 2
    found = {
        1000: [ones.sum(), ones @ ones],
        1: [ones.mean(), mg.cat([ones, ones]).max(), mg.where(ones > 0, ones, 0.0)[1]],
        2.5: [(ones * 2.5)[0]],
        0: [ones.std()],
    }
    for value, outs in found.items():
        assert all(out.dtype == b16 and float(out) == value for out in outs)
    assert repr(mg.tensor([1.5, -2.0], dtype=b16)) == "tensor([ 1.5000, -2.0000], dtype=minigrad.bfloat16)"
    assert mg.finfo(b16).eps == 2**-7 and ones.is_floating_point() and mg.rand(3, dtype=b16).dtype == b16


@there
def test_promotion() -> None:
    ones = mg.ones(2, dtype=b16)
    for other, expected in ((mg.float32, mg.float32), (mg.float16, mg.float32), (mg.int64, ones.dtype)):
        assert (ones + mg.ones(2, dtype=other)).dtype == mg.promote_types(b16, other) == expected
    assert ones.float().dtype == mg.float32 and ones.long().tolist() == [1, 1]


@there
def test_odds_and_ends() -> None:
    x = mg.tensor([[1.5, -2.0, float("nan")], [0.0, 3.0, 4.0]], dtype=b16)
    assert mg.nan_to_num(x)[0, 2] == 0 and x[x > 1].tolist() == [1.5, 3.0, 4.0] and x.isnan().sum() == 1
    assert x[1, 1].item() == 3.0 and x.topk(1).values.dtype == x.sort().values.dtype == b16
    assert autograd.gradcheck(mg.exp, (x[1].clone().requires_grad_(),))
    assert nn.LSTM(3, 2, dtype=b16)(mg.ones(2, 1, 3, dtype=b16))[0].dtype == b16
    with pytest.raises(TypeError, match="matmul: expected one dtype, got bfloat16 and float32"):
        x @ mg.ones(3, 2)


@there
def test_views_and_changes_in_place() -> None:
    flat = mg.zeros(4, dtype=b16)
    square = flat.view(2, 2)
    square[0, 0] = 3.0
    flat += 1.5
    flat.mul_(2)
    assert square.tolist() == [[9.0, 3.0], [3.0, 3.0]] and flat.dtype == b16


@there
def test_beside_pytorch() -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(s).astype("float32") for s in ((4, 3), (5, 3))]

    def run(lib: Any, target: Any) -> list[Any]:
        f = lib.nn.functional
        a, w = (lib.tensor(x).bfloat16().requires_grad_() for x in arrays)
        y = f.linear(a, w)
        z = f.softmax(f.gelu(f.layer_norm(y, (5,))), 1)
        loss = f.cross_entropy(y, target) + (z * z).sum() + lib.exp(a).mean() + a[0].sum() + y.reshape(-1)[2:5].sum()
        loss.backward()
        outs = [y, z, loss, a.grad, w.grad]
        assert all(o.dtype == lib.bfloat16 for o in outs)
        return [o.detach().float().numpy() for o in outs]

    for ours, theirs in zip(run(mg, mg.tensor([0, 1, 2, 3])), run(torch, torch.tensor([0, 1, 2, 3]))):
        np.testing.assert_allclose(ours, theirs, rtol=2**-6, atol=2**-7)


@there
def test_gradients_of_gradients() -> None:
    x = mg.tensor([0.5, 1.0], dtype=b16, requires_grad=True)
    (first,) = autograd.grad((mg.exp(x) * x).sum(), [x], create_graph=True)
    (second,) = autograd.grad(first.sum(), [x])
    assert first.dtype == second.dtype == b16
    e = np.exp([0.5, 1.0])
    np.testing.assert_allclose(second.float().numpy(), e * [2.5, 3.0], rtol=0.02)


@there
@pytest.mark.parametrize("make", [lambda p: optim.SGD(p, 0.1, momentum=0.9), lambda p: optim.AdamW(p, 0.01)])
def test_a_net_learns_and_is_saved(make: Any, tmp_path: Path) -> None:
    mg.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3)).to(b16)
    x, y, optimizer = mg.randn(6, 1, 4, 4).bfloat16(), mg.tensor([0, 1, 2, 0, 1, 2]), make(net.parameters())
    losses = []
    for i in range(20):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if i == 10:
            optimizer.load_state_dict(optimizer.state_dict())
    assert losses[-1] < losses[0] / 1.3 and all(p.dtype == b16 for p in net.parameters())
    mg.save(net.state_dict(), tmp_path / "net")
    again = mg.load(tmp_path / "net")
    assert again["0.weight"].dtype == b16 and (again["0.weight"] == net[0].weight).all()


@there
def test_pytorch_s_files(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    files = pytest.importorskip("safetensors.torch")
    files.save_file({"w": torch.tensor([1.5, 2.0], dtype=torch.bfloat16)}, tmp_path / "theirs")
    assert mg.load(tmp_path / "theirs")["w"].tolist() == [1.5, 2.0]
    mg.save({"w": mg.tensor([1.5], dtype=b16)}, tmp_path / "ours.safetensors")
    assert files.load_file(tmp_path / "ours.safetensors")["w"].dtype == torch.bfloat16


@there
def test_on_the_gpu(cupy: Any) -> None:
    layer = nn.Linear(3, 2).to(device="cuda", dtype=b16)
    x = mg.ones(4, 3, dtype=b16, device="cuda")
    here = nn.Linear(3, 2).to(b16)
    here.load_state_dict(layer.state_dict())
    assert (layer(x).cpu() == here(x.cpu())).all() and layer(x).dtype == b16
