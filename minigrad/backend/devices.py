"""`device`: a place for arrays, by PyTorch's names ("cpu", "cuda", "cuda:1")."""

import os
from types import TracebackType
from typing import Any

import numpy as np

from minigrad.backend import cuda
from minigrad.errors import DeviceError


class device:
    """`device("cuda:1")` or `device("cuda", 1)`. Equal by value; a context manager that sets the default within it.

    `type` is "cpu" or "cuda"; `index` the GPU's number, or None where none was named (then the current one is meant).
    """

    __slots__ = ("type", "index", "_outer")

    def __init__(self, type: "str | int | device", index: int | None = None) -> None:
        if not isinstance(type, (str, int, device)) or isinstance(type, bool):
            raise TypeError(f'device(): expected "cpu", "cuda" or "cuda:1", got {type!r}')
        name, colon, number = (f"cuda:{type}" if isinstance(type, int) else str(type)).partition(":")
        if name not in ("cpu", "cuda") or (colon and not number.isdigit()) or (colon and index is not None):
            raise DeviceError(f'device(): expected "cpu", "cuda" or "cuda:1", got {type!r}')
        self.type: str = name
        self.index: int | None = int(number) if colon else index
        self._outer: list[device | None] = []

    def __repr__(self) -> str:
        return f"device(type='{self.type}'" + (f", index={self.index})" if self.index is not None else ")")

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __reduce__(self) -> Any:
        return device, (self.type, self.index)

    def __enter__(self) -> "device":
        self._outer.append(_default)
        set_default_device(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        set_default_device(self._outer.pop())


CPU = device("cpu")
_default: device | None = None


def set_default_device(where: str | int | device | None) -> None:
    """Create new tensors on `where`; None goes back to the variable MINIGRAD_DEVICE, and to the CPU without it.

    Raises DeviceError at once where the device is not available.
    """
    global _default
    _default = None if where is None else _available(device(where))


def get_default_device() -> device:
    """The device on which tensors are created that are given none."""
    if _default is None:
        named = os.environ.get("MINIGRAD_DEVICE")
        try:
            set_default_device(named or CPU)
        except DeviceError as error:
            raise DeviceError(f"the variable MINIGRAD_DEVICE is {named!r}: {error}") from None
    assert _default is not None
    return _default


def current_device(where: str | int | device | None) -> device:
    """`where` as an available device, or the default one for None."""
    if where is None:
        return get_default_device()
    return _available(where if type(where) is device else device(where))


def with_index(where: device) -> device:
    """A GPU with its number: the current one where none is named."""
    if where.type == "cpu" or where.index is not None:
        return where
    return device("cuda", int(cuda.cupy().cuda.Device().id))


def device_of(array: Any) -> device:
    """The device an array lives on."""
    return CPU if isinstance(array, (np.ndarray, np.generic)) else device("cuda", int(array.device.id))


def _available(where: device) -> device:
    if where.type == "cuda":
        cuda.require(where)
    return where
