"""A tensor's memory as a row of its own: `t.untyped_storage()` of bytes, `t.storage()` of elements (PyTorch's old way).
Every public function here is a method of Tensor."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.backend import array_module, device, device_of, to_numpy
from minigrad.backend import storage as owner_of
from minigrad.backend.arrays import strided
from minigrad.engine.messages import warn_user
from minigrad.engine.tensor import Tensor
from minigrad.engine.versions import bump_version, user_line
from minigrad.ops.array.creation import empty, tensor

_SHARE = "processes share no tensors here; give each a copy, and send results back"


class UntypedStorage:
    """The bytes of a tensor's memory, also those that a view leaves out; on the same memory. UntypedStorage(8) is new.

    Two of them are equal where they are the same memory. Changes are counted as in-place changes of the tensors that
    look at it.
    """

    _dtype: Any = dtypes.uint8

    def __init__(self, data: Any = 0, *, device: Any = None) -> None:
        if isinstance(data, int):
            self._flat = empty(data, dtype=self._dtype, device=device)._array
        else:
            self._flat = tensor(data, dtype=self._dtype, device=device)._array

    @classmethod
    def _of(cls, array: Any, dtype: Any) -> Any:
        owner = owner_of(array)
        if not owner.flags.forc:
            raise RuntimeError(f"{cls.__name__}: this memory has gaps (another library made it so); use t.contiguous()")
        made = cls.__new__(cls)
        made._flat = strided(owner, (owner.size,), (owner.itemsize,)).view(dtype)
        return made

    @property
    def device(self) -> device:
        """Where the memory is."""
        return device_of(self._flat)

    @property
    def is_cuda(self) -> bool:
        """Is it on a GPU?"""
        return self.device.type == "cuda"

    def size(self) -> int:
        """How many elements it has."""
        return int(self._flat.size)

    __len__ = size

    def nbytes(self) -> int:
        """How many bytes it has."""
        return int(self._flat.nbytes)

    def element_size(self) -> int:
        """Bytes of an element."""
        return int(self._flat.itemsize)

    def data_ptr(self) -> int:
        """The address of its first byte."""
        flat = self._flat
        return int(flat.ctypes.data if array_module(flat) is np else flat.data.ptr)

    def tolist(self) -> list[Any]:
        """Its elements as Python numbers."""
        return list(to_numpy(self._flat).tolist())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array(to_numpy(self._flat), dtype=dtype, copy=copy)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.tolist())

    def __getitem__(self, index: Any) -> Any:
        found = self._flat[index]
        if not isinstance(index, slice):
            return found.item()
        part = type(self).__new__(type(self))
        part._flat = found
        return part

    def __setitem__(self, index: Any, value: Any) -> None:
        self._flat[index] = getattr(value, "_flat", value)
        bump_version(self._flat, "storage", user_line())

    def fill_(self, value: Any) -> Any:
        """Every element becomes `value`. Returns self."""
        self[:] = value
        return self

    def copy_(self, source: Any, non_blocking: bool = False) -> Any:
        """Take over the elements of another storage. Returns self."""
        self[:] = source
        return self

    def clone(self) -> Any:
        """A copy."""
        made = type(self).__new__(type(self))
        made._flat = self._flat.copy()
        return made

    def cpu(self) -> Any:
        """On the CPU: itself if it is there."""
        if not self.is_cuda:
            return self
        made = type(self).__new__(type(self))
        made._flat = to_numpy(self._flat)
        return made

    def resize_(self, size: int) -> None:
        """Raises NotImplementedError: memory has one size here."""
        if size != self.size():
            raise NotImplementedError("resize_: memory has one size here; del the tensor, or use t.resize_()")

    def share_memory_(self) -> None:
        """Raises NotImplementedError."""
        raise NotImplementedError(f"share_memory_: {_SHARE}")

    def is_shared(self) -> bool:
        """Never."""
        return False

    def __eq__(self, other: object) -> bool:
        same = type(other) is type(self) and other.data_ptr() == self.data_ptr()
        return same and other.nbytes() == self.nbytes()  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        return hash((type(self), self.data_ptr(), self.nbytes()))

    def __repr__(self) -> str:
        numbers = "".join(f" {x}\n" for x in self.tolist())
        return f"{numbers}[{self._described()} of size {self.size()}]"

    def _described(self) -> str:
        return f"minigrad.storage.UntypedStorage(device={self.device})"


class _StorageType(type):
    """Makes isinstance(s, FloatStorage) ask for the dtype."""

    def __instancecheck__(cls, s: object) -> bool:
        kind = vars(cls).get("_dtype")
        return type.__instancecheck__(TypedStorage, s) and (kind is None or s.dtype == kind)  # type: ignore[attr-defined]


class TypedStorage(UntypedStorage, metaclass=_StorageType):
    """The elements of a tensor's memory, also those that a view leaves out: see UntypedStorage."""

    def __init__(self, data: Any = 0, *, dtype: Any = None, device: Any = None) -> None:
        if "_dtype" not in vars(type(self)):
            self._dtype = dtype or dtypes.get_default_dtype()
        super().__init__(data, device=device)

    @property
    def dtype(self) -> Any:
        """The dtype of its elements."""
        return self._flat.dtype

    def untyped(self) -> UntypedStorage:
        """The same memory as bytes."""
        return UntypedStorage._of(self._flat, dtypes.uint8)

    def pickle_storage_type(self) -> str:
        """ "FloatStorage" of float32."""
        return next(name for name, kind in STORAGES.items() if self._flat.dtype == kind._dtype)

    def _described(self) -> str:
        return f"minigrad.storage.TypedStorage(dtype=minigrad.{self.dtype}, device={self.device})"


_DTYPES: dict[str, Any] = {
    "Float": dtypes.float32, "Double": dtypes.float64, "Half": dtypes.float16, "Long": dtypes.int64,
    "Int": dtypes.int32, "Short": dtypes.int16, "Char": dtypes.int8, "Byte": dtypes.uint8, "Bool": dtypes.bool,
}  # fmt: skip
STORAGES: dict[str, Any] = {
    f"{name}Storage": _StorageType(f"{name}Storage", (TypedStorage,), {"_dtype": np.dtype(dtype)})
    for name, dtype in _DTYPES.items()
}
globals().update(STORAGES)


def untyped_storage(self: Tensor) -> UntypedStorage:
    """The bytes of the memory it looks at."""
    return UntypedStorage._of(self._array, dtypes.uint8)


def storage(self: Tensor) -> TypedStorage:
    """The elements of the memory it looks at; with a warning, since `untyped_storage` is to take its place."""
    warn_user("storage: TypedStorage is deprecated; use untyped_storage()")
    return _typed_storage(self)


def _typed_storage(self: Tensor) -> TypedStorage:
    return TypedStorage._of(self._array, self._array.dtype)


__all__ = ["TypedStorage", "UntypedStorage", *STORAGES]
# private to PyTorch, and used all the same
PRIVATE = {"_typed_storage": _typed_storage}
