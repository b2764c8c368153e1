"""Convolutions and transposed convolutions of one, two and three dimensions."""

import math
from typing import Any

from minigrad.engine.messages import describe
from minigrad.errors import ShapeError
from minigrad.nn import functional as F
from minigrad.nn import init
from minigrad.nn.modules.module import Module
from minigrad.nn.parameter import Parameter
from minigrad.ops.array.creation import count, empty
from minigrad.ops.nn.conv import as_tuple

MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}


class _Conv(Module):
    """What all share: sizes, weight and bias with PyTorch's names and initial values, repr."""

    dims: int
    transposed = False
    function: Any
    output_padding: tuple[int, ...]

    def _make(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any, padding: Any, dilation: Any,
        groups: int, bias: bool, padding_mode: str, device: Any, dtype: Any,
    ) -> None:  # fmt: skip
        name = type(self).__name__
        self.in_channels = count(name, "in_channels", in_channels)
        self.out_channels = count(name, "out_channels", out_channels)
        self.groups = count(name, "groups", groups)
        for what, n in (("in_channels", in_channels), ("out_channels", out_channels)):
            if groups < 1 or n % groups:
                raise ValueError(f"{name}: {what}: expected a multiple of groups={groups}, got {n}")
        if padding_mode not in MODES:
            raise ValueError(f"{name}: padding_mode: expected {', '.join(MODES)}, got {padding_mode!r}")
        self.kernel_size = as_tuple(name, "kernel_size", kernel_size, self.dims, 1)
        self.stride = as_tuple(name, "stride", stride, self.dims, 1)
        self.dilation = as_tuple(name, "dilation", dilation, self.dims, 1)
        if isinstance(padding, str) and padding not in ("same", "valid"):
            raise ValueError(f'{name}: padding: expected numbers, "same" or "valid", got {padding!r}')
        self.padding: Any = padding if isinstance(padding, str) else as_tuple(name, "padding", padding, self.dims)
        self.padding_mode = padding_mode
        first, second = (in_channels, out_channels) if self.transposed else (out_channels, in_channels)
        shape = (first, second // groups, *self.kernel_size)
        self.weight = Parameter(empty(*shape, device=device, dtype=dtype))
        self.bias = Parameter(empty(out_channels, device=device, dtype=dtype)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial values again: uniform within 1 / sqrt(fan in)."""
        fan = init.fans(self.weight)[0]
        for p in self.parameters():
            bound = 1 / math.sqrt(fan) if fan else 0.0
            init.uniform_(p, -bound, bound)

    def _check(self, input: Any) -> None:
        shape = getattr(getattr(input, "_array", input), "shape", ())
        if len(shape) not in (self.dims + 1, self.dims + 2) or shape[-self.dims - 1] != self.in_channels:
            raise ShapeError(
                f"{self!r}: expected an input (N, C, {', '.join('DHW'[-self.dims :])}) or without N, with "
                f"C = {self.in_channels}, got {describe(input)}"
            )

    def extra_repr(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        plain = {"padding": (0,) * self.dims, "dilation": (1,) * self.dims, "output_padding": (0,) * self.dims}
        for name, usual in plain.items():
            if getattr(self, name, usual) != usual:
                text += f", {name}={getattr(self, name)}"
        text += f", groups={self.groups}" if self.groups != 1 else ""
        text += ", bias=False" if self.bias is None else ""
        return text + (f", padding_mode={self.padding_mode}" if self.padding_mode != "zeros" else "")


class _Forward(_Conv):
    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
        dilation: Any = 1, groups: int = 1, bias: bool = True, padding_mode: str = "zeros", device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self._make(in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode,
                   device, dtype)  # fmt: skip

    def forward(self, input: Any) -> Any:
        """The convolution of (N, C, ...) or (C, ...)."""
        self._check(input)
        padding: Any = self.padding
        if self.padding_mode != "zeros":
            input, padding = F.pad(input, self._widths(), MODES[self.padding_mode]), 0
        return type(self).function(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)

    def _widths(self) -> list[int]:
        """The padding as nn.functional.pad takes it, from the last dimension on."""
        if self.padding == "valid":
            return [0] * (2 * self.dims)
        if self.padding == "same":
            total = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size)]
            return [n for t in reversed(total) for n in (t // 2, t - t // 2)]
        return [n for p in reversed(self.padding) for n in (p, p)]


class Conv1d(_Forward):
    """Convolution of (N, C, L): see functional.conv1d. weight (out, in / groups, kernel) and bias (out,)."""

    dims, function = 1, staticmethod(F.conv1d)


class Conv2d(_Forward):
    """Convolution of (N, C, H, W): see functional.conv2d. weight (out, in / groups, *kernel) and bias (out,)."""

    dims, function = 2, staticmethod(F.conv2d)


class Conv3d(_Forward):
    """Convolution of (N, C, D, H, W): see functional.conv3d. weight (out, in / groups, *kernel) and bias (out,)."""

    dims, function = 3, staticmethod(F.conv3d)


class _Transposed(_Conv):
    transposed = True

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
        output_padding: Any = 0, groups: int = 1, bias: bool = True, dilation: Any = 1, padding_mode: str = "zeros",
        device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if padding_mode != "zeros":
            raise ValueError(f"{type(self).__name__}: padding_mode: only zeros are there, got {padding_mode!r}")
        self.output_padding = as_tuple(type(self).__name__, "output_padding", output_padding, self.dims)
        self._make(in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode,
                   device, dtype)  # fmt: skip

    def forward(self, input: Any, output_size: Any = None) -> Any:
        """The transposed convolution. output_size: of the result, among those that the stride leaves open."""
        self._check(input)
        extra = self.output_padding if output_size is None else self._extra(input, tuple(output_size))
        return type(self).function(input, self.weight, self.bias, self.stride, self.padding, extra, self.groups,
                                   self.dilation)  # fmt: skip

    def _extra(self, input: Any, wanted: tuple[int, ...]) -> tuple[int, ...]:
        wanted = wanted[-self.dims :]
        least = [
            (n - 1) * s - 2 * p + d * (k - 1) + 1
            for n, s, p, d, k in zip(
                input.shape[-self.dims :], self.stride, self.padding, self.dilation, self.kernel_size
            )
        ]
        extra = tuple(w - n for w, n in zip(wanted, least))
        if len(wanted) != self.dims or any(not 0 <= e < s for e, s in zip(extra, self.stride)):
            most = [n + s - 1 for n, s in zip(least, self.stride)]
            raise ShapeError(f"{self!r}: output_size: expected from {least} to {most}, got {list(wanted)}")
        return extra


class ConvTranspose1d(_Transposed):
    """The adjoint of Conv1d in its input: see functional.conv_transpose1d. weight (in, out / groups, kernel)."""

    dims, function = 1, staticmethod(F.conv_transpose1d)


class ConvTranspose2d(_Transposed):
    """The adjoint of Conv2d in its input: see functional.conv_transpose2d. weight (in, out / groups, *kernel)."""

    dims, function = 2, staticmethod(F.conv_transpose2d)


class ConvTranspose3d(_Transposed):
    """The adjoint of Conv3d in its input: see functional.conv_transpose3d. weight (in, out / groups, *kernel)."""

    dims, function = 3, staticmethod(F.conv_transpose3d)
