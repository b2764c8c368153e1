"""The GPU path, run on a strict stand-in for CuPy: it finds what CuPy would refuse, not how fast a GPU is."""

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.backend import cuda
from minigrad.errors import DeviceError


def test_a_classifier_trains_on_the_gpu_as_on_the_cpu(cupy: Any) -> None:
    def losses(device: str) -> list[float]:
        mg.manual_seed(0)
        x, w = mg.randn(20, 5, device=device), mg.randn(5, 3, device=device, requires_grad=True)
        rows, y = mg.arange(20, device=device), mg.tensor([0, 1, 2, 1] * 5, device=device)
        out = []
        for _ in range(5):
            w.grad = None
            loss = -mg.log_softmax(x @ w, 1)[rows, y].mean() + 0.01 * (w * w).sum()
            loss.backward()
            with mg.no_grad():
                w.sub_(w.grad * 0.5)
            out.append(loss.item())
        assert w.grad.device.type == device
        return out

    assert losses("cuda") == pytest.approx(losses("cpu"), rel=1e-5)
    assert losses("cuda")[-1] < losses("cuda")[0]


def test_mixing_devices_is_refused_and_names_both(cupy: Any) -> None:
    here, there = mg.ones(3), mg.ones(3, device="cuda")
    for op in (lambda: here + there, lambda: there * here, lambda: there @ here, lambda: mg.cat([here, there])):
        with pytest.raises(DeviceError, match=r"expected all tensors on one device, got cpu and cuda:0"):
            op()


def test_numbers_and_indices_may_come_from_the_cpu(cupy: Any) -> None:
    x = mg.tensor([1.0, 2.0, 3.0], device="cuda", requires_grad=True)
    y = (x * mg.tensor(2.0) + mg.tensor(1.0))[mg.tensor([0, 0, 2])]
    y.sum().backward()
    assert y.device == mg.device("cuda:0")
    assert x.grad.cpu().tolist() == [4.0, 0.0, 2.0]


def test_moving_is_recorded_and_the_gradient_moves_back(cupy: Any) -> None:
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    (x.cuda() * 3).sum().backward()
    assert x.grad.device == mg.device("cpu") and x.grad.tolist() == [3.0, 3.0]


def test_numpy_is_refused_with_the_way_out(cupy: Any) -> None:
    x = mg.ones(2, device="cuda")
    with pytest.raises(DeviceError, match=r"on cuda:0; use t.cpu\(\).numpy\(\)"):
        x.numpy()
    assert x.numpy(force=True).tolist() == [1.0, 1.0]


def test_a_gpu_that_is_not_there_is_refused(cupy: Any) -> None:
    with pytest.raises(DeviceError, match=r'device "cuda:7": there are 2 GPUs here, numbered from 0'):
        mg.zeros(2, device="cuda:7")
    assert mg.zeros(2, device="cuda:1").device == mg.device("cuda:1")


def test_a_broken_gpu_gives_its_reason(cupy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cupy, "is_available", lambda: False)
    cuda.cupy.cache_clear()
    with pytest.raises(DeviceError, match="no GPU can be used .*CuPy finds no usable GPU.*nvidia-smi"):
        mg.zeros(2, device="cuda")
    assert not mg.cuda.is_available() and mg.cuda.device_count() == 0


def test_default_device_moves_an_unchanged_script(cupy: Any) -> None:
    mg.set_default_device("cuda")
    made = [mg.zeros(2), mg.randn(2), mg.tensor([1.0]), mg.from_numpy(np.ones(2)), mg.arange(3), mg.eye(2)]
    assert {str(t.device) for t in made} == {"cuda:0"}
    with mg.device("cpu"):
        assert mg.zeros(2).device.type == "cpu"
    assert mg.zeros(2).device.type == "cuda"


def test_copies_and_pickles_stay_on_the_gpu(cupy: Any) -> None:
    w = mg.ones(3, device="cuda", requires_grad=True)
    for twin in (copy.deepcopy(w), pickle.loads(pickle.dumps(w))):
        assert twin.device == w.device and twin.requires_grad and twin.tolist() == [1.0, 1.0, 1.0]


def test_views_and_in_place_changes(cupy: Any) -> None:
    w = mg.ones(2, 3, device="cuda", requires_grad=True)
    v = w * 2
    row = v[0]
    row.mul_(3)
    v[:, 1] = 0.0
    v.sum().backward()
    assert w.grad.tolist() == [[6.0, 0.0, 6.0], [2.0, 0.0, 2.0]]
    assert row.tolist() == [6.0, 0.0, 6.0]


def test_a_recorded_step_copies_nothing_to_the_host(cupy: Any) -> None:
    x, w = mg.randn(8, 4, device="cuda"), mg.randn(4, 3, device="cuda", requires_grad=True)
    before = cupy.syncs
    loss = mg.log_softmax(x @ w, 1).mean() + (w * w).sum()
    loss.backward()
    assert cupy.syncs == before
    loss.item()
    assert cupy.syncs == before + 1


def test_minigrad_cuda_by_pytorch_s_names(cupy: Any) -> None:
    assert mg.cuda.is_available() and mg.cuda.device_count() == 2 and mg.cuda.current_device() == 0
    assert mg.cuda.get_device_name("cuda:1") == "a pretended GPU" and mg.cuda.get_device_capability() == (9, 0)
    assert mg.cuda.get_device_properties(0).total_memory == 2**33 and mg.cuda.mem_get_info() == (2**32, 2**33)
    assert mg.cuda.memory_allocated() <= mg.cuda.memory_reserved() <= mg.cuda.max_memory_allocated()
    mg.cuda.empty_cache()
    with mg.cuda.device(1):
        assert mg.cuda.current_device() == 1 and mg.zeros(1, device="cuda").device == mg.device("cuda:1")
    assert mg.cuda.current_device() == 0
    mg.cuda.set_device("cuda:1")
    assert mg.zeros(1, device="cuda").device == mg.device("cuda:1")
    mg.cuda.set_device(0)
    with pytest.raises(DeviceError, match="there are 2 GPUs here"):
        mg.cuda.set_device(2)


def test_events_and_streams(cupy: Any) -> None:
    first, last = mg.cuda.Event(enable_timing=True), mg.cuda.Event(enable_timing=True)
    side = mg.cuda.Stream()
    with cupy.no_waits():
        first.record()
        with mg.cuda.stream(side):
            x = mg.ones(3, device="cuda") * 2
        side.wait_stream(mg.cuda.Stream())
        last.record(side)
        assert last.query()
    before = cupy.syncs
    last.synchronize(), side.synchronize(), mg.cuda.synchronize()
    assert cupy.syncs == before + 3
    assert first.elapsed_time(last) > 0 and x.tolist() == [2.0, 2.0, 2.0]


def test_without_a_compiler_it_says_what_to_install(cupy: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CXX", str(tmp_path / "none"))
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))  # where nothing has been compiled yet
    run = cupy.ElementwiseKernel("T x", "T y", "y = x + 41", "never_before")
    with pytest.raises(RuntimeError, match="needs a C.. compiler: install g"):
        run(cupy.ones(2))
