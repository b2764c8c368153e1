"""The uniform distribution."""

import math
from typing import Any

from minigrad.distributions import constraints
from minigrad.distributions.distribution import Distribution, formula
from minigrad.distributions.utils import broadcast_all, standard_uniform
from minigrad.engine.tensor import Tensor
from minigrad.ops.array.creation import full_like
from minigrad.ops.pointwise.arithmetic import clamp, log, where


class Uniform(Distribution):
    """The uniform distribution on [low, high). Raises ValueError where low is not below high."""

    has_rsample = True
    arg_constraints = {"low": constraints.real, "high": constraints.real}

    def __init__(self, low: Any, high: Any, validate_args: bool | None = None) -> None:
        self.low, self.high = broadcast_all(low, high)
        super().__init__(self.low.shape, validate_args=validate_args)
        if self._validate_args and not bool((self.low < self.high).all()):
            raise ValueError("Uniform: low: expected less than high")

    support = formula(
        "The closed interval [low, high].", lambda self: constraints.interval(self.low.detach(), self.high.detach())
    )

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """low + (high - low) u, with u uniform in [0, 1)."""
        return self.low + (self.high - self.low) * standard_uniform(self.low, self._extended_shape(sample_shape))

    def log_prob(self, value: Any) -> Tensor:
        """The log-density: -log(high - low) in [low, high), else -inf."""
        value = self._validate_sample(value)
        inside = (value >= self.low) & (value < self.high)
        return where(inside, -log(self.high - self.low), -math.inf)

    def cdf(self, value: Any) -> Tensor:
        """The cumulative distribution function: (x - low) / (high - low), clamped to [0, 1]."""
        return clamp((self._validate_sample(value) - self.low) / (self.high - self.low), 0, 1)

    def icdf(self, value: Any) -> Tensor:
        """The quantile function: low + (high - low) p."""
        return self.low + (self.high - self.low) * value

    def entropy(self) -> Tensor:
        """The entropy: log(high - low)."""
        return log(self.high - self.low)

    mean = formula("The mean: (low + high) / 2.", lambda self: (self.low + self.high) / 2)
    mode = formula("nan: the density is constant.", lambda self: full_like(self.low, math.nan))
    variance = formula("The variance: (high - low)^2 / 12.", lambda self: (self.high - self.low) ** 2 / 12)
