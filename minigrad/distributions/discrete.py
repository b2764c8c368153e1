"""Discrete distributions: Bernoulli, categorical."""

from typing import Any

from minigrad.distributions.base import Distribution, check, together
from minigrad.errors import ShapeError
from minigrad.nn.functional import binary_cross_entropy_with_logits, one_hot
from minigrad.ops.activation import sigmoid, softmax
from minigrad.ops.elementwise import clamp, log
from minigrad.ops.index import gather
from minigrad.ops.reduce import logsumexp
from minigrad.ops.shape import broadcast_to
from minigrad.random import multinomial, rand
from minigrad.tensor import Size, Tensor


def _one(op: str, probs: Any, logits: Any) -> Any:
    if (probs is None) == (logits is None):
        raise ValueError(f"{op}: expected either probs or logits, got {'none' if probs is None else 'both'}")
    return probs if logits is None else logits


def _inside(p: Tensor) -> Tensor:
    """Probabilities kept off 0 and 1 by the dtype's eps, so that logarithms are finite."""
    eps = {"float16": 2.0**-10, "float32": 2.0**-23}.get(p.dtype.name, 2.0**-52)
    out: Tensor = clamp(p, eps, 1 - eps)
    return out


class Bernoulli(Distribution):
    """1 with probability probs (or sigmoid(logits)), else 0."""

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        (given,) = together(_one("Bernoulli", probs, logits))
        if logits is None:
            if validate_args is not False:
                check("Bernoulli", "probs", (given >= 0) & (given <= 1), "probabilities from 0 to 1")
            self.probs, p = given, _inside(given)
            self.logits = log(p) - (-p).log1p()
        else:
            self.logits, self.probs = given, sigmoid(given)
        self.batch_shape = Size(given.shape)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Draws of 0 and 1, floating."""
        p = self.probs.detach()
        return (rand(*self._shape(sample_shape), dtype=p.dtype, device=p.device) < p).to(p.dtype)

    def log_prob(self, value: Any) -> Tensor:
        """log p where value is 1, log(1 - p) where it is 0."""
        logits, v = together(self.logits, value)
        return -binary_cross_entropy_with_logits(logits, v, reduction="none")

    def entropy(self) -> Tensor:
        """-p log p - (1 - p) log(1 - p)."""
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")

    @property
    def mean(self) -> Tensor:
        """p."""
        return self.probs

    @property
    def variance(self) -> Tensor:
        """p (1 - p)."""
        return self.probs * (1 - self.probs)


class Categorical(Distribution):
    """One of K classes, with probabilities along the last dimension: probs (brought to the sum 1), or logits."""

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        given = _one("Categorical", probs, logits)
        if given.ndim < 1:
            raise ShapeError("Categorical: expected probabilities along a dimension, got a 0-d tensor")
        if logits is None:
            if validate_args is not False:
                check("Categorical", "probs", given >= 0, "probabilities of 0 or more")
                check("Categorical", "probs", given.sum(-1) > 0, "some probability above 0 for every draw")
            self.probs = given / given.sum(-1, keepdim=True)
            self.logits = log(_inside(self.probs))
        else:
            self.logits = given - logsumexp(given, -1, True)
            self.probs = softmax(given, -1)
        self.batch_shape = Size(given.shape[:-1])
        self._classes = int(given.shape[-1])

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Class numbers, int64."""
        shape = self._shape(sample_shape)
        n = 1
        for size in sample_shape:
            n *= size
        p = self.probs.detach().reshape(-1, self._classes)
        out: Tensor = multinomial(p, n, True).T.reshape(shape)
        return out

    def log_prob(self, value: Any) -> Tensor:
        """The logarithm of the class's probability."""
        index, logits = value.long().unsqueeze(-1), self.logits
        shape = (index[..., 0] + logits[..., 0].detach()).shape
        index = broadcast_to(index, (*shape, 1))
        out: Tensor = gather(broadcast_to(logits, (*shape, self._classes)), -1, index).squeeze(-1)
        return out

    def entropy(self) -> Tensor:
        """-sum p log p."""
        out: Tensor = -(self.probs * self.logits).sum(-1)
        return out

    @property
    def mode(self) -> Tensor:
        """The likeliest class."""
        return self.probs.argmax(-1)


class OneHotCategorical(Categorical):
    """Categorical, with the class as a row of zeros with a 1."""

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        super().__init__(probs, logits, validate_args)
        self.event_shape = Size((self._classes,))

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Rows with one 1, floating."""
        plain = Categorical(probs=self.probs.detach(), validate_args=False)
        return one_hot(plain.sample(sample_shape), self._classes).to(self.probs.dtype)

    def log_prob(self, value: Any) -> Tensor:
        """The logarithm of the class's probability."""
        return super().log_prob(value.argmax(-1))

    @property
    def mean(self) -> Tensor:
        """The probabilities."""
        return self.probs
