"""Instance normalization as modules."""

from typing import Any

from minigrad.nn import functional as F
from minigrad.nn.modules.batchnorm import _NormBase


class _InstanceNorm(_NormBase, dims=()):
    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float = 0.1, affine: bool = False,
        track_running_stats: bool = False, device: Any = None, dtype: Any = None, *, bias: bool = True,
    ) -> None: ...  # fmt: skip

    def forward(self, input: Any) -> Any:
        """Normalize each channel of each sample over the spatial dimensions."""
        unbatched = input.ndim == self.dims[0]
        self._check(input, 0 if unbatched else 1)
        use_input_stats = self.training or not self.track_running_stats
        out = F.instance_norm(
            input.unsqueeze(0) if unbatched else input, self.running_mean, self.running_var, self.weight, self.bias,
            use_input_stats, self.momentum or 0.0, self.eps,
        )  # fmt: skip
        return out.squeeze(0) if unbatched else out


class InstanceNorm1d(_InstanceNorm, dims=(2, 3)):
    """Instance normalization of (N, C, L) or (C, L): y = (x - mean) / sqrt(var + eps) * weight + bias, with mean and
    (biased) variance of each channel of each sample over L.

    affine=True adds weight and bias (C,), which start at 1 and 0; track_running_stats=True keeps running statistics, by
    which evaluation normalizes. Raises ShapeError unless there are num_features channels. Ulyanov et al., Instance
    Normalization: The Missing Ingredient for Fast Stylization, 2016.
    """


class InstanceNorm2d(_InstanceNorm, dims=(3, 4)):
    """Instance normalization of images (N, C, H, W) or (C, H, W), over H and W: see InstanceNorm1d."""


class InstanceNorm3d(_InstanceNorm, dims=(4, 5)):
    """Instance normalization of volumes (N, C, D, H, W) or (C, D, H, W), over D, H and W: see InstanceNorm1d."""


__all__ = ["InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"]
