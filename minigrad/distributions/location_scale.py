"""Location-scale families: x = loc + scale z, with z from a fixed standard distribution."""

from typing import Any, ClassVar

from minigrad.distributions import constraints
from minigrad.distributions.distribution import Distribution, formula
from minigrad.distributions.utils import broadcast_all, open_uniform
from minigrad.engine.tensor import Tensor
from minigrad.ops.pointwise.arithmetic import log


class LocationScale(Distribution):
    """The distribution of loc + scale z. loc and scale broadcast to batch_shape; scale must be above 0.

    A subclass describes z, whose mode is 0: `_standard_log_prob(z)`, `_standard_cdf(z)`, `_standard_icdf(p)`, and the
    numbers `_standard_entropy` and `_standard_variance`. Where the mean of z is not 0, it overrides `mean` as well.
    """

    has_rsample = True
    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    _standard_log_prob: ClassVar[Any]
    _standard_cdf: ClassVar[Any]
    _standard_icdf: ClassVar[Any]
    _standard_entropy: ClassVar[float]
    _standard_variance: ClassVar[float]

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        super().__init__(self.loc.shape, validate_args=validate_args)

    def _standardize(self, value: Any) -> Tensor:
        return (self._validate_sample(value) - self.loc) / self.scale

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """icdf(u), with u uniform in (0, 1) (inverse transform sampling)."""
        return self.icdf(open_uniform(self.loc, self._extended_shape(sample_shape)))

    def log_prob(self, value: Any) -> Tensor:
        """The log-density log f(z) - log(scale), with z = (x - loc) / scale and f the density of z."""
        return self._standard_log_prob(self._standardize(value)) - log(self.scale)

    def cdf(self, value: Any) -> Tensor:
        """F((x - loc) / scale), with F the cumulative distribution function of z."""
        return self._standard_cdf(self._standardize(value))

    def icdf(self, value: Any) -> Tensor:
        """loc + scale F^-1(p), with F the cumulative distribution function of z."""
        return self.loc + self.scale * self._standard_icdf(value)

    def entropy(self) -> Tensor:
        """log(scale) + H(z), with H the entropy."""
        return log(self.scale) + self._standard_entropy

    mean = formula("The mean: loc.", lambda self: self.loc)
    mode = formula("The mode: loc.", lambda self: self.loc)
    variance = formula("scale^2 Var(z).", lambda self: self.scale**2 * self._standard_variance)
