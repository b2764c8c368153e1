"""The relaxed (concrete) Bernoulli distribution, whose samples have gradients."""

from typing import Any

from minigrad.distributions import constraints
from minigrad.distributions.distribution import Distribution
from minigrad.distributions.relaxed import Relaxed
from minigrad.distributions.transforms import SigmoidTransform
from minigrad.distributions.utils import BinaryParameters, open_uniform, probs_to_logits
from minigrad.engine.tensor import Tensor
from minigrad.ops.array.creation import as_tensor
from minigrad.ops.pointwise.arithmetic import log
from minigrad.ops.pointwise.special import logaddexp


class LogitRelaxedBernoulli(BinaryParameters, Distribution):
    """The distribution of the logit of a RelaxedBernoulli sample: (logits + logistic noise) / temperature."""

    has_rsample = True
    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.real

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        (given,) = self._set_parameters("RelaxedBernoulli", probs, logits)
        self.temperature: Tensor = as_tensor(temperature, dtype=given.dtype, device=given.device)
        super().__init__(given.shape, validate_args=validate_args)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """(logits + log u - log(1 - u)) / temperature, with u uniform in (0, 1)."""
        u = open_uniform(self.logits, self._extended_shape(sample_shape))
        return (self.logits + probs_to_logits(u, is_binary=True)) / self.temperature

    def log_prob(self, value: Any) -> Tensor:
        """The log-density: log T + d - 2 log(1 + exp(d)), with d = logits - T x and T the temperature."""
        d = self.logits - self.temperature * self._validate_sample(value)
        return log(self.temperature) + d - 2 * logaddexp(d, 0.0)


class RelaxedBernoulli(Relaxed):
    """A Bernoulli relaxed to (0, 1): sigmoid((logits + logistic noise) / temperature). As the temperature falls to 0,
    samples approach 0 and 1; probs is the probability of a sample above 1/2.

    Source: Maddison, Mnih, Teh, The Concrete Distribution, 2017 (arXiv:1611.00712).
    """

    _base_type, _transform_type = LogitRelaxedBernoulli, SigmoidTransform
