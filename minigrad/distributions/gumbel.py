"""The Gumbel distribution."""

import math

import numpy as np

from minigrad.distributions.location_scale import LocationScale
from minigrad.engine.tensor import Tensor
from minigrad.ops.pointwise.arithmetic import exp, log


class Gumbel(LocationScale):
    """The Gumbel distribution, the limit of the maximum of many samples: cdf exp(-exp(-(x - loc) / scale))."""

    _standard_entropy = 1 + float(np.euler_gamma)
    _standard_variance = math.pi**2 / 6
    _standard_log_prob = staticmethod(lambda z: -z - exp(-z))
    _standard_cdf = staticmethod(lambda z: exp(-exp(-z)))
    _standard_icdf = staticmethod(lambda p: -log(-log(p)))

    @property
    def mean(self) -> Tensor:
        """loc + scale gamma, with gamma = 0.5772... Euler's constant."""
        return self.loc + self.scale * float(np.euler_gamma)
