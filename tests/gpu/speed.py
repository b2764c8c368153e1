"""Training steps beside eager PyTorch's on the same GPU, and what single calls cost."""

import contextlib
from collections.abc import Callable
from typing import Any

from tqdm import tqdm

import minigrad as mg
from minigrad import nn
from tests.benchmarks import WORKLOADS
from tests.benchmarks.worker import value
from tests.gpu.place import Place, gpu_pytorch, on_the_gpu
from tests.gpu.report import Found

ROWS = ("linear", "mlp", "cnn", "conv-bn", "gpt", "lstm", "adam")
F: Any = nn.functional


class OnGpu:
    """PyTorch with its tensors born on the GPU, from_numpy's too."""

    def __init__(self, torch: Any) -> None:
        self.torch = torch

    def __getattr__(self, name: str) -> Any:
        return getattr(self.torch, name)

    def from_numpy(self, array: Any) -> Any:
        return self.torch.from_numpy(array).cuda()


def run(place: Place) -> Found:
    """Both."""
    found = Found("training steps beside eager PyTorch's, and single calls")
    with on_the_gpu():
        _steps(found, place)
        _calls(found, place)
    return found


def _steps(found: Found, place: Place) -> None:
    """Each in turns with PyTorch's, and equal losses first."""
    torch, rows = gpu_pytorch(), []
    count = 2 if place.small else 30
    if torch is not None:
        torch.set_default_device("cuda")
    try:
        for name in tqdm([n for n in ROWS if n in WORKLOADS], desc="speed", leave=False):
            work = WORKLOADS[name]
            ours = work.builds["minigrad"](mg, place.small)
            theirs = None if torch is None else work.builds["torch"](OnGpu(torch), place.small)
            for _ in range(3):
                a = value(ours().cpu())
                if theirs is not None and abs(a - (b := value(theirs().cpu()))).max() > 1e-3 * abs(b).max():
                    found.failures.append(f"{name}: the results differ: {a} and {b}")
            steps = [ours] if theirs is None else [ours, theirs]
            times = [min(place.milliseconds(step, count) for _ in range(2)) for step in steps]
            cells = [f"{t:.3f}" for t in times] + ["not there", ""] * (theirs is None)
            ratio = [f"{times[0] / times[1]:.2f}"] if theirs is not None else []
            rows.append((work.title, *cells, *ratio))
            found.numbers[name] = times
    finally:
        if torch is not None:
            torch.set_default_device(None)
    head = ("work, float32, TF32 off", "minigrad, ms", "PyTorch, ms", "ratio")
    found.table("A step, between events, after three to warm up", head, rows)


def _calls(found: Found, place: Place) -> None:
    n = 8 if place.small else 256
    a, b, x = mg.rand(n, n), mg.rand(n, n), mg.rand(8, n, n)
    w, pictures, kernel = mg.rand(n, n), mg.rand(8, 8, 16, 16), mg.rand(8, 8, 3, 3).requires_grad_()
    t = pictures.clone().requires_grad_()
    count = 3 if place.small else 200

    def convolution() -> Any:
        F.conv2d(t, kernel, padding=1).sum().backward()

    calls: dict[str, Callable[[], Any]] = {
        "add": lambda: a + b,
        "fused kernels: softmax": lambda: F.softmax(a, 1),
        "sum": lambda: a.sum(),
        "2-D matmul": lambda: a @ b,
        "matmul of 3-D by 2-D, CuPy's own": lambda: x._array @ w._array,
        "the same folded to 2-D": lambda: (x._array.reshape(-1, n) @ w._array).reshape(8, n, n),
        "convolution, forward": lambda: F.conv2d(pictures, kernel.detach(), padding=1),
        "convolution, forward and backward": convolution,
    }
    rows = []
    for name, call in calls.items():
        with mg.no_grad() if "backward" not in name else contextlib.nullcontext():
            call()
            host, gpu = place.host_microseconds(call, count), 1e3 * place.milliseconds(call, count)
        rows.append((name, f"{host:.1f}", f"{gpu:.1f}"))
    rows.append(("capture of an elementwise chain in a CUDA graph", _captured(place), ""))
    found.table(f"Single calls, {n} x {n} float32", ("call", "host, us", "host and GPU, us"), rows)


def _captured(place: Place) -> str:
    """Can a chain of elementwise ops be captured and replayed?"""
    if place.pretended:
        return "not tried on the stand-in"
    stream = place.cupy.cuda.Stream(non_blocking=True)
    x = mg.ones(1000)._array
    with stream:
        (x * 2 + 1).sum()
        stream.begin_capture()
        try:
            y = x * 2 + 1
            graph = stream.end_capture()
            graph.launch(stream)
        except Exception as error:
            return f"no: {type(error).__name__}: {error}"
        stream.synchronize()
    return "yes" if bool((y == 3).all()) else "yes, and its result is wrong"
