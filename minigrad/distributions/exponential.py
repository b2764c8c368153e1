"""The exponential distribution."""

from typing import Any

from minigrad.distributions import constraints
from minigrad.distributions.distribution import Distribution, formula
from minigrad.distributions.utils import broadcast_all, standard_uniform
from minigrad.engine.tensor import Tensor
from minigrad.ops.array.creation import zeros_like
from minigrad.ops.pointwise.arithmetic import expm1, log, log1p


class Exponential(Distribution):
    """The exponential distribution: density rate exp(-rate x) for x >= 0."""

    has_rsample = True
    arg_constraints = {"rate": constraints.positive}
    support = constraints.nonnegative

    def __init__(self, rate: Any, validate_args: bool | None = None) -> None:
        (self.rate,) = broadcast_all(rate)
        super().__init__(self.rate.shape, validate_args=validate_args)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """-log(1 - u) / rate, with u uniform in [0, 1) (inverse transform sampling)."""
        return self.icdf(standard_uniform(self.rate, self._extended_shape(sample_shape)))

    def log_prob(self, value: Any) -> Tensor:
        """The log-density: log(rate) - rate x."""
        return log(self.rate) - self.rate * self._validate_sample(value)

    def cdf(self, value: Any) -> Tensor:
        """The cumulative distribution function: 1 - exp(-rate x)."""
        return -expm1(-self.rate * self._validate_sample(value))

    def icdf(self, value: Any) -> Tensor:
        """The quantile function: -log(1 - p) / rate."""
        return -log1p(-value) / self.rate

    def entropy(self) -> Tensor:
        """The entropy: 1 - log(rate)."""
        return 1 - log(self.rate)

    mean = formula("The mean: 1 / rate.", lambda self: 1 / self.rate)
    mode = formula("The mode: 0.", lambda self: zeros_like(self.rate))
    variance = formula("The variance: 1 / rate^2.", lambda self: 1 / self.rate**2)
