"""The Gumbel distribution."""

import math
from typing import Any

import numpy as np

from minigrad.distributions import constraints
from minigrad.distributions.distribution import Distribution
from minigrad.distributions.utils import broadcast_all, clamp_probs, draw_uniform
from minigrad.engine.tensor import Tensor
from minigrad.ops.pointwise.arithmetic import exp, log


class Gumbel(Distribution):
    """What the largest of many numbers tends to: cdf exp(-exp(-(x - loc) / scale))."""

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
        """y - exp(y) - log(scale), with y = (loc - x) / scale."""
        y = (self.loc - self._validate_sample(value)) / self.scale
        return y - exp(y) - log(self.scale)

    def cdf(self, value: Any) -> Tensor:
        """exp(-exp(-(x - loc) / scale))."""
        return exp(-exp((self.loc - self._validate_sample(value)) / self.scale))

    def icdf(self, value: Any) -> Tensor:
        """loc - scale log(-log p)."""
        return self.loc - self.scale * log(-log(value))

    def entropy(self) -> Tensor:
        """log(scale) + 1 + Euler's constant."""
        return log(self.scale) + (1 + float(np.euler_gamma))

    @property
    def mean(self) -> Tensor:
        """loc + scale times Euler's constant."""
        return self.loc + self.scale * float(np.euler_gamma)

    @property
    def mode(self) -> Tensor:
        """loc."""
        return self.loc

    @property
    def variance(self) -> Tensor:
        """(pi scale)^2 / 6."""
        return (math.pi * self.scale) ** 2 / 6
