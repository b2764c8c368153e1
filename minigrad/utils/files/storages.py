"""The memory of tensors as it lies in a file: whole storages, and on them views by offset, sizes and strides."""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.backend import CPU, asarray, create, device, device_of, storage, strided, to_numpy
from minigrad.engine.messages import describe
from minigrad.errors import DeviceError

# PyTorch's classes of storages, by the dtype of their elements
CLASSES = {
    "float64": "DoubleStorage", "float32": "FloatStorage", "float16": "HalfStorage", "bfloat16": "BFloat16Storage",
    "int64": "LongStorage", "int32": "IntStorage", "int16": "ShortStorage", "int8": "CharStorage",
    "uint8": "ByteStorage", "bool": "BoolStorage", "complex64": "ComplexFloatStorage",
    "complex128": "ComplexDoubleStorage",
}  # fmt: skip
UNTYPED = {"uint16", "uint32", "uint64"}  # they have no class there: their storages are of bytes

Place = Callable[[str], device]


class Written:
    """The storages of the tensors that are saved, each once. Two passes: `see` every array, then `locate` each.

    A storage that several tensors look at is written whole, so that they share it again; a view that is alone is
    written as itself, without the rest of the memory it looks at.
    """

    def __init__(self) -> None:
        self.arrays: list[Any] = []  # flat, each a storage; its number is its key in the file
        self._lookers: dict[Any, set[Any]] = {}
        self._keys: dict[Any, int] = {}

    def see(self, array: Any) -> None:
        """Count the array among the views of its storage."""
        if (owner := _owner(array)) is not None:
            self._lookers.setdefault(_address(owner), set()).add((_address(array), array.shape, array.strides))

    def locate(self, array: Any) -> tuple[int, int, int, list[int]]:
        """Its storage's key and number of elements, and its offset and strides there, in elements."""
        owner = _owner(array)
        if owner is not None and len(self._lookers.get(_address(owner), ())) < 2 and array.size < owner.size:
            owner = None
        size = array.itemsize
        if owner is None:  # by itself
            plain = np.ascontiguousarray(to_numpy(array)).reshape(array.shape)
            strides = [s // size for s in plain.strides]
            key = self._key((_address(array), array.shape, array.strides, array.dtype.str), plain)
            return key, array.size, 0, strides
        offset = (_address(array)[0] - _address(owner)[0]) // size if array.size else 0
        return self._key(_address(owner), owner), owner.size, offset, [s // size for s in array.strides]

    def _key(self, mark: Any, owner: Any) -> int:
        if mark not in self._keys or not owner.size:  # the addresses of empty arrays say nothing
            self._keys[mark] = len(self.arrays)
            self.arrays.append(owner)
        return self._keys[mark]


def content(array: Any) -> Any:
    """The bytes of a storage, in the order of its memory, as a flat array."""
    plain = to_numpy(array).ravel(order="K")
    return plain.view(np.uint8) if plain.size else np.empty(0, np.uint8)


def check_dtype(array: Any, at: str) -> None:
    """Raise TypeError where PyTorch has no such dtype."""
    if array.dtype.name not in CLASSES and array.dtype.name not in UNTYPED:
        raise TypeError(f"save: {at}: no file of PyTorch's can hold {describe(array)}; convert it to float64")


def _owner(array: Any) -> Any:
    """The array that owns its memory, where the view is one by an offset and strides in elements; else None."""
    owner = storage(asarray(array))
    size = array.itemsize
    fits = (
        owner.dtype == array.dtype and array.dtype.isnative and (owner.flags.c_contiguous or owner.flags.f_contiguous)
    )
    steps = all(s >= 0 and s % size == 0 for s in array.strides)
    return owner if fits and steps and (_address(array)[0] - _address(owner)[0]) % size == 0 else None


def _address(array: Any) -> tuple[int, str]:
    at = array.__array_interface__["data"][0] if isinstance(array, np.ndarray) else array.data.ptr
    return at, str(device_of(array))


# --- reading --------------------------------------------------------------------------------------------------------


class Storage:
    """A storage that was read: its bytes, in one flat array on the device it belongs to, and the dtype of its elements
    (None: they are bytes)."""

    def __init__(self, raw: Any, dtype: Any) -> None:
        self.raw, self.dtype = raw, dtype

    def view(self, offset: Any, size: Any, stride: Any, dtype: Any = None) -> Any:
        """An array on it. Raises ValueError for one that would look beyond it."""
        dtype = dtype or self.dtype
        numbers = (offset, *size, *stride)
        if dtype is None or not all(type(n) is int and 0 <= n < 2**62 for n in numbers) or len(size) != len(stride):
            raise ValueError(f"a tensor of offset {offset!r}, size {size!r} and stride {stride!r} is none")
        elements = self.raw.size // dtype.itemsize
        last = offset + sum((n - 1) * s for n, s in zip(size, stride)) if 0 not in size else offset - 1
        if last >= elements:
            raise ValueError(
                f"a tensor of offset {offset}, size {list(size)} and stride {list(stride)} looks at element {last} of "
                f"a storage that has {elements}"
            )
        if 0 in size:
            return create(device_of(self.raw), "zeros", tuple(size), dtype=dtype)
        flat = self.raw[offset * dtype.itemsize :][: (last + 1 - offset) * dtype.itemsize].view(dtype)
        return strided(flat, tuple(size), tuple(s * dtype.itemsize for s in stride))


def check_content(raw: Any, dtype: Any, byteorder: str) -> None:
    """Bring the bytes of a storage to this machine's order. Raises ValueError for bools that are neither 0 nor 1."""
    if dtype is not None and byteorder != sys.byteorder:
        np.asarray(raw.view(dtype)).byteswap(inplace=True)
    if dtype == np.bool_ and raw.size and raw.max() > 1:
        raise ValueError("a storage of bools holds others than 0 and 1")


class _Movable:
    """What PyTorch gives to a function as map_location: a storage, which can say where it should go."""

    def __init__(self, where: device) -> None:
        self.device = where

    def cpu(self) -> "_Movable":
        """To the CPU."""
        return _Movable(CPU)

    def cuda(self, index: Any = None, non_blocking: bool = False) -> "_Movable":
        """To a GPU, the current one for None."""
        return _Movable(device("cuda" if index is None else index))


def placement(map_location: Any) -> Place:
    """The device for what was saved from one of some name, as a function; map_location as in `load`."""
    if map_location is None or isinstance(map_location, dict):
        table = {str(old): new for old, new in (map_location or {}).items()}
        return lambda saved: _device(table.get(saved, saved))
    if isinstance(map_location, (str, device)):
        return lambda saved: device(map_location)
    if not callable(map_location):
        raise TypeError(
            f'load: map_location: expected a device such as "cpu", a dict from device to device, or a function, got '
            f"{type(map_location).__name__}"
        )

    def asked(saved: str) -> device:
        found = map_location(_Movable(CPU), saved)
        return _device(saved) if found is None else device(found.device)

    return asked


def _device(saved: Any) -> device:
    try:
        found = device(saved)
        create(found, "empty", 0)
        return found
    except DeviceError as error:
        raise DeviceError(f'load: a tensor was saved from {saved}: {error}; pass map_location="cpu"') from None
