"""Dimensions merged and split, as modules."""

from typing import Any

from minigrad.nn.modules.function import FunctionModule
from minigrad.ops.array.arrange import unflatten
from minigrad.ops.array.shape import flatten


class Flatten(FunctionModule, function=flatten):
    """Merge the dimensions start_dim to end_dim, both included, into one: by default all but the batch dimension."""

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None: ...


class Unflatten(FunctionModule):
    """Split dimension `dim` into several, of the sizes unflattened_size."""

    def __init__(self, dim: int, unflattened_size: Any) -> None:
        super().__init__(dim=dim, unflattened_size=tuple(unflattened_size))

    def forward(self, input: Any) -> Any:
        """See Tensor.unflatten."""
        return unflatten(input, self.dim, self.unflattened_size)


__all__ = ["Flatten", "Unflatten"]
