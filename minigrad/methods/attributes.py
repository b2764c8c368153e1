"""A tensor's size, memory, device and dtype. Every public function here is a method."""

from typing import Any

import numpy as np

from minigrad.backend import array_module
from minigrad.dtypes import floating
from minigrad.engine.messages import describe
from minigrad.engine.primitive import wrap
from minigrad.engine.tensor import Tensor
from minigrad.errors import DeviceError

# --- size and memory --------------------------------------------------------------------------------------------------


def size(self: Tensor, dim: int | None = None) -> Any:
    """Its shape, or the size of one dimension."""
    return self.shape if dim is None else self.shape[dim]


def contiguous(self: Tensor, memory_format: Any = None) -> Tensor:
    """Itself if its elements lie in memory in order, else a copy that does; memory_format changes nothing."""
    return self if self._array.flags.c_contiguous else self.clone()


def is_contiguous(self: Tensor, memory_format: Any = None) -> bool:
    """Do its elements lie in memory in order? memory_format changes nothing."""
    return bool(self._array.flags.c_contiguous)


def data_ptr(self: Tensor) -> int:
    """The address of its first element."""
    return int(self._array.ctypes.data if array_module(self._array) is np else self._array.data.ptr)


def stride(self: Tensor, dim: int | None = None) -> Any:
    """How many elements lie between neighbours along each dimension, or along one."""
    steps = tuple(n // self._array.dtype.itemsize for n in self._array.strides)
    return steps if dim is None else steps[dim]


def storage_offset(self: Tensor) -> int:
    """How many elements of the memory it views come before its first."""
    base = self._array if self._array.base is None else self._array.base
    if array_module(self._array).shares_memory(base, self._array):
        return (self.data_ptr() - wrap(base).data_ptr()) // self._array.dtype.itemsize
    return 0


def pin_memory(self: Tensor, device: Any = None) -> Tensor:
    """A copy in pinned memory, which a GPU reads by itself: `.to("cuda", non_blocking=True)` of it is not waited for.
    Itself if it is there. Raises DeviceError without a GPU, or for a tensor that is on one."""
    from minigrad.backend import pinned  # only where a GPU is used

    if self.device.type != "cpu":
        raise DeviceError(f"pin_memory: expected a tensor on the CPU, got {describe(self)}")
    array = pinned.pinned(self._array)
    return self if array is self._array else wrap(array)


def is_pinned(self: Tensor, device: Any = None) -> bool:
    """Does it lie in pinned memory?"""
    from minigrad.backend import pinned

    return pinned.is_pinned(self._array)


# --- device and dtype -------------------------------------------------------------------------------------------------


def is_same_size(self: Tensor, other: Tensor) -> bool:
    """Has the other its shape?"""
    return self._array.shape == other._array.shape


def share_memory_(self: Tensor) -> Tensor:
    """Raises NotImplementedError: memory is not shared between processes."""
    raise NotImplementedError("share_memory_: processes share no tensors here; give each a copy, and send results back")


def to_sparse(self: Tensor, *args: Any, **options: Any) -> Tensor:
    """Raises NotImplementedError: every tensor here is dense."""
    raise NotImplementedError(
        "to_sparse: every tensor here is dense; for a product with many zeros give t.numpy() to scipy.sparse"
    )


def _method(name: str, function: Any, kind: Any, doc: str) -> Any:
    function.__name__ = function.__qualname__ = name
    function.__doc__, function.__annotations__ = doc, {"return": kind}
    return function


# these are methods too: what each returns, its type and its meaning
ANSWERS: dict[str, Any] = {
    name: _method(name, function, kind, doc)
    for name, (function, kind, doc) in {
        "numel": (lambda self: int(self._array.size), int, "How many elements it has."),
        "dim": (lambda self: int(self._array.ndim), int, "How many dimensions it has."),
        "element_size": (lambda self: int(self._array.dtype.itemsize), int, "Bytes of an element."),
        "get_device": (lambda self: -1 if self.device.type == "cpu" else int(self.device.index or 0), int,
                       "The number of its GPU; -1 on the CPU."),
        "is_floating_point": (lambda self: bool(floating(self._array.dtype)), bool, "Is its dtype floating?"),
        "is_complex": (lambda self: bool(self._array.dtype.kind == "c"), bool, "Is its dtype complex?"),
        "is_signed": (lambda self: self._array.dtype.kind not in "bu", bool, "Can its dtype hold negative numbers?"),
        "is_nonzero": (lambda self: bool(self.item() != 0), bool, "Is its one element other than 0?"),
        "is_inference": (lambda self: False, bool, "Always False: those made under inference_mode are ordinary ones."),
        "is_shared": (lambda self: False, bool, "Always False: processes share no memory, workers get copies."),
        "to_dense": (lambda self: self, Tensor, "The tensor itself."),
    }.items()
}  # fmt: skip
ANSWERS |= {"nelement": ANSWERS["numel"], "ndimension": ANSWERS["dim"]}
# what gives each property, its type and its meaning
PROPERTIES: dict[str, tuple[Any, Any, str]] = {
    "itemsize": (ANSWERS["element_size"], int, "Bytes of an element."),
    "nbytes": (lambda self: int(self._array.nbytes), int, "Bytes of all elements."),
    "is_cpu": (lambda self: self.device.type == "cpu", bool, "Is it on the CPU?"),
    "is_sparse": (lambda self: False, bool, "Never: every tensor here is dense."),
    "is_meta": (lambda self: False, bool, "Never: every tensor here has memory."),
    "is_quantized": (lambda self: False, bool, "Never."),
    "output_nr": (lambda self: 0, int, "Which of its operation's outputs it is; here always 0."),
}
