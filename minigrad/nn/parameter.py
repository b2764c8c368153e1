"""`Parameter`: a tensor that a Module counts among what it learns."""

from typing import Any

from minigrad.tensor import Tensor


class Parameter(Tensor):
    """A leaf on the data of a tensor, requiring grad; assigned to a Module's attribute it is registered there."""

    __slots__ = ()

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> "Parameter":
        return super().__new__(cls)

    def __init__(self, data: Any = None, requires_grad: bool = True) -> None:
        if data is None:
            super().__init__()
        elif not isinstance(data, Tensor):
            raise TypeError(f"Parameter: expected a Tensor, got {type(data).__name__}; make one with minigrad.tensor()")
        else:
            self._array = data._array
            self._node = self._base = self._grad = None
        self.requires_grad = requires_grad


class Buffer(Tensor):
    """A tensor that belongs to a Module's state but is not learned; assigned to an attribute it is registered."""

    __slots__ = ()

    def __init__(self, data: Tensor) -> None:
        self._array = data._array
        self._node = self._base = self._grad = None
