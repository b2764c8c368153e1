"""Padding as modules, one class for each mode and number of spatial dimensions."""

from typing import Any

from minigrad.nn import functional as F
from minigrad.nn.modules.module import Module


class _PadNd(Module):
    """padding: one number for every side, or (left, right, top, bottom, ...), from the last dimension on."""

    mode, dims = "constant", 1
    value: float = 0.0

    def __init__(self, padding: Any) -> None:
        super().__init__()
        self.padding = (padding,) * (2 * self.dims) if isinstance(padding, int) else tuple(padding)
        if len(self.padding) != 2 * self.dims:
            raise ValueError(
                f"{type(self).__name__}: padding: expected a number, or {2 * self.dims} of them, got {padding!r}"
            )

    def forward(self, input: Any) -> Any:
        """See functional.pad."""
        return F.pad(input, self.padding, self.mode, self.value if self.mode == "constant" else None)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _ConstantPadNd(_PadNd):
    def __init__(self, padding: Any, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


def _pad_classes(base: type[_PadNd], prefix: str, what: str, mode: str = "constant") -> list[type[_PadNd]]:
    """The classes of one mode for one, two and three spatial dimensions."""
    shapes = ("(N, C, L)", "images (N, C, H, W)", "volumes (N, C, D, H, W)")
    return [
        type(f"{prefix}{n}d", (base,), {"dims": n, "mode": mode, "__module__": __name__, "__doc__":
             f"Pad the {n} spatial dimension{'s' * (n > 1)} of {shapes[n - 1]} with {what}: see functional.pad.\n\n"
             f"    padding: one number for every side, or a tuple of {2 * n}, from the last dimension on."})
        for n in (1, 2, 3)
    ]  # fmt: skip


ConstantPad1d, ConstantPad2d, ConstantPad3d = _pad_classes(_ConstantPadNd, "ConstantPad", "the number `value`")
ZeroPad1d, ZeroPad2d, ZeroPad3d = _pad_classes(_PadNd, "ZeroPad", "zeros")
ReflectionPad1d, ReflectionPad2d, ReflectionPad3d = _pad_classes(
    _PadNd, "ReflectionPad", "its mirror image, the border itself not repeated", "reflect"
)
ReplicationPad1d, ReplicationPad2d, ReplicationPad3d = _pad_classes(
    _PadNd, "ReplicationPad", "the values at its border", "replicate"
)
CircularPad1d, CircularPad2d, CircularPad3d = _pad_classes(
    _PadNd, "CircularPad", "the values from its other end", "circular"
)

__all__ = [
    "CircularPad1d", "CircularPad2d", "CircularPad3d", "ConstantPad1d", "ConstantPad2d", "ConstantPad3d",
    "ReflectionPad1d", "ReflectionPad2d", "ReflectionPad3d", "ReplicationPad1d", "ReplicationPad2d", "ReplicationPad3d",
    "ZeroPad1d", "ZeroPad2d", "ZeroPad3d",
]  # fmt: skip
