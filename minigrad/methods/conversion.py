"""Tensors as Python's numbers and NumPy's arrays, in another dtype, on another device; new ones of their kind. Every
public function here is a method."""

from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.backend import CPU, to_numpy
from minigrad.engine.tensor import Tensor
from minigrad.errors import DeviceError, GraphError
from minigrad.methods.tensor_types import KINDS, TensorType, tensor_type
from minigrad.ops.array import creation
from minigrad.ops.pointwise import cast


def item(self: Tensor) -> Any:
    """Its one element as a Python number (which waits for the GPU)."""
    if self._array.size != 1:
        raise RuntimeError(f"item: expected a tensor of one element, got shape {tuple(self.shape)}")
    array = self._array
    return (array if array.__class__ is np.ndarray else to_numpy(array)).item()


def tolist(self: Tensor) -> Any:
    """Nested lists of Python numbers."""
    return to_numpy(self._array).tolist()


def numpy(self: Tensor, *, force: bool = False) -> Any:
    """Its memory as a NumPy array (shared). `force=True`: of any tensor, also recorded or on a GPU (then a copy)."""
    if self.requires_grad and not force:
        raise GraphError("numpy: this tensor requires grad, which NumPy cannot record; use t.detach().numpy()")
    if self.device != CPU and not force:
        raise DeviceError(f"numpy: this tensor is on {self.device}; use t.cpu().numpy()")
    return to_numpy(self._array)


def __array__(self: Tensor, dtype: Any = None, copy: bool | None = None) -> Any:
    return np.array(numpy(self), dtype=dtype, copy=copy)


def _caster(name: str, dtype: Any) -> Any:
    def method(self: Tensor, memory_format: Any = None) -> Any:
        return cast.astype(self, dtype)

    method.__name__, method.__doc__ = name, f"The tensor in {dtype}; itself if it is."
    return method


# these are methods too: their names are those of Python's types
CASTS = {
    name: _caster(name, dtype)
    for name, dtype in {
        "float": dtypes.float32, "double": dtypes.float64, "half": dtypes.float16, "bfloat16": dtypes.bfloat16,
        "int": dtypes.int32, "long": dtypes.int64, "short": dtypes.int16, "char": dtypes.int8, "byte": dtypes.uint8,
        "bool": dtypes.bool,
    }.items()
}  # fmt: skip


def cpu(self: Tensor, memory_format: Any = None) -> Any:
    """The tensor on the CPU; itself if it is there."""
    return cast.to(self, device="cpu")


def cuda(self: Tensor, device: Any = None, non_blocking: Any = False, memory_format: Any = None) -> Any:
    """The tensor on the current GPU, or on the one named."""
    return cast.to(self, device="cuda" if device is None else device)


def type_as(self: Tensor, other: Any) -> Any:
    """The tensor in the other's dtype, on its device."""
    return cast.to(self, other)


def type(self: Tensor, dtype: Any = None, non_blocking: bool = False) -> Any:
    """The tensor in another dtype: given as one, as `FloatTensor` and its like, or by such a name. Without one: the
    name of its own."""
    if dtype is None:
        where = "" if self.device.type == "cpu" else f"{self.device.type}."
        found = next((name for name, kind in KINDS.items() if kind == self.dtype), str(self.dtype))
        return f"minigrad.{where}{found}"
    name = dtype.rpartition(".")[2] if isinstance(dtype, str) else dtype
    if name is Tensor:
        return self.to(device="cpu", dtype=dtypes.get_default_dtype())
    if isinstance(name, TensorType):
        return self.to(device=name.device, dtype=name.dtype)  # type: ignore[attr-defined]
    return self.to(KINDS.get(name, name) if isinstance(name, str) else name)


def _options(self: Tensor, options: dict[str, Any]) -> dict[str, Any]:
    """Options of a factory, with this tensor's dtype and device where none is given."""
    given = {name: value for name, value in options.items() if value is not None}
    return {"dtype": self.dtype, "device": self.device, **given}


def new_tensor(self: Tensor, data: Any, **options: Any) -> Tensor:
    """`tensor(data)` with this one's dtype and device."""
    return creation.tensor(data, **_options(self, options))


def new_full(self: Tensor, size: Any, fill_value: Any, **options: Any) -> Tensor:
    """`full` with this one's dtype and device."""
    return creation.full(size, fill_value, **_options(self, options))


def _factory(name: str) -> Any:
    def method(self: Tensor, *size: Any, **options: Any) -> Tensor:
        made: Tensor = getattr(creation, name)(*size, **_options(self, options))
        return made

    method.__name__, method.__doc__ = f"new_{name}", f"`{name}` with this one's dtype and device."
    return method


new_zeros, new_ones, new_empty = map(_factory, ("zeros", "ones", "empty"))


def new(self: Tensor, *args: Any) -> Tensor:
    """A new tensor of this one's dtype and device: of a size, or with data, as `FloatTensor(...)` makes it."""
    made: Tensor = tensor_type("Tensor.new", self.dtype, self.device.type)(*args)
    return made
