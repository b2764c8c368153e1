"""PyTorch's classes for a dtype and a device: `FloatTensor(2, 3)`, `isinstance(t, LongTensor)`."""

from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.backend import set_default_device
from minigrad.engine.tensor import Size, Tensor
from minigrad.methods.storage import UntypedStorage
from minigrad.ops.array.creation import empty, sizes_of, tensor

__all__ = [
    "BoolTensor", "ByteTensor", "CharTensor", "DoubleTensor", "FloatTensor", "HalfTensor", "IntTensor", "LongTensor",
    "ShortTensor", "is_storage", "is_tensor", "set_default_tensor_type", "typename",
]  # fmt: skip


class TensorType(type):
    """Makes isinstance(t, FloatTensor) ask for the dtype."""

    dtype: Any

    def __instancecheck__(cls, t: object) -> bool:
        return isinstance(t, Tensor) and t.dtype == cls.dtype and t.device.type == cls.device  # type: ignore[attr-defined]


def tensor_type(name: str, dtype: Any, device: str = "cpu") -> Any:
    """The class `name`: called with sizes it gives an uninitialised tensor, called with data a copy, in that dtype."""

    def make(cls: Any, *args: Any) -> Tensor:
        if len(args) == 1 and not isinstance(args[0], int) and not isinstance(args[0], Size):
            return tensor(args[0], dtype=dtype, device=device)
        if not args:
            return empty(0, dtype=dtype, device=device)
        return empty(*sizes_of(name, args), dtype=dtype, device=device)

    doc = f"A tensor of {np.dtype(dtype)} on the {device}: {name}(2, 3) of that size, {name}([1, 2]) with that data."
    return TensorType(name, (), {"__new__": make, "__doc__": doc, "dtype": np.dtype(dtype), "device": device})


KINDS = {
    "FloatTensor": dtypes.float32, "DoubleTensor": dtypes.float64, "HalfTensor": dtypes.float16,
    "LongTensor": dtypes.int64, "IntTensor": dtypes.int32, "ShortTensor": dtypes.int16, "CharTensor": dtypes.int8,
    "ByteTensor": dtypes.uint8, "BoolTensor": dtypes.bool,
}  # fmt: skip
FloatTensor, DoubleTensor, HalfTensor, LongTensor, IntTensor, ShortTensor, CharTensor, ByteTensor, BoolTensor = (
    tensor_type(name, dtype) for name, dtype in KINDS.items()
)


def set_default_tensor_type(t: Any) -> None:
    """`set_default_dtype` (and, of `cuda.FloatTensor`, `set_default_device`), the old way."""
    kind: Any = t if isinstance(t, TensorType) else None
    if isinstance(t, str):
        place, _, name = t.rpartition(".")
        kind = tensor_type(name, KINDS[name], "cuda" if place.endswith("cuda") else "cpu") if name in KINDS else None
    if kind is None:
        raise TypeError(f"set_default_tensor_type: expected a type such as minigrad.DoubleTensor, got {t!r}")
    dtypes.set_default_dtype(kind.dtype)
    set_default_device(None if kind.device == "cpu" else kind.device)


def is_tensor(obj: Any) -> bool:
    """Is it a Tensor?"""
    return isinstance(obj, Tensor)


def is_storage(obj: Any) -> bool:
    """Is it a storage, typed or not?"""
    return isinstance(obj, UntypedStorage)


def typename(o: Any) -> str:
    """The name of its type: "minigrad.FloatTensor" of a tensor."""
    return str(o.type()) if isinstance(o, Tensor) else f"{type(o).__module__}.{type(o).__qualname__}"
