"""The Kumaraswamy distribution."""

from typing import Any

import numpy as np

from minigrad.distributions import constraints
from minigrad.distributions.distribution import Distribution, formula
from minigrad.distributions.utils import broadcast_all, open_uniform
from minigrad.engine.tensor import Tensor
from minigrad.ops.pointwise.arithmetic import exp, log, log1p
from minigrad.ops.pointwise.special import digamma, lgamma


class Kumaraswamy(Distribution):
    """The Kumaraswamy distribution on (0, 1), with a = concentration1 and b = concentration0: cdf 1 - (1 - x^a)^b.

    Like a beta distribution, but with a quantile function in closed form, so that samples have gradients.
    Source: Kumaraswamy, A generalized probability density function for double-bounded random processes, 1980.
    """

    has_rsample = True
    arg_constraints = {"concentration1": constraints.positive, "concentration0": constraints.positive}
    support = constraints.unit_interval

    def __init__(self, concentration1: Any, concentration0: Any, validate_args: bool | None = None) -> None:
        self.concentration1, self.concentration0 = broadcast_all(concentration1, concentration0)
        super().__init__(self.concentration1.shape, validate_args=validate_args)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """icdf(u), with u uniform in (0, 1) (inverse transform sampling)."""
        return self.icdf(open_uniform(self.concentration1, self._extended_shape(sample_shape)))

    def log_prob(self, value: Any) -> Tensor:
        """The log-density: log(a b) + (a - 1) log x + (b - 1) log(1 - x^a)."""
        a, b, x = self.concentration1, self.concentration0, self._validate_sample(value)
        return log(a * b) + (a - 1) * log(x) + (b - 1) * log1p(-(x**a))

    def cdf(self, value: Any) -> Tensor:
        """The cumulative distribution function: 1 - (1 - x^a)^b."""
        return 1 - (1 - self._validate_sample(value) ** self.concentration1) ** self.concentration0

    def icdf(self, value: Any) -> Tensor:
        """The quantile function: (1 - (1 - p)^(1 / b))^(1 / a)."""
        return (1 - (1 - value) ** (1 / self.concentration0)) ** (1 / self.concentration1)

    def _moment(self, n: int) -> Tensor:
        """E[x^n] = b B(1 + n / a, b), with B the beta function."""
        a, b = self.concentration1, self.concentration0
        return b * exp(lgamma(1 + n / a) + lgamma(b) - lgamma(1 + n / a + b))

    def entropy(self) -> Tensor:
        """The entropy: 1 - 1/b + (1 - 1/a) H_b - log(a b), with H_b = digamma(b + 1) + gamma the harmonic number."""
        a, b = self.concentration1, self.concentration0
        harmonic = digamma(b + 1) + float(np.euler_gamma)
        return 1 - 1 / b + (1 - 1 / a) * harmonic - log(a * b)

    mean = formula("The mean: b B(1 + 1 / a, b).", lambda self: self._moment(1))
    variance = formula("The variance: E[x^2] - E[x]^2.", lambda self: self._moment(2) - self._moment(1) ** 2)
