"""The Kumaraswamy distribution."""

from typing import Any

from minigrad.distributions import constraints
from minigrad.distributions.distribution import Distribution
from minigrad.distributions.utils import broadcast_all, clamp_probs, draw_uniform
from minigrad.engine.tensor import Tensor
from minigrad.ops.pointwise.arithmetic import exp, log, log1p
from minigrad.ops.pointwise.special import digamma, lgamma


class Kumaraswamy(Distribution):
    """A Beta's cousin with a simple cdf: 1 - (1 - x**a)**b on (0, 1), a = concentration1, b = concentration0.

    After Kumaraswamy, Journal of Hydrology 1980.
    """

    has_rsample = True
    arg_constraints = {"concentration1": constraints.positive, "concentration0": constraints.positive}
    support = constraints.unit_interval

    def __init__(self, concentration1: Any, concentration0: Any, validate_args: bool | None = None) -> None:
        self.concentration1, self.concentration0 = broadcast_all(concentration1, concentration0)
        super().__init__(self.concentration1.shape, validate_args=validate_args)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """icdf of a uniform number."""
        return self.icdf(clamp_probs(draw_uniform(self.concentration1, self._extended_shape(sample_shape))))

    def log_prob(self, value: Any) -> Tensor:
        """log(a b) + (a - 1) log x + (b - 1) log(1 - x**a)."""
        a, b, x = self.concentration1, self.concentration0, self._validate_sample(value)
        return log(a * b) + (a - 1) * log(x) + (b - 1) * log1p(-(x**a))

    def cdf(self, value: Any) -> Tensor:
        """1 - (1 - x**a)**b."""
        return 1 - (1 - self._validate_sample(value) ** self.concentration1) ** self.concentration0

    def icdf(self, value: Any) -> Tensor:
        """(1 - (1 - p)**(1 / b))**(1 / a)."""
        return (1 - (1 - value) ** (1 / self.concentration0)) ** (1 / self.concentration1)

    def _moment(self, n: int) -> Tensor:
        a, b = self.concentration1, self.concentration0
        return b * exp(lgamma(1 + n / a) + lgamma(b) - lgamma(1 + n / a + b))

    def entropy(self) -> Tensor:
        """1 - 1/b + (1 - 1/a) H(b) - log(a b), H the harmonic number."""
        a, b = self.concentration1, self.concentration0
        harmonic = digamma(b + 1) + 0.5772156649015329
        return 1 - 1 / b + (1 - 1 / a) * harmonic - log(a * b)

    @property
    def mean(self) -> Tensor:
        """The first moment, b B(1 + 1 / a, b)."""
        return self._moment(1)

    @property
    def variance(self) -> Tensor:
        """The second moment less the first one's square."""
        return self._moment(2) - self._moment(1) ** 2
