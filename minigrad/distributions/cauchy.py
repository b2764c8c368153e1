"""The Cauchy distribution."""

import math
from typing import Any

from minigrad.distributions import constraints
from minigrad.distributions.distribution import Distribution
from minigrad.distributions.utils import broadcast_all, clamp_probs, draw_uniform
from minigrad.engine.tensor import Tensor
from minigrad.ops.array.creation import full_like
from minigrad.ops.pointwise.arithmetic import log, log1p, tan
from minigrad.ops.pointwise.trigonometric import atan


class Cauchy(Distribution):
    """The ratio of two normal numbers, scaled and shifted: no mean, no finite variance."""

    has_rsample = True
    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        super().__init__(self.loc.shape, validate_args=validate_args)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """icdf of a uniform number."""
        return self.icdf(clamp_probs(draw_uniform(self.loc, self._extended_shape(sample_shape))))

    def log_prob(self, value: Any) -> Tensor:
        """-log(pi scale (1 + z^2)), with z = (x - loc) / scale."""
        z = (self._validate_sample(value) - self.loc) / self.scale
        return -math.log(math.pi) - log(self.scale) - log1p(z * z)

    def cdf(self, value: Any) -> Tensor:
        """atan(z) / pi + 1/2."""
        return atan((self._validate_sample(value) - self.loc) / self.scale) / math.pi + 0.5

    def icdf(self, value: Any) -> Tensor:
        """loc + scale tan(pi (p - 1/2))."""
        return self.loc + self.scale * tan(math.pi * (value - 0.5))

    def entropy(self) -> Tensor:
        """log(4 pi scale)."""
        return log(self.scale) + math.log(4 * math.pi)

    @property
    def mean(self) -> Tensor:
        """nan."""
        return full_like(self.loc, math.nan)

    @property
    def mode(self) -> Tensor:
        """loc."""
        return self.loc

    @property
    def variance(self) -> Tensor:
        """inf."""
        return full_like(self.loc, math.inf)
