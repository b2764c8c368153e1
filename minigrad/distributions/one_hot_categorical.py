"""The categorical distribution of one-hot vectors."""

from typing import Any

from minigrad.distributions import constraints
from minigrad.distributions.categorical import Categorical
from minigrad.distributions.distribution import Distribution, formula
from minigrad.engine.tensor import Tensor
from minigrad.nn.functional import one_hot
from minigrad.ops.array.creation import eye


class OneHotCategorical(Distribution):
    """The categorical distribution whose samples are one-hot vectors (..., K). Arguments are those of `Categorical`."""

    has_enumerate_support = True
    support = constraints.one_hot
    _parts = ("_categorical",)

    def __init__(
        self, probs: Tensor | None = None, logits: Tensor | None = None, validate_args: bool | None = None
    ) -> None:
        self._categorical = Categorical(probs, logits, validate_args)
        super().__init__(self._categorical.batch_shape, self._categorical.param_shape[-1:], validate_args)

    probs = formula("The probabilities of the classes.", lambda self: self._categorical.probs)
    logits = formula("The log-probabilities of the classes.", lambda self: self._categorical.logits)

    def _one_hot(self, classes: Tensor) -> Tensor:
        return one_hot(classes, self.event_shape[0]).to(self.probs.dtype)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """One-hot vectors, of the dtype of probs."""
        return self._one_hot(self._categorical.sample(sample_shape))

    def log_prob(self, value: Any) -> Tensor:
        """The log-probability of the class that is 1 in `value`."""
        return self._categorical.log_prob(self._validate_sample(value).argmax(-1))

    def entropy(self) -> Tensor:
        """The entropy: -sum_k p_k log p_k."""
        return self._categorical.entropy()

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """The K one-hot vectors."""
        return self._expand_support(eye(self.event_shape[0], dtype=self.probs.dtype, device=self.probs.device), expand)

    mean = formula("The mean: probs.", lambda self: self.probs)
    mode = formula(
        "The mode: the one-hot vector of the most probable class.", lambda self: self._one_hot(self._categorical.mode)
    )
    variance = formula("The variance: p (1 - p).", lambda self: self.probs * (1 - self.probs))


class OneHotCategoricalStraightThrough(OneHotCategorical):
    """OneHotCategorical whose samples have the gradient of probs (the straight-through estimator).

    Source: Bengio, Leonard, Courville, Estimating or propagating gradients through stochastic neurons, 2013.
    """

    has_rsample = True

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """A sample with the gradient of probs: sample + probs - detach(probs)."""
        return self.sample(sample_shape) + (self.probs - self.probs.detach())
