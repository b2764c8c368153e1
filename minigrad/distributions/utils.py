"""Helpers of the distributions: broadcasting, probabilities and logits, sampling."""

from collections.abc import Callable
from functools import cached_property
from numbers import Number
from typing import Any

import numpy as np

from minigrad.autograd.grad_mode import enable_grad
from minigrad.backend import array_on, to_numpy
from minigrad.dtypes import floating, get_default_dtype
from minigrad.engine.primitive import wrap
from minigrad.engine.tensor import Tensor
from minigrad.ops.array.creation import as_tensor, broadcast_shapes
from minigrad.ops.array.shape import broadcast_to
from minigrad.ops.nn.activation import log_softmax, sigmoid, softmax
from minigrad.ops.pointwise.arithmetic import clamp, log
from minigrad.ops.random import default_generator, rand, randn


def broadcast_all(*values: Any) -> tuple[Tensor, ...]:
    """Broadcast numbers and tensors to tensors of one shape. Numbers take the first tensor's dtype and device, or the
    default dtype where there is no floating one. Raises ValueError for anything else."""
    like = next((v for v in values if isinstance(v, Tensor)), None)
    options: dict[str, Any] = {"dtype": get_default_dtype()}
    if like is not None:
        options = {"dtype": like.dtype if floating(like.dtype) else get_default_dtype(), "device": like.device}
    for v in values:
        if not isinstance(v, (Tensor, Number)):
            raise ValueError(f"broadcast_all: expected numbers and tensors, got {type(v).__name__}; make it a tensor")
    tensors = [v if isinstance(v, Tensor) else as_tensor(v, **options) for v in values]
    shape = broadcast_shapes(*(tuple(t.shape) for t in tensors))
    return tuple(t if t.shape == shape else broadcast_to(t, shape) for t in tensors)


def clamp_probs(probs: Tensor) -> Tensor:
    """Probabilities clamped to [eps, 1 - eps], eps of their dtype, so that log p and log(1 - p) are finite."""
    eps = float(np.finfo(probs.dtype).eps)
    return clamp(probs, eps, 1 - eps)


def probs_to_logits(probs: Tensor, is_binary: bool = False) -> Tensor:
    """log p, or with is_binary log(p / (1 - p)), of clamped probabilities: finite for every p."""
    p = clamp_probs(probs)
    return log(p) - (-p).log1p() if is_binary else log(p)


def logits_to_probs(logits: Tensor, is_binary: bool = False) -> Tensor:
    """softmax over the last dimension, or with is_binary sigmoid."""
    return sigmoid(logits) if is_binary else softmax(logits, -1)


class lazy_property(cached_property[Tensor]):
    """A cached property, differentiable even when it is first read under no_grad."""

    def __get__(self, instance: Any, owner: type[Any] | None = None) -> Any:
        with enable_grad():
            return super().__get__(instance, owner)


def probs_or_logits(op: str, probs: Any, logits: Any) -> tuple[str, Any]:
    """The name and the value of the one that is not None. Raises ValueError where both or neither are."""
    if (probs is None) == (logits is None):
        raise ValueError(f"{op}: expected either probs or logits, got {'none' if probs is None else 'both'}")
    return ("logits", logits) if probs is None else ("probs", probs)


class BinaryParameters:
    """A mixin with `probs` and `logits` of binary outcomes, either computed from the other."""

    def _set_parameters(self, op: str, probs: Any, logits: Any, *others: Any) -> tuple[Tensor, ...]:
        """Broadcast the given one of probs and logits with `others`, and set it. Returns them all, it first."""
        name, given = probs_or_logits(op, probs, logits)
        broadcast = broadcast_all(given, *others)
        setattr(self, name, broadcast[0])
        return broadcast

    @lazy_property
    def probs(self) -> Tensor:
        """p = sigmoid(logits)."""
        return logits_to_probs(self.logits, is_binary=True)

    @lazy_property
    def logits(self) -> Tensor:
        """log(p / (1 - p))."""
        return probs_to_logits(self.probs, is_binary=True)


class CategoricalParameters:
    """A mixin with `probs` and `logits` of K classes (..., K), either computed from the other."""

    def _set_parameters(self, op: str, probs: Tensor | None, logits: Tensor | None) -> Tensor:
        """Set the given one of probs and logits, logits normalized by log_softmax. Returns it as it was given."""
        name, given = probs_or_logits(op, probs, logits)
        setattr(self, name, given if name == "probs" else log_softmax(given, -1))
        return given

    @lazy_property
    def probs(self) -> Tensor:
        """The probabilities of the classes, softmax(logits)."""
        return logits_to_probs(self.logits)

    @lazy_property
    def logits(self) -> Tensor:
        """The log-probabilities of the classes."""
        return probs_to_logits(self.probs)


def sum_rightmost(x: Tensor, count: int) -> Tensor:
    """The sum over the last `count` dimensions."""
    return x.sum(tuple(range(-count, 0))) if count else x


def standard_uniform(like: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Uniform samples in [0, 1), of the dtype and on the device of `like`."""
    return rand(*shape, dtype=like.dtype, device=like.device)


def open_uniform(like: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Uniform samples in (0, 1), clamped to [eps, 1 - eps]: for quantile functions that are infinite at 0 and 1."""
    return clamp_probs(standard_uniform(like, shape))


def standard_normal(like: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Standard normal samples, of the dtype and on the device of `like`."""
    return randn(*shape, dtype=like.dtype, device=like.device)


def sample_on_host(like: Tensor, sampler: Callable[..., Any], *parameters: Tensor) -> Tensor:
    """`sampler(generator, *arrays)`, NumPy's samples, as a tensor of the dtype and on the device of `like`.

    Sampled in float64, which rejection sampling needs.
    """
    arrays = [to_numpy(p.detach()._array).astype("float64") for p in parameters]
    samples = np.asarray(sampler(default_generator.numpy, *arrays))
    return wrap(array_on(like.device, samples.astype(like.dtype)))
