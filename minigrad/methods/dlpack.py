"""Tensors to and from other libraries without a copy: DLPack, and `__cuda_array_interface__` on a GPU.

Both sides then share memory: a change in place shows on the other side, and minigrad cannot notice it.
"""

from typing import Any

import numpy as np

from minigrad.backend import array_module, device
from minigrad.dtypes import category
from minigrad.engine.messages import describe
from minigrad.engine.primitive import wrap
from minigrad.engine.tensor import Tensor
from minigrad.errors import DeviceError, DtypeError

_CPU, _CUDA, _CUDA_HOST, _CUDA_MANAGED = 1, 2, 3, 13  # DLPack's numbers of kinds of memory


def from_dlpack(ext_tensor: Any, *, device: "str | device | None" = None, copy: bool | None = None) -> Tensor:
    """A tensor on the memory of an array of any library that speaks DLPack (`__dlpack__`): PyTorch, CuPy, JAX, ....

    It stays on its device unless another one is named. copy: True always copies, False never (ValueError where one is
    needed), None only where needed. What the other side says is read-only is read-only here. Raises TypeError for what
    does not speak DLPack (a capsule by itself does not say where its memory is), DeviceError for memory that is
    neither the CPU's nor an NVIDIA GPU's.
    """
    if isinstance(ext_tensor, Tensor):
        found = ext_tensor.detach()
    elif hasattr(ext_tensor, "__dlpack__") and hasattr(ext_tensor, "__dlpack_device__"):
        found = wrap(_imported(ext_tensor))
    else:
        raise TypeError(
            f"from_dlpack: expected an array with __dlpack__ and __dlpack_device__ (PyTorch's, CuPy's, JAX's, ...), "
            f"got {type(ext_tensor).__name__}; give the array itself, not its capsule"
        )
    moved = found if device is None else found.to(device)
    if copy is False and moved is not found:
        raise ValueError(f"from_dlpack: copy=False, but {found.device} to {moved.device} needs a copy")
    return moved.clone() if copy and moved is found else moved


def _imported(x: Any) -> Any:
    kind, number = x.__dlpack_device__()
    try:
        return _shared_array(x, int(kind), int(number))
    except RuntimeError as error:
        if "dtype" not in str(error):
            raise
        raise DtypeError(f"from_dlpack: {getattr(x, 'dtype', type(x).__name__)}: expected a dtype that NumPy has "
                         f"({error}); convert it on the other side first") from None  # fmt: skip


def _shared_array(x: Any, kind: int, number: int) -> Any:
    if kind in (_CPU, _CUDA_HOST):
        array = np.from_dlpack(x)
    elif kind in (_CUDA, _CUDA_MANAGED):
        from minigrad.backend import cuda  # only where a GPU is used

        with cuda.use(device("cuda", number)):
            array = cuda.cupy().from_dlpack(x)
    else:
        raise DeviceError(f"from_dlpack: expected memory of the CPU or of an NVIDIA GPU, got DLPack's kind {kind}; "
                          f"copy it to the CPU first")  # fmt: skip
    category(array.dtype)
    return array


def to_dlpack(tensor: Tensor) -> Any:
    """Its DLPack capsule, to be used once. Most libraries take the tensor itself, by their `from_dlpack`. Raises
    BufferError where it requires grad."""
    return __dlpack__(tensor)


def _plain(self: Tensor, what: str) -> Any:
    """Its array, where others can share it: BufferError (as the standard wants it) where they cannot."""
    if self.requires_grad:
        raise BufferError(f"{what}: {describe(self)} requires grad, and what others do with its memory is not "
                          f"recorded; give them t.detach()")  # fmt: skip
    if any(step < 0 for step in self._array.strides):
        raise BufferError(f"{what}: {describe(self)} is reversed in memory, which others do not expect; "
                          f"give them t.contiguous()")  # fmt: skip
    return self._array


def __dlpack__(self: Tensor, **options: Any) -> Any:
    """DLPack's capsule of its memory; the options are the standard's (stream, max_version, dl_device, copy)."""
    return _plain(self, "__dlpack__").__dlpack__(**options)


def __dlpack_device__(self: Tensor) -> tuple[int, int]:
    """DLPack's kind of memory and number of the device."""
    kind, number = self._array.__dlpack_device__()
    return int(kind), int(number)


def _cuda_array_interface(self: Tensor) -> Any:
    """What Numba, CuPy and others read to share its memory on a GPU. AttributeError on the CPU, as it must be."""
    if array_module(self._array) is np:
        raise AttributeError("__cuda_array_interface__: this tensor is on the CPU; move it with .cuda(), or use DLPack")
    return _plain(self, "__cuda_array_interface__").__cuda_array_interface__


__all__ = ["from_dlpack", "to_dlpack"]
