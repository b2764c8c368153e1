"""The Laplace distribution."""

from typing import Any

from minigrad.distributions import constraints
from minigrad.distributions.distribution import Distribution
from minigrad.distributions.utils import broadcast_all, clamp_probs, draw_uniform
from minigrad.engine.tensor import Tensor
from minigrad.ops.pointwise.arithmetic import absolute, expm1, log, log1p, sign


class Laplace(Distribution):
    """Density exp(-|x - loc| / scale) / (2 scale)."""

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
        """-|x - loc| / scale - log(2 scale)."""
        return -absolute(self._validate_sample(value) - self.loc) / self.scale - log(2 * self.scale)

    def cdf(self, value: Any) -> Tensor:
        """(1 - s (exp(-|x - loc| / scale) - 1)) / 2, with s the sign of x - loc."""
        d = self._validate_sample(value) - self.loc
        return 0.5 - 0.5 * sign(d) * expm1(-absolute(d) / self.scale)

    def icdf(self, value: Any) -> Tensor:
        """loc - scale s log(1 - 2 |p - 1/2|), with s the sign of p - 1/2."""
        d = value - 0.5
        return self.loc - self.scale * (sign(d) * log1p(-2 * absolute(d)))

    def entropy(self) -> Tensor:
        """1 + log(2 scale)."""
        return 1 + log(2 * self.scale)

    @property
    def mean(self) -> Tensor:
        """loc."""
        return self.loc

    @property
    def mode(self) -> Tensor:
        """loc."""
        return self.loc

    @property
    def variance(self) -> Tensor:
        """2 scale^2."""
        return 2 * self.scale**2
