"""Continuous relaxations of discrete distributions, with a temperature, so that samples have gradients."""

from collections.abc import Callable
from typing import Any, ClassVar

from minigrad.distributions.distribution import Distribution, formula
from minigrad.distributions.transformed_distribution import TransformedDistribution
from minigrad.distributions.transforms import Transform


class Relaxed(TransformedDistribution):
    """Samples of `_base_type(temperature, probs, logits)`, transformed by `_transform_type`."""

    _base_type: ClassVar[Callable[..., Distribution]]
    _transform_type: ClassVar[type[Transform]]

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        base = self._base_type(temperature, probs, logits, validate_args)
        super().__init__(base, self._transform_type(), validate_args)

    temperature = formula("Near 0 samples are almost discrete.", lambda self: self.base_dist.temperature)
    probs = formula("The probabilities of the discrete distribution.", lambda self: self.base_dist.probs)
    logits = formula("The logits of the discrete distribution.", lambda self: self.base_dist.logits)
