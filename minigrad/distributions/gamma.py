"""The gamma distribution."""

from typing import Any

from minigrad.distributions import constraints
from minigrad.distributions.distribution import Distribution
from minigrad.distributions.utils import broadcast_all, draw
from minigrad.dtypes import finfo
from minigrad.engine.tensor import Tensor
from minigrad.ops.pointwise.arithmetic import clamp, log
from minigrad.ops.pointwise.special import digamma, lgamma, xlogy


class Gamma(Distribution):
    """Density proportional to x^(concentration - 1) exp(-rate x)."""

    arg_constraints = {"concentration": constraints.positive, "rate": constraints.positive}
    support = constraints.nonnegative

    def __init__(self, concentration: Any, rate: Any, validate_args: bool | None = None) -> None:
        self.concentration, self.rate = broadcast_all(concentration, rate)
        super().__init__(self.rate.shape, validate_args=validate_args)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Draws, above 0 by the dtype's smallest number at least."""
        shape = self._extended_shape(sample_shape)
        drawn = draw(self.rate, lambda rng, a, b: rng.standard_gamma(a, shape) / b, self.concentration, self.rate)
        out: Tensor = clamp(drawn, float(finfo(self.rate.dtype).tiny), None)
        return out

    def log_prob(self, value: Any) -> Tensor:
        """a log b + (a - 1) log x - b x - log Gamma(a)."""
        a, b, x = self.concentration, self.rate, self._validate_sample(value)
        return xlogy(a, b) + xlogy(a - 1, x) - b * x - lgamma(a)

    def entropy(self) -> Tensor:
        """a - log b + log Gamma(a) + (1 - a) digamma(a)."""
        a = self.concentration
        return a - log(self.rate) + lgamma(a) + (1 - a) * digamma(a)

    @property
    def mean(self) -> Tensor:
        """a / b."""
        return self.concentration / self.rate

    @property
    def mode(self) -> Tensor:
        """(a - 1) / b, at least 0."""
        out: Tensor = clamp((self.concentration - 1) / self.rate, 0, None)
        return out

    @property
    def variance(self) -> Tensor:
        """a / b^2."""
        return self.concentration / self.rate**2
