"""The normal distribution."""

import math
from typing import Any

from minigrad.distributions.location_scale import LocationScale
from minigrad.distributions.utils import standard_normal
from minigrad.engine.tensor import Tensor
from minigrad.ops.pointwise.special import erf, erfinv


class Normal(LocationScale):
    """The normal distribution N(loc, scale^2): density exp(-((x - loc) / scale)^2 / 2) / (scale sqrt(2 pi))."""

    _standard_entropy = 0.5 * math.log(2 * math.pi * math.e)
    _standard_variance = 1.0
    _standard_log_prob = staticmethod(lambda z: -0.5 * z * z - 0.5 * math.log(2 * math.pi))
    _standard_cdf = staticmethod(lambda z: 0.5 * (1 + erf(z / math.sqrt(2))))
    _standard_icdf = staticmethod(lambda p: math.sqrt(2) * erfinv(2 * p - 1))

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """loc + scale z, with z standard normal."""
        return self.loc + self.scale * standard_normal(self.loc, self._extended_shape(sample_shape))
