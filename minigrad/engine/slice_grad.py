"""The gradient of a slice."""

from typing import Any

from minigrad.backend import array_module


class SliceGradient:
    """A gradient that is `g` at a basic index and zero elsewhere: what the rule of a slice gives to raw arrays. It is
    added in place, so that a tensor taken apart into n slices costs one pass over its gradient and not n."""

    __slots__ = ("g", "shape", "index")

    def __init__(self, g: Any, shape: tuple[int, ...], index: Any) -> None:
        self.g, self.shape, self.index = g, shape, index

    def whole(self) -> Any:
        """The gradient in full."""
        out = array_module(self.g).zeros(self.shape, dtype=self.g.dtype)
        out[self.index] = self.g
        return out

    def added_to(self, total: Any, own: bool) -> Any:
        """The sum of this and `total` (None: of nothing), in place where `total` may be changed."""
        if total is None:
            return self.whole()
        if not own:
            total = total.copy()
        total[self.index] += self.g
        return total
