"""Bernoulli, relaxed to numbers between 0 and 1 so that draws have gradients (Maddison et al. 2017)."""

from typing import Any

from minigrad.distributions import constraints
from minigrad.distributions.distribution import Distribution
from minigrad.distributions.transformed_distribution import TransformedDistribution
from minigrad.distributions.transforms import SigmoidTransform
from minigrad.distributions.utils import Binary, broadcast_all, clamp_probs, draw_uniform, one_of, probs_to_logits
from minigrad.engine.tensor import Tensor
from minigrad.ops.array.creation import as_tensor
from minigrad.ops.pointwise.arithmetic import log
from minigrad.ops.pointwise.special import logaddexp


class LogitRelaxedBernoulli(Binary, Distribution):
    """The logit of a relaxed Bernoulli number: (logits + logistic noise) / temperature."""

    has_rsample = True
    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.real

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        name, given = one_of("RelaxedBernoulli", probs, logits)
        (given,) = broadcast_all(given)
        setattr(self, name, given)
        self.temperature: Tensor = as_tensor(temperature, dtype=given.dtype, device=given.device)
        super().__init__(given.shape, validate_args=validate_args)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """(logits + log u - log(1 - u)) / temperature."""
        u = clamp_probs(draw_uniform(self.logits, self._extended_shape(sample_shape)))
        return (self.logits + probs_to_logits(u, is_binary=True)) / self.temperature

    def log_prob(self, value: Any) -> Tensor:
        """log T + d - 2 log(1 + exp(d)), with d = logits - T x."""
        d = self.logits - self.temperature * self._validate_sample(value)
        return log(self.temperature) + d - 2 * logaddexp(d, 0.0)


class RelaxedBernoulli(TransformedDistribution):
    """Numbers between 0 and 1, the nearer to its ends the lower the temperature."""

    base_dist: LogitRelaxedBernoulli

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        base = LogitRelaxedBernoulli(temperature, probs, logits, validate_args)
        super().__init__(base, SigmoidTransform(), validate_args)

    @property
    def temperature(self) -> Tensor:
        """How far from 0 and 1."""
        return self.base_dist.temperature

    @property
    def probs(self) -> Tensor:
        """The probability of more than 1/2."""
        return self.base_dist.probs

    @property
    def logits(self) -> Tensor:
        """log(p / (1 - p))."""
        return self.base_dist.logits
