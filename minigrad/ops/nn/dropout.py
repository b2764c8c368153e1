"""Noise: dropout in all its shapes, stochastic depth, rrelu; each is a plain function unless training. And samples of
a softmax that have a gradient."""

from typing import Any

from minigrad.backend import draw_bernoulli
from minigrad.dtypes import finfo, floating
from minigrad.engine.messages import describe
from minigrad.engine.primitive import wrap
from minigrad.errors import DtypeError, ShapeError
from minigrad.ops.api import public
from minigrad.ops.index.scatter import scatter
from minigrad.ops.nn.activation import softmax
from minigrad.ops.pointwise.arithmetic import clamp, log, where
from minigrad.ops.random import default_generator, rand
from minigrad.ops.reduce.reductions import argmax

__all__ = [
    "alpha_dropout", "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout", "gumbel_softmax",
    "rrelu", "stochastic_depth",
]  # fmt: skip
SELU_LOW = 1.7580993408473766  # minus the limit of selu at minus infinity: its scale times its alpha


def _checked(op: str, input: Any, p: float) -> None:
    if not 0 <= p <= 1:
        raise ValueError(f"{op}: p: expected a probability, got {p}")
    if not floating(input.dtype):
        raise DtypeError(f"{op}: expected a floating input, got {describe(input)}")


def _kept(like: Any, shape: Any, p: float, value: float = 1.0) -> Any:
    """`value` with probability 1 - p, else 0, in `shape`."""
    return wrap(draw_bernoulli(default_generator.numpy, tuple(shape), 1 - p, like._array, value))


def _dropped(input: Any, shape: Any, p: float, inplace: bool) -> Any:
    """What is left of the input, divided by the probability of staying, so that the mean stays."""
    mask = _kept(input, shape, p, 1 / (1 - p) if p < 1 else 1.0)
    return input.mul_(mask) if inplace else input * mask


@public
def dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Each element is 0 with probability p, and the others are divided by 1 - p; the input itself if not training.

    Srivastava et al., Dropout: A Simple Way to Prevent Neural Networks from Overfitting, JMLR 2014.
    """
    _checked("dropout", input, p)
    return _dropped(input, input.shape, p, inplace) if training and p else input


def _channels(op: str, input: Any, dims: int) -> tuple[int, ...]:
    """The shape of a number for each channel of (N, C, ...) or (C, ...), with so many spatial dimensions."""
    if input.ndim not in (dims + 1, dims + 2):
        raise ShapeError(f"{op}: expected {dims + 1} or {dims + 2} dimensions, got {describe(input)}")
    return (*input.shape[: input.ndim - dims], *(1,) * dims)


def _channel_dropout(op: str, input: Any, p: float, training: bool, inplace: bool, dims: int) -> Any:
    _checked(op, input, p)
    shape = _channels(op, input, dims)
    return _dropped(input, shape, p, inplace) if training and p else input


@public
def dropout1d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Dropout of whole channels of (N, C, L) or (C, L)."""
    return _channel_dropout("dropout1d", input, p, training, inplace, 1)


@public
def dropout2d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Dropout of whole channels of (N, C, H, W) or (C, H, W). Tompson et al., Efficient Object Localization Using
    Convolutional Networks, CVPR 2015. (PyTorch reads three dimensions as (N, C, L), and warns.)"""
    return _channel_dropout("dropout2d", input, p, training, inplace, 2)


@public
def dropout3d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Dropout of whole channels of (N, C, D, H, W) or (C, D, H, W)."""
    return _channel_dropout("dropout3d", input, p, training, inplace, 3)


def _alpha(input: Any, shape: Any, p: float, inplace: bool) -> Any:
    """Dropped elements take selu's lowest value, and an affine map brings mean 0 and variance 1 back."""
    if p == 1:
        return input.mul_(0) if inplace else input * 0
    a = 1 / ((1 - p) * (1 + p * SELU_LOW**2)) ** 0.5
    kept = _kept(input, shape, p)
    shift = (kept - 1) * (SELU_LOW * a) + SELU_LOW * a * p
    return input.mul_(kept * a).add_(shift) if inplace else input * (kept * a) + shift


@public
def alpha_dropout(input: Any, p: float = 0.5, training: bool = False, inplace: bool = False) -> Any:
    """Dropout that keeps zero mean and unit variance, for networks of selu. Klambauer et al., Self-Normalizing Neural
    Networks, NeurIPS 2017."""
    _checked("alpha_dropout", input, p)
    return _alpha(input, input.shape, p, inplace) if training and p else input


@public
def feature_alpha_dropout(input: Any, p: float = 0.5, training: bool = False, inplace: bool = False) -> Any:
    """Alpha dropout of whole channels: (N, C, ...)."""
    _checked("feature_alpha_dropout", input, p)
    if input.ndim < 2:
        raise ShapeError(f"feature_alpha_dropout: expected at least 2 dimensions, got {describe(input)}")
    shape = (*input.shape[:2], *(1,) * (input.ndim - 2))
    return _alpha(input, shape, p, inplace) if training and p else input


@public
def stochastic_depth(input: Any, p: float, mode: str, training: bool = True) -> Any:
    """A residual branch left out with probability p, and divided by 1 - p where it is not: mode "batch" for all
    samples together, "row" for each sample (the rows of dimension 0).

    Huang et al., Deep Networks with Stochastic Depth, ECCV 2016; arguments as torchvision's.
    """
    _checked("stochastic_depth", input, p)
    if mode not in ("batch", "row"):
        raise ValueError(f'stochastic_depth: mode: expected "batch" or "row", got {mode!r}')
    if mode == "row" and input.ndim == 0:
        raise ShapeError("stochastic_depth: mode row: expected samples along dimension 0, got a 0-d tensor")
    rows = input.shape[0] if mode == "row" else 1
    return _dropped(input, (rows, *(1,) * (input.ndim - 1))[: input.ndim], p, False) if training and p else input


@public
def rrelu(input: Any, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False, inplace: bool = False) -> Any:
    """x if x >= 0, else a x with a drawn from [lower, upper] for each element; unless training the mean of the two. Xu
    et al., Empirical Evaluation of Rectified Activations in Convolution Network (2015)."""
    if not lower <= upper:
        raise ValueError(f"rrelu: expected lower <= upper, got {lower} and {upper}")
    slope: Any = (lower + upper) / 2
    if training:
        slope = rand(*input.shape, dtype=input.dtype, device=input.device) * (upper - lower) + lower
    factor = where(input >= 0, 1.0, slope)
    return input.mul_(factor) if inplace else input * factor


@public
def gumbel_softmax(logits: Any, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Any:
    """softmax((logits + Gumbel noise) / tau): a sample that is nearly one-hot for a small tau. hard: exactly one-hot,
    with the gradient of the soft one (straight-through). eps does nothing, as in PyTorch. Jang et al., Categorical
    Reparameterization with Gumbel-Softmax, ICLR 2017."""
    if not tau > 0:
        raise ValueError(f"gumbel_softmax: tau: expected a number above 0, got {tau}")
    uniform = rand(*logits.shape, dtype=logits.dtype, device=logits.device)
    limits = finfo(logits.dtype)
    noise = -log(-log(clamp(uniform, limits.tiny, 1 - limits.eps)))
    soft = softmax((logits + noise) / tau, dim)
    if not hard:
        return soft
    one_hot = scatter(soft.detach() * 0, dim, argmax(soft, dim, True), value=1.0)
    return one_hot - soft.detach() + soft
