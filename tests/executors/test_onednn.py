"""oneDNN: how it is found, and what its executions do beyond what the agreement test shows of them all."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad.engine.executions import EXECUTORS, lacks, only
from minigrad.executors.onednn import library

ROOT = Path(__file__).parents[2]
installed = pytest.mark.skipif(lacks(EXECUTORS["onednn"]) != "", reason="oneDNN is not installed (the extra fast)")


def found(monkeypatch: pytest.MonkeyPatch, prefix: Path, version: tuple[int, ...] = (), runtime: int = 2) -> str:
    """Why a library of this version, on a system that has it, cannot be used."""

    class Fake:
        def __init__(self, path: str) -> None:
            if not version:
                raise OSError(f"{path}: cannot open shared object file")
            contents = SimpleNamespace(major=version[0], minor=version[1], patch=version[2], cpu_runtime=runtime)
            self.dnnl_version = type("f", (), {"__call__": lambda s: SimpleNamespace(contents=contents)})()
            self.omp_set_num_threads = int

    monkeypatch.setattr(library.sys, "prefix", str(prefix))
    monkeypatch.setattr(library.ctypes, "CDLL", Fake)
    monkeypatch.setattr(library.ctypes, "PyDLL", Fake)
    return library.library.__wrapped__().reason


def test_it_is_looked_for_in_the_environment_and_then_on_the_system(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert found(monkeypatch, tmp_path).startswith("not installed")
    assert found(monkeypatch, tmp_path, (2, 7, 3)) == "version 2.7.3 was found, 3 is needed"
    assert found(monkeypatch, tmp_path, (3, 6, 1)) == ""
    assert found(monkeypatch, tmp_path, (3, 6, 1), 4) == "version 3.6.1 was found, but built with threads of its own"


def test_a_broken_file_is_gone_on_without(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / library.NAMES.get(sys.platform, "libdnnl.so.3")).write_text("no library")
    monkeypatch.setattr(library.sys, "prefix", str(tmp_path))
    assert library.library.__wrapped__().reason.startswith("broken (")


@installed
def test_random_shapes_and_strides_agree_and_crash_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-m", "tests.executors.onednn_fuzz"],
        cwd=ROOT, capture_output=True, text=True, timeout=900,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert done.stdout.split() == ["products", "agree", "stacks", "agree", "convolutions", "agree"]


MANY_SHAPES = """
import os, resource
import minigrad as mg, minigrad.nn.functional as F
from minigrad.executors.onednn import binding

def kilobytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() // 1024

mg.set_num_threads(2)
w = mg.randn(16, 8, 3, 3, requires_grad=True)
v = mg.randn(64, 8, requires_grad=True)
for i in range(1000):
    x = mg.randn(1 + i % 7, 8, 16 + i // 7, 12)
    rows = F.gelu(F.conv2d(x, w, padding=1)).sum((2, 3)).sum()
    (rows + F.linear(mg.randn(600 + i, 8), v).sum()).backward()
    w.grad = v.grad = None
    if i == 400:
        before = kilobytes()
print(binding._local.find.cache_info().currsize, kilobytes() - before)
"""


@installed
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_thousand_shapes_leave_memory_as_it_was() -> None:
    done = subprocess.run([sys.executable, "-c", MANY_SHAPES], cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    plans, grown = map(int, done.stdout.split())
    assert plans <= 256 and grown < 30_000, done.stdout


@installed
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork.*:DeprecationWarning")
def test_a_forked_process_works_with_one_thread_and_gives_the_same() -> None:
    code = """
import os, signal
import minigrad as mg, minigrad.nn.functional as F
mg.set_num_threads(2)
x, w = mg.randn(16, 8, 32, 32), mg.randn(16, 8, 3, 3)
a, b = mg.randn(300, 300), mg.randn(300, 300)
here = F.conv2d(x, w).sum().item(), (a @ b).sum().item()
child = os.fork()
if not child:
    signal.alarm(60)
    there = F.conv2d(x, w).sum().item(), (a @ b).sum().item()
    ok = all(abs(p - q) <= 1e-3 * max(1, abs(p)) for p, q in zip(here, there))
    os._exit(0 if ok else 1)
assert os.waitpid(child, 0)[1] == 0
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]


@installed
def test_the_same_bits_from_run_to_run() -> None:
    x, w = mg.randn(16, 8, 20, 20), mg.randn(12, 8, 3, 3, requires_grad=True)

    def once() -> Any:
        (g,) = mg.autograd.grad(F.gelu(F.conv2d(x, w)).square().sum(), [w])
        return g.numpy()

    first = once()
    assert all(np.array_equal(first, once()) for _ in range(5))


@installed
def test_threads_of_the_user_have_plans_of_their_own() -> None:
    from concurrent.futures import ThreadPoolExecutor

    xs, w = [mg.randn(8, 8, 20, 20) for _ in range(8)], mg.randn(12, 8, 3, 3)
    expected = [F.conv2d(x, w).numpy() for x in xs]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            ours = list(pool.map(lambda x: F.conv2d(x, w).numpy(), xs))
            assert all(np.array_equal(a, b) for a, b in zip(ours, expected))


@installed
def test_float64_and_what_is_too_large_stay_with_others() -> None:
    from minigrad.executors.onednn import binding, conv

    assert not binding.are_float32(np.broadcast_to(np.float32(0), (2**31,)))
    assert not binding.are_float32(np.ones((0, 3), "float32")) and not binding.are_float32(np.ones(3))
    shifted = np.zeros(4 * 2048 + 1, "uint8")[1:].view("float32")
    assert not shifted.flags.aligned and not binding.are_float32(shifted)
    geometry = {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1), "groups": 1}
    x, w = np.ones((2, 8, 20, 20)), np.ones((4, 8, 3, 3))
    assert not conv.accepts(x, w, **geometry)
    assert conv.accepts(x.astype("float32"), w.astype("float32"), **geometry)


@installed
def test_a_nan_stays_one() -> None:
    x = mg.full((100, 100), float("nan"))
    with only("onednn"):
        assert all(bool(f(x).isnan().all()) for f in (F.gelu, mg.sigmoid, F.relu, lambda t: F.softmax(t, -1)))


@installed
def test_a_failure_names_the_function_and_the_shapes(monkeypatch: pytest.MonkeyPatch) -> None:
    from minigrad.executors.onednn import binding

    x, w = mg.randn(2, 8, 20, 20), mg.randn(4, 8, 3, 3)
    F.conv2d(x, w)
    monkeypatch.setattr(binding, "_execute", lambda *args: 1)
    with pytest.raises(binding.OneDNNError, match=r"out of memory, for arrays of \[2, 8, 20, 20\], \[4, 8, 3, 3\]"):
        F.conv2d(x, w)


def test_the_table_of_executors_says_what_is_in_use_or_why_not(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = {line.split()[0]: line for line in mg.__config__.show().splitlines()[1:-1]}
    assert list(lines) == list(EXECUTORS)
    assert all("in use" in line or "not used: " in line for line in lines.values())
    assert mg.backends.mkldnn.is_available() == ("in use" in lines["onednn"])
    monkeypatch.setenv("MINIGRAD_EXECUTORS", "numpy")
    expected = "not used: " + (lacks(EXECUTORS["onednn"]) or "switched off (MINIGRAD_EXECUTORS)")
    assert f"  onednn {expected}" in mg.__config__.show() and not mg.backends.mkldnn.is_available()
