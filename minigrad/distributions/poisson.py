"""The Poisson distribution."""

from typing import Any

from minigrad.distributions import constraints
from minigrad.distributions.distribution import Distribution
from minigrad.distributions.utils import broadcast_all, draw
from minigrad.engine.tensor import Tensor
from minigrad.ops.pointwise.arithmetic import floor
from minigrad.ops.pointwise.special import lgamma, xlogy


class Poisson(Distribution):
    """How many events come in a unit of time, at a rate: rate^k exp(-rate) / k!"""

    arg_constraints = {"rate": constraints.nonnegative}
    support = constraints.nonnegative_integer

    def __init__(self, rate: Any, validate_args: bool | None = None) -> None:
        (self.rate,) = broadcast_all(rate)
        super().__init__(self.rate.shape, validate_args=validate_args)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Whole numbers, floating."""
        shape = self._extended_shape(sample_shape)
        return draw(self.rate, lambda rng, rate: rng.poisson(rate, shape), self.rate)

    def log_prob(self, value: Any) -> Tensor:
        """k log(rate) - rate - log k!"""
        value = self._validate_sample(value).to(self.rate.dtype)
        return xlogy(value, self.rate) - self.rate - lgamma(value + 1)

    @property
    def mean(self) -> Tensor:
        """rate."""
        return self.rate

    @property
    def mode(self) -> Tensor:
        """rate, rounded down."""
        return floor(self.rate)

    @property
    def variance(self) -> Tensor:
        """rate."""
        return self.rate
