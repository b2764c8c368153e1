"""Scripts in PyTorch's spelling, run unchanged: they must train, and say so by the numbers they print."""

import importlib
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import compat
from minigrad.autograd.variable import Variable

SCRIPTS = Path(__file__).parents[1] / "scripts"
# script -> by the first word of a printed line: how large its last number may be
LIMITS = {
    "polynomial": {"by": 300, "autograd": 300, "own": 60, "layers": 300, "optimizer": 10, "module": 300,
                   "changing": 400},
    "lenet": {"[ 40]": 2.31},
    "mnist": {"accuracy": 0.5},
    "char_rnn": {"600": 0.2, "lstm": 0.1},
    "makemore": {"mlp": 1.4, "gpt": 2.8},
    "vae_gan": {"vae": 8, "gan": 5},
}  # fmt: skip


def run(script: Path, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-m", "minigrad.compat", *arguments, str(script)], capture_output=True,
                          text=True, timeout=300)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", LIMITS)
def test_a_script_trains(name: str) -> None:
    lines = run(SCRIPTS / f"{name}.py").splitlines()
    for start, most in LIMITS[name].items():
        line = [text for text in lines if text.startswith(start)][-1]
        found = [float(n) for n in re.findall(r"-?\d+\.\d+", line)]
        assert found and 0 <= found[-1] <= most, line


def test_policies_learn_to_go_right() -> None:
    lines = run(SCRIPTS / "reinforce.py").splitlines()
    assert [line.split()[0] for line in lines] == ["reinforce", "actor"]
    assert all(float(line.split()[-1]) > 0.5 for line in lines)


def test_both_frameworks_beside_each_other(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="compares with PyTorch")
    script = tmp_path / "script.py"
    script.write_text(
        "import torch\nw = torch.arange(3.0, requires_grad=True)\n(w.exp() * w).sum().backward()\n"
        "print(f'gradient {w.grad.sum().item():.5f}')\nprint('plain words')\n"
    )
    out = run(script, "--diff")
    assert "same  gradient" in out and "same  plain words" in out
    assert "2 and 2 lines; numbers differ by at most 0 of their size" in out


INSIDE = """
import sys
import minigrad as mg
from minigrad import compat

with compat.as_torch():
    import torch
    import torch.nn.functional as F
    from torch.distributions.categorical import Categorical

    assert torch is mg and F is mg.nn.functional and Categorical is mg.distributions.Categorical
    try:
        import torch.onnx
    except ModuleNotFoundError as error:
        print(error)
assert "torch" not in sys.modules
"""


WORKERS = """
import sys
import torch
from torch.utils.data import DataLoader, Dataset, get_worker_info

class Own:
    def __init__(self, x):
        self.x = x

class Rows(Dataset):
    def __len__(self):
        return 4
    def __getitem__(self, i):
        return torch.tensor([i, self.tag])

def begin(i):
    get_worker_info().dataset.tag = 10 + i

def collate(rows):
    return Own(torch.stack(rows))

if __name__ == "__main__":
    for method in (None, "spawn"):
        loader = DataLoader(Rows(), 2, num_workers=2, worker_init_fn=begin, collate_fn=collate,
                            multiprocessing_context=method)
        print([type(b) is Own and b.x.tolist() for b in loader], type(next(iter(loader)).x).__module__)
"""


def test_workers_of_a_script_have_the_same_torch(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(WORKERS)
    assert run(script).splitlines() == ["[[[0, 10], [1, 10]], [[2, 11], [3, 11]]] minigrad.engine.tensor"] * 2


def test_as_torch_within_as_torch() -> None:
    with compat.as_torch():
        with compat.as_torch():
            pass
        assert importlib.import_module("torch.optim.lr_scheduler").__name__ == "minigrad.optim.lr_scheduler"


def test_a_missing_module_says_what_to_use() -> None:
    with compat.as_torch(), pytest.raises(ModuleNotFoundError, match=r"no 'minigrad.nn.utils.prune' \(.*Proximal"):
        importlib.import_module("torch.nn.utils.prune")


def test_names_are_minigrad_s_own_and_a_missing_module_says_where_to_look() -> None:
    done = subprocess.run([sys.executable, "-c", INSIDE], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "No module named 'torch.onnx': minigrad has no 'minigrad.onnx'" in done.stdout


def test_pytorch_itself_is_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", compat)
    with pytest.raises(RuntimeError, match="PyTorch itself is imported already"):
        compat.install()


# --- old spellings --------------------------------------------------------------------------------------------------


def test_typed_constructors() -> None:
    assert mg.FloatTensor(2, 3).shape == (2, 3) and mg.LongTensor([1, 2]).dtype == mg.int64
    assert mg.FloatTensor([[1, 2]]).tolist() == [[1.0, 2.0]] and mg.ByteTensor().shape == (0,)
    assert isinstance(mg.ones(2), mg.FloatTensor) and not isinstance(mg.ones(2), mg.LongTensor)
    assert mg.FloatTensor(mg.ones(2, 3).shape).shape == (2, 3)
    t = mg.arange(3)
    assert t.type() == "minigrad.LongTensor" and t.type(mg.FloatTensor).dtype == mg.float32
    assert t.type("torch.DoubleTensor").dtype == mg.float64 and t.type(mg.int32).dtype == mg.int32
    assert t.new(2).dtype == mg.int64 and t.new([5]).tolist() == [5]
    assert t.new_zeros(2, 2).tolist() == [[0, 0], [0, 0]] and t.new_tensor([1.5]).tolist() == [1]
    assert t.new_full((2,), 7).tolist() == [7, 7] and t.new_ones(1, dtype=mg.float32).dtype == mg.float32


def test_variables_are_tensors() -> None:
    t = mg.ones(2, requires_grad=True)
    for data in (t, t * 2, mg.nn.Parameter(t.detach()), mg.ones(2)):
        for requires_grad in (False, True):
            new, before = mg.autograd.Variable(data, requires_grad=requires_grad), data.requires_grad
            assert new is not data and new.is_leaf and type(new) is mg.Tensor and new.data_ptr() == data.data_ptr()
            assert new.requires_grad == requires_grad and data.requires_grad == before
        assert isinstance(data, Variable) and isinstance(new, mg.Tensor)
    assert not isinstance(1.0, Variable) and not isinstance(np.ones(2), Variable) and Variable().shape == (0,)
    with pytest.warns(UserWarning, match="Variable: volatile has no effect; use `with no_grad"):
        assert not Variable(t, volatile=True).requires_grad
    with pytest.raises(TypeError, match="Variable: expected a Tensor, got list"):
        Variable([1.0])


def test_a_function_differentiates_a_variable_inside_itself() -> None:
    class Squares(mg.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            with mg.enable_grad():
                ctx.x = Variable(x, requires_grad=True)
                ctx.out = (ctx.x**2).sum()
            return ctx.out.detach()

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            ctx.out.backward(g)
            return ctx.x.grad

    x = mg.tensor([1.0, 2.0], requires_grad=True)
    Squares.apply(x).backward()
    assert x.grad.tolist() == [2, 4]


def test_no_module_is_a_compiled_one() -> None:
    kind = mg.jit.ScriptModule
    assert not isinstance(mg.nn.Linear(1, 1), kind) and issubclass(kind, mg.nn.Module)
    assert isinstance(type("Own", (kind,), {})(), kind)


def test_switches_that_switch_nothing_say_so() -> None:
    model = mg.nn.Linear(2, 2)
    with pytest.warns(UserWarning, match="compile: minigrad runs models as they are"):
        assert mg.compile(model) is model
    with pytest.warns(UserWarning, match="DataParallel: minigrad runs the module on one device"):
        wrapped = mg.nn.DataParallel(model)
    assert wrapped.module is model and next(iter(wrapped.state_dict())) == "module.weight"
    with pytest.warns(UserWarning, match="autocast: minigrad has no mixed precision"):
        mg.amp.autocast("cuda")
    with pytest.raises(AttributeError, match="nn.SyncBatchNorm: use BatchNorm"):
        _ = mg.nn.SyncBatchNorm
    mg.backends.cudnn.benchmark = True
    assert mg.accelerator.is_available() == mg.cuda.is_available()
    if not mg.cuda.is_available():
        assert mg.accelerator.current_accelerator() is None
    mg.cuda.manual_seed_all(3)
    assert mg.initial_seed() == 3


def test_mixed_precision_under_every_spelling() -> None:
    from minigrad.cuda.amp import GradScaler, autocast

    with compat.as_torch():
        for name in ("torch.cuda.amp", "torch.cuda.amp.grad_scaler", "torch.cuda.amp.autocast_mode",
                     "minigrad.cuda.amp", "minigrad.torch.cuda.amp"):  # fmt: skip
            found = importlib.import_module(name)
            assert found.GradScaler is GradScaler and found.autocast is autocast
        for name in ("torch.amp", "torch.amp.grad_scaler", "torch.amp.autocast_mode", "minigrad.amp.grad_scaler"):
            assert importlib.import_module(name) is mg.amp
        import torch.cuda.amp  # type: ignore[import-not-found, unused-ignore]
        from torch.cuda import amp

        assert amp is mg.cuda.amp and torch.cuda.amp.autocast is autocast and torch.cuda is mg.cuda
    assert issubclass(GradScaler, mg.amp.GradScaler) and issubclass(autocast, mg.amp.autocast)
    with pytest.raises(ValueError, match="GradScaler: init_scale: expected a finite number above 0, got -1"):
        GradScaler(-1.0)
    with pytest.warns(UserWarning, match="autocast: minigrad has no mixed precision"), autocast(dtype=mg.float16):
        pass
    with autocast(False), autocast(enabled=False):
        pass


# what scripts import, and from which of PyTorch's files
FILES = {
    "autograd.anomaly_mode": "detect_anomaly", "autograd.function": "Function", "autograd.grad_mode": "no_grad",
    "autograd.variable": "Variable", "backends.cuda": "sdp_kernel", "backends.cudnn": "benchmark",
    "backends.mkl": "is_available", "backends.mkldnn": "is_available", "backends.mps": "is_built",
    "backends.openmp": "is_available", "compiler": "disable", "cuda.memory": "memory_allocated",
    "cuda.random": "manual_seed_all", "cuda.streams": "Event", "jit": "script",
    "nn.modules.batchnorm": "_BatchNorm", "nn.modules.loss": "MultiMarginLoss", "nn.parallel": "DataParallel",
    "nn.parallel.data_parallel": "DataParallel", "nn.utils.clip_grad": "clip_grad_norm_",
    "nn.utils.convert_parameters": "parameters_to_vector", "nn.utils.stateless": "functional_call",
    "optim.adadelta": "Adadelta", "optim.adamax": "Adamax", "optim.adamw": "AdamW", "optim.asgd": "ASGD",
    "optim.nadam": "NAdam", "optim.radam": "RAdam", "optim.rmsprop": "RMSprop", "utils.data.dataloader": "DataLoader",
    "utils.data.dataset": "random_split", "utils.dlpack": "from_dlpack",
}  # fmt: skip


def test_names_by_the_file_that_pytorch_has_them_in() -> None:
    with compat.as_torch():
        for name, member in FILES.items():
            found = importlib.import_module(f"torch.{name}")
            assert found.__name__.startswith("minigrad") and hasattr(found, member), name
        for name in ("torch.amp.nowhere", "torch.nn.functional.nowhere", "torch.cuda.amp.nowhere"):
            with pytest.raises(ModuleNotFoundError, match=rf"No module named '{name}': minigrad has no "):
                importlib.import_module(name)


def test_modules_that_scripts_import_by_their_place() -> None:
    from minigrad.nn.parallel import DataParallel

    assert DataParallel is mg.nn.DataParallel
    for name in ("torch.nn.parallel", "torch.utils.data", "torch.optim.lr_scheduler", "torch.nn.utils.rnn",
                 "torch.backends.cudnn", "torch.distributions.categorical", "torch.nn.init"):  # fmt: skip
        with compat.as_torch():
            assert importlib.import_module(name).__name__.startswith("minigrad.")
