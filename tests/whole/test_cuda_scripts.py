"""Unchanged scripts on the pretended GPU, by the variable MINIGRAD_DEVICE alone: the main example with its search
optimizers, a convolutional network and a small transformer in PyTorch's spelling."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
ROOT = TESTS.parent


def run(*arguments: str, folder: Path, **variables: str) -> str:
    """What a Python of its own prints; the stand-in is the CuPy it finds."""
    paths = [str(ROOT), str(TESTS / "standin"), str(ROOT / "examples")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1", **variables}
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=120, cwd=folder,
                          env=environment)  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def without_times(text: str) -> list[str]:
    """The words and numbers printed, but those of the clock, and the spaces that make room for them."""
    lines = (line for line in text.splitlines() if " s " in line or "%" in line)
    return [" ".join(re.sub(r"[\d.]+ m?s\b.*", "", line).split()) for line in lines]


def test_the_main_example_finds_the_same_on_both_devices(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the examples draw figures")
    pytest.importorskip("sklearn", reason="the digits are scikit-learn's")
    script = [str(ROOT / "examples" / "softmax_classifier.py"), "--attempts", "30", "--epochs", "2"]
    here, there = (run(*script, folder=tmp_path, MINIGRAD_DEVICE=device) for device in ("cpu", "cuda"))
    assert "mini-batch SGD" in there and len(without_times(there)) >= 3
    assert without_times(there) == without_times(here)


@pytest.mark.parametrize("script", ["lenet", "makemore"])
def test_scripts_in_pytorch_s_spelling(script: str, tmp_path: Path) -> None:
    path = str(TESTS / "scripts" / f"{script}.py")
    here, there = (run("-m", "minigrad.compat", path, folder=tmp_path, MINIGRAD_DEVICE=d) for d in ("cpu", "cuda"))
    assert there and there == here


def test_where_tensors_are_born_is_the_variable_s_to_say(tmp_path: Path) -> None:
    code = "import minigrad as mg; print(mg.ones(1).device, mg.nn.Linear(1, 1).weight.device)"
    assert run("-c", code, folder=tmp_path, MINIGRAD_DEVICE="cuda").split() == ["cuda:0", "cuda:0"]
    assert run("-c", code, folder=tmp_path, MINIGRAD_DEVICE="cpu").split() == ["cpu", "cpu"]
