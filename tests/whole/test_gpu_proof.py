"""`python -m tests.gpu`, the proof on a GPU, on the stand-in: that it works, goes on where it was, and tells what
fails."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from minigrad.backend import cuda
from minigrad.backend import run as runner

ROOT = Path(__file__).parents[2]


@pytest.fixture
def command(cupy: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(sys, "path", [str(ROOT), *sys.path])
    from tests.gpu.__main__ import main

    return main


def wanted() -> list[str]:
    from tests.gpu.__main__ import PARTS

    drawn = all(importlib.util.find_spec(name) for name in ("matplotlib", "sklearn"))
    return [name for name in PARTS if name != "sparsity" or drawn]


def test_every_part_runs_is_kept_and_not_run_twice(command: Any, tmp_path: Path, capsys: Any) -> None:
    parts = wanted()
    chosen = [word for name in parts for word in ("--part", name)]
    status = command(["--standin", "--small", "--out", str(tmp_path), *chosen])
    kept = json.loads((tmp_path / "gpu.json").read_text())
    assert status == 0, [part["failures"] for part in kept["parts"].values()]
    assert list(kept["parts"]) == parts and all(p["seconds"] > 0 and not p["failures"] for p in kept["parts"].values())
    assert kept["parts"]["suite-ops"]["numbers"]["passed"] > 10 and kept["facts"]["device"].startswith("the stand-in")
    page = (tmp_path / "gpu.md").read_text()
    assert "No GPU was used" in page and "| linear softmax, SGD | none | 12 |" in page and "| float16 |" in page
    capsys.readouterr()
    assert command(["--standin", "--small", "--out", str(tmp_path), *chosen]) == 0
    assert capsys.readouterr().out.count("in the report already") == len(parts)
    assert json.loads((tmp_path / "gpu.json").read_text()) == kept


def test_what_fails_is_reported_and_the_others_run(
    command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cupy: Any
) -> None:
    from tests.gpu import __main__ as parts

    def ended(place: Any) -> Any:
        raise RuntimeError("no such thing")

    monkeypatch.setitem(parts.PARTS, "memory", ended)
    plain = cupy.tanh
    monkeypatch.setattr(cupy, "tanh", lambda *args, **options: plain(*args, **options) * 1.01)
    monkeypatch.setattr(parts.lockstep, "LAYERS", [("Tanh()", [(2, 3)])])
    monkeypatch.setattr(parts.lockstep, "op_db", {})
    chosen = ["--part", "memory", "--part", "lockstep", "--part", "counts"]
    assert command(["--standin", "--small", "--out", str(tmp_path), *chosen]) == 1
    found = json.loads((tmp_path / "gpu.json").read_text())["parts"]
    assert "RuntimeError: no such thing" in found["memory"]["failures"][0] and not found["counts"]["failures"]
    assert [line.partition(": differs by")[0] for line in found["lockstep"]["failures"]] == [
        "Tanh(), float32",
        "Tanh(), float64",
    ]
    assert "Tanh(), float64: differs by" in (tmp_path / "gpu.md").read_text()
    assert command(["--standin", "--small", "--out", str(tmp_path), "--part", "counts"]) == 1  # it is still in there


def test_the_suite_runs_with_another_cupy_than_the_stand_in() -> None:
    """As on a GPU: here that other one is the stand-in again, imported as CuPy would be, and not to be altered."""
    variables = {**os.environ, "MINIGRAD_GPU": "1", "PYTHONPATH": str(ROOT / "tests" / "standin")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "pinned or differs or momentum"]
    done = subprocess.run(
        [*command, "tests/methods/test_interop.py", "tests/testing/test_lockstep.py",
         "tests/executors/test_cuda_counts.py"],
        cwd=ROOT, capture_output=True, text=True, env=variables, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0 and re.search(r"[1-9]\d* passed, [1-9]\d* skipped", done.stdout), done.stdout[-1500:]


def test_without_a_gpu_it_says_so_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(sys, "path", [str(ROOT), *sys.path])
    from tests.gpu.__main__ import main

    cuda.cupy.cache_clear()
    monkeypatch.setitem(sys.modules, "cupy", None)
    assert main(["--out", str(tmp_path)]) == 2 and not list(tmp_path.iterdir()) and not runner.multi_gpu
    assert 'python -m tests.gpu: device "cuda": CuPy cannot be imported' in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["--standin"])
    assert "--standin: name a folder with --out" in capsys.readouterr().err
