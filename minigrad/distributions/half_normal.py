"""The half-normal distribution."""

import math
from typing import Any

from minigrad.distributions.distribution import formula
from minigrad.distributions.normal import Normal
from minigrad.distributions.transformed_distribution import TransformedDistribution
from minigrad.distributions.transforms import AbsTransform
from minigrad.engine.tensor import Tensor
from minigrad.ops.array.creation import zeros_like
from minigrad.ops.pointwise.arithmetic import where


class HalfNormal(TransformedDistribution):
    """The half-normal distribution, that of |x| with x from N(0, scale^2)."""

    def __init__(self, scale: Any, validate_args: bool | None = None) -> None:
        super().__init__(Normal(0.0, scale, validate_args), AbsTransform(), validate_args)

    scale = formula("The standard deviation of the normal distribution.", lambda self: self.base_dist.scale)

    def log_prob(self, value: Any) -> Tensor:
        """The log-density: the normal's plus log 2 for x >= 0, else -inf."""
        value = self._validate_sample(value)
        return where(value >= 0, self.base_dist.log_prob(value) + math.log(2), -math.inf)

    def cdf(self, value: Any) -> Tensor:
        """The cumulative distribution function: 2 Phi(x / scale) - 1, with Phi the standard normal's."""
        return 2 * self.base_dist.cdf(self._validate_sample(value)) - 1

    def icdf(self, value: Any) -> Tensor:
        """The quantile function: the normal's at (p + 1) / 2."""
        return self.base_dist.icdf((value + 1) / 2)

    def entropy(self) -> Tensor:
        """The entropy: the normal's less log 2."""
        return self.base_dist.entropy() - math.log(2)

    mean = formula("The mean: scale sqrt(2 / pi).", lambda self: self.scale * math.sqrt(2 / math.pi))
    mode = formula("The mode: 0.", lambda self: zeros_like(self.scale))
    variance = formula("The variance: scale^2 (1 - 2 / pi).", lambda self: self.scale**2 * (1 - 2 / math.pi))
