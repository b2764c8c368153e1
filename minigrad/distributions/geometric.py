"""The geometric distribution."""

from typing import Any

from minigrad.distributions import constraints
from minigrad.distributions.distribution import Distribution
from minigrad.distributions.utils import Binary, broadcast_all, clamp_probs, draw_uniform, one_of
from minigrad.engine.tensor import Tensor
from minigrad.nn.functional import binary_cross_entropy_with_logits
from minigrad.ops.array.creation import zeros_like
from minigrad.ops.pointwise.arithmetic import floor, log
from minigrad.ops.pointwise.special import xlog1py


class Geometric(Binary, Distribution):
    """How many failures come before the first success, of probability probs: 0, 1, 2, ..."""

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.nonnegative_integer

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        name, given = one_of("Geometric", probs, logits)
        (given,) = broadcast_all(given)
        setattr(self, name, given)
        super().__init__(given.shape, validate_args=validate_args)
        if self._validate_args and name == "probs":
            self._check("probs", constraints.positive, given)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """log(uniform) / log(1 - p), rounded down."""
        p = clamp_probs(self.probs.detach())
        return floor(log(clamp_probs(draw_uniform(p, self._extended_shape(sample_shape)))) / (-p).log1p())

    def log_prob(self, value: Any) -> Tensor:
        """x log(1 - p) + log p."""
        return xlog1py(self._validate_sample(value), -self.probs) + log(self.probs)

    def entropy(self) -> Tensor:
        """(-p log p - (1 - p) log(1 - p)) / p."""
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none") / self.probs

    @property
    def mean(self) -> Tensor:
        """1 / p - 1."""
        return 1 / self.probs - 1

    @property
    def mode(self) -> Tensor:
        """0."""
        return zeros_like(self.probs)

    @property
    def variance(self) -> Tensor:
        """(1 / p - 1) / p."""
        return (1 / self.probs - 1) / self.probs
