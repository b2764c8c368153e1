"""The binomial distribution."""

from typing import Any

from minigrad.distributions import constraints
from minigrad.distributions.distribution import Distribution, formula
from minigrad.distributions.utils import BinaryParameters, sample_on_host
from minigrad.engine.tensor import Tensor
from minigrad.ops.array.creation import arange
from minigrad.ops.pointwise.arithmetic import exp, floor, minimum
from minigrad.ops.pointwise.special import lgamma, logaddexp


class Binomial(BinaryParameters, Distribution):
    """The binomial distribution: the number of successes in n = total_count trials, each with probability p.

    Give probs = p or logits = log(p / (1 - p)).
    """

    has_enumerate_support = True
    arg_constraints = {
        "total_count": constraints.nonnegative_integer, "probs": constraints.unit_interval, "logits": constraints.real,
    }  # fmt: skip

    def __init__(
        self, total_count: Any = 1, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        given, total_count = self._set_parameters("Binomial", probs, logits, total_count)
        self.total_count = total_count.to(given.dtype)
        super().__init__(given.shape, validate_args=validate_args)

    support = formula("The integers 0 to total_count.", lambda self: constraints.integer_interval(0, self.total_count))

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Integers, of the dtype of probs."""
        shape = self._extended_shape(sample_shape)
        return sample_on_host(
            self.probs, lambda rng, n, p: rng.binomial(n.astype(int), p, shape), self.total_count, self.probs
        )

    def log_prob(self, value: Any) -> Tensor:
        """The log-probability: log(n! / (k! (n - k)!)) + k logits - n log(1 + exp(logits))."""
        n, k = self.total_count, self._validate_sample(value).to(self.total_count.dtype)
        ways = lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
        return ways + k * self.logits - n * logaddexp(self.logits, 0.0)

    def entropy(self) -> Tensor:
        """The entropy, summed over the support. Raises NotImplementedError where total_count differs in the batch."""
        log_prob = self.log_prob(self.enumerate_support(False))
        return -(exp(log_prob) * log_prob).sum(0)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """0 to total_count. Raises NotImplementedError where total_count differs in the batch."""
        n = int(self.total_count.max())
        if n != int(self.total_count.min()):
            raise NotImplementedError("Binomial: enumerate_support and entropy: expected one total_count for all")
        return self._expand_support(arange(n + 1, dtype=self.probs.dtype, device=self.probs.device), expand)

    mean = formula("The mean: n p.", lambda self: self.total_count * self.probs)
    mode = formula(
        "The mode: floor((n + 1) p), at most n.",
        lambda self: minimum(floor((self.total_count + 1) * self.probs), self.total_count),
    )
    variance = formula("The variance: n p (1 - p).", lambda self: self.total_count * self.probs * (1 - self.probs))
