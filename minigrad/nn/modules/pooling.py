"""Pooling as modules: each calls the function of its name in `nn.functional`.

Inputs are (N, C, ...) or (C, ...), with as many spatial dimensions as the class's name says; kernel_size, stride,
padding and dilation are one number or one for each of them. stride=None: the kernel's size, so that windows do not
overlap."""

from typing import Any

from minigrad.nn import functional as F
from minigrad.nn.modules.function import FunctionModule
from minigrad.ops.nn.conv import as_tuple


class _MaxPoolNd(FunctionModule):
    repr_names = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")

    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(kernel_size=kernel_size, stride=kernel_size if stride is None else stride, padding=padding,
                         dilation=dilation, return_indices=return_indices, ceil_mode=ceil_mode)  # fmt: skip


class MaxPool1d(_MaxPoolNd, function=F.max_pool1d):
    """The maximum of each window of (N, C, L) or (C, L).

    Padding counts as minus infinity. return_indices=True: also the index of each maximum among the input's L elements,
    as MaxUnpool1d takes it. ceil_mode: the output's size is rounded up, not down. See functional.max_pool1d.
    """


class MaxPool2d(_MaxPoolNd, function=F.max_pool2d):
    """The maximum of each window of images (N, C, H, W) or (C, H, W): see MaxPool1d and functional.max_pool2d."""


class MaxPool3d(_MaxPoolNd, function=F.max_pool3d):
    """The maximum of each window of volumes (N, C, D, H, W) or (C, D, H, W): see MaxPool1d and
    functional.max_pool3d."""


class AvgPool1d(FunctionModule, function=F.avg_pool1d):
    """The mean of each window of (N, C, L) or (C, L).

    count_include_pad: the zeros of the padding count in the mean. ceil_mode: the output's size is rounded up, not down.
    See functional.avg_pool1d.
    """

    repr_names = ("kernel_size", "stride", "padding")

    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:  # fmt: skip
        sizes = {"kernel_size": kernel_size, "stride": kernel_size if stride is None else stride, "padding": padding}
        super().__init__(**{name: as_tuple("AvgPool1d", name, n, 1) for name, n in sizes.items()},
                         ceil_mode=ceil_mode, count_include_pad=count_include_pad)  # fmt: skip


class _AvgPoolNd(FunctionModule):
    repr_names = ("kernel_size", "stride", "padding")

    def __init__(
        self, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
        count_include_pad: bool = True, divisor_override: int | None = None,
    ) -> None:  # fmt: skip
        super().__init__(kernel_size=kernel_size, stride=kernel_size if stride is None else stride, padding=padding,
                         ceil_mode=ceil_mode, count_include_pad=count_include_pad,
                         divisor_override=divisor_override)  # fmt: skip


class AvgPool2d(_AvgPoolNd, function=F.avg_pool2d):
    """The mean of each window of images (N, C, H, W) or (C, H, W), or its sum over divisor_override: see AvgPool1d and
    functional.avg_pool2d."""


class AvgPool3d(_AvgPoolNd, function=F.avg_pool3d):
    """The mean of each window of volumes (N, C, D, H, W) or (C, D, H, W), or its sum over divisor_override: see
    AvgPool1d and functional.avg_pool3d."""


class _MaxUnpoolNd(FunctionModule):
    repr_names = ("kernel_size", "stride", "padding")
    dims: int

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        sizes = {"kernel_size": kernel_size, "stride": kernel_size if stride is None else stride, "padding": padding}
        super().__init__(**{k: as_tuple(type(self).__name__, k, n, self.dims) for k, n in sizes.items()})

    def forward(self, input: Any, indices: Any, output_size: Any = None) -> Any:
        """Each element of the input at its index in zeros of output_size (None: the least that was pooled to this)."""
        return type(self).function(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool1d(_MaxUnpoolNd, function=F.max_unpool1d):
    """The partial inverse of MaxPool1d(return_indices=True): maxima where they were, zeros elsewhere."""

    dims = 1


class MaxUnpool2d(_MaxUnpoolNd, function=F.max_unpool2d):
    """The partial inverse of MaxPool2d(return_indices=True): maxima where they were, zeros elsewhere."""

    dims = 2


class MaxUnpool3d(_MaxUnpoolNd, function=F.max_unpool3d):
    """The partial inverse of MaxPool3d(return_indices=True): maxima where they were, zeros elsewhere."""

    dims = 3


class _LPPoolNd(FunctionModule):
    def __init__(self, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> None:
        super().__init__(norm_type=norm_type, kernel_size=kernel_size, stride=stride, ceil_mode=ceil_mode)


class LPPool1d(_LPPoolNd, function=F.lp_pool1d):
    """(sum x^p)^(1/p) of each window of (N, C, L) or (C, L), p = norm_type: see functional.lp_pool1d."""


class LPPool2d(_LPPoolNd, function=F.lp_pool2d):
    """(sum x^p)^(1/p) of each window of images (N, C, H, W) or (C, H, W), p = norm_type: see functional.lp_pool2d."""


class LPPool3d(_LPPoolNd, function=F.lp_pool3d):
    """(sum x^p)^(1/p) of each window of volumes (N, C, D, H, W) or (C, D, H, W), p = norm_type: see
    functional.lp_pool3d."""


class _AdaptiveAvgPoolNd(FunctionModule):
    def __init__(self, output_size: Any) -> None:
        super().__init__(output_size=output_size)


class AdaptiveAvgPool1d(_AdaptiveAvgPoolNd, function=F.adaptive_avg_pool1d):
    """The means of output_size windows that cover (N, C, L) or (C, L): window i is from floor(i L / n) up to
    ceil((i + 1) L / n). See functional.adaptive_avg_pool1d."""


class AdaptiveAvgPool2d(_AdaptiveAvgPoolNd, function=F.adaptive_avg_pool2d):
    """The means of output_size windows that cover images (N, C, H, W) or (C, H, W); a size of None: the input's. See
    AdaptiveAvgPool1d and functional.adaptive_avg_pool2d."""


class AdaptiveAvgPool3d(_AdaptiveAvgPoolNd, function=F.adaptive_avg_pool3d):
    """The means of output_size windows that cover volumes (N, C, D, H, W) or (C, D, H, W); a size of None: the
    input's. See AdaptiveAvgPool1d and functional.adaptive_avg_pool3d."""


class _AdaptiveMaxPoolNd(FunctionModule):
    repr_names = ("output_size",)

    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__(output_size=output_size, return_indices=return_indices)


class AdaptiveMaxPool1d(_AdaptiveMaxPoolNd, function=F.adaptive_max_pool1d):
    """The maxima of the windows of AdaptiveAvgPool1d; return_indices=True: also their indices, as MaxPool1d's. See
    functional.adaptive_max_pool1d."""


class AdaptiveMaxPool2d(_AdaptiveMaxPoolNd, function=F.adaptive_max_pool2d):
    """The maxima of the windows of AdaptiveAvgPool2d; return_indices=True: also their indices, as MaxPool2d's. See
    functional.adaptive_max_pool2d."""


class AdaptiveMaxPool3d(_AdaptiveMaxPoolNd, function=F.adaptive_max_pool3d):
    """The maxima of the windows of AdaptiveAvgPool3d; return_indices=True: also their indices, as MaxPool3d's. See
    functional.adaptive_max_pool3d."""


__all__ = [
    "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d", "AdaptiveMaxPool1d", "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d", "AvgPool1d", "AvgPool2d", "AvgPool3d", "LPPool1d", "LPPool2d", "LPPool3d", "MaxPool1d",
    "MaxPool2d", "MaxPool3d", "MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d",
]  # fmt: skip
