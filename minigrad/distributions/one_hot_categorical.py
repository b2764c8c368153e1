"""Categorical, with the class as a row of zeros with a 1."""

import copy
from typing import Any, Self

from minigrad.distributions import constraints
from minigrad.distributions.categorical import Categorical
from minigrad.distributions.distribution import Distribution
from minigrad.engine.tensor import Size, Tensor
from minigrad.nn.functional import one_hot
from minigrad.ops.array.creation import eye


class OneHotCategorical(Distribution):
    """One of K classes as a row of zeros with a 1."""

    has_enumerate_support = True
    support = constraints.one_hot

    def __init__(
        self, probs: Tensor | None = None, logits: Tensor | None = None, validate_args: bool | None = None
    ) -> None:
        self._categorical = Categorical(probs, logits, validate_args)
        super().__init__(self._categorical.batch_shape, self._categorical.param_shape[-1:], validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Self:
        """The same distributions, repeated to a batch_shape."""
        new = copy.copy(self)
        new.batch_shape, new._categorical = Size(batch_shape), self._categorical.expand(batch_shape)
        return new

    @property
    def probs(self) -> Tensor:
        """The probabilities of the classes."""
        return self._categorical.probs

    @property
    def logits(self) -> Tensor:
        """Their logarithms."""
        return self._categorical.logits

    def _row(self, classes: Tensor) -> Tensor:
        return one_hot(classes, self.event_shape[0]).to(self.probs.dtype)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Rows with one 1, floating."""
        return self._row(self._categorical.sample(sample_shape))

    def log_prob(self, value: Any) -> Tensor:
        """The logarithm of the class's probability."""
        return self._categorical.log_prob(self._validate_sample(value).argmax(-1))

    def entropy(self) -> Tensor:
        """-sum p log p."""
        return self._categorical.entropy()

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """The K rows."""
        return self._enumerated(eye(self.event_shape[0], dtype=self.probs.dtype, device=self.probs.device), expand)

    @property
    def mean(self) -> Tensor:
        """The probabilities."""
        return self.probs

    @property
    def mode(self) -> Tensor:
        """The row of the likeliest class."""
        return self._row(self._categorical.mode)

    @property
    def variance(self) -> Tensor:
        """p (1 - p)."""
        return self.probs * (1 - self.probs)


class OneHotCategoricalStraightThrough(OneHotCategorical):
    """OneHotCategorical whose draws pass gradients straight to the probabilities (Bengio et al. 2013)."""

    has_rsample = True

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """A draw, plus probs - probs: nothing, with the gradient of probs."""
        return self.sample(sample_shape) + (self.probs - self.probs.detach())
