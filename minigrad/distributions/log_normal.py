"""The log-normal distribution."""

from typing import Any

from minigrad.distributions.distribution import formula
from minigrad.distributions.normal import Normal
from minigrad.distributions.transformed_distribution import TransformedDistribution
from minigrad.distributions.transforms import ExpTransform
from minigrad.engine.tensor import Tensor
from minigrad.ops.pointwise.arithmetic import exp, expm1


class LogNormal(TransformedDistribution):
    """The log-normal distribution, that of exp(x) with x from N(loc, scale^2)."""

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        super().__init__(Normal(loc, scale, validate_args), ExpTransform(), validate_args)

    loc = formula("The mean of the logarithm.", lambda self: self.base_dist.loc)
    scale = formula("The standard deviation of the logarithm.", lambda self: self.base_dist.scale)

    def entropy(self) -> Tensor:
        """The entropy: the normal's plus loc."""
        return self.base_dist.entropy() + self.loc

    mean = formula("The mean: exp(loc + scale^2 / 2).", lambda self: exp(self.loc + self.scale**2 / 2))
    mode = formula("The mode: exp(loc - scale^2).", lambda self: exp(self.loc - self.scale**2))
    variance = formula(
        "The variance: (exp(scale^2) - 1) exp(2 loc + scale^2).",
        lambda self: expm1(self.scale**2) * exp(2 * self.loc + self.scale**2),
    )
