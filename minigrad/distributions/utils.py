"""What the distributions compute with: broadcast parameters, probabilities and logits, draws."""

from collections.abc import Callable
from functools import cached_property
from numbers import Number
from typing import Any

import numpy as np

from minigrad.backend import array_on, to_numpy
from minigrad.dtypes import floating, get_default_dtype
from minigrad.engine.modes import enable_grad
from minigrad.engine.primitive import wrap
from minigrad.engine.tensor import Tensor
from minigrad.ops.array.creation import as_tensor, broadcast_shapes
from minigrad.ops.array.shape import broadcast_to
from minigrad.ops.nn.activation import log_softmax, sigmoid, softmax
from minigrad.ops.pointwise.arithmetic import clamp, log
from minigrad.ops.random import default_generator, rand, randn


def broadcast_all(*values: Any) -> tuple[Tensor, ...]:
    """Numbers and tensors as tensors of one shape; numbers take the first tensor's dtype and device."""
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
    """Probabilities kept off 0 and 1 by the dtype's eps, so that logarithms are finite."""
    eps = float(np.finfo(probs.dtype).eps)
    out: Tensor = clamp(probs, eps, 1 - eps)
    return out


def probs_to_logits(probs: Tensor, is_binary: bool = False) -> Tensor:
    """log p, or with is_binary log(p / (1 - p)), finite for every p."""
    p = clamp_probs(probs)
    return log(p) - (-p).log1p() if is_binary else log(p)


def logits_to_probs(logits: Tensor, is_binary: bool = False) -> Tensor:
    """softmax over the last dimension, or with is_binary sigmoid."""
    return sigmoid(logits) if is_binary else softmax(logits, -1)


class lazy_property(cached_property[Tensor]):
    """A property computed once, recorded even where it is first asked for under no_grad."""

    def __get__(self, instance: Any, owner: type[Any] | None = None) -> Any:
        with enable_grad():
            return super().__get__(instance, owner)


def one_of(op: str, probs: Any, logits: Any) -> tuple[str, Any]:
    """The name and the value of the one that is given."""
    if (probs is None) == (logits is None):
        raise ValueError(f"{op}: expected either probs or logits, got {'none' if probs is None else 'both'}")
    return ("logits", logits) if probs is None else ("probs", probs)


class Binary:
    """probs and logits of what happens or not, either made of the other."""

    @lazy_property
    def probs(self) -> Tensor:
        """The probability."""
        return logits_to_probs(self.logits, is_binary=True)

    @lazy_property
    def logits(self) -> Tensor:
        """log(p / (1 - p))."""
        return probs_to_logits(self.probs, is_binary=True)


class Classes:
    """probs and logits of classes along the last dimension, either made of the other; brought to the sum 1."""

    def _take(self, op: str, probs: Tensor | None, logits: Tensor | None) -> None:
        name, given = one_of(op, probs, logits)
        setattr(self, name, given if name == "probs" else log_softmax(given, -1))

    @lazy_property
    def probs(self) -> Tensor:
        """The probabilities of the classes."""
        return logits_to_probs(self.logits)

    @lazy_property
    def logits(self) -> Tensor:
        """Their logarithms."""
        return probs_to_logits(self.probs)


def sum_rightmost(x: Tensor, count: int) -> Tensor:
    """The sum over the last `count` dimensions."""
    return x.sum(tuple(range(-count, 0))) if count else x


def draw_uniform(like: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Uniform numbers in [0, 1), of like's dtype, on its device."""
    return rand(*shape, dtype=like.dtype, device=like.device)


def draw_normal(like: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Standard normal numbers, of like's dtype, on its device."""
    return randn(*shape, dtype=like.dtype, device=like.device)


def draw(like: Tensor, sampler: Callable[..., Any], *parameters: Tensor) -> Tensor:
    """What `sampler(generator, *arrays)` draws by NumPy, in float64 (rejection needs the digits), as `like` is."""
    arrays = [to_numpy(p.detach()._array).astype("float64") for p in parameters]
    drawn = np.asarray(sampler(default_generator.numpy, *arrays))
    return wrap(array_on(like.device, drawn.astype(like.dtype)))
