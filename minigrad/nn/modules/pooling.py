"""Pooling as modules: each calls the function of its name in `nn.functional`."""

from typing import Any

from minigrad.nn import functional as F
from minigrad.nn.modules.function import FunctionModule
from minigrad.ops.nn.conv import as_tuple


class _MaxPool(FunctionModule):
    """The largest in each window; return_indices: where it was, too."""

    shown = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")

    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(kernel_size=kernel_size, stride=kernel_size if stride is None else stride, padding=padding,
                         dilation=dilation, return_indices=return_indices, ceil_mode=ceil_mode)  # fmt: skip


class MaxPool1d(_MaxPool):
    """The largest in each window of (N, C, L)."""

    function = staticmethod(F.max_pool1d)


class MaxPool2d(_MaxPool):
    """The largest in each window of (N, C, H, W)."""

    function = staticmethod(F.max_pool2d)


class MaxPool3d(_MaxPool):
    """The largest in each window of (N, C, D, H, W)."""

    function = staticmethod(F.max_pool3d)


class AvgPool1d(FunctionModule):
    """The mean of each window of (N, C, L)."""

    function = staticmethod(F.avg_pool1d)
    shown = ("kernel_size", "stride", "padding")

    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:  # fmt: skip
        sizes = {"kernel_size": kernel_size, "stride": kernel_size if stride is None else stride, "padding": padding}
        super().__init__(**{name: as_tuple("AvgPool1d", name, n, 1) for name, n in sizes.items()},
                         ceil_mode=ceil_mode, count_include_pad=count_include_pad)  # fmt: skip


class _AvgPool(FunctionModule):
    shown = ("kernel_size", "stride", "padding")

    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
        count_include_pad: bool = True, divisor_override: int | None = None,
    ) -> None:  # fmt: skip
        super().__init__(kernel_size=kernel_size, stride=kernel_size if stride is None else stride, padding=padding,
                         ceil_mode=ceil_mode, count_include_pad=count_include_pad,
                         divisor_override=divisor_override)  # fmt: skip


class AvgPool2d(_AvgPool):
    """The mean of each window of (N, C, H, W)."""

    function = staticmethod(F.avg_pool2d)


class AvgPool3d(_AvgPool):
    """The mean of each window of (N, C, D, H, W)."""

    function = staticmethod(F.avg_pool3d)


class _MaxUnpool(FunctionModule):
    shown = ("kernel_size", "stride", "padding")
    dims: int

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        sizes = {"kernel_size": kernel_size, "stride": kernel_size if stride is None else stride, "padding": padding}
        super().__init__(**{k: as_tuple(type(self).__name__, k, n, self.dims) for k, n in sizes.items()})

    def forward(self, input: Any, indices: Any, output_size: Any = None) -> Any:
        """Each element back at its index."""
        return type(self).function(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool1d(_MaxUnpool):
    """Undoes MaxPool1d(return_indices=True): zeros where nothing was the largest."""

    function, dims = staticmethod(F.max_unpool1d), 1


class MaxUnpool2d(_MaxUnpool):
    """Undoes MaxPool2d(return_indices=True): zeros where nothing was the largest."""

    function, dims = staticmethod(F.max_unpool2d), 2


class MaxUnpool3d(_MaxUnpool):
    """Undoes MaxPool3d(return_indices=True): zeros where nothing was the largest."""

    function, dims = staticmethod(F.max_unpool3d), 3


class _LPPool(FunctionModule):
    def __init__(self, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> None:
        super().__init__(norm_type=norm_type, kernel_size=kernel_size, stride=stride, ceil_mode=ceil_mode)


class LPPool1d(_LPPool):
    """The p-norm of each window of (N, C, L)."""

    function = staticmethod(F.lp_pool1d)


class LPPool2d(_LPPool):
    """The p-norm of each window of (N, C, H, W)."""

    function = staticmethod(F.lp_pool2d)


class LPPool3d(_LPPool):
    """The p-norm of each window of (N, C, D, H, W)."""

    function = staticmethod(F.lp_pool3d)


class _AdaptiveAvg(FunctionModule):
    def __init__(self, output_size: Any) -> None:
        super().__init__(output_size=output_size)


class AdaptiveAvgPool1d(_AdaptiveAvg):
    """The means of output_size windows of (N, C, L)."""

    function = staticmethod(F.adaptive_avg_pool1d)


class AdaptiveAvgPool2d(_AdaptiveAvg):
    """The means of output_size windows of (N, C, H, W)."""

    function = staticmethod(F.adaptive_avg_pool2d)


class AdaptiveAvgPool3d(_AdaptiveAvg):
    """The means of output_size windows of (N, C, D, H, W)."""

    function = staticmethod(F.adaptive_avg_pool3d)


class _AdaptiveMax(FunctionModule):
    shown = ("output_size",)

    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__(output_size=output_size, return_indices=return_indices)


class AdaptiveMaxPool1d(_AdaptiveMax):
    """The largest in each of output_size windows of (N, C, L)."""

    function = staticmethod(F.adaptive_max_pool1d)


class AdaptiveMaxPool2d(_AdaptiveMax):
    """The largest in each of output_size windows of (N, C, H, W)."""

    function = staticmethod(F.adaptive_max_pool2d)


class AdaptiveMaxPool3d(_AdaptiveMax):
    """The largest in each of output_size windows of (N, C, D, H, W)."""

    function = staticmethod(F.adaptive_max_pool3d)
