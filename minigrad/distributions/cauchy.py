"""The Cauchy distribution."""

import math

from minigrad.distributions.location_scale import LocationScale
from minigrad.engine.tensor import Tensor
from minigrad.ops.array.creation import full_like
from minigrad.ops.pointwise.arithmetic import log1p, tan
from minigrad.ops.pointwise.trigonometric import atan


class Cauchy(LocationScale):
    """The Cauchy distribution: density 1 / (pi scale (1 + z^2)), z = (x - loc) / scale. Its mean does not exist."""

    _standard_entropy = math.log(4 * math.pi)
    _standard_log_prob = staticmethod(lambda z: -math.log(math.pi) - log1p(z * z))
    _standard_cdf = staticmethod(lambda z: atan(z) / math.pi + 0.5)
    _standard_icdf = staticmethod(lambda p: tan(math.pi * (p - 0.5)))

    @property
    def mean(self) -> Tensor:
        """nan: the mean does not exist."""
        return full_like(self.loc, math.nan)

    @property
    def variance(self) -> Tensor:
        """inf."""
        return full_like(self.loc, math.inf)
