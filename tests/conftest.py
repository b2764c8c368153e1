"""Every test starts from the same random numbers, and the summary says whether PyTorch was there to compare with."""

import importlib
import os
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

import minigrad as mg
from minigrad.backend import cuda
from minigrad.backend import deferred as checks
from minigrad.backend import run as runner

settings.register_profile("ci", deadline=None, derandomize=True, max_examples=25)
settings.register_profile("quick", deadline=None, derandomize=True, max_examples=50)
settings.register_profile("thorough", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "quick"))


@pytest.fixture(autouse=True)
def same_numbers() -> None:
    np.random.seed(0)
    mg.manual_seed(0)


@cache
def standin() -> dict[str, Any]:
    """The modules of the stand-in for CuPy, imported once. A real CuPy, where there is one, stays what it was."""
    real = {name: sys.modules.pop(name) for name in [*sys.modules] if name.partition(".")[0] in ("cupy", "cupyx")}
    sys.path.insert(0, str(Path(__file__).parent / "standin"))
    try:
        for name in ("cupy", "cupyx.scipy.special"):
            importlib.import_module(name)
    finally:
        sys.path.pop(0)
        found = {name: sys.modules.pop(name) for name in [*sys.modules] if name.partition(".")[0] in ("cupy", "cupyx")}
        sys.modules.update(real)
    return found


class RealCuPy:
    """The real CuPy in the stand-in's place, under MINIGRAD_GPU=1 (`python -m tests.gpu`). A test that counts by the
    stand-in, or alters it, is skipped when it comes to that."""

    def __init__(self) -> None:
        self.__dict__["_module"] = cuda.cupy()

    def no_waits(self) -> Any:
        from tests.gpu.place import real_no_waits

        return real_no_waits()

    def __getattr__(self, name: str) -> Any:
        if name in ("launches", "syncs", "uploads", "wrapping"):
            pytest.skip(f"{name} are the stand-in's")
        return getattr(self._module, name)

    def __setattr__(self, name: str, value: Any) -> None:
        pytest.skip(f"{name}: only the stand-in is altered")


@pytest.fixture
def no_gpu() -> None:
    """For a test of what is said where there is none."""
    if os.environ.get("MINIGRAD_GPU") == "1":
        pytest.skip("there is a GPU")


@pytest.fixture
def pretended(cupy: Any) -> Any:
    """The stand-in, for a test that alters it: skipped on a real GPU."""
    if isinstance(cupy, RealCuPy):
        pytest.skip("alters the stand-in")
    return cupy


@pytest.fixture
def two_gpus(cupy: Any) -> Any:
    """`cupy`, where there are two GPUs."""
    if mg.cuda.device_count() < 2:
        pytest.skip("needs two GPUs")
    return cupy


@pytest.fixture
def cupy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The stand-in, in CuPy's place for one test; under MINIGRAD_GPU=1 CuPy itself."""
    if os.environ.get("MINIGRAD_GPU") == "1":
        yield RealCuPy()
        mg.set_default_device(None)
        checks.discard_deferred()
        cuda.cupy().get_default_memory_pool().set_limit(size=0)
        return
    for name, module in standin().items():
        monkeypatch.setitem(sys.modules, name, module)
    cuda.cupy.cache_clear()
    before = runner.run
    cuda.cupy()  # its probe waits for the GPU, once
    yield standin()["cupy"]
    mg.set_default_device(None)
    checks.discard_deferred()
    standin()["cupy"].get_default_memory_pool().set_limit(size=0)
    runner.multi_gpu = False
    runner.set_runner(before)
    cuda.cupy.cache_clear()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = [str(report.longrepr[-1]) if isinstance(report.longrepr, (tuple, list)) else "" for report in skipped]
    wanting = sum("torch" in reason.lower() for reason in reasons)
    try:
        oracle = f"PyTorch {version('torch')} was there to compare with"
    except PackageNotFoundError:
        oracle = "PyTorch is not installed"
    terminalreporter.write_line(f"{oracle}: {wanting} comparisons with it were skipped")
