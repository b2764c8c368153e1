"""Convolutions in blocks of images whose columns stay in the cache, by all threads.

Each image is padded and laid out as one line. For a stride of 1 the places of the windows then are a *run* of that
line, and each cell of the kernel sees the run a little further on: its row of the matrix is a copy of one long piece of
memory, where rows of the image would be many short ones, and is added back by one long sum. The run also holds the few
places between two rows of the image at which no window lies: nothing is read from them, zeros are written there.
"""

import math
from functools import lru_cache
from typing import Any

import numpy as np

from minigrad.backend.arrays import reduce_sum
from minigrad.backend.threads import parallel_for
from minigrad.engine.executions import execution
from minigrad.executors.numpy.sums import MANY, sums
from minigrad.ops.nn.conv import conv, conv_transpose, conv_weight
from minigrad.ops.nn.im2col import Geometry, Ints, as_matrices, grid, output_size

# In elements: two MB of float32. A convolution of 64 images (32, 16, 16) by 32 filters of 3 x 3 takes 6 ms with the
# columns of some images at a time, which stay in the cache, and 13 with those of all.
COLUMNS = 2**19
SUMS = 8  # of the batch, each added up by one thread: fixed, so that results do not depend on how many there are


class Runs:
    """How images of a geometry are laid out and cut up."""

    def __init__(self, where: Geometry, batch: int, channels: int) -> None:
        self.where, self.groups, self.rest = where, where.groups, (slice(None),) * (2 + len(where.kernel))
        self.padded, self.inner = where.padded, where.inner
        steps = [math.prod(self.padded[i + 1 :]) for i in range(len(where.size))]  # along the line
        self.cells = [d * e for d, e in zip(where.dilation, steps)]
        one = set(where.stride) == {1}
        length = sum([(m - 1) * e for m, e in zip(where.output, steps)]) + 1
        self.run = (length,) if one else where.output
        self.run_steps = [1] if one else [s * e for s, e in zip(where.stride, steps)]
        self.out_steps = steps if one else [math.prod(where.output[i + 1 :]) for i in range(len(steps))]
        self.is_full = math.prod(self.run) == math.prod(where.output)
        self.flipped = self._flipped() if one else None
        rows, total = channels * math.prod(where.kernel), math.prod(self.run)
        group = max(1, COLUMNS // max(1, rows * total))
        self.blocks = [slice(i, min(i + group, batch)) for i in range(0, batch, group)]
        step = max(1, COLUMNS * self.run[0] // max(1, rows * total))
        self.cuts = [slice(i, min(i + step, self.run[0])) for i in range(0, self.run[0], step)]

    def _flipped(self) -> "Geometry | None":
        """For a stride of 1: that of the convolution which brings results back to where they came from; None unless
        each window that would fit has its place. (With output_padding not all do.)"""
        w = self.where
        extent = [d * (k - 1) for d, k in zip(w.dilation, w.kernel)]
        around = tuple([e - p for e, p in zip(extent, w.padding)])
        fits = tuple([n - e for n, e in zip(w.padded, extent)]) == w.output
        return w._replace(size=w.output, output=w.size, padding=around) if fits and min(around) >= 0 else None

    def line(self, x: Any) -> Any:
        """Images (n, C, *size) padded, in C order."""
        if self.padded == self.where.size:
            return np.ascontiguousarray(x)
        out = np.zeros((*x.shape[:2], *self.padded), x.dtype)
        out[self.inner] = x
        return out

    def cells_of(self, line: Any) -> Any:
        """(n, C, *padded), in C order -> (n, C, *kernel, *run): a view of what each cell of the kernel sees."""
        item = line.itemsize
        steps = (*line.strides[:2], *[item * e for e in self.cells], *[item * e for e in self.run_steps])
        return np.ndarray((*line.shape[:2], *self.where.kernel, *self.run), line.dtype, line, 0, steps)

    def matrix(self, cells: Any, cut: slice) -> Any:
        """A cut of the run from that view, as (n, groups, C / groups * kernel, length of the cut)."""
        part, (n, c) = cells[(*self.rest, cut)], cells.shape[:2]
        return part.reshape(n, self.groups, c // self.groups * math.prod(self.where.kernel), -1)

    def results(self, made: Any) -> Any:
        """(n, out, *run), in C order -> (n, out, *output): a view of those places at which windows lie."""
        steps = (*made.strides[:2], *[made.itemsize * e for e in self.out_steps])
        return np.ndarray((*made.shape[:2], *self.where.output), made.dtype, made, 0, steps)

    def runs_of(self, g: Any) -> Any:
        """(n, out, *output) -> (n, out, *run), with zeros where no window lies."""
        if self.is_full:
            return np.ascontiguousarray(g).reshape(*g.shape[:2], *self.run)
        out = np.zeros((*g.shape[:2], *self.run), g.dtype)
        self.results(out)[...] = g
        return out

    def grouped(self, run: Any, cut: slice) -> Any:
        """A cut of (n, out, *run) as (n, groups, out / groups, length of the cut)."""
        part = run[:, :, cut]
        return part.reshape(len(part), self.groups, part.shape[1] // self.groups, -1)


@lru_cache(256)
def runs_for(
    shape: Ints, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int, output: Ints = ()
) -> Runs:
    """For images of `shape` (N, C, *size); output: how many windows, unless as many as fit."""
    output = output or output_size(shape[2:], kernel, stride, padding, dilation)
    return Runs(Geometry(shape[2:], kernel, stride, padding, dilation, groups, output), *shape[:2])


def each(work: Any, count: int) -> None:
    """`work(i)` for each block, by all threads."""
    if count == 1:
        work(0)
    else:
        parallel_for(work, count)


def is_not_empty(first: Any, second: Any, *others: Any, **settings: Any) -> bool:
    """Accepts all dtypes."""
    return bool(first.size and second.size)


def bias_backward(g: Any, bias_shape: Ints) -> Any:
    """g added up over the batch and space."""
    dims = (0, *range(2, g.ndim))
    return reduce_sum(g, dims, None, False) if g.size < MANY else sums(g, dims).reshape(bias_shape)


@execution(conv, "numpy", is_not_empty, bias=bias_backward)
def forward(
    input: Any, weight: Any, bias: Any = None, *, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> Any:
    """(N, C, *size), (out, C / groups, *kernel) and (out,) -> (N, out, *output)."""
    runs = runs_for(input.shape, weight.shape[2:], stride, padding, dilation, groups)
    return convolve(input, weight, bias, runs)


def convolve(x: Any, weight: Any, bias: Any, runs: Runs) -> Any:
    """The same, with the layout at hand."""
    m = len(weight)
    matrices = weight.reshape(runs.groups, m // runs.groups, -1)
    more = None if bias is None else bias.reshape(-1, *(1,) * len(runs.where.size))
    out = np.empty((len(x), m, *runs.where.output), x.dtype)

    def work(i: int) -> None:
        block = runs.blocks[i]
        cells = runs.cells_of(runs.line(x[block]))
        if len(runs.cuts) == 1:
            made = (matrices @ runs.matrix(cells, runs.cuts[0])).reshape(len(cells), m, *runs.run)
        else:
            made = np.empty((len(cells), m, *runs.run), x.dtype)
            for cut in runs.cuts:
                made[:, :, cut] = (matrices @ runs.matrix(cells, cut)).reshape(made[:, :, cut].shape)
        if more is None:
            out[block] = runs.results(made)
        else:
            np.add(runs.results(made), more, out=out[block])

    each(work, len(runs.blocks))
    return out


def flip(weight: Any, groups: int) -> Any:
    """(out, in / groups, *kernel) -> (in, out / groups, *kernel), each kernel turned round."""
    m, c, *kernel = weight.shape
    apart = weight.reshape(groups, m // groups, c, *kernel).swapaxes(1, 2)
    return apart[(..., *(slice(None, None, -1) for _ in kernel))].reshape(groups * c, m // groups, *kernel)


@execution(conv_transpose, "numpy", is_not_empty)
def input_backward(
    input: Any, weight: Any, *, shape: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> Any:
    """(N, out, *output) -> `shape`, (N, C, *size), added up where windows overlap. For a stride of 1 a convolution,
    which takes half to four fifths of the time of adding up."""
    runs = runs_for(shape, weight.shape[2:], stride, padding, dilation, groups, input.shape[2:])
    few = input.shape[1] <= 4 * shape[1]  # else there are more columns of the input than of the result
    if few and runs.flipped is not None:
        back = runs_for(input.shape, *runs.flipped[1:])
        return convolve(input, flip(weight, groups), None, back)
    matrices, out = as_matrices(weight, groups).swapaxes(1, 2), np.empty(shape, input.dtype)

    def work(i: int) -> None:
        block = runs.blocks[i]
        rows = runs.runs_of(input[block])
        line = np.zeros((len(rows), shape[1], *runs.padded), input.dtype)
        cells = runs.cells_of(line)
        for cut in runs.cuts:
            columns = matrices @ runs.grouped(rows, cut)
            columns = columns.reshape(len(rows), shape[1], *runs.where.kernel, *rows[0, 0, cut].shape)
            for cell in grid(runs.where.kernel):
                cells[(slice(None), slice(None), *cell, cut)] += columns[(slice(None), slice(None), *cell)]
        out[block] = line[runs.inner]

    each(work, len(runs.blocks))
    return out


@execution(conv_weight, "numpy", is_not_empty)
def weight_backward(
    input: Any, other: Any, *, shape: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> Any:
    """(N, C, *size) and (N, out, *output) -> `shape`, (out, C / groups, *kernel). Done transposed: BLAS takes three
    fifths of the time where the result has more rows than columns."""
    runs = runs_for(input.shape, shape[2:], stride, padding, dilation, groups, other.shape[2:])
    sizes = (groups, math.prod(shape[1:]), shape[0] // groups)
    shares = np.zeros((min(SUMS, len(runs.blocks)), *sizes), input.dtype)

    def work(i: int) -> None:
        for block in runs.blocks[i::SUMS]:
            cells, rows = runs.cells_of(runs.line(input[block])), runs.runs_of(other[block])
            for cut in runs.cuts:
                products = runs.matrix(cells, cut) @ runs.grouped(rows, cut).swapaxes(2, 3)
                shares[i] += reduce_sum(products, 0, None, False)

    each(work, len(shares))
    return shares.sum(0).swapaxes(1, 2).reshape(shape)
