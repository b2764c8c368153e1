"""The device that the proof runs on: the real one, or in CI the stand-in."""

import datetime
import platform
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

import minigrad as mg

ROOT = Path(__file__).parents[2]


class Place:
    """CuPy, or what stands in for it; `small` asks for a size at which only one thing can be seen, that it works."""

    def __init__(self, pretended: bool, small: bool) -> None:
        if pretended:
            sys.path.insert(0, str(ROOT / "tests" / "standin"))
        mg.cuda.init()  # DeviceError, with the reason, where there is no GPU
        import cupy

        self.cupy, self.pretended, self.small = cupy, pretended, small

    def facts(self) -> dict[str, str]:
        """What was measured, on what."""
        name = mg.cuda.get_device_name()
        gpu = {"device": "the stand-in for CuPy, on the CPU"} if self.pretended else {
            "device": name,
            "capability": ".".join(map(str, mg.cuda.get_device_capability())),
            "memory": f"{mg.cuda.get_device_properties().total_memory / 2**30:.0f} GiB",
            "driver": str(self.cupy.cuda.runtime.driverGetVersion()),
            "CUDA runtime": str(self.cupy.cuda.runtime.runtimeGetVersion()),
        }  # fmt: skip
        return gpu | {
            "CuPy": self.cupy.__version__,
            "PyTorch": _installed("torch"),
            "NumPy": _installed("numpy"),
            "Python": platform.python_version(),
            "commit": _commit(),
            "size": "small" if self.small else "full",
            "date": datetime.date.today().isoformat(),
        }

    @contextmanager
    def no_waits(self) -> Iterator[None]:
        """A wait for the GPU inside is an error."""
        if self.pretended:
            with self.cupy.no_waits():
                yield
            return
        with real_no_waits():
            yield

    def milliseconds(self, step: Callable[[], Any], steps: int) -> float:
        """The GPU's time for a step: the median of several rows of them, between two marks."""
        rows = []
        for _ in range(1 if self.small else 5):
            begin, end = (self.cupy.cuda.Event() for _ in range(2))
            begin.record()
            for _ in range(steps):
                step()
            end.record()
            end.synchronize()
            rows.append(self.cupy.cuda.get_elapsed_time(begin, end) / steps)
        return median(rows)

    def host_microseconds(self, call: Callable[[], Any], calls: int) -> float:
        """What a call takes of the host's time, not waited for."""
        rows = []
        for _ in range(1 if self.small else 7):
            mg.cuda.synchronize()
            start = time.perf_counter()
            for _ in range(calls):
                call()
            rows.append((time.perf_counter() - start) / calls * 1e6)
        mg.cuda.synchronize()
        return median(rows)


@contextmanager
def real_no_waits() -> Iterator[None]:
    """A wait for the real GPU, of those that CuPy knows of, is an error inside."""
    import cupyx

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # CuPy means to drop it some day
        with cupyx.allow_synchronize(False):
            yield


@contextmanager
def on_the_gpu() -> Iterator[None]:
    """Tensors are born there inside."""
    mg.set_default_device("cuda")
    try:
        yield
    finally:
        mg.set_default_device(None)


def gpu_pytorch() -> Any:
    """PyTorch, where it is installed and finds the GPU; else None. TF32 off, as CuPy has it."""
    try:
        import torch
    except ImportError:
        return None
    if not torch.cuda.is_available():
        return None
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    return torch


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _commit() -> str:
    done = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip() or "unknown"
