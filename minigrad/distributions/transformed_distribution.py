"""Distributions of transformed samples."""

from collections.abc import Sequence
from typing import Any, cast

from minigrad.autograd.grad_mode import no_grad
from minigrad.distributions.distribution import Distribution
from minigrad.distributions.independent import Independent
from minigrad.distributions.transforms import ComposeTransform, Transform
from minigrad.distributions.utils import sum_rightmost
from minigrad.engine.tensor import Tensor


class TransformedDistribution(Distribution):
    """The distribution of y = t_n(... t_1(x)), with x from base_distribution and invertible transforms t_1, ..., t_n.

    Raises ValueError for what is no transform.
    """

    _parts = ("base_dist",)

    def __init__(
        self, base_distribution: Distribution, transforms: Transform | Sequence[Transform],
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        self.transforms = [transforms] if isinstance(transforms, Transform) else list(transforms)
        for transform in self.transforms:
            if not isinstance(transform, Transform):
                raise ValueError(f"TransformedDistribution: transforms: expected transforms, got {transform!r}")
        chain, base = ComposeTransform(self.transforms), base_distribution
        shape, event = (*base.batch_shape, *base.event_shape), len(base.event_shape)
        shape = tuple(chain.forward_shape(shape))
        base = base.expand(shape[: len(shape) - event])
        if chain.event_dim > event:
            base = Independent(base, chain.event_dim - event)
        self.base_dist, self.has_rsample = base, base.has_rsample
        super().__init__(base.batch_shape, base.event_shape, validate_args)

    @property
    def support(self) -> Any:
        """The codomain of the last transform."""
        return self.transforms[-1].codomain if self.transforms else self.base_dist.support

    def _forward(self, x: Tensor) -> Tensor:
        for transform in self.transforms:
            x = transform(x)
        return x

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """The base distribution's samples, transformed."""
        with no_grad():
            return self._forward(self.base_dist.sample(sample_shape))

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """The base distribution's samples, transformed, with gradients."""
        return self._forward(self.base_dist.rsample(sample_shape))

    def log_prob(self, value: Any) -> Tensor:
        """log p(x) - log |dy/dx|, with x the inverse image of `value` and p the base density (change of variables)."""
        y, total = self._validate_sample(value), cast(Any, 0.0)
        for transform in reversed(self.transforms):
            x = transform._inv_call(y)
            log_det = transform.log_abs_det_jacobian(x, y)
            total, y = total - sum_rightmost(log_det, len(self.event_shape) - transform.event_dim), x
        return self.base_dist.log_prob(y) + total

    def cdf(self, value: Any) -> Tensor:
        """The base cdf at the inverse image of `value`; 1 minus it where the transforms are decreasing."""
        chain = ComposeTransform(self.transforms)
        return chain.sign * (self.base_dist.cdf(chain._inv_call(self._validate_sample(value))) - 0.5) + 0.5

    def icdf(self, value: Any) -> Tensor:
        """The base quantile, transformed; at 1 - p where the transforms are decreasing."""
        chain = ComposeTransform(self.transforms)
        return self._forward(self.base_dist.icdf(chain.sign * (value - 0.5) + 0.5))

    def __repr__(self) -> str:
        if type(self) is TransformedDistribution:
            return f"TransformedDistribution({self.base_dist}, {self.transforms})"
        return super().__repr__()
