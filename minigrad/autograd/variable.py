"""`Variable`, from the time before variables and tensors were one."""

from typing import Any

from minigrad.engine.tensor import Tensor

__all__ = ["Variable"]


def Variable(data: Any, requires_grad: bool = False, volatile: bool = False) -> Tensor:  # noqa: N802
    """The tensor itself, requiring grad if asked to: variables and tensors have long been one."""
    if volatile:
        raise ValueError("Variable: volatile: use `with no_grad():` instead")
    if not isinstance(data, Tensor):
        raise TypeError(f"Variable: expected a Tensor, got {type(data).__name__}; make one with tensor()")
    if requires_grad and not data.is_leaf:
        return data.detach().requires_grad_()
    return data.requires_grad_() if requires_grad else data
