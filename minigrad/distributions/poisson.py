"""The Poisson distribution."""

from typing import Any

from minigrad.distributions import constraints
from minigrad.distributions.distribution import Distribution, formula
from minigrad.distributions.utils import broadcast_all, sample_on_host
from minigrad.engine.tensor import Tensor
from minigrad.ops.pointwise.arithmetic import floor
from minigrad.ops.pointwise.special import lgamma, xlogy


class Poisson(Distribution):
    """The Poisson distribution: k = 0, 1, 2, ... with probability rate^k exp(-rate) / k!"""

    arg_constraints = {"rate": constraints.nonnegative}
    support = constraints.nonnegative_integer

    def __init__(self, rate: Any, validate_args: bool | None = None) -> None:
        (self.rate,) = broadcast_all(rate)
        super().__init__(self.rate.shape, validate_args=validate_args)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Integers, of the dtype of rate."""
        shape = self._extended_shape(sample_shape)
        return sample_on_host(self.rate, lambda rng, rate: rng.poisson(rate, shape), self.rate)

    def log_prob(self, value: Any) -> Tensor:
        """The log-probability: k log(rate) - rate - log k!"""
        value = self._validate_sample(value).to(self.rate.dtype)
        return xlogy(value, self.rate) - self.rate - lgamma(value + 1)

    mean = formula("The mean: rate.", lambda self: self.rate)
    mode = formula("The mode: floor(rate).", lambda self: floor(self.rate))
    variance = formula("The variance: rate.", lambda self: self.rate)
