"""Batch normalization as modules, and the base that they share with instance normalization."""

from typing import Any

from minigrad.backend import run as runner
from minigrad.engine.messages import describe
from minigrad.engine.tensor import Tensor
from minigrad.engine.versions import bump_own_version
from minigrad.errors import ShapeError
from minigrad.nn import functional as F
from minigrad.nn import init
from minigrad.nn.modules.function import DeclaredModule
from minigrad.nn.modules.utils import reset_affine
from minigrad.nn.parameter import Parameter
from minigrad.ops.array.creation import count, ones, tensor, zeros


class _NormBase(DeclaredModule):
    """What batch and instance norm share: weight and bias by channel, running statistics as buffers."""

    dims: tuple[int, ...]  # the numbers of dimensions that an input may have

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True,
        track_running_stats: bool = True, device: Any = None, dtype: Any = None, *, bias: bool = True,
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
        self.register_buffer("num_batches_tracked", tensor(0, device=device) if track_running_stats else None)

    def reset_running_stats(self) -> None:
        """Reset the running statistics: mean 0, variance 1, no batches counted."""
        if self.track_running_stats:
            init.zeros_(self.running_mean)
            init.ones_(self.running_var)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Reset the running statistics, weight to 1 and bias to 0."""
        self.reset_running_stats()
        reset_affine(self.weight, self.bias)

    def _check(self, input: Any, channel_dim: int = 1) -> None:
        shape = getattr(getattr(input, "_array", input), "shape", ())
        if len(shape) not in self.dims or shape[channel_dim] != self.num_features:
            raise ShapeError(
                f"{self!r}: expected an input of {' or '.join(map(str, self.dims))} dimensions with "
                f"{self.num_features} channels in dimension {channel_dim}, got {describe(input)}"
            )

    def extra_repr(self) -> str:
        shown = f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}"
        return f"{shown}, bias={self.bias is not None}, track_running_stats={self.track_running_stats}"


def _increment(counter: Tensor) -> None:
    """counter += 1 on its array: nothing of it is recorded, so that the dispatch of in-place operations is not needed
    (it took more calls than the normalization)."""
    with runner.device_guard(counter) if runner.multi_gpu else runner.no_guard:
        counter._array += 1
    bump_own_version(counter, "add_")


class _BatchNorm(_NormBase):
    def forward(self, input: Any) -> Any:
        """Normalize by the batch's statistics in training (or where there are no running ones), else by the running
        statistics."""
        self._check(input)
        buffers, momentum = self._buffers, self.momentum  # one look-up where each attribute would be a Python call
        mean, var, counter = buffers["running_mean"], buffers["running_var"], buffers["num_batches_tracked"]
        if self.training and not self.track_running_stats:  # switched off later: the statistics stay as they are
            mean = var = None
        elif self.training and counter is not None:
            _increment(counter)
            if momentum is None:
                momentum = 1.0 / float(counter)  # the plain average over all batches so far
        use_batch_stats = self.training or mean is None
        return F.batch_norm(input, mean, var, self.weight, self.bias, use_batch_stats, momentum or 0.0, self.eps)


class BatchNorm1d(_BatchNorm, dims=(2, 3)):
    """Batch normalization of (N, C) or (N, C, L): y = (x - mean) / sqrt(var + eps) * weight + bias for each channel.

    In training mean and (biased) variance are those of the batch, over all dimensions but C, and the running statistics
    are moved: running = (1 - momentum) * running + momentum * batch (the variance unbiased, with n - 1);
    momentum=None averages all batches with equal weight. In evaluation the running statistics take their place.
    weight and bias (C,) start at 1 and 0; affine=False leaves them out, track_running_stats=False the running
    statistics (the batch's are then used in evaluation, too). Raises ShapeError unless the input has num_features
    channels in dimension 1. Ioffe and Szegedy, Batch Normalization, ICML 2015.
    """


class BatchNorm2d(_BatchNorm, dims=(4,)):
    """Batch normalization of images (N, C, H, W), for each channel over N, H and W: see BatchNorm1d."""


class BatchNorm3d(_BatchNorm, dims=(5,)):
    """Batch normalization of volumes (N, C, D, H, W), for each channel over N, D, H and W: see BatchNorm1d."""


__all__ = ["BatchNorm1d", "BatchNorm2d", "BatchNorm3d"]
