"""`Tensor(...)`, PyTorch's old constructor; `t.backward()`; and how often a tensor's memory was changed."""

from numbers import Integral
from typing import Any

from minigrad.backend import device
from minigrad.dtypes import get_default_dtype
from minigrad.engine import gradients
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


def backward(
    self: Tensor,
    gradient: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    """Add d(self)/d(leaf) to the `.grad` of every leaf (or of `inputs` only).

    gradient: what to weight the elements of self by; needed unless self has just one. retain_graph: keep what the graph
    keeps, for a second backward (default: create_graph). create_graph: record the backward pass itself.
    """
    gradients.backward(self, gradient, retain_graph, create_graph, inputs=inputs)


def _version(self: Tensor) -> int:
    return version(self._array)


PROPERTIES = {"_version": (_version, "int", "How often its memory was changed in place.")}
