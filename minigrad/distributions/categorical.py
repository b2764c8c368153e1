"""The categorical distribution."""

import math
from typing import Any

import numpy as np

from minigrad.distributions import constraints
from minigrad.distributions.distribution import Distribution, formula
from minigrad.distributions.utils import CategoricalParameters
from minigrad.dtypes import finfo
from minigrad.engine.tensor import Tensor
from minigrad.errors import ShapeError
from minigrad.ops.array.creation import arange, full
from minigrad.ops.array.shape import broadcast_to
from minigrad.ops.index.indexing import gather
from minigrad.ops.pointwise.arithmetic import clamp
from minigrad.ops.random import multinomial


class Categorical(CategoricalParameters, Distribution):
    """The categorical distribution over K classes. Give probs (normalized to the sum 1) or logits, of shape (..., K).

    Samples are class indices, int64. Raises TypeError for what is no tensor, ShapeError for a 0-d one.
    """

    has_enumerate_support = True
    arg_constraints = {"probs": constraints.nonnegative_vector, "logits": constraints.real_vector}

    def __init__(
        self, probs: Tensor | None = None, logits: Tensor | None = None, validate_args: bool | None = None
    ) -> None:
        given: Any = logits if probs is None else probs
        if given is not None and not hasattr(given, "ndim"):
            raise TypeError(f"Categorical: expected a tensor of probs or logits, got {type(given).__name__}")
        if given is not None and given.ndim < 1:
            raise ShapeError("Categorical: expected probabilities along a dimension, got a 0-d tensor")
        self._set_parameters("Categorical", probs, logits)
        super().__init__(given.shape[:-1], validate_args=validate_args)
        self._num_events = int(given.shape[-1])
        if probs is not None:
            self.probs = probs / probs.sum(-1, keepdim=True)

    support = formula(
        "The class indices, 0 to K - 1.", lambda self: constraints.integer_interval(0, self._num_events - 1)
    )

    @property
    def param_shape(self) -> Any:
        """The shape of probs and logits, (..., K)."""
        return (self.logits if "logits" in vars(self) else self.probs).shape

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Class indices, int64."""
        rows = self.probs.detach().reshape(-1, self._num_events)
        count = math.prod(sample_shape)
        if count == 0:
            return full(self._extended_shape(sample_shape), 0, device=rows.device).long()
        return multinomial(rows, count, True).T.reshape(self._extended_shape(sample_shape))

    def log_prob(self, value: Any) -> Tensor:
        """The log-probability of the class index `value`."""
        index, logits = self._validate_sample(value).long().unsqueeze(-1), self.logits
        if index.shape[:-1] != logits.shape[:-1]:
            shape = np.broadcast_shapes(index.shape[:-1], logits.shape[:-1])
            index, logits = broadcast_to(index, (*shape, 1)), broadcast_to(logits, (*shape, self._num_events))
        return gather(logits, -1, index).squeeze(-1)

    def entropy(self) -> Tensor:
        """The entropy: -sum_k p_k log p_k, where a class of logit -inf adds 0."""
        return -(self.probs * clamp(self.logits, float(finfo(self.logits.dtype).min), None)).sum(-1)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """The class indices, 0 to K - 1."""
        return self._expand_support(arange(self._num_events, device=self.probs.device), expand)

    mean = formula(
        "nan: class indices have no mean.",
        lambda self: full(self.batch_shape, math.nan, dtype=self.probs.dtype, device=self.probs.device),
    )
    mode = formula("The mode: the most probable class.", lambda self: self.probs.argmax(-1))
    variance = formula("nan: class indices have no variance.", lambda self: self.mean)
