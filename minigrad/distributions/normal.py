"""The normal distribution."""

import math
from typing import Any

from minigrad.distributions import constraints
from minigrad.distributions.distribution import Distribution
from minigrad.distributions.utils import broadcast_all, draw_normal
from minigrad.engine.tensor import Tensor
from minigrad.ops.pointwise.arithmetic import log
from minigrad.ops.pointwise.special import erf, erfinv


class Normal(Distribution):
    """N(loc, scale^2), element by element."""

    has_rsample = True
    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        super().__init__(self.loc.shape, validate_args=validate_args)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """loc + scale * standard normal."""
        return self.loc + self.scale * draw_normal(self.loc, self._extended_shape(sample_shape))

    def log_prob(self, value: Any) -> Tensor:
        """-((x - loc) / scale)^2 / 2 - log(scale sqrt(2 pi))."""
        z = (self._validate_sample(value) - self.loc) / self.scale
        return -0.5 * z * z - log(self.scale) - 0.5 * math.log(2 * math.pi)

    def cdf(self, value: Any) -> Tensor:
        """The probability of less."""
        z = (self._validate_sample(value) - self.loc) / (self.scale * math.sqrt(2))
        return 0.5 * (1 + erf(z))

    def icdf(self, value: Any) -> Tensor:
        """loc + scale sqrt(2) erfinv(2 p - 1)."""
        return self.loc + self.scale * (math.sqrt(2) * erfinv(2 * value - 1))

    def entropy(self) -> Tensor:
        """log(scale sqrt(2 pi e))."""
        return log(self.scale) + 0.5 * math.log(2 * math.pi * math.e)

    @property
    def mean(self) -> Tensor:
        """loc."""
        return self.loc

    @property
    def mode(self) -> Tensor:
        """loc."""
        return self.loc

    @property
    def variance(self) -> Tensor:
        """scale^2."""
        return self.scale * self.scale
