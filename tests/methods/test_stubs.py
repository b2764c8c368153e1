"""The generated types are up to date, and a type checker finds every module under its public name."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from minigrad.methods import stubs
from minigrad.methods.stubs import TARGET, doors, generate

# what a user's file says of each module that has another name than its file, with the type of what it takes from there
USES = """
import minigrad.accelerator, minigrad.amp, minigrad.backends.cuda, minigrad.backends.cudnn, minigrad.backends.mps
import minigrad.compiler, minigrad.cuda.amp, minigrad.distributed, minigrad.func, minigrad.jit, minigrad.linalg
import minigrad.random, minigrad.serialization, minigrad.snapshot, minigrad.special, minigrad.utils.dlpack
import minigrad as mg
from minigrad import amp, cuda, jit, linalg
from minigrad.accelerator import device_count
from minigrad.amp import GradScaler, autocast
from minigrad.backends import cudnn
from minigrad.cuda.amp import GradScaler as OnGPU
from minigrad.distributed import get_rank
from minigrad.func import functional_call, vmap
from minigrad.jit import ScriptModule, is_scripting
from minigrad.linalg import svd
from minigrad.random import fork_rng, manual_seed
from minigrad.serialization import load, save
from minigrad.special import expit
from minigrad.utils.dlpack import from_dlpack

scaler: amp.GradScaler = OnGPU(init_scale=4.0)
scale: float = GradScaler("cpu").get_scale()
there: bool = minigrad.cuda.is_available() or mg.cuda.is_available() or cuda.is_available()
gpus: int = device_count() + get_rank() + mg.ones(2).nbytes
scripting: bool = is_scripting()
cudnn.benchmark = True
minigrad.backends.cudnn.deterministic = True
module: mg.nn.Module = ScriptModule()
t: mg.Tensor = from_dlpack(mg.ones(2)).exp_()
with autocast("cuda"), cuda.device(0):
    pass
reveal_type(amp.GradScaler("cpu").get_scale())
reveal_type(minigrad.compiler.is_compiling())
scaler.get_scales()  # no such method
"""


def test_the_stubs_are_what_the_generator_writes() -> None:
    for path, text in {TARGET: generate(), **doors()}.items():
        assert path.read_text() == text, f"{path} is out of date: run `python -m minigrad.methods.stubs`"


@pytest.mark.parametrize("arguments, code", [(["--help"], 0), (["--check"], 1), (["--other"], 2)])
def test_help_and_check_write_nothing(
    arguments: list[str], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "tensor.pyi"
    target.write_text("an installed file")
    monkeypatch.setattr(stubs, "TARGET", target)
    monkeypatch.setattr(sys, "argv", ["stubs", *arguments])
    with pytest.raises(SystemExit) as stop:
        stubs.main()
    assert int(stop.value.code or 0) == code and target.read_text() == "an installed file"


def test_a_type_checker_finds_modules_under_their_public_names(tmp_path: Path) -> None:
    if importlib.util.find_spec("mypy") is None:
        pytest.skip("mypy is not installed")
    (tmp_path / "uses.py").write_text(USES)
    command = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--no-error-summary", "uses.py"]
    root = str(Path(__file__).parents[2])
    done = subprocess.run(command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": root}, capture_output=True, text=True)
    assert done.stdout.splitlines() == [
        'uses.py:31: note: Revealed type is "float"',
        'uses.py:32: note: Revealed type is "bool"',
        'uses.py:33: error: "GradScaler" has no attribute "get_scales"; maybe "get_scale"?  [attr-defined]',
    ], done.stdout + done.stderr
