"""Memory for a step: scratch arrays that are used again and again, and large arrays in pieces that fit a cache."""

from typing import Any

import numpy as np

from minigrad.backend import array_module

# in elements: a quarter of a MB of float32. p -= lr * g on 10 million takes 5.0 ms in pieces and 7.8 as a whole
PIECE = 65536


class Workspace:
    """Scratch arrays by number. Once every size has come by, no step allocates any."""

    def __init__(self) -> None:
        self._flat: dict[Any, Any] = {}

    def scratch(self, like: Any, number: int) -> Any:
        """The scratch array `number` (0, 1, ...) in the shape, dtype and place of `like`: its contents are anything."""
        key = (number, like.dtype, getattr(like, "device", None))
        flat = self._flat.get(key)
        if flat is None or flat.size < like.size:
            flat = self._flat[key] = array_module(like).empty_like(like).reshape(-1)
        return flat[: like.size].reshape(like.shape)


def pieces(*arrays: Any) -> Any:
    """Arrays of one shape cut alike into pieces, so that several operations on a piece find it in the cache. On a GPU,
    or where they do not lie in memory in order, they come as they are, in one piece."""
    first = arrays[0]
    if first.size <= PIECE or type(first) is not np.ndarray or not all(a.flags.c_contiguous for a in arrays):
        return (arrays,)
    flat = [a.reshape(-1) for a in arrays]
    return [[a[i : i + PIECE] for a in flat] for i in range(0, first.size, PIECE)]
