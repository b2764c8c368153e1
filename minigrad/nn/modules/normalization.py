"""Layer, RMS, group and local response normalization as modules."""

from typing import Any

from minigrad.engine.messages import describe
from minigrad.errors import ShapeError
from minigrad.nn import functional as F
from minigrad.nn.modules.function import FunctionModule
from minigrad.nn.modules.module import Module
from minigrad.nn.modules.utils import reset_affine
from minigrad.nn.parameter import Parameter
from minigrad.ops.array.creation import count, ones, zeros


class GroupNorm(Module):
    """Group normalization of (N, C, ...): y = (x - mean) / sqrt(var + eps) * weight + bias, with mean and (biased)
    variance of each sample over the C / num_groups channels of a group and the spatial dimensions.

    weight and bias (C,) start at 1 and 0; affine=False leaves them out. Raises ValueError unless num_groups divides
    num_channels. Wu and He, Group Normalization, ECCV 2018.
    """

    def __init__(
        self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True, device: Any = None,
        dtype: Any = None, *, bias: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        self.num_groups, self.num_channels = count("GroupNorm", "num_groups", num_groups), num_channels
        if not num_groups or num_channels % num_groups:
            raise ValueError(f"GroupNorm: num_channels: expected a multiple of {num_groups=}, got {num_channels}")
        self.eps, self.affine = eps, affine
        self.weight = Parameter(ones(num_channels, device=device, dtype=dtype)) if affine else None
        self.bias = Parameter(zeros(num_channels, device=device, dtype=dtype)) if affine and bias else None

    def reset_parameters(self) -> None:
        """Reset weight to 1 and bias to 0."""
        reset_affine(self.weight, self.bias)

    def forward(self, input: Any) -> Any:
        """See functional.group_norm."""
        if self.affine and (getattr(input, "ndim", 0) < 2 or input.shape[1] != self.num_channels):
            raise ShapeError(f"{self!r}: expected an input (N, {self.num_channels}, ...), got {describe(input)}")
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        shown = f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}"
        return f"{shown}, bias={self.bias is not None}"


class _LastDimsNorm(Module):
    """Normalization over the last dimensions, of shape normalized_shape, with a weight of that shape."""

    def __init__(self, normalized_shape: Any, eps: Any, elementwise_affine: bool, options: Any) -> None:
        super().__init__()
        shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.normalized_shape, self.eps, self.elementwise_affine = shape, eps, elementwise_affine
        self.weight = Parameter(ones(*shape, **options)) if elementwise_affine else None

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class LayerNorm(_LastDimsNorm):
    """Layer normalization: y = (x - mean) / sqrt(var + eps) * weight + bias, with mean and (biased) variance over the
    last dimensions, whose shape is normalized_shape (a number: the last dimension alone).

    weight and bias, of that shape, start at 1 and 0; elementwise_affine=False leaves them out. Ba et al., Layer
    Normalization, 2016.
    """

    def __init__(
        self, normalized_shape: Any, eps: float = 1e-5, elementwise_affine: bool = True, bias: bool = True,
        device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        options = {"device": device, "dtype": dtype}
        super().__init__(normalized_shape, eps, elementwise_affine, options)
        self.bias = Parameter(zeros(*self.normalized_shape, **options)) if elementwise_affine and bias else None

    def reset_parameters(self) -> None:
        """Reset weight to 1 and bias to 0."""
        reset_affine(self.weight, self.bias)

    def forward(self, input: Any) -> Any:
        """See functional.layer_norm."""
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, bias={self.bias is not None}"


class RMSNorm(_LastDimsNorm):
    """y = x / sqrt(mean(x^2) + eps) * weight, with the mean over the last dimensions, whose shape is normalized_shape
    (a number: the last dimension alone).

    eps=None: the smallest step at 1 of the input's dtype (finfo.eps). weight, of that shape, starts at 1. Zhang and
    Sennrich, Root Mean Square Layer Normalization, NeurIPS 2019.
    """

    def __init__(
        self, normalized_shape: Any, eps: float | None = None, elementwise_affine: bool = True, device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(normalized_shape, eps, elementwise_affine, {"device": device, "dtype": dtype})

    def reset_parameters(self) -> None:
        """Reset weight to 1."""
        reset_affine(self.weight, None)

    def forward(self, input: Any) -> Any:
        """See functional.rms_norm."""
        return F.rms_norm(input, self.normalized_shape, self.weight, self.eps)


class LocalResponseNorm(FunctionModule, function=F.local_response_norm):
    """y = x / (k + alpha / size * sum of the squares of `size` neighbouring channels)^beta, for (N, C, ...).

    Krizhevsky et al., ImageNet Classification with Deep Convolutional Neural Networks, NeurIPS 2012.
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None: ...

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


__all__ = ["GroupNorm", "LayerNorm", "LocalResponseNorm", "RMSNorm"]
