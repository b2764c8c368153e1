"""Mixtures of distributions of one kind."""

import copy
from typing import Any, Self

from minigrad.distributions.categorical import Categorical
from minigrad.distributions.distribution import Distribution
from minigrad.engine.modes import no_grad
from minigrad.engine.tensor import Size, Tensor
from minigrad.errors import ShapeError
from minigrad.ops.array.shape import broadcast_to
from minigrad.ops.index.indexing import gather
from minigrad.ops.nn.activation import log_softmax
from minigrad.ops.reduce.reductions import logsumexp


class MixtureSameFamily(Distribution):
    """A draw of the component that a categorical draw names: components lie along the last batch dimension."""

    def __init__(
        self, mixture_distribution: Categorical, component_distribution: Distribution,
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        if not isinstance(mixture_distribution, Categorical):
            raise ValueError("MixtureSameFamily: mixture_distribution: expected a Categorical, got "
                             f"{type(mixture_distribution).__name__}")  # fmt: skip
        self.mixture_distribution, self.component_distribution = mixture_distribution, component_distribution
        batch, parts = tuple(component_distribution.batch_shape), int(mixture_distribution.param_shape[-1])
        if batch[-1:] != (parts,):
            raise ShapeError(f"MixtureSameFamily: component_distribution: expected a batch_shape that ends with the "
                             f"{parts} components, got {batch}")  # fmt: skip
        if tuple(mixture_distribution.batch_shape) not in ((), batch[:-1]):
            raise ShapeError(f"MixtureSameFamily: mixture_distribution: expected a batch_shape of {batch[:-1]} or (), "
                             f"got {tuple(mixture_distribution.batch_shape)}")  # fmt: skip
        super().__init__(batch[:-1], component_distribution.event_shape, validate_args)

    @property
    def support(self) -> Any:
        """The components'."""
        return None  # each component checks the value itself

    def expand(self, batch_shape: Any, _instance: Any = None) -> Self:
        """The same mixtures, repeated to a batch_shape."""
        new, parts = copy.copy(self), self.component_distribution.batch_shape[-1]
        new.batch_shape = Size(batch_shape)
        new.component_distribution = self.component_distribution.expand((*batch_shape, parts))
        new.mixture_distribution = self.mixture_distribution.expand(batch_shape)
        return new

    def _over(self, value: Tensor) -> Tensor:
        """The value with a dimension for the components."""
        return value.unsqueeze(value.ndim - len(self.event_shape))

    def _mean(self, x: Tensor) -> Tensor:
        """The expectation over components of (..., components, *event_shape)."""
        p = self.mixture_distribution.probs
        p = p.reshape(*p.shape, *(1 for _ in self.event_shape))
        out: Tensor = (p * x).sum(-1 - len(self.event_shape))
        return out

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Draws of all components, of which the categorical draw picks one."""
        with no_grad():
            drawn, events = self.component_distribution.sample(sample_shape), len(self.event_shape)
            mixture = self.mixture_distribution.expand(self.batch_shape)
            index = mixture.sample(sample_shape)
            index = index.reshape(*index.shape, 1, *(1 for _ in self.event_shape))
            index = broadcast_to(index, (*index.shape[: index.ndim - events], *self.event_shape))
            out: Tensor = gather(drawn, drawn.ndim - events - 1, index).squeeze(drawn.ndim - events - 1)
            return out

    def log_prob(self, value: Any) -> Tensor:
        """log sum_k p_k exp(log_prob_k(x))."""
        each = self.component_distribution.log_prob(self._over(self._validate_sample(value)))
        out: Tensor = logsumexp(each + log_softmax(self.mixture_distribution.logits, -1), -1)
        return out

    def cdf(self, value: Any) -> Tensor:
        """sum_k p_k cdf_k(x)."""
        each = self.component_distribution.cdf(self._over(self._validate_sample(value)))
        out: Tensor = (each * self.mixture_distribution.probs).sum(-1)
        return out

    @property
    def mean(self) -> Tensor:
        """sum_k p_k mean_k."""
        return self._mean(self.component_distribution.mean)

    @property
    def variance(self) -> Tensor:
        """The mean of the variances and the variance of the means."""
        spread = self.component_distribution.mean - self._over(self.mean)
        return self._mean(self.component_distribution.variance + spread**2)

    def __repr__(self) -> str:
        return f"MixtureSameFamily({self.mixture_distribution}, {self.component_distribution})"
