"""Normalization: by the batch with running statistics, by the layer, by groups and instances."""

from typing import Any

from minigrad.engine.messages import describe
from minigrad.errors import ShapeError
from minigrad.nn import functional as F
from minigrad.nn import init
from minigrad.nn.modules.module import Module
from minigrad.nn.parameter import Parameter
from minigrad.ops.array.creation import count, ones, zeros
from minigrad.ops.array.creation import tensor as make


def _reset(weight: Any, bias: Any) -> None:
    if weight is not None:
        init.ones_(weight)
    if bias is not None:
        init.zeros_(bias)


class _Running(Module):
    """What batch and instance norm share: weight and bias by channel, running statistics as buffers."""

    dims: tuple[int, ...]  # how many dimensions an input may have

    def __init__(
        self, num_features: int, eps: float, momentum: float | None, affine: bool, track_running_stats: bool,
        device: Any, dtype: Any, bias: bool,
    ) -> None:  # fmt: skip
        super().__init__()
        self.num_features = count(type(self).__name__, "num_features", num_features)
        self.eps, self.momentum, self.affine = eps, momentum, affine
        self.track_running_stats = track_running_stats
        options = {"device": device, "dtype": dtype}
        self.weight = Parameter(ones(num_features, **options)) if affine else None
        self.bias = Parameter(zeros(num_features, **options)) if affine and bias else None
        self.register_buffer("running_mean", zeros(num_features, **options) if track_running_stats else None)
        self.register_buffer("running_var", ones(num_features, **options) if track_running_stats else None)
        steps = make(0, device=device) if track_running_stats else None
        self.register_buffer("num_batches_tracked", steps)

    def reset_running_stats(self) -> None:
        """Forget the running statistics."""
        if self.track_running_stats:
            init.zeros_(self.running_mean)
            init.ones_(self.running_var)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Forget the running statistics; weight 1 and bias 0."""
        self.reset_running_stats()
        _reset(self.weight, self.bias)

    def _check(self, input: Any, channel: int = 1) -> None:
        if getattr(input, "ndim", 0) not in self.dims or input.shape[channel] != self.num_features:
            expected = " or ".join(map(str, self.dims))
            raise ShapeError(
                f"{self!r}: expected an input of {expected} dimensions with {self.num_features} channels in dimension "
                f"{channel}, got {describe(input)}"
            )

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class _BatchNorm(_Running):
    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True,
        track_running_stats: bool = True, device: Any = None, dtype: Any = None, *, bias: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias)

    def forward(self, input: Any) -> Any:
        """Normalized by the batch when training (and without running statistics), else by the running statistics."""
        self._check(input)
        share = self.momentum
        if self.training and self.track_running_stats:
            self.num_batches_tracked += 1
            if share is None:
                share = 1.0 / float(self.num_batches_tracked)  # the plain mean over all batches so far
        own = self.training or self.running_mean is None
        return F.batch_norm(input, self.running_mean, self.running_var, self.weight, self.bias, own, share or 0.0,
                            self.eps)  # fmt: skip


class BatchNorm1d(_BatchNorm):
    """Each channel of (N, C) or (N, C, L) normalized over the rest: see functional.batch_norm.

    momentum: the share of a new batch in the running statistics; None: all batches weigh alike. Ioffe and Szegedy
    (2015).
    """

    dims = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Each channel of (N, C, H, W) normalized over the rest: see BatchNorm1d."""

    dims = (4,)


class BatchNorm3d(_BatchNorm):
    """Each channel of (N, C, D, H, W) normalized over the rest: see BatchNorm1d."""

    dims = (5,)


class _InstanceNorm(_Running):
    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float = 0.1, affine: bool = False,
        track_running_stats: bool = False, device: Any = None, dtype: Any = None, *, bias: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias)

    def forward(self, input: Any) -> Any:
        """Each channel of each sample normalized over space."""
        alone = input.ndim == self.dims[0]
        self._check(input, 0 if alone else 1)
        own = self.training or not self.track_running_stats
        out = F.instance_norm(
            input.unsqueeze(0) if alone else input, self.running_mean, self.running_var, self.weight, self.bias, own,
            self.momentum or 0.0, self.eps,
        )  # fmt: skip
        return out.squeeze(0) if alone else out


class InstanceNorm1d(_InstanceNorm):
    """Each channel of each sample of (N, C, L) or (C, L): see functional.instance_norm."""

    dims = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    """Each channel of each sample of (N, C, H, W) or (C, H, W): see functional.instance_norm."""

    dims = (3, 4)


class InstanceNorm3d(_InstanceNorm):
    """Each channel of each sample of (N, C, D, H, W) or (C, D, H, W): see functional.instance_norm."""

    dims = (4, 5)


class GroupNorm(Module):
    """Channels in num_groups groups, each normalized over its channels and space (Wu and He, 2018)."""

    def __init__(
        self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True, device: Any = None,
        dtype: Any = None, *, bias: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        self.num_groups, self.num_channels = count("GroupNorm", "num_groups", num_groups), num_channels
        if not num_groups or num_channels % num_groups:
            raise ValueError(f"GroupNorm: num_channels: expected a multiple of num_groups={num_groups}, got "
                             f"{num_channels}")  # fmt: skip
        self.eps, self.affine = eps, affine
        self.weight = Parameter(ones(num_channels, device=device, dtype=dtype)) if affine else None
        self.bias = Parameter(zeros(num_channels, device=device, dtype=dtype)) if affine and bias else None

    def reset_parameters(self) -> None:
        """Weight 1 and bias 0."""
        _reset(self.weight, self.bias)

    def forward(self, input: Any) -> Any:
        """See functional.group_norm."""
        if self.affine and (getattr(input, "ndim", 0) < 2 or input.shape[1] != self.num_channels):
            raise ShapeError(f"{self!r}: expected an input (N, {self.num_channels}, ...), got {describe(input)}")
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


def _shape(normalized_shape: Any) -> tuple[int, ...]:
    return (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)


class LayerNorm(Module):
    """Normalized over the last dimensions, normalized_shape (Ba et al., 2016)."""

    def __init__(
        self, normalized_shape: Any, eps: float = 1e-5, elementwise_affine: bool = True, bias: bool = True,
        device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.normalized_shape, self.eps, self.elementwise_affine = _shape(normalized_shape), eps, elementwise_affine
        options = {"device": device, "dtype": dtype}
        self.weight = Parameter(ones(*self.normalized_shape, **options)) if elementwise_affine else None
        self.bias = Parameter(zeros(*self.normalized_shape, **options)) if elementwise_affine and bias else None

    def reset_parameters(self) -> None:
        """Weight 1 and bias 0."""
        _reset(self.weight, self.bias)

    def forward(self, input: Any) -> Any:
        """See functional.layer_norm."""
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(Module):
    """Divided by the root mean square over the last dimensions (Zhang and Sennrich, 2019)."""

    def __init__(
        self, normalized_shape: Any, eps: float | None = None, elementwise_affine: bool = True, device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.normalized_shape, self.eps, self.elementwise_affine = _shape(normalized_shape), eps, elementwise_affine
        self.weight = (
            Parameter(ones(*self.normalized_shape, device=device, dtype=dtype)) if elementwise_affine else None
        )

    def reset_parameters(self) -> None:
        """Weight 1."""
        _reset(self.weight, None)

    def forward(self, input: Any) -> Any:
        """See functional.rms_norm."""
        return F.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class LocalResponseNorm(Module):
    """Divided by a power of the sum of squares of `size` neighbouring channels (Krizhevsky et al., 2012)."""

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, input: Any) -> Any:
        """See functional.local_response_norm."""
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
