"""Mixtures of distributions of one family."""

from typing import Any, Self

from minigrad.autograd.grad_mode import no_grad
from minigrad.distributions.categorical import Categorical
from minigrad.distributions.distribution import Distribution, formula
from minigrad.engine.tensor import Tensor
from minigrad.errors import ShapeError
from minigrad.ops.array.shape import broadcast_to
from minigrad.ops.index.indexing import gather
from minigrad.ops.nn.activation import log_softmax
from minigrad.ops.reduce.reductions import logsumexp


class MixtureSameFamily(Distribution):
    """A mixture: a categorical sample chooses among K components, the last batch dimension of component_distribution.
    Its support is None: each component validates the value itself.

    Raises ValueError for a mixture_distribution that is no Categorical, ShapeError where batch shapes do not fit.
    """

    _parts = ("mixture_distribution",)

    def __init__(
        self, mixture_distribution: Categorical, component_distribution: Distribution,
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        if not isinstance(mixture_distribution, Categorical):
            raise ValueError("MixtureSameFamily: mixture_distribution: expected a Categorical, got "
                             f"{type(mixture_distribution).__name__}")  # fmt: skip
        self.mixture_distribution, self.component_distribution = mixture_distribution, component_distribution
        batch, components = tuple(component_distribution.batch_shape), int(mixture_distribution.param_shape[-1])
        if batch[-1:] != (components,):
            raise ShapeError(f"MixtureSameFamily: component_distribution: expected a batch_shape that ends with the "
                             f"{components} components, got {batch}")  # fmt: skip
        if tuple(mixture_distribution.batch_shape) not in ((), batch[:-1]):
            raise ShapeError(f"MixtureSameFamily: mixture_distribution: expected a batch_shape of {batch[:-1]} or (), "
                             f"got {tuple(mixture_distribution.batch_shape)}")  # fmt: skip
        super().__init__(batch[:-1], component_distribution.event_shape, validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Self:
        new, components = super().expand(batch_shape), self.component_distribution.batch_shape[-1]
        new.component_distribution = self.component_distribution.expand((*batch_shape, components))
        return new

    def _unsqueeze_components(self, value: Tensor) -> Tensor:
        """The value with a dimension of size 1 for the components, before event_shape."""
        return value.unsqueeze(value.ndim - len(self.event_shape))

    def _mixture_mean(self, x: Tensor) -> Tensor:
        """sum_k p_k x_k of x (..., K, *event_shape)."""
        p = self.mixture_distribution.probs
        p = p.reshape(*p.shape, *(1 for _ in self.event_shape))
        return (p * x).sum(-1 - len(self.event_shape))

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Samples of all components, of which a categorical sample chooses one."""
        with no_grad():
            samples, events = self.component_distribution.sample(sample_shape), len(self.event_shape)
            mixture = self.mixture_distribution.expand(self.batch_shape)
            index = mixture.sample(sample_shape)
            index = index.reshape(*index.shape, 1, *(1 for _ in self.event_shape))
            index = broadcast_to(index, (*index.shape[: index.ndim - events], *self.event_shape))
            return gather(samples, samples.ndim - events - 1, index).squeeze(samples.ndim - events - 1)

    def log_prob(self, value: Any) -> Tensor:
        """The log-density or log-probability: log sum_k p_k exp(log_prob_k(x))."""
        each = self.component_distribution.log_prob(self._unsqueeze_components(self._validate_sample(value)))
        return logsumexp(each + log_softmax(self.mixture_distribution.logits, -1), -1)

    def cdf(self, value: Any) -> Tensor:
        """The cumulative distribution function: sum_k p_k cdf_k(x)."""
        each = self.component_distribution.cdf(self._unsqueeze_components(self._validate_sample(value)))
        return (each * self.mixture_distribution.probs).sum(-1)

    mean = formula("The mean: sum_k p_k mean_k.", lambda self: self._mixture_mean(self.component_distribution.mean))

    @property
    def variance(self) -> Tensor:
        """The variance: the mean of the components' variances plus the variance of their means."""
        deviation = self.component_distribution.mean - self._unsqueeze_components(self.mean)
        return self._mixture_mean(self.component_distribution.variance + deviation**2)

    def __repr__(self) -> str:
        return f"MixtureSameFamily({self.mixture_distribution}, {self.component_distribution})"
