"""Random operations of training: dropout of elements and channels, stochastic depth, rrelu, which are deterministic
unless training; and differentiable samples of a categorical distribution (gumbel_softmax)."""

from typing import Any

from minigrad.dtypes import finfo, floating
from minigrad.engine.messages import describe, warn_user
from minigrad.engine.primitive import wrap
from minigrad.engine.promotion import cast
from minigrad.errors import DtypeError, ShapeError
from minigrad.ops.api import by_dimensions, one_of, public
from minigrad.ops.bernoulli import draw_bernoulli
from minigrad.ops.index.scatter import scatter
from minigrad.ops.nn.activation import softmax
from minigrad.ops.pointwise.arithmetic import clamp, log, where
from minigrad.ops.random import default_generator, rand
from minigrad.ops.reduce.reductions import argmax

__all__ = [
    "alpha_dropout", "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout", "gumbel_softmax",
    "rrelu", "stochastic_depth",
]  # fmt: skip
SELU_LIMIT = 1.7580993408473766  # minus the limit of selu at minus infinity: its scale times its alpha


def _check(op: str, input: Any, p: float) -> None:
    if not 0 <= p <= 1:
        raise ValueError(f"{op}: p: expected a probability, got {p}")
    if not floating(input.dtype):
        raise DtypeError(f"{op}: expected a floating input, got {describe(input)}")


def _kept(like: Any, shape: Any, p: float, value: float = 1.0) -> Any:
    """`value` with probability 1 - p, else 0, in `shape`."""
    return wrap(draw_bernoulli(default_generator.numpy, tuple(shape), 1 - p, like._array, value))


def _drop(input: Any, shape: Any, p: float, inplace: bool) -> Any:
    """The input times a mask that is 0 with probability p and else 1 / (1 - p), so that the mean stays the same."""
    mask = _kept(input, shape, p, 1 / (1 - p) if p < 1 else 1.0)
    return input.mul_(mask) if inplace else input * mask


@public
def dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """In training, each element is set to 0 with probability p and the others are divided by 1 - p; else the input
    itself. inplace=True changes the input's own memory. Raises ValueError unless 0 <= p <= 1, DtypeError for an input
    that is not floating.

    Srivastava et al., Dropout: A Simple Way to Prevent Neural Networks from Overfitting, JMLR 2014.
    """
    _check("dropout", input, p)
    return _drop(input, input.shape, p, inplace) if training and p else input


def _channel_dropout(
    op: str, dims: int, input: Any, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Any:
    """Dropout of whole channels of (N, C, *size) or (C, *size), with one, two or three spatial dimensions: see dropout.

    dropout2d takes every input for (N, C, ...). Other numbers of dimensions: with a warning, as PyTorch has it, of
    dropout2d and dropout3d; ShapeError of dropout1d. Tompson et al., Efficient Object Localization Using Convolutional
    Networks, CVPR 2015."""
    _check(op, input, p)
    n = input.ndim
    if n != dims + 2 and (n != dims + 1 or dims == 2):
        if dims == 1 or n < 4 - dims:
            raise ShapeError(f"{op}: expected {dims + 1} or {dims + 2} dimensions, got {describe(input)}")
        taken = "(N, C, ...)" if dims == 2 else "(C, ...)"
        warn_user(f"{op}: {n} dimensions are deprecated, and taken for {taken}; got {describe(input)}")
    lead = 2 if dims == 2 or n == dims + 2 else 1
    shape = (*input.shape[:lead], *(1,) * (n - lead))
    return _drop(input, shape, p, inplace) if training and p else input


dropout1d, dropout2d, dropout3d = by_dimensions("dropout", _channel_dropout)


def _alpha_drop(input: Any, shape: Any, p: float, inplace: bool) -> Any:
    """Dropped elements become selu's limit at minus infinity; an affine map restores mean 0 and variance 1."""
    if p == 1:
        return input.mul_(0) if inplace else input * 0
    a = 1 / ((1 - p) * (1 + p * SELU_LIMIT**2)) ** 0.5
    mask = _kept(input, shape, p)
    shift = (mask - 1) * (SELU_LIMIT * a) + SELU_LIMIT * a * p
    return input.mul_(mask * a).add_(shift) if inplace else input * (mask * a) + shift


@public
def alpha_dropout(input: Any, p: float = 0.5, training: bool = False, inplace: bool = False) -> Any:
    """Dropout for networks of selu, which keeps mean 0 and variance 1: dropped elements become selu's limit at minus
    infinity, then all go through an affine map. Raises as dropout. Klambauer et al., Self-Normalizing Neural Networks,
    NeurIPS 2017."""
    _check("alpha_dropout", input, p)
    return _alpha_drop(input, input.shape, p, inplace) if training and p else input


@public
def feature_alpha_dropout(input: Any, p: float = 0.5, training: bool = False, inplace: bool = False) -> Any:
    """alpha_dropout of whole channels of (N, C, ...). Raises ShapeError below two dimensions."""
    _check("feature_alpha_dropout", input, p)
    if input.ndim < 2:
        raise ShapeError(f"feature_alpha_dropout: expected at least 2 dimensions, got {describe(input)}")
    shape = (*input.shape[:2], *(1,) * (input.ndim - 2))
    return _alpha_drop(input, shape, p, inplace) if training and p else input


@public
def stochastic_depth(input: Any, p: float, mode: str, training: bool = True) -> Any:
    """In training, sets a residual branch to 0 with probability p and divides it by 1 - p otherwise: mode="batch" all
    samples together, mode="row" each sample (along dimension 0) by itself. Raises ValueError for other modes, and as
    dropout.

    Huang et al., Deep Networks with Stochastic Depth, ECCV 2016; arguments as torchvision's.
    """
    _check("stochastic_depth", input, p)
    one_of("stochastic_depth", "mode", mode, "batch", "row")
    if mode == "row" and input.ndim == 0:
        raise ShapeError('stochastic_depth: mode: expected samples along dimension 0 for "row", got a 0-d tensor')
    rows = input.shape[0] if mode == "row" else 1
    return _drop(input, (rows, *(1,) * (input.ndim - 1))[: input.ndim], p, False) if training and p else input


@public
def rrelu(input: Any, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False, inplace: bool = False) -> Any:
    """x where x >= 0, else a x: in training a is drawn uniformly from [lower, upper) for each element, else it is
    (lower + upper) / 2. Raises ValueError unless lower <= upper. Xu et al., Empirical Evaluation of Rectified
    Activations in Convolutional Network, 2015."""
    if not lower <= upper:
        raise ValueError(f"rrelu: expected lower <= upper, got {lower} and {upper}")
    slope: Any = (lower + upper) / 2
    if training:
        slope = rand(*input.shape, dtype=input.dtype, device=input.device) * (upper - lower) + lower
    factor = where(input >= 0, 1.0, slope)
    factor = cast(factor, input.dtype) if floating(input.dtype) else factor
    return input.mul_(factor) if inplace else input * factor


@public
def gumbel_softmax(logits: Any, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Any:
    """softmax((logits + Gumbel noise) / tau) along `dim`: a differentiable sample, nearly one-hot for a small tau.

    hard=True: exactly one-hot, with the gradient of the soft sample (straight-through). eps does nothing, as in
    PyTorch. Raises ValueError unless tau > 0. Jang et al., Categorical Reparameterization with Gumbel-Softmax, ICLR
    2017."""
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
