"""Bernoulli: one thing that happens or not."""

import math
from typing import Any

from minigrad.distributions import constraints
from minigrad.distributions.distribution import Distribution
from minigrad.distributions.utils import Binary, broadcast_all, draw_uniform, one_of
from minigrad.engine.tensor import Tensor
from minigrad.nn.functional import binary_cross_entropy_with_logits
from minigrad.ops.array.creation import arange
from minigrad.ops.pointwise.arithmetic import where


class Bernoulli(Binary, Distribution):
    """1 with probability probs (or sigmoid(logits)), else 0."""

    has_enumerate_support = True
    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.boolean

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        name, given = one_of("Bernoulli", probs, logits)
        (given,) = broadcast_all(given)
        setattr(self, name, given)
        super().__init__(given.shape, validate_args=validate_args)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Draws of 0 and 1, floating."""
        p = self.probs.detach()
        return (draw_uniform(p, self._extended_shape(sample_shape)) < p).to(p.dtype)

    def log_prob(self, value: Any) -> Tensor:
        """log p where value is 1, log(1 - p) where it is 0."""
        logits, v = broadcast_all(self.logits, self._validate_sample(value))
        return -binary_cross_entropy_with_logits(logits, v.to(logits.dtype), reduction="none")

    def entropy(self) -> Tensor:
        """-p log p - (1 - p) log(1 - p)."""
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """0 and 1."""
        return self._enumerated(arange(2, dtype=self.probs.dtype, device=self.probs.device), expand)

    @property
    def mean(self) -> Tensor:
        """p."""
        return self.probs

    @property
    def mode(self) -> Tensor:
        """1 where p > 1/2, 0 where p < 1/2, nan between."""
        p = self.probs.detach()
        return where(p == 0.5, math.nan, (p > 0.5).to(p.dtype))

    @property
    def variance(self) -> Tensor:
        """p (1 - p)."""
        return self.probs * (1 - self.probs)
