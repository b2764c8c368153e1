"""Normalization in blocks: a third of the passes over memory that its definition makes."""

from typing import Any

import numpy as np

from minigrad.backend.threads import GRAIN_SIZE, chunks, parallel_for
from minigrad.engine.executions import execution
from minigrad.executors.numpy.sums import MANY, column_sums, sums, sums_of_products
from minigrad.ops.nn.norm import _standardize

ndarray = np.ndarray


def accepts(input: Any, weight: Any, bias: Any, **settings: Any) -> bool:
    """Floating arrays of one dtype, not empty."""
    kind = input.dtype
    return kind.kind == "f" and input.size > 0 and all(
        t is None or t.__class__ is ndarray and t.dtype == kind for t in (weight, bias)
    )  # fmt: skip


class Blocks:
    """An input cut along a dimension over which nothing is added up; `at` gives what belongs to a block of others."""

    def __init__(self, input: Any, dims: tuple[int, ...]) -> None:
        self.ndim, self.dims = input.ndim, dims
        self.axis = max((i for i in range(self.ndim) if i not in dims), key=lambda i: input.shape[i], default=0)
        count = 1 if self.axis in dims or input.size <= GRAIN_SIZE else input.shape[self.axis]
        self.slices = chunks(count, input.size // count) if count > 1 else [slice(None)]

    def at(self, i: int, *arrays: Any) -> Any:
        """Views of the arrays (or None), which have as many dimensions as the input."""
        if len(self.slices) == 1:
            return arrays
        cut = (slice(None),) * self.axis + (self.slices[i],)
        return [a if a is None or a.shape[self.axis] == 1 else a[cut] for a in arrays]

    def run(self, work: Any) -> None:
        """`work(i)` for each block, by all threads."""
        if len(self.slices) == 1:
            work(0)
        else:
            parallel_for(work, len(self.slices))


def _spread(t: Any, ndim: int, by_channel: bool) -> Any:
    """A weight or bias (or None) with as many dimensions as the input."""
    if t is None:
        return None
    return t.reshape((1, -1) + (1,) * (ndim - 2)) if by_channel else t.reshape((1,) * (ndim - t.ndim) + t.shape)


def _is_constant(t: Any, dims: tuple[int, ...]) -> bool:
    """Is it (or None) the same all over `dims`?"""
    return t is None or all(t.shape[d] == 1 for d in dims)


def _wide(x: Any) -> Any:
    """float16 as float32, in which it is calculated."""
    return x.astype(np.float32) if x.dtype.itemsize == 2 else x


def backward(
    g: Any, needed: Any, residuals: Any, input: Any, weight: Any = None, bias: Any = None, *, dims: Any, eps: float,
    by_channel: bool,
) -> tuple[Any, Any, Any]:  # fmt: skip
    """With y the standardized input and d = g * weight: (d - mean(d) - y * mean(d * y)) / deviation for the input, sums
    of g * y for the weight, of g for the bias. A weight that is the same over `dims` is taken out of the means."""
    mean, variance = residuals
    blocks, n = Blocks(input, dims), input.size // mean.size
    factors = [_spread(t, input.ndim, by_channel) for t in (weight, bias)]
    dx = np.empty(input.shape, dtype=input.dtype)
    shares: list[Any] = [None] * len(blocks.slices)
    constant = all(_is_constant(t, dims) for t in factors)

    def work(i: int) -> None:
        x, d, w, b, mu, var, to = blocks.at(i, input, g, *factors, mean, variance, dx)
        z, d, scale = _wide(x) - mu, _wide(d), 1 / np.sqrt(var + eps)
        if constant:
            total, products = sums(d, dims), sums_of_products(d, z, dims) * scale
            shares[i] = _sum_like(products, w), _sum_like(total, b)
            products, scale = products * scale, scale if w is None else scale * w
        else:
            z *= scale
            shares[i] = None if w is None else _sum_like(d * z, w), _sum_like(d, b)
            d = d if w is None else d * w
            total, products = sums(d, dims), sums_of_products(d, z, dims)
        z *= products / -n
        z -= total / n
        z += d
        np.multiply(z, scale, out=to)

    blocks.run(work)
    gradients = [None if t is None else np.zeros(t.shape, mean.dtype) for t in factors]
    for i, row in enumerate(shares):
        for whole, part in zip(blocks.at(i, *gradients), row):
            if whole is not None:
                whole += part
    dw, db = (None if d is None else d.reshape(t.shape) for d, t in zip(gradients, (weight, bias)))
    return dx, dw, db


def _sum_like(x: Any, like: Any) -> Any:
    """x added up along the dimensions in which `like` (or None) has size 1."""
    if like is None:
        return None
    dims = tuple(i for i, n in enumerate(like.shape) if n == 1)
    if dims == tuple(range(x.ndim - 1)) and x.flags.c_contiguous:  # a matrix' columns
        return column_sums(x.reshape(-1, x.shape[-1])).reshape(like.shape)
    return x.sum(dims, keepdims=True)


@execution(_standardize, "numpy", accepts, backward)
def forward(
    input: Any, weight: Any = None, bias: Any = None, *, dims: Any, eps: float, by_channel: bool
) -> tuple[Any, tuple[Any, Any]]:
    """The result, and the mean and variance."""
    blocks, out = Blocks(input, dims), np.empty(input.shape, dtype=input.dtype)
    weight, bias = _spread(weight, input.ndim, by_channel), _spread(bias, input.ndim, by_channel)
    once = tuple([1 if i in dims else n for i, n in enumerate(input.shape)])
    mean, variance = (np.empty(once, dtype=_wide(input[:0]).dtype) for _ in range(2))
    n, constant = input.size // mean.size, _is_constant(weight, dims)

    def work(i: int) -> None:
        x, w, b, mu, var, to = blocks.at(i, input, weight, bias, mean, variance, out)
        z = _wide(x)
        small = z.size < MANY
        np.divide(z.sum(dims, keepdims=True) if small else sums(z, dims), n, out=mu)
        z = z - mu
        np.divide((z * z).sum(dims, keepdims=True) if small else sums_of_products(z, z, dims), n, out=var)
        scale = 1 / np.sqrt(var + eps)
        z *= scale * w if constant and w is not None else scale
        if not constant:
            z *= w
        if b is not None:
            z += b
        to[...] = z

    blocks.run(work)
    return out, (mean, variance)
