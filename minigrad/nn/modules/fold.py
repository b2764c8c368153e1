"""im2col and col2im as modules."""

from typing import Any

from minigrad.nn import functional as F
from minigrad.nn.modules.function import FunctionModule


class Unfold(FunctionModule, function=F.unfold):
    """im2col: the windows of images (N, C, H, W) as columns (N, C * kernel area, windows)."""

    def __init__(self, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> None: ...


class Fold(FunctionModule, function=F.fold):
    """col2im: columns (N, C * kernel area, windows) added up where their windows are in images (N, C, *output_size)."""

    def __init__(
        self, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
    ) -> None: ...


__all__ = ["Fold", "Unfold"]
