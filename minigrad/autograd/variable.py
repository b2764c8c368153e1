"""`Variable`, from the time before variables and tensors were one."""

import warnings
from typing import Any

from minigrad.engine.tensor import Tensor
from minigrad.ops.array.creation import empty

__all__ = ["Variable"]


class _VariableMeta(type):
    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor)


class Variable(metaclass=_VariableMeta):
    """`Variable(data)` is a new tensor on the memory of `data` (None: empty), a leaf, which requires grad only if asked
    to: what is done with it is not recorded for `data`. Every tensor is an instance of it. Raises TypeError unless data
    is a tensor; volatile warns, and changes nothing.
    """

    def __new__(cls, data: Any = None, requires_grad: bool = False, volatile: bool = False) -> Tensor:  # type: ignore[misc]
        if volatile:
            warnings.warn("Variable: volatile has no effect; use `with no_grad():`", UserWarning, stacklevel=2)
        if data is None:
            data = empty(0)
        if not isinstance(data, Tensor):
            raise TypeError(f"Variable: expected a Tensor, got {type(data).__name__}; make one with tensor()")
        return data.detach().requires_grad_(requires_grad)
