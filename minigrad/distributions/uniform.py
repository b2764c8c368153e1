"""The uniform distribution."""

import math
from typing import Any

from minigrad.distributions import constraints
from minigrad.distributions.distribution import Distribution
from minigrad.distributions.utils import broadcast_all, draw_uniform
from minigrad.engine.tensor import Tensor
from minigrad.ops.array.creation import full_like
from minigrad.ops.pointwise.arithmetic import clamp, log, where


class Uniform(Distribution):
    """Uniform in [low, high)."""

    has_rsample = True
    arg_constraints = {"low": constraints.real, "high": constraints.real}

    def __init__(self, low: Any, high: Any, validate_args: bool | None = None) -> None:
        self.low, self.high = broadcast_all(low, high)
        super().__init__(self.low.shape, validate_args=validate_args)
        if self._validate_args and not bool((self.low < self.high).all()):
            raise ValueError("Uniform: low: expected less than high")

    @property
    def support(self) -> Any:
        """From low to high."""
        return constraints.interval(self.low.detach(), self.high.detach())

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """low + (high - low) * uniform."""
        return self.low + (self.high - self.low) * draw_uniform(self.low, self._extended_shape(sample_shape))

    def log_prob(self, value: Any) -> Tensor:
        """-log(high - low) inside, minus infinity outside."""
        value = self._validate_sample(value)
        inside = (value >= self.low) & (value < self.high)
        return where(inside, -log(self.high - self.low), -math.inf)

    def cdf(self, value: Any) -> Tensor:
        """(x - low) / (high - low), from 0 to 1."""
        out: Tensor = clamp((self._validate_sample(value) - self.low) / (self.high - self.low), 0, 1)
        return out

    def icdf(self, value: Any) -> Tensor:
        """low + (high - low) p."""
        return self.low + (self.high - self.low) * value

    def entropy(self) -> Tensor:
        """log(high - low)."""
        return log(self.high - self.low)

    @property
    def mean(self) -> Tensor:
        """The middle."""
        return (self.low + self.high) / 2

    @property
    def mode(self) -> Tensor:
        """nan: no value is likelier than another."""
        return full_like(self.low, math.nan)

    @property
    def variance(self) -> Tensor:
        """(high - low)^2 / 12."""
        return (self.high - self.low) ** 2 / 12
