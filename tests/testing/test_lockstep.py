"""`lockstep`: the first operation that differs between the devices is named. (The GPU is the stand-in, which is made to
err.)"""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import autograd, nn
from minigrad.errors import DeviceError
from minigrad.testing import lockstep as module
from minigrad.testing.lockstep import LockstepError, lockstep

F: Any = nn.functional


def step(model: Any, x: Any) -> Any:
    loss = F.cross_entropy(model(x), mg.tensor([0, 1, 0, 1], device=x.device)) + mg.exp(x).mean() + (x / x).sum()
    (first,) = autograd.grad((model(x) ** 2).sum(), [x], create_graph=True)
    (loss + (first * first).sum() + x[0].sum()).backward()
    return model(x).argmax(1)


@pytest.mark.parametrize("place", ["cpu", "cuda"])
def test_what_is_the_same_runs_through(place: str, cupy: Any) -> None:
    model = nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(5), nn.GELU(), nn.Dropout(0.1), nn.Linear(5, 2)).to(place)
    x = mg.randn(4, 3).to(place).requires_grad_()
    with mg.lockstep() as both:
        step(model, x)
        with mg.no_grad():
            before = both.seen
            mg.exp(x) @ x.T
    assert before > 100 and both.seen == before + 3  # exp, permute, matmul
    lockstep()(step)(model, x)
    seen = both.seen
    step(model, x)
    assert both.seen == seen and x.device.type == place


def erring(monkeypatch: pytest.MonkeyPatch, pretended: Any, name: str, wrong: Any) -> None:
    plain = getattr(pretended, name)
    monkeypatch.setattr(pretended, name, lambda *args, **options: wrong(plain(*args, **options)))


def test_the_first_that_differs_is_named_with_line_index_and_values(
    pretended: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    erring(monkeypatch, pretended, "exp", lambda out: out * 1.001)
    x = mg.tensor([[0.0, 1.0]])
    with pytest.raises(LockstepError, match=(
        r"^exp, at test_lockstep.py:\d+: 2 of 2 elements of float32\[1, 2\] differ; at \[0, 0\] cpu gives 1.0, cuda:0 "
        r"1.00\d+; given float32\[1, 2\]$"
    )), lockstep():  # fmt: skip
        (x * 2).exp().log()
    with lockstep(rtol=0.01):
        x.exp()


def test_a_gradient_that_differs(pretended: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    x = mg.tensor([0.5, 1.0], requires_grad=True)
    loss = x.sin().sum()
    erring(monkeypatch, pretended, "cos", lambda out: -out)
    with (
        lockstep(),
        pytest.raises(LockstepError, match=r"^the backward of sin, at test_lockstep.py:\d+: 2 of 2 elements"),
    ):
        loss.backward()


@pytest.mark.parametrize("wrong, text", [
    (lambda out: out.astype("float64"), r"cpu gives float32\[2\], cuda:0 float64\[2\] on cuda:0|float64\[2\]"),
    (lambda out: out.reshape(1, 2), r"cpu gives float32\[2\], cuda:0 float32\[1, 2\]"),
    (lambda out: out * float("nan"), r"at \[0\] cpu gives 0.0, cuda:0 nan"),
])  # fmt: skip
def test_dtype_shape_and_nan(wrong: Any, text: str, pretended: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    erring(monkeypatch, pretended, "sin", wrong)
    with lockstep(), pytest.raises(LockstepError, match=text):
        mg.tensor([0.0, 1.0]).sin()


def test_a_sum_that_cancels_passes_where_both_are_as_far_from_the_truth(
    pretended: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = mg.tensor(np.array([1e4, 1.5, -1e4, 1e-3], "float32"))
    off = float(x.sum()) - 1.501
    plain = pretended.ndarray.sum
    monkeypatch.setattr(pretended.ndarray, "sum", lambda self, *a, **k: plain(self, *a, **k) * 0 + (1.501 - 2 * off))
    with lockstep():
        x.sum()
    monkeypatch.setattr(pretended.ndarray, "sum", lambda self, *a, **k: plain(self, *a, **k) + 1.0)
    with lockstep(), pytest.raises(LockstepError, match="^sum, at "):
        x.sum()


def test_without_a_gpu_it_says_so(no_gpu: None) -> None:
    with pytest.raises(DeviceError, match='device "cuda"'), lockstep():
        pass


def test_a_script_as_it_is(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(
        "import sys, minigrad as mg\nprint((mg.ones(3, requires_grad=True) * 2).sum().item(), sys.argv[1])"
    )
    path = Path(__file__).parents[1] / "standin"
    code = f"import sys; sys.path.insert(0, {str(path)!r}); import minigrad.testing.lockstep as m; m.main(sys.argv[1:])"
    done = subprocess.run([sys.executable, "-c", code, str(script), "7"], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines() == [
        "6.0 7",
        "lockstep: 2 operations and gradients gave the same on the CPU and on cuda:0",
    ]
    with pytest.raises(SystemExit):
        module.main([str(tmp_path / "none.py")])
