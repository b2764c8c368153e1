"""The Cauchy distribution."""

import math

from minigrad.distributions.distribution import formula
from minigrad.distributions.location_scale import LocationScale
from minigrad.ops.array.creation import full_like
from minigrad.ops.pointwise.arithmetic import log1p, tan
from minigrad.ops.pointwise.trigonometric import atan


class Cauchy(LocationScale):
    """The Cauchy distribution: density 1 / (pi scale (1 + z^2)), z = (x - loc) / scale. Its mean does not exist."""

    _standard_entropy = math.log(4 * math.pi)
    _standard_log_prob = staticmethod(lambda z: -math.log(math.pi) - log1p(z * z))
    _standard_cdf = staticmethod(lambda z: atan(z) / math.pi + 0.5)
    _standard_icdf = staticmethod(lambda p: tan(math.pi * (p - 0.5)))

    mean = formula("nan: the mean does not exist.", lambda self: full_like(self.loc, math.nan))
    variance = formula("inf.", lambda self: full_like(self.loc, math.inf))
