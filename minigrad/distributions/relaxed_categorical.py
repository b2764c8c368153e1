"""The relaxed categorical (Gumbel-softmax, concrete) distribution, whose samples have gradients."""

import math
from typing import Any

from minigrad.distributions import constraints
from minigrad.distributions.distribution import Distribution
from minigrad.distributions.relaxed import Relaxed
from minigrad.distributions.transforms import ExpTransform
from minigrad.distributions.utils import CategoricalParameters, open_uniform
from minigrad.engine.tensor import Tensor
from minigrad.ops.array.creation import as_tensor
from minigrad.ops.nn.activation import log_softmax
from minigrad.ops.pointwise.arithmetic import log


class ExpRelaxedCategorical(CategoricalParameters, Distribution):
    """The distribution of the logarithm of a RelaxedOneHotCategorical sample."""

    has_rsample = True
    arg_constraints = {"probs": constraints.nonnegative_vector, "logits": constraints.real_vector}
    support = constraints.real_vector

    def __init__(
        self, temperature: Any, probs: Tensor | None = None, logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        shape = self._set_parameters("RelaxedOneHotCategorical", probs, logits).shape
        super().__init__(shape[:-1], shape[-1:], validate_args)
        if probs is not None:
            self.probs = probs / probs.sum(-1, keepdim=True)
        like = self.logits
        self.temperature: Tensor = as_tensor(temperature, dtype=like.dtype, device=like.device)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """log_softmax((logits - log(-log u)) / temperature), with u uniform in (0, 1)."""
        u = open_uniform(self.logits, self._extended_shape(sample_shape))
        return log_softmax((self.logits - log(-log(u))) / self.temperature, -1)

    def log_prob(self, value: Any) -> Tensor:
        """The log-density: log (K - 1)! + (K - 1) log T + sum_k log_softmax(logits - T x)_k, T the temperature."""
        value, k = self._validate_sample(value), self.event_shape[0]
        score = log_softmax(self.logits - self.temperature * value, -1).sum(-1)
        return score + (k - 1) * log(self.temperature) + math.lgamma(k)


class RelaxedOneHotCategorical(Relaxed):
    """A one-hot categorical relaxed to the simplex (Gumbel-softmax): softmax((logits + Gumbel noise) / temperature). As
    the temperature falls to 0, samples approach one-hot vectors.

    Sources: Jang, Gu, Poole, Categorical Reparameterization with Gumbel-Softmax, 2017 (arXiv:1611.01144); Maddison,
    Mnih, Teh, The Concrete Distribution, 2017 (arXiv:1611.00712).
    """

    support: Any = constraints.simplex
    _base_type, _transform_type = ExpRelaxedCategorical, ExpTransform
