"""Independent: batch dimensions reinterpreted as event dimensions."""

from typing import Any, Self

from minigrad.distributions import constraints
from minigrad.distributions.distribution import Distribution, formula
from minigrad.distributions.utils import sum_rightmost
from minigrad.engine.tensor import Tensor


class Independent(Distribution):
    """A distribution whose last `reinterpreted_batch_ndims` batch dimensions become event dimensions: log_prob and
    entropy sum over them. Raises ValueError for more dimensions than the batch has."""

    def __init__(
        self, base_distribution: Distribution, reinterpreted_batch_ndims: int, validate_args: bool | None = None
    ) -> None:
        self.base_dist, self.reinterpreted_batch_ndims = base_distribution, reinterpreted_batch_ndims
        shape = tuple(base_distribution.batch_shape)
        if not 0 <= reinterpreted_batch_ndims <= len(shape):
            raise ValueError(f"Independent: reinterpreted_batch_ndims: expected 0 to {len(shape)}, got "
                             f"{reinterpreted_batch_ndims}")  # fmt: skip
        cut = len(shape) - reinterpreted_batch_ndims
        self.has_rsample = base_distribution.has_rsample
        super().__init__(shape[:cut], (*shape[cut:], *base_distribution.event_shape), validate_args)

    @property
    def support(self) -> Any:
        """The base distribution's support, for every element of the event."""
        return constraints.independent(self.base_dist.support, self.reinterpreted_batch_ndims)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Self:
        new = super().expand(batch_shape)
        new.base_dist = self.base_dist.expand((*batch_shape, *self.event_shape[: self.reinterpreted_batch_ndims]))
        return new

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """The base distribution's samples, with gradients."""
        return self.base_dist.rsample(sample_shape)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """The base distribution's samples."""
        return self.base_dist.sample(sample_shape)

    def log_prob(self, value: Any) -> Tensor:
        """The sum of the base distribution's log-probabilities over the reinterpreted dimensions."""
        return sum_rightmost(self.base_dist.log_prob(value), self.reinterpreted_batch_ndims)

    def entropy(self) -> Tensor:
        """The sum of the base distribution's entropies over the reinterpreted dimensions."""
        return sum_rightmost(self.base_dist.entropy(), self.reinterpreted_batch_ndims)

    mean = formula("The base distribution's mean.", lambda self: self.base_dist.mean)
    mode = formula("The base distribution's mode.", lambda self: self.base_dist.mode)
    variance = formula("The base distribution's variance.", lambda self: self.base_dist.variance)

    def __repr__(self) -> str:
        return f"Independent({self.base_dist}, {self.reinterpreted_batch_ndims})"
