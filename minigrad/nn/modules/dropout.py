"""Noise in training as modules: dropout in all its shapes, and stochastic depth."""

from typing import Any

from minigrad.nn import functional as F
from minigrad.nn.modules.module import Module


class _Dropout(Module):
    function: Any = None

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not isinstance(p, (int, float)) or not 0 <= p <= 1:
            raise ValueError(f"{type(self).__name__}: p: expected a probability, got {p!r}")
        self.p, self.inplace = p, inplace

    def forward(self, input: Any) -> Any:
        """See the function of this name in nn.functional."""
        return type(self).function(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    """In training, zeroes each element with probability p and divides the others by 1 - p."""

    function = staticmethod(F.dropout)


class Dropout1d(_Dropout):
    """Dropout of whole channels of (N, C, L)."""

    function = staticmethod(F.dropout1d)


class Dropout2d(_Dropout):
    """Dropout of whole channels of (N, C, H, W)."""

    function = staticmethod(F.dropout2d)


class Dropout3d(_Dropout):
    """Dropout of whole channels of (N, C, D, H, W)."""

    function = staticmethod(F.dropout3d)


class AlphaDropout(_Dropout):
    """Dropout for networks of selu: mean 0 and variance 1 stay."""

    function = staticmethod(F.alpha_dropout)


class FeatureAlphaDropout(_Dropout):
    """Alpha dropout of whole channels."""

    function = staticmethod(F.feature_alpha_dropout)


class StochasticDepth(Module):
    """In training, leaves a residual branch out with probability p: x + StochasticDepth(0.2, "row")(branch(x)).

    mode: "batch" for all samples together, "row" for each. Huang et al., ECCV 2016; arguments as torchvision's.
    """

    def __init__(self, p: float, mode: str = "row") -> None:
        super().__init__()
        if not isinstance(p, (int, float)) or not 0 <= p <= 1:
            raise ValueError(f"StochasticDepth: p: expected a probability, got {p!r}")
        if mode not in ("batch", "row"):
            raise ValueError(f'StochasticDepth: mode: expected "batch" or "row", got {mode!r}')
        self.p, self.mode = p, mode

    def forward(self, input: Any) -> Any:
        """See functional.stochastic_depth."""
        return F.stochastic_depth(input, self.p, self.mode, self.training)

    def extra_repr(self) -> str:
        return f"p={self.p}, mode={self.mode}"
