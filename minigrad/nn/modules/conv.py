"""Convolutions and transposed convolutions in one, two and three spatial dimensions."""

from typing import Any

from minigrad.engine.messages import describe
from minigrad.errors import ShapeError
from minigrad.nn import functional as F
from minigrad.nn import init
from minigrad.nn.modules.function import DeclaredModule
from minigrad.nn.modules.utils import uniform_by_fan_in
from minigrad.nn.parameter import Parameter
from minigrad.ops.array.creation import count, empty
from minigrad.ops.nn.conv import as_tuple

PAD_MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}


class _ConvNd(DeclaredModule):
    """Sizes, weight and bias with PyTorch's names and initial values, and the forward of what is not transposed."""

    dims: int  # spatial dimensions
    transposed = False
    function: Any

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
        dilation: Any = 1, groups: int = 1, bias: bool = True, padding_mode: str = "zeros", device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        name = type(self).__name__
        self.in_channels = count(name, "in_channels", in_channels)
        self.out_channels = count(name, "out_channels", out_channels)
        self.groups = count(name, "groups", groups)
        for what, n in (("in_channels", in_channels), ("out_channels", out_channels)):
            if groups < 1 or n % groups:
                raise ValueError(f"{name}: {what}: expected a multiple of groups={groups}, got {n}")
        if padding_mode not in PAD_MODES:
            raise ValueError(f"{name}: padding_mode: expected {', '.join(PAD_MODES)}, got {padding_mode!r}")
        self.kernel_size = as_tuple(name, "kernel_size", kernel_size, self.dims, 1)
        self.stride = as_tuple(name, "stride", stride, self.dims, 1)
        self.dilation = as_tuple(name, "dilation", dilation, self.dims, 1)
        if isinstance(padding, str) and padding not in ("same", "valid"):
            raise ValueError(f'{name}: padding: expected numbers, "same" or "valid", got {padding!r}')
        if self.transposed and isinstance(padding, str):
            raise ValueError(f"{name}: padding: expected numbers, got {padding!r}")
        if padding == "same" and any(n != 1 for n in self.stride):
            raise ValueError(f'{name}: padding: "same" needs a stride of 1, got {self.stride}')
        self.padding: Any = padding if isinstance(padding, str) else as_tuple(name, "padding", padding, self.dims)
        self.padding_mode = padding_mode
        first, second = (in_channels, out_channels) if self.transposed else (out_channels, in_channels)
        shape = (first, second // groups, *self.kernel_size)
        self.weight = Parameter(empty(*shape, device=device, dtype=dtype))
        self.bias = Parameter(empty(out_channels, device=device, dtype=dtype)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial values again: uniform in [-b, b), b = 1 / sqrt(fan in)."""
        uniform_by_fan_in(self, init._calculate_fan_in_and_fan_out(self.weight)[0])

    def _check(self, input: Any) -> None:
        shape = getattr(getattr(input, "_array", input), "shape", ())
        if len(shape) not in (self.dims + 1, self.dims + 2) or shape[-self.dims - 1] != self.in_channels:
            raise ShapeError(f"{self!r}: expected an input (N, C, {', '.join('DHW'[-self.dims :])}) or without N, with "
                             f"C = {self.in_channels}, got {describe(input)}")  # fmt: skip

    def forward(self, input: Any) -> Any:
        """The convolution of (N, C, ...) or (C, ...)."""
        self._check(input)
        padding: Any = self.padding
        if self.padding_mode != "zeros":
            input, padding = F.pad(input, self._pad_widths(), PAD_MODES[self.padding_mode]), 0
        return type(self).function(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)

    def _pad_widths(self) -> list[int]:
        """The padding as functional.pad takes it, from the last dimension on."""
        if self.padding == "valid":
            return [0] * (2 * self.dims)
        if self.padding == "same":
            total = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size)]
            return [n for t in reversed(total) for n in (t // 2, t - t // 2)]
        return [n for p in reversed(self.padding) for n in (p, p)]

    def extra_repr(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        zeros, ones = (0,) * self.dims, (1,) * self.dims
        for name, default in {"padding": zeros, "dilation": ones, "output_padding": zeros}.items():
            if getattr(self, name, default) != default:
                text += f", {name}={getattr(self, name)}"
        text += f", groups={self.groups}" if self.groups != 1 else ""
        text += ", bias=False" if self.bias is None else ""
        return text + (f", padding_mode={self.padding_mode}" if self.padding_mode != "zeros" else "")


class Conv1d(_ConvNd, dims=1, function=F.conv1d):
    """Convolution (cross-correlation) of sequences: (N, in_channels, L) or (in_channels, L) to (N, out_channels, L').

    weight (out_channels, in_channels / groups, kernel_size) and bias (out_channels,) start uniform in [-b, b),
    b = 1 / sqrt(fan in), fan in = in_channels / groups * kernel_size. padding: a number, "valid" (none) or "same" (as
    much as keeps L); padding_mode: "zeros", "reflect", "replicate" or "circular". Formula and L': functional.conv1d.
    Raises ShapeError where the input has other channels, ValueError where groups do not divide the channels.
    """


class Conv2d(_ConvNd, dims=2, function=F.conv2d):
    """Convolution (cross-correlation) of images: (N, in_channels, H, W) or without N to (N, out_channels, H', W').
    weight (out_channels, in_channels / groups, *kernel_size). Each size is a number or (height, width). Arguments and
    initial values: Conv1d. Formula, H' and W': functional.conv2d."""


class Conv3d(_ConvNd, dims=3, function=F.conv3d):
    """Convolution (cross-correlation) of volumes: (N, in_channels, D, H, W) or without N to
    (N, out_channels, D', H', W'). weight (out_channels, in_channels / groups, *kernel_size). Each size is a number or
    (depth, height, width). Arguments and initial values: Conv1d. Formula and output sizes: functional.conv3d."""


class _ConvTransposeNd(_ConvNd):
    transposed = True

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
        output_padding: Any = 0, groups: int = 1, bias: bool = True, dilation: Any = 1, padding_mode: str = "zeros",
        device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        if padding_mode != "zeros":
            raise ValueError(f'{type(self).__name__}: padding_mode: expected "zeros", got {padding_mode!r}')
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode,
                         device, dtype)  # fmt: skip
        self.output_padding = as_tuple(type(self).__name__, "output_padding", output_padding, self.dims)

    def forward(self, input: Any, output_size: Any = None) -> Any:
        """The transposed convolution of (N, C, ...) or (C, ...). output_size: the spatial sizes of the result, among
        those that the stride leaves open (takes the place of output_padding)."""
        self._check(input)
        extra = self.output_padding if output_size is None else self._output_padding(input, tuple(output_size))
        return type(self).function(input, self.weight, self.bias, self.stride, self.padding, extra, self.groups,
                                   self.dilation)  # fmt: skip

    def _output_padding(self, input: Any, output_size: tuple[int, ...]) -> tuple[int, ...]:
        sizes = output_size[-self.dims :]
        settings = zip(input.shape[-self.dims :], self.stride, self.padding, self.dilation, self.kernel_size)
        min_sizes = [(n - 1) * s - 2 * p + d * (k - 1) + 1 for n, s, p, d, k in settings]
        extra = tuple(size - n for size, n in zip(sizes, min_sizes))
        if len(sizes) != self.dims or any(not 0 <= e < s for e, s in zip(extra, self.stride)):
            max_sizes = [n + s - 1 for n, s in zip(min_sizes, self.stride)]
            raise ShapeError(f"{self!r}: output_size: expected from {min_sizes} to {max_sizes}, got {list(sizes)}")
        return extra


class ConvTranspose1d(_ConvTransposeNd, dims=1, function=F.conv_transpose1d):
    """Transposed convolution (the gradient of Conv1d with respect to its input, as a layer): (N, in_channels, L) to
    (N, out_channels, L').

    weight (in_channels, out_channels / groups, kernel_size) and bias (out_channels,) start uniform as Conv1d's.
    Formula and L': functional.conv_transpose1d. Raises ValueError for a padding_mode other than "zeros".
    """


class ConvTranspose2d(_ConvTransposeNd, dims=2, function=F.conv_transpose2d):
    """Transposed convolution of images: (N, in_channels, H, W) to (N, out_channels, H', W'). weight (in_channels,
    out_channels / groups, *kernel_size). See ConvTranspose1d and functional.conv_transpose2d."""


class ConvTranspose3d(_ConvTransposeNd, dims=3, function=F.conv_transpose3d):
    """Transposed convolution of volumes: (N, in_channels, D, H, W) to (N, out_channels, D', H', W'). weight
    (in_channels, out_channels / groups, *kernel_size). See ConvTranspose1d and functional.conv_transpose3d."""


__all__ = ["Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]
