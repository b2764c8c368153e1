"""Tensors to and from other libraries without a copy, pinned memory, and a GPU that is full (the stand-in)."""

import gc
import weakref
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.backend import pinned
from minigrad.errors import DeviceError, DtypeError, OutOfMemoryError
from minigrad.methods import dlpack
from minigrad.utils.data import DataLoader, TensorDataset

# --- DLPack -----------------------------------------------------------------------------------------------------------


def test_numpy_and_minigrad_look_at_one_memory() -> None:
    array = np.arange(6.0).reshape(2, 3)
    t = mg.from_dlpack(array.T)
    t[0, 1] = 7.0
    assert array[1, 0] == 7.0 and t.shape == (3, 2) and t.stride() == (1, 3) and t.dtype == mg.float64
    back = np.from_dlpack(t)
    back[2, 0] = 9.0
    assert array[0, 2] == 9.0 and t.__dlpack_device__() == (1, 0)


@pytest.mark.parametrize(
    "dtype", ["bool", "int8", "uint8", "int32", "int64", "float16", "float32", "float64", "complex64"]
)
def test_pytorch_both_ways(dtype: str) -> None:
    torch = pytest.importorskip("torch")
    theirs = torch.ones(2, 3, dtype=getattr(torch, dtype))
    ours = mg.from_dlpack(theirs)
    ours[0, 1] = 0
    back = torch.from_dlpack(ours)
    assert theirs[0, 1] == 0 and back.data_ptr() == theirs.data_ptr() == ours.data_ptr() and back.dtype == theirs.dtype
    assert torch.utils.dlpack.from_dlpack(dlpack.to_dlpack(ours)).data_ptr() == ours.data_ptr()


def test_bfloat16_is_refused_in_words() -> None:
    torch = pytest.importorskip("torch")
    with pytest.raises(DtypeError, match=r"from_dlpack: torch.bfloat16: expected a dtype that NumPy has"):
        mg.from_dlpack(torch.ones(2, dtype=torch.bfloat16))


def test_copies_on_demand() -> None:
    array = np.ones(3, "float32")
    assert mg.from_dlpack(array, copy=True).data_ptr() != array.ctypes.data
    assert mg.from_dlpack(array, copy=False).data_ptr() == array.ctypes.data
    own = mg.ones(2, requires_grad=True)
    same = mg.from_dlpack(own)
    assert same.data_ptr() == own.data_ptr() and not same.requires_grad


def test_what_is_read_only_stays_so() -> None:
    array = np.ones(3)
    array.flags.writeable = False
    t = mg.from_dlpack(array)
    with pytest.raises(RuntimeError, match="read-only"):
        t[0] = 2.0


@pytest.mark.parametrize("bad, error, text", [
    (lambda: mg.from_dlpack([1, 2]), TypeError, "expected an array with __dlpack__ .* got list; give the array itself"),
    (lambda: mg.from_dlpack(mg.ones(2).__dlpack__()), TypeError, "PyCapsule; give the array itself, not its capsule"),
    (lambda: np.from_dlpack(mg.ones(2, requires_grad=True)), BufferError, r"float32\[2\] requires grad.*t.detach\(\)"),
    (lambda: np.from_dlpack(mg.from_numpy(np.arange(3)[::-1])), BufferError, r"int64\[3\] is reversed.*contiguous\(\)"),
    (lambda: mg.from_dlpack(SimpleNamespace(__dlpack__=0, __dlpack_device__=lambda: (4, 0))), DeviceError,
     "expected memory of the CPU or of an NVIDIA GPU, got DLPack's kind 4"),
    (lambda: mg.ones(2).__cuda_array_interface__, AttributeError, "this tensor is on the CPU; move it with .cuda"),
])  # fmt: skip
def test_what_cannot_be_looked_at(bad: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        bad()


def test_on_the_gpu_nothing_is_copied(cupy: Any) -> None:
    theirs = cupy.arange(3.0)
    launches, uploads, syncs = cupy.launches, cupy.uploads, cupy.syncs
    ours = mg.from_dlpack(theirs)
    back = cupy.from_dlpack(ours)
    near = mg.as_tensor(SimpleNamespace(__cuda_array_interface__=ours.__cuda_array_interface__))
    assert (cupy.launches, cupy.uploads, cupy.syncs) == (launches, uploads, syncs)
    back[1] = 8.0
    assert ours.tolist() == near.tolist() == [0.0, 8.0, 2.0] and str(ours.device) == str(near.device) == "cuda:0"
    assert ours.__dlpack_device__() == (2, 0) and mg.from_dlpack(theirs, device="cpu").device.type == "cpu"
    with pytest.raises(ValueError, match="copy=False, but cuda:0 to cpu needs a copy"):
        mg.from_dlpack(theirs, device="cpu", copy=False)
    with pytest.raises(BufferError, match="__cuda_array_interface__: .* requires grad"):
        print(mg.ones(2, device="cuda", requires_grad=True).__cuda_array_interface__)


@pytest.mark.parametrize("place", ["cpu", "cuda"])
def test_arrays_on_the_left_defer(place: str, cupy: Any) -> None:
    t = mg.ones(3, device=place, requires_grad=True)
    array = (np if place == "cpu" else cupy).arange(3.0)
    for out in (array + t, array * t, array - t, array / t, array**t):
        assert isinstance(out, mg.Tensor) and out.requires_grad and out.device == t.device


# --- pinned memory ----------------------------------------------------------------------------------------------------


def test_pinned_memory_without_a_gpu(no_gpu: None) -> None:
    with pytest.raises(DeviceError, match='device "cuda": '):
        mg.ones(2).pin_memory()
    assert not mg.ones(2).is_pinned()
    loader = DataLoader(TensorDataset(mg.arange(3)), 2, pin_memory=True)
    with pytest.warns(UserWarning, match="pin_memory=True has no effect: there is no GPU"):
        assert [len(x) for (x,) in loader] == [2, 1]


def test_a_pinned_array_stays_until_its_copy_is_done(pretended: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    t = mg.arange(4.0).pin_memory()
    assert t.is_pinned() and t.pin_memory() is t
    source, flying = weakref.ref(t._array), pretended.cuda.Event
    monkeypatch.setattr(flying, "done", False)
    there = t.to("cuda", non_blocking=True)
    del t
    gc.collect()
    assert source() is not None and there.tolist() == [0.0, 1.0, 2.0, 3.0]
    monkeypatch.setattr(flying, "done", True)
    mg.ones(1).pin_memory().cuda()
    assert source() is None and not pinned._flying
    with pytest.raises(DeviceError, match=r"pin_memory: expected a tensor on the CPU, got float32\[4\] on cuda:0"):
        there.pin_memory()


def test_batches_come_in_pinned_memory(cupy: Any) -> None:
    samples = [{"x": mg.ones(2), "y": (i, "name")} for i in range(3)]
    for batch in DataLoader(samples, 2, pin_memory=True):
        x, (y, names) = batch["x"], batch["y"]
        assert x.is_pinned() and y.is_pinned() and set(names) == {"name"}
    mg.set_default_device("cuda")
    ((x,),) = DataLoader(TensorDataset(mg.ones(2)), 2, pin_memory=True)
    assert x.device.type == "cuda"


# --- a GPU that is full -----------------------------------------------------------------------------------------------


def test_out_of_memory_says_how_much_was_asked_and_held(cupy: Any) -> None:
    pool = cupy.get_default_memory_pool()
    kept = mg.ones(1 << 18, device="cuda")
    pool.set_limit(size=pool.used_bytes() + (2 << 20))
    with pytest.raises(
        OutOfMemoryError, match=r"^cuda:0: out of memory: asked for 4.00 MiB, where arrays hold \d.*free"
    ):
        mg.ones(1 << 20, device="cuda")
    with pytest.raises(mg.OutOfMemoryError, match=r"^matmul: cuda:0: out of memory: .*; got float32\[1000, 1\] on"):
        mg.ones(1000, 1, device="cuda") @ mg.ones(1, 1000, device="cuda")
    assert issubclass(mg.cuda.OutOfMemoryError, (RuntimeError, MemoryError))
    assert (kept + 1).sum().item() == 2 * (1 << 18)  # and work goes on
    pool.set_limit(size=0)
    assert mg.ones(1 << 20, device="cuda").sum().item() == 1 << 20


def test_the_users_own_allocator_is_kept(pretended: Any) -> None:
    asked: list[int] = []
    before = pretended.cuda.get_allocator()
    try:
        pretended.cuda.set_allocator(lambda size: asked.append(size))
        from minigrad.backend import cuda

        cuda.cupy.cache_clear()
        mg.ones(5, device="cuda")
    finally:
        pretended.cuda.set_allocator(before)
    assert 20 in asked


def test_too_much_for_the_cpu_names_the_op() -> None:
    with pytest.raises(OutOfMemoryError, match=r"matmul: Unable to allocate .*; got float32\[10000000, 1\], float32"):
        mg.ones(10**7, 1) @ mg.ones(1, 10**8)
