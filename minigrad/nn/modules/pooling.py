"""Pooling as modules: each calls the function of its name in `nn.functional`.

Inputs are (N, C, ...) or (C, ...), with as many spatial dimensions as the class's name says; kernel_size, stride,
padding and dilation are one number or one for each of them. stride=None: the kernel's size, so that windows do not
overlap."""

from typing import Any

from minigrad.nn import functional as F
from minigrad.nn.modules.function import FunctionModule
from minigrad.ops.nn.conv import as_tuple


class _PoolNd(FunctionModule):
    """Windows of kernel_size, by default side by side."""

    dims = 0  # how many numbers each size is stored as; 0: as it is given
    repr_names: tuple[str, ...] = ("kernel_size", "stride", "padding")

    def __init__(self, kernel_size: Any, stride: Any, padding: Any, **others: Any) -> None:
        sizes = {"kernel_size": kernel_size, "stride": kernel_size if stride is None else stride, "padding": padding}
        if self.dims:
            sizes = {name: as_tuple(type(self).__name__, name, n, self.dims) for name, n in sizes.items()}
        super().__init__(**sizes, **others)


class _MaxPoolNd(_PoolNd, function=None):
    repr_names = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")

    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None: ...  # fmt: skip


class MaxPool1d(_MaxPoolNd, function=F.max_pool1d):
    """The maximum of each window of (N, C, L) or (C, L).

    Padding counts as minus infinity. return_indices=True: also the index of each maximum among the input's L elements,
    as MaxUnpool1d takes it. ceil_mode: the output size is rounded up, not down.
    """


class MaxPool2d(_MaxPoolNd, function=F.max_pool2d):
    """The maximum of each window of images (N, C, H, W) or (C, H, W): see MaxPool1d."""


class MaxPool3d(_MaxPoolNd, function=F.max_pool3d):
    """The maximum of each window of volumes (N, C, D, H, W) or (C, D, H, W): see MaxPool1d."""


class AvgPool1d(_PoolNd, function=F.avg_pool1d, dims=1):
    """The mean of each window of (N, C, L) or (C, L).

    count_include_pad: the zeros of the padding count in the mean. ceil_mode: the output size is rounded up, not down.
    """

    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None: ...  # fmt: skip


class _AvgPoolNd(_PoolNd, function=None):
    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
        count_include_pad: bool = True, divisor_override: int | None = None,
    ) -> None: ...  # fmt: skip


class AvgPool2d(_AvgPoolNd, function=F.avg_pool2d):
    """The mean of each window of images (N, C, H, W) or (C, H, W), or its sum over divisor_override: see AvgPool1d."""


class AvgPool3d(_AvgPoolNd, function=F.avg_pool3d):
    """The mean of each window of volumes (N, C, D, H, W) or (C, D, H, W), or its sum over divisor_override: see
    AvgPool1d."""


class _MaxUnpoolNd(_PoolNd, function=None):
    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None: ...

    def forward(self, input: Any, indices: Any, output_size: Any = None) -> Any:
        """Each element of the input at its index in zeros of output_size (None: the least that was pooled to this)."""
        return type(self).function(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool1d(_MaxUnpoolNd, function=F.max_unpool1d, dims=1):
    """The partial inverse of MaxPool1d(return_indices=True): maxima where they were, zeros elsewhere."""


class MaxUnpool2d(_MaxUnpoolNd, function=F.max_unpool2d, dims=2):
    """The partial inverse of MaxPool2d(return_indices=True): maxima where they were, zeros elsewhere."""


class MaxUnpool3d(_MaxUnpoolNd, function=F.max_unpool3d, dims=3):
    """The partial inverse of MaxPool3d(return_indices=True): maxima where they were, zeros elsewhere."""


class _LPPoolNd(FunctionModule, function=None):
    def __init__(self, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> None: ...


class LPPool1d(_LPPoolNd, function=F.lp_pool1d):
    """(sum x^p)^(1/p) of each window of (N, C, L) or (C, L), p = norm_type."""


class LPPool2d(_LPPoolNd, function=F.lp_pool2d):
    """(sum x^p)^(1/p) of each window of images (N, C, H, W) or (C, H, W), p = norm_type."""


class LPPool3d(_LPPoolNd, function=F.lp_pool3d):
    """(sum x^p)^(1/p) of each window of volumes (N, C, D, H, W) or (C, D, H, W): see LPPool1d."""


class _AdaptiveAvgPoolNd(FunctionModule, function=None):
    def __init__(self, output_size: Any) -> None: ...


class AdaptiveAvgPool1d(_AdaptiveAvgPoolNd, function=F.adaptive_avg_pool1d):
    """The means of output_size windows that cover (N, C, L) or (C, L): window i is from floor(i L / n) up to
    ceil((i + 1) L / n)."""


class AdaptiveAvgPool2d(_AdaptiveAvgPoolNd, function=F.adaptive_avg_pool2d):
    """The means of output_size windows that cover images (N, C, H, W) or (C, H, W); a size of None: the input's. See
    AdaptiveAvgPool1d."""


class AdaptiveAvgPool3d(_AdaptiveAvgPoolNd, function=F.adaptive_avg_pool3d):
    """The means of output_size windows that cover volumes (N, C, D, H, W) or (C, D, H, W); a size of None: the input's.
    See AdaptiveAvgPool1d."""


class _AdaptiveMaxPoolNd(FunctionModule, function=None):
    repr_names = ("output_size",)

    def __init__(self, output_size: Any, return_indices: bool = False) -> None: ...


class AdaptiveMaxPool1d(_AdaptiveMaxPoolNd, function=F.adaptive_max_pool1d):
    """The maxima of the windows of AdaptiveAvgPool1d; return_indices=True: also their indices, as MaxPool1d."""


class AdaptiveMaxPool2d(_AdaptiveMaxPoolNd, function=F.adaptive_max_pool2d):
    """The maxima of the windows of AdaptiveAvgPool2d: see AdaptiveMaxPool1d."""


class AdaptiveMaxPool3d(_AdaptiveMaxPoolNd, function=F.adaptive_max_pool3d):
    """The maxima of the windows of AdaptiveAvgPool3d: see AdaptiveMaxPool1d."""


__all__ = [
    "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d", "AdaptiveMaxPool1d", "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d", "AvgPool1d", "AvgPool2d", "AvgPool3d", "LPPool1d", "LPPool2d", "LPPool3d", "MaxPool1d",
    "MaxPool2d", "MaxPool3d", "MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d",
]  # fmt: skip
