"""Dropout and stochastic depth as modules."""

from typing import Any

from minigrad.nn import functional as F
from minigrad.nn.modules.function import FunctionModule
from minigrad.nn.modules.module import Module


def _check_probability(module: Module, p: Any) -> None:
    if not isinstance(p, (int, float)) or not 0 <= p <= 1:
        raise ValueError(f"{type(module).__name__}: p: expected a probability, got {p!r}")


class _DropoutNd(FunctionModule):
    repr_names = ("p", "inplace")

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        _check_probability(self, p)
        super().__init__(p=p, inplace=inplace)

    def forward(self, input: Any) -> Any:
        """See the function of this name in nn.functional."""
        return type(self).function(input, self.p, self.training, self.inplace)


class Dropout(_DropoutNd, function=F.dropout):
    """In training, sets each element to 0 with probability p and divides the others by 1 - p; in evaluation, the
    identity. Srivastava et al., Dropout, JMLR 2014."""


class Dropout1d(_DropoutNd, function=F.dropout1d):
    """Dropout of whole channels of (N, C, L) or (C, L)."""


class Dropout2d(_DropoutNd, function=F.dropout2d):
    """Dropout of whole channels of images (N, C, H, W); (N, C, L) with a warning. Tompson et al., Efficient Object
    Localization Using Convolutional Networks, CVPR 2015."""


class Dropout3d(_DropoutNd, function=F.dropout3d):
    """Dropout of whole channels of volumes (N, C, D, H, W) or (C, D, H, W)."""


class AlphaDropout(_DropoutNd, function=F.alpha_dropout):
    """Dropout for networks of SELU, which keeps mean 0 and variance 1. Klambauer et al., Self-Normalizing Neural
    Networks, NeurIPS 2017."""


class FeatureAlphaDropout(_DropoutNd, function=F.feature_alpha_dropout):
    """AlphaDropout of whole channels of (N, C, ...)."""


class StochasticDepth(FunctionModule, function=F.stochastic_depth):
    """In training, drops a residual branch with probability p: x + StochasticDepth(0.2, "row")(branch(x)).

    mode: "batch" drops it for all samples together, "row" for each by itself; what is kept is divided by 1 - p.
    Huang et al., Deep Networks with Stochastic Depth, ECCV 2016; arguments as torchvision's.
    """

    uses_training = True

    def __init__(self, p: float, mode: str = "row") -> None:
        _check_probability(self, p)
        if mode not in ("batch", "row"):
            raise ValueError(f'StochasticDepth: mode: expected "batch" or "row", got {mode!r}')
        super().__init__(p=p, mode=mode)


__all__ = [
    "AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout", "StochasticDepth",
]  # fmt: skip
