"""The gamma distribution."""

from typing import Any

from minigrad.distributions import constraints
from minigrad.distributions.distribution import Distribution, formula
from minigrad.distributions.utils import broadcast_all, sample_on_host
from minigrad.dtypes import finfo
from minigrad.engine.tensor import Tensor
from minigrad.ops.pointwise.arithmetic import clamp, log
from minigrad.ops.pointwise.special import digamma, lgamma, xlogy


class Gamma(Distribution):
    """The gamma distribution Gamma(a, b), with a = concentration and b = rate: density proportional to
    x^(a - 1) exp(-b x)."""

    arg_constraints = {"concentration": constraints.positive, "rate": constraints.positive}
    support = constraints.nonnegative

    def __init__(self, concentration: Any, rate: Any, validate_args: bool | None = None) -> None:
        self.concentration, self.rate = broadcast_all(concentration, rate)
        super().__init__(self.rate.shape, validate_args=validate_args)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Samples, clamped to the smallest normal number of their dtype: the density may be infinite at 0."""
        shape = self._extended_shape(sample_shape)
        x = sample_on_host(self.rate, lambda rng, a, b: rng.standard_gamma(a, shape) / b, self.concentration, self.rate)
        return clamp(x, float(finfo(self.rate.dtype).tiny), None)

    def log_prob(self, value: Any) -> Tensor:
        """The log-density: a log b + (a - 1) log x - b x - log Gamma(a)."""
        a, b, x = self.concentration, self.rate, self._validate_sample(value)
        return xlogy(a, b) + xlogy(a - 1, x) - b * x - lgamma(a)

    def entropy(self) -> Tensor:
        """The entropy: a - log b + log Gamma(a) + (1 - a) digamma(a)."""
        a = self.concentration
        return a - log(self.rate) + lgamma(a) + (1 - a) * digamma(a)

    mean = formula("The mean: a / b.", lambda self: self.concentration / self.rate)
    mode = formula(
        "The mode: (a - 1) / b, at least 0.", lambda self: clamp((self.concentration - 1) / self.rate, 0, None)
    )
    variance = formula("The variance: a / b^2.", lambda self: self.concentration / self.rate**2)
