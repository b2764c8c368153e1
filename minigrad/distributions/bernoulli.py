"""The Bernoulli distribution."""

import math
from typing import Any

from minigrad.distributions import constraints
from minigrad.distributions.distribution import Distribution, formula
from minigrad.distributions.utils import BinaryParameters, broadcast_all, standard_uniform
from minigrad.engine.tensor import Tensor
from minigrad.nn.functional import binary_cross_entropy_with_logits
from minigrad.ops.array.creation import arange
from minigrad.ops.pointwise.arithmetic import where


class Bernoulli(BinaryParameters, Distribution):
    """The Bernoulli distribution: 1 with probability p, else 0. Give probs = p or logits = log(p / (1 - p))."""

    has_enumerate_support = True
    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.boolean

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        (given,) = self._set_parameters("Bernoulli", probs, logits)
        super().__init__(given.shape, validate_args=validate_args)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Samples 0 and 1, of the dtype of probs."""
        p = self.probs.detach()
        return (standard_uniform(p, self._extended_shape(sample_shape)) < p).to(p.dtype)

    def log_prob(self, value: Any) -> Tensor:
        """The log-probability: log p for the value 1, log(1 - p) for 0."""
        logits, v = broadcast_all(self.logits, self._validate_sample(value))
        return -binary_cross_entropy_with_logits(logits, v.to(logits.dtype), reduction="none")

    def entropy(self) -> Tensor:
        """The entropy: -p log p - (1 - p) log(1 - p)."""
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """0 and 1, of the dtype of probs."""
        return self._expand_support(arange(2, dtype=self.probs.dtype, device=self.probs.device), expand)

    mean = formula("The mean: p.", lambda self: self.probs)

    @property
    def mode(self) -> Tensor:
        """The mode: 1 where p > 1/2, 0 where p < 1/2, nan where p = 1/2."""
        p = self.probs.detach()
        return where(p == 0.5, math.nan, (p > 0.5).to(p.dtype))

    variance = formula("The variance: p (1 - p).", lambda self: self.probs * (1 - self.probs))
