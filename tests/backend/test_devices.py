"""Devices: their names, the default one, and what is said where a GPU cannot be had. (`test_standin.py` has one.)"""

import copy
import os
import pickle
import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import minigrad as mg
from minigrad.backend import cuda, devices
from minigrad.errors import DeviceError

ROOT = Path(mg.__file__).parents[1]


@pytest.fixture(autouse=True)
def default() -> Iterator[None]:
    yield
    mg.set_default_device(None)


@pytest.fixture
def no_cupy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`import cupy` fails, wherever the test runs."""
    cuda.cupy.cache_clear()
    monkeypatch.setitem(sys.modules, "cupy", None)
    yield
    cuda.cupy.cache_clear()


def run(code: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a Python of its own."""
    environment = (
        {k: v for k, v in os.environ.items() if k != "MINIGRAD_DEVICE"} | {"PYTHONPATH": str(ROOT)} | variables
    )
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, env=environment)


# --- names --------------------------------------------------------------------------------------------------------


def test_a_device_by_its_names() -> None:
    for made, kind, index, text in (
        (mg.device("cpu"), "cpu", None, "cpu"),
        (mg.device("cuda"), "cuda", None, "cuda"),
        (mg.device("cuda:1"), "cuda", 1, "cuda:1"),
        (mg.device("cuda", 1), "cuda", 1, "cuda:1"),
        (mg.device(1), "cuda", 1, "cuda:1"),
        (mg.device(mg.device("cuda:2")), "cuda", 2, "cuda:2"),
    ):
        assert (made.type, made.index, str(made)) == (kind, index, text)
    assert repr(mg.device("cpu")) == "device(type='cpu')" and repr(mg.device(1)) == "device(type='cuda', index=1)"


def test_devices_are_equal_by_value() -> None:
    one = mg.device("cuda:1")
    assert one == mg.device("cuda", 1) != mg.device("cuda") and hash(one) == hash(mg.device(1))
    assert mg.device("cpu") != "cpu" and len({mg.device("cpu"), mg.ones(1).device, one, mg.device(1)}) == 2
    assert pickle.loads(pickle.dumps(one)) == copy.deepcopy(one) == copy.copy(one) == one


@pytest.mark.parametrize("name", ["tpu", "gpu", "", "cuda:", "cuda:x", "cuda:-1", "cuda:1:2", "CPU", -1])
def test_a_device_of_no_known_name(name: Any) -> None:
    with pytest.raises(DeviceError, match=r'device\(\): expected "cpu", "cuda" or "cuda:1", got'):
        mg.device(name)
    with pytest.raises(DeviceError, match=r'device\(\): expected "cpu", "cuda" or "cuda:1", got'):
        mg.ones(2, device=name)


def test_what_is_no_device() -> None:
    for wrong in (None, 1.5, True, ["cpu"]):
        with pytest.raises(TypeError, match=r'device\(\): expected "cpu", "cuda" or "cuda:1", got'):
            mg.device(wrong)
    with pytest.raises(DeviceError, match="got 'cuda:1'"):
        mg.device("cuda:1", 1)


# --- on the CPU ---------------------------------------------------------------------------------------------------


def test_tensors_say_where_they_are_and_stay_there() -> None:
    x = mg.ones(2, device="cpu", requires_grad=True)
    assert x.device == mg.device("cpu") and not x.is_cuda
    assert x.cpu() is x and x.to("cpu") is x and x.to(mg.device("cpu")) is x and x.to(device="cpu") is x
    assert x.to("cpu", mg.float64).dtype == mg.float64 and x.to(x) is x
    assert x.to("cpu", copy=True) is not x


def test_the_default_device() -> None:
    assert mg.get_default_device() == mg.device("cpu")
    mg.set_default_device("cpu")
    with mg.device("cpu") as outer, mg.device("cpu"):
        assert mg.get_default_device() == outer and mg.ones(1).device == outer
    with pytest.raises(KeyError), mg.device("cpu"):
        raise KeyError
    assert mg.get_default_device() == mg.device("cpu")
    mg.set_default_device(None)
    assert devices._default is None


def test_one_device_object_may_be_entered_again() -> None:
    place = mg.device("cpu")
    with place, place:
        assert mg.get_default_device() == place
    assert place._outer == []


# --- a GPU that cannot be had -------------------------------------------------------------------------------------


def test_without_cupy_a_gpu_is_refused_with_the_wheels_to_install(no_cupy: None) -> None:
    x = mg.ones(2)
    for ask in (
        lambda: mg.ones(2, device="cuda"),
        lambda: mg.tensor([1.0], device="cuda:1"),
        lambda: mg.arange(3, device=0),
        x.cuda,
        lambda: x.to("cuda"),
        lambda: x.to(mg.device("cuda", 1)),
        lambda: mg.randn(2, device="cuda"),
        lambda: mg.set_default_device("cuda"),
        lambda: mg.zeros_like(x, device="cuda"),
        lambda: mg.device("cuda").__enter__(),
    ):
        with pytest.raises(DeviceError) as error:
            ask()
        text = str(error.value)
        assert text.startswith('device "cuda": CuPy cannot be imported (')
        assert 'pip install "cupy-cuda13x[ctk]"' in text and 'pip install "cupy-cuda12x[ctk]"' in text
        assert "install minigrad" not in text
    assert mg.get_default_device() == mg.device("cpu") and not mg.cuda.is_available() and mg.cuda.device_count() == 0


def test_no_message_of_the_package_advises_to_install_it_from_an_index() -> None:
    for file in (ROOT / "minigrad").rglob("*.py"):
        assert "pip install minigrad" not in file.read_text(encoding="utf-8"), file


def test_importing_minigrad_imports_neither_cupy_nor_torch_nor_scipy() -> None:
    done = run("import sys, minigrad; print(sorted({'cupy', 'torch', 'scipy', 'matplotlib'} & set(sys.modules)))")
    assert done.stdout.strip() == "[]" and done.stderr == "" and done.returncode == 0


def refusing() -> bool:
    raise OSError("libcuda.so is missing")


def old(n: int) -> Any:
    raise RuntimeError("cudaErrorInsufficientDriver: the driver is too old")


@pytest.mark.parametrize(
    ("available", "reason"),
    [
        (lambda: False, "RuntimeError: CuPy finds no usable GPU"),
        (lambda: True, "RuntimeError: cudaErrorInsufficientDriver: the driver is too old"),
        (refusing, "OSError: libcuda.so is missing"),
    ],
    ids=["none there", "no allocation", "no library"],
)
def test_a_cupy_that_imports_and_finds_no_gpu_gives_its_reason(
    available: Any, reason: str, no_cupy: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cupy", types.SimpleNamespace(is_available=available, zeros=old))
    with pytest.raises(DeviceError) as error:
        mg.ones(2, device="cuda")
    text = str(error.value)
    assert text.startswith(f'device "cuda": no GPU can be used ({reason}); check `nvidia-smi`, then install CuPy')
    assert text.endswith('On a machine without a GPU use device="cpu"')
    assert not mg.cuda.is_available() and mg.cuda.device_count() == 0 and mg.ones(2).device.type == "cpu"


# --- MINIGRAD_DEVICE ----------------------------------------------------------------------------------------------


def test_the_variable_names_the_default_device(no_cupy: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("cpu", ""):
        monkeypatch.setenv("MINIGRAD_DEVICE", value)
        mg.set_default_device(None)
        assert mg.get_default_device() == mg.ones(1).device == mg.device("cpu")
    for value, reason in (("tpu", r"device\(\): expected"), ("cuda", 'device "cuda": CuPy cannot be imported')):
        monkeypatch.setenv("MINIGRAD_DEVICE", value)
        mg.set_default_device(None)
        with pytest.raises(DeviceError, match=f"the variable MINIGRAD_DEVICE is '{value}': {reason}"):
            mg.ones(1)
        assert mg.ones(1, device="cpu").device.type == "cpu"  # it is read where a default is needed


def test_the_variable_reaches_a_fresh_process() -> None:
    code = "import minigrad as mg; print(mg.get_default_device(), mg.ones(1).device)"
    assert run(code, MINIGRAD_DEVICE="cpu").stdout.split() == ["cpu", "cpu"]
    assert "DeviceError: the variable MINIGRAD_DEVICE is 'tpu'" in run(code, MINIGRAD_DEVICE="tpu").stderr
