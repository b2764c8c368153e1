"""Python's protocols: length, truth, `float(t)`, `t[i] = u`, copies, pickles. Every public function is a method."""

import copy
from typing import Any

from minigrad.backend import to_numpy
from minigrad.engine.messages import describe
from minigrad.engine.tensor import Tensor
from minigrad.errors import DtypeError, GraphError
from minigrad.ops.array.creation import tensor
from minigrad.ops.array.shape import unbind
from minigrad.ops.index.assign import setitem


def __len__(self: Tensor) -> int:
    if not self._array.ndim:
        raise TypeError("len() of a 0-d tensor")
    return len(self._array)


def __iter__(self: Tensor) -> Any:
    if not self._array.ndim:
        raise TypeError("iteration over a 0-d tensor")
    return iter(unbind(self))


def __contains__(self: Tensor, value: Any) -> bool:
    if not isinstance(value, (Tensor, int, float)) and not hasattr(value, "dtype"):
        raise DtypeError(f"`in` a tensor: expected a Tensor or a number, got {describe(value)}")
    return bool((self == value).any())


def __bool__(self: Tensor) -> bool:
    if self._array.size != 1:
        raise RuntimeError(f"the truth of a tensor with {self._array.size} elements is ambiguous; use .any() or "
                           f".all(), or compare with `is`")  # fmt: skip
    return bool(to_numpy(self._array).reshape(()))


def __index__(self: Tensor) -> int:
    if self._array.size != 1 or self._array.dtype.kind not in "biu":
        raise TypeError(f"only an integer tensor of one element can be an index, got {self.dtype}{list(self.shape)}")
    return int(to_numpy(self._array).item())


def __float__(self: Tensor) -> float:
    return float(self.item())


def __int__(self: Tensor) -> int:
    return int(self.item())


def __pos__(self: Tensor) -> Tensor:
    return self


def __format__(self: Tensor, spec: Any) -> str:
    return format(self.item(), spec) if spec or not self._array.ndim else repr(self)


def __setitem__(self: Tensor, index: Any, value: Any) -> None:
    setitem(self, index, value)


def __copy__(self: Tensor) -> Tensor:
    """A leaf on the same memory, with the attributes that were added."""
    new = type(self).__new__(type(self))
    new._array = self._array
    new._node = new._base = new._grad = None
    new.requires_grad = self.requires_grad
    if own := getattr(self, "__dict__", None):
        new.__dict__.update(own)
    return new


def __deepcopy__(self: Tensor, memo: Any) -> Tensor:
    if not self.is_leaf:
        raise GraphError("deepcopy: only leaf tensors can be copied deeply; use t.detach().clone()")
    new = type(self).__new__(type(self))
    new._array, new._node, new._base = self._array.copy(), None, None
    memo[id(self)] = new
    new._grad = copy.deepcopy(self._grad, memo)
    new.requires_grad = self.requires_grad
    if own := getattr(self, "__dict__", None):
        new.__dict__.update(copy.deepcopy(own, memo))
    return new


def __reduce__(self: Tensor) -> Any:
    """A pickled tensor is its values, device and requires_grad; graph, gradient and hooks stay behind."""
    if not self.is_leaf:
        raise GraphError("pickle: only leaf tensors can be pickled; use t.detach()")
    return _rebuild, (type(self), to_numpy(self._array), str(self.device), self.requires_grad)


def _rebuild(cls: type[Tensor], array: Any, device: str, requires_grad: bool) -> Tensor:
    new = cls.__new__(cls)
    new._array = tensor(array, device=device)._array
    new._node = new._base = new._grad = None
    new.requires_grad = requires_grad
    return new
