"""The geometric distribution."""

from typing import Any

from minigrad.distributions import constraints
from minigrad.distributions.distribution import Distribution, formula
from minigrad.distributions.utils import BinaryParameters, clamp_probs, open_uniform
from minigrad.engine.tensor import Tensor
from minigrad.nn.functional import binary_cross_entropy_with_logits
from minigrad.ops.array.creation import zeros_like
from minigrad.ops.pointwise.arithmetic import floor, log
from minigrad.ops.pointwise.special import xlog1py


class Geometric(BinaryParameters, Distribution):
    """The geometric distribution: the number of failures before the first success, each trial with probability p.

    Give probs = p, above 0, or logits = log(p / (1 - p)).
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.nonnegative_integer

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        (given,) = self._set_parameters("Geometric", probs, logits)
        super().__init__(given.shape, validate_args=validate_args)
        if self._validate_args and probs is not None:
            self._check("probs", constraints.positive, given)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """floor(log(u) / log(1 - p)), with u uniform in (0, 1)."""
        p = clamp_probs(self.probs.detach())
        return floor(log(open_uniform(p, self._extended_shape(sample_shape))) / (-p).log1p())

    def log_prob(self, value: Any) -> Tensor:
        """The log-probability: x log(1 - p) + log p."""
        return xlog1py(self._validate_sample(value), -self.probs) + log(self.probs)

    def entropy(self) -> Tensor:
        """The entropy: (-p log p - (1 - p) log(1 - p)) / p."""
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none") / self.probs

    mean = formula("The mean: 1 / p - 1.", lambda self: 1 / self.probs - 1)
    mode = formula("The mode: 0.", lambda self: zeros_like(self.probs))
    variance = formula("The variance: (1 / p - 1) / p.", lambda self: (1 / self.probs - 1) / self.probs)
