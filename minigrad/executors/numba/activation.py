"""Activations and their gradients, element by element, and softmax row by row."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.backend.threads import GRAIN_SIZE, chunks, parallel_for
from minigrad.engine.executions import execution, is_float32
from minigrad.executors.numba.compiled import Array3d, Vector, loop
from minigrad.executors.numba.functions import exp
from minigrad.executors.numba.rows import row_max, softmax_rows, softmax_rows_backward
from minigrad.ops.nn.activation import _log_softmax, _softmax, relu

f32: Any = np.float32


@loop
def relu_loop(x: Vector, out: Vector, first: int, last: int) -> None:
    """max(x, 0), of which NumPy's takes three times as long; nan stays nan."""
    x, out = x[first:last], out[first:last]
    for i in range(len(x)):
        out[i] = f32(0) if x[i] < 0 else x[i]


@loop
def relu_backward_loop(g: Vector, y: Vector, out: Vector, first: int, last: int) -> None:
    """g where y is above 0, else 0."""
    g, y, out = g[first:last], y[first:last], out[first:last]
    for i in range(len(g)):
        d = g[i]
        out[i] = d if y[i] > 0 else f32(0)


# --- by all threads -----------------------------------------------------------------------------------------------


def _blocks(work: Callable[[int, int], None], count: int, size: int = 1) -> None:
    """`work(first, last)` for parts of `count` things of `size` elements each."""
    if count * size <= GRAIN_SIZE:
        work(0, count)
        return
    some = chunks(count, size)
    parallel_for(lambda i: work(some[i].start, some[i].stop), len(some), count * size)


def _elementwise(loop: Any, *arrays: Any) -> Any:
    """What an element-wise loop makes of arrays of one shape."""
    out = np.empty(arrays[-1].shape, np.float32)
    flat = [np.ascontiguousarray(a).reshape(-1) for a in arrays]
    into = out.reshape(-1)
    _blocks(lambda first, last: loop(*flat, into, first, last), out.size)
    return out


@execution(relu, "numba", is_float32, input=lambda g, out: _elementwise(relu_backward_loop, g, out))
def forward(input: Any) -> Any:
    """max(x, 0)."""
    return _elementwise(relu_loop, input)


# --- softmax ------------------------------------------------------------------------------------------------------


@loop
def log_softmax_loop(x: Array3d, out: Array3d, first: int, last: int) -> None:
    """x, out: (rows, 1, classes). In two steps: in one, x - (most + log_total) might be calculated, which is less exact
    where x is large."""
    x, out = x[first:last], out[first:last]
    n = x.shape[2]
    for i in range(len(x)):
        most, total = row_max(x, i, 0, n), f32(0)
        for j in range(n):
            out[i, 0, j] = x[i, 0, j] - most
            total += exp(out[i, 0, j])
        log_total = f32(math.log(total))
        for j in range(n):
            out[i, 0, j] -= log_total


@loop
def log_softmax_backward_loop(d: Array3d, y: Array3d, first: int, last: int) -> None:
    """d: the result's gradient on the way in, the input's on the way out; y: the result; both as above."""
    d, y = d[first:last], y[first:last]
    n = d.shape[2]
    for i in range(len(d)):
        total = f32(0)
        for j in range(n):
            total += d[i, 0, j]
        for j in range(n):
            d[i, 0, j] -= exp(y[i, 0, j]) * total


LONGEST = 4096  # classes: a loop adds up a row in one float32; array functions add up longer ones more exactly


def are_rows(input: Any, *, dim: int) -> bool:
    """float32 in C order and of some size, with no more than LONGEST classes in the last dimension."""
    return is_float32(input) and input.ndim == dim + 1 and input.shape[dim] <= LONGEST


def _rowwise(loop: Any, *arrays: Any) -> None:
    """`loop(*arrays, first, last)` of contiguous arrays of rows, as (rows, 1, classes)."""
    n = arrays[0].shape[-1]
    rows = [a.reshape(-1, 1, n) for a in arrays]
    _blocks(lambda first, last: loop(*rows, first, last), len(rows[0]), n)


def softmax_backward(g: Any, out: Any, dim: int) -> Any:
    """out * (g - sum(g * out))."""
    d = np.array(g, order="C")
    _rowwise(lambda d, w, first, last: softmax_rows_backward(d, w, 1.0, first, last), d, out)
    return d


@execution(_softmax, "numba", are_rows, input=softmax_backward)
def softmax(input: Any, *, dim: int) -> Any:
    """exp(x - max x) / sum(exp(x - max x)) of each row, in a copy of the input."""
    out = input.copy()
    _rowwise(lambda w, first, last: softmax_rows(w, False, first, last), out)
    return out


def log_softmax_backward(g: Any, out: Any, dim: int) -> Any:
    """g - exp(out) * sum(g)."""
    d = np.array(g, order="C")
    _rowwise(log_softmax_backward_loop, d, out)
    return d


@execution(_log_softmax, "numba", are_rows, input=log_softmax_backward)
def log_softmax(input: Any, *, dim: int) -> Any:
    """x - max x - log(sum(exp(x - max x))) of each row."""
    out = np.empty_like(input)
    _rowwise(log_softmax_loop, input, out)
    return out
