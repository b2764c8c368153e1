"""Categorical, relaxed to points of the simplex so that draws have gradients (Jang et al. 2017)."""

import math
from typing import Any

from minigrad.distributions import constraints
from minigrad.distributions.distribution import Distribution
from minigrad.distributions.transformed_distribution import TransformedDistribution
from minigrad.distributions.transforms import ExpTransform
from minigrad.distributions.utils import Classes, clamp_probs, draw_uniform
from minigrad.engine.tensor import Tensor
from minigrad.ops.array.creation import as_tensor
from minigrad.ops.nn.activation import log_softmax
from minigrad.ops.pointwise.arithmetic import log


class ExpRelaxedCategorical(Classes, Distribution):
    """The logarithm of a relaxed categorical draw: log_softmax((logits + Gumbel noise) / temperature)."""

    has_rsample = True
    arg_constraints = {"probs": constraints.nonnegative_vector, "logits": constraints.real_vector}
    support = constraints.real_vector

    def __init__(
        self, temperature: Any, probs: Tensor | None = None, logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        self._take("RelaxedOneHotCategorical", probs, logits)
        shape = (self.logits if probs is None else probs).shape
        super().__init__(shape[:-1], shape[-1:], validate_args)
        if probs is not None:
            self.probs = probs / probs.sum(-1, keepdim=True)
        like = self.logits
        self.temperature: Tensor = as_tensor(temperature, dtype=like.dtype, device=like.device)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """log_softmax((logits - log(-log u)) / temperature)."""
        u = clamp_probs(draw_uniform(self.logits, self._extended_shape(sample_shape)))
        return log_softmax((self.logits - log(-log(u))) / self.temperature, -1)

    def log_prob(self, value: Any) -> Tensor:
        """log (K - 1)! + (K - 1) log T + sum log_softmax(logits - T x)."""
        value, k = self._validate_sample(value), self.event_shape[0]
        score = log_softmax(self.logits - self.temperature * value, -1).sum(-1)
        return score + (k - 1) * log(self.temperature) + math.lgamma(k)


class RelaxedOneHotCategorical(TransformedDistribution):
    """Points of the simplex, the nearer to its corners the lower the temperature."""

    support: Any = constraints.simplex
    base_dist: ExpRelaxedCategorical

    def __init__(
        self, temperature: Any, probs: Tensor | None = None, logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        base = ExpRelaxedCategorical(temperature, probs, logits, validate_args)
        super().__init__(base, ExpTransform(), validate_args)

    @property
    def temperature(self) -> Tensor:
        """How far from the corners."""
        return self.base_dist.temperature

    @property
    def probs(self) -> Tensor:
        """The probabilities of the corners."""
        return self.base_dist.probs

    @property
    def logits(self) -> Tensor:
        """Their logarithms."""
        return self.base_dist.logits
