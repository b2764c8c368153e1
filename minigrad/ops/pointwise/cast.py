"""Moving and converting: dtype, device, copies."""

from typing import Any

import numpy as np

from minigrad.backend import copy_to, current_device, device_of, with_index
from minigrad.dtypes import dtype_named
from minigrad.engine.dispatch import primitive
from minigrad.engine.tensor import Tensor

__all__ = ["clone"]


@primitive(name="cast", elementwise=True, input=lambda g: g)
def _cast(input: Any, *, dtype: Any) -> Any:
    return input.astype(dtype)


@primitive(name="clone", elementwise=True, input=lambda g: g)
def _clone(input: Any) -> Any:
    return input.copy()


@primitive(name="move", input=lambda g, origin: _move(g, origin=origin, place=origin))
def _move(input: Any, *, origin: Any, place: Any) -> Any:
    return copy_to(input, place)


def clone(input: Any, *, memory_format: Any = None) -> Any:
    """A copy, recorded: its gradient goes on to the original. memory_format changes nothing."""
    return _clone(input)


def astype(input: Any, dtype: Any) -> Any:
    """The tensor in another dtype; itself if it has it. The gradient comes back in the tensor's own dtype."""
    wanted = dtype if isinstance(dtype, np.dtype) else dtype_named("to", dtype)
    if input.dtype == wanted:
        return input
    if wanted.kind in "biu" and isinstance(input, Tensor):
        input = input.detach()  # integers have no gradient
    return _cast(input, dtype=wanted)


def to(
    input: Tensor, *args: Any, dtype: Any = None, device: Any = None, non_blocking: bool = False, copy: bool = False,
    memory_format: Any = None,
) -> Tensor:  # fmt: skip
    """to(dtype), to(device), to(device, dtype), to(other): converted and moved; itself if there is nothing to do."""
    for a in args:
        if isinstance(a, Tensor):
            device, dtype = a.device, a.dtype
        elif isinstance(a, (str, int)) and not isinstance(a, bool) or type(a).__name__ == "device":
            if isinstance(a, str) and a.partition(":")[0] not in ("cpu", "cuda"):
                dtype = a
            else:
                device = a
        elif a is not None and not isinstance(a, bool):
            dtype = a
    out = input if dtype is None else astype(input, dtype)
    if device is not None:
        place, here = with_index(current_device(device)), device_of(out._array)
        if place != here:
            out = _move(out, origin=here, place=place)
    return clone(out) if copy and out is input else out
