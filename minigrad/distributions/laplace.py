"""The Laplace distribution."""

import math
from typing import Any

from minigrad.distributions.location_scale import LocationScale
from minigrad.ops.pointwise.arithmetic import absolute, expm1, log1p, sign


class Laplace(LocationScale):
    """The Laplace (double exponential) distribution: density exp(-|x - loc| / scale) / (2 scale)."""

    _standard_entropy = 1 + math.log(2)
    _standard_variance = 2.0
    _standard_log_prob = staticmethod(lambda z: -absolute(z) - math.log(2))
    _standard_cdf = staticmethod(lambda z: 0.5 - 0.5 * sign(z) * expm1(-absolute(z)))

    @staticmethod
    def _standard_icdf(p: Any) -> Any:
        d = p - 0.5
        return -sign(d) * log1p(-2 * absolute(d))
