"""`Tensor(...)`, PyTorch's old constructor; `t.backward()`; and how often a tensor's memory was changed."""

from numbers import Integral
from typing import Any

from minigrad.backend import device
from minigrad.dtypes import get_default_dtype
from minigrad.engine.tensor import Size, Tensor
from minigrad.engine.versions import version
from minigrad.ops.array.creation import empty, tensor


def __init__(self: Tensor, *data: Any, device: "str | int | device | None" = None) -> None:
    sizes = data[0] if len(data) == 1 and isinstance(data[0], Size) else data
    if sizes and all(isinstance(n, Integral) and not isinstance(n, bool) for n in sizes):
        self._array = empty(*sizes, device=device)._array
    elif len(data) < 2 and all(isinstance(x, (list, tuple, range)) or hasattr(x, "dtype") for x in data):
        self._array = tensor(data[0] if data else [], get_default_dtype(), device)._array
    else:
        raise TypeError(f"Tensor(): expected sizes, or one list, array or tensor, got {', '.join(map(repr, data))}")
    self._node = self._base = self._grad = None


def _version(self: Tensor) -> int:
    return version(self._array)


PROPERTIES = {"_version": (_version, "int", "How often its memory was changed in place.")}
