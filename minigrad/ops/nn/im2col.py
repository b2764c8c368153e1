"""A convolution's three products of matrices: windows as columns (im2col), and columns put back (col2im).

On the CPU each picture is padded and laid out as one line. For a stride of 1 the places of the windows then are a *run*
of that line, and each cell of the kernel sees the run a little further on: its row of the matrix is a copy of one long
piece of memory, where picture rows would be many short ones, and is put back by one long sum. The run also holds the
few places between two rows of the picture at which no window lies: nothing is read from them, zeros are written there.

Pictures are done in parts whose columns stay in the cache, by all threads.
"""

import math
from typing import Any, NamedTuple

from minigrad.backend import array_module, shared, strided
from minigrad.backend import windows as all_windows
from minigrad.backend.loops import used
from minigrad.executors.cupy import windows as kernels

Ints = tuple[int, ...]
# In numbers: two MB of float32. A convolution of 64 pictures (32, 16, 16) by 32 filters of 3 x 3 takes 6 ms with the
# columns of some pictures at a time, which stay in the cache, and 13 with those of all.
COLUMNS = 2**19
SUMS = 8  # of the batch, each added up by one thread: fixed, so that results do not depend on how many there are


class Geometry(NamedTuple):
    """Where windows lie: `size` and `spots` are a picture's, without and with which the rest counts dimensions."""

    size: Ints
    kernel: Ints
    stride: Ints
    padding: Ints
    dilation: Ints
    groups: int
    spots: Ints  # how many windows along each dimension

    @property
    def reach(self) -> Ints:
        """How far a window goes beyond its first element."""
        return tuple(d * (k - 1) for d, k in zip(self.dilation, self.kernel))

    def is_turnable(self) -> bool:
        """Is the stride 1, and does each window that would fit have its place? (With output_padding not all do.)"""
        full = tuple(n + 2 * p - r for n, p, r in zip(self.size, self.padding, self.reach))
        inside = all(p <= r for p, r in zip(self.padding, self.reach))
        return set(self.stride) == {1} and inside and tuple(self.spots) == full

    def turned(self) -> "Geometry":
        """For a stride of 1: that of the convolution which brings results back to where they came from."""
        around = tuple(r - p for r, p in zip(self.reach, self.padding))
        return self._replace(size=self.spots, spots=self.size, padding=around)


def _turned(weight: Any, groups: int) -> Any:
    """(out, in / groups, *kernel) -> (in, out / groups, *kernel), each kernel turned round."""
    m, c, *kernel = weight.shape
    apart = weight.reshape(groups, m // groups, c, *kernel).swapaxes(1, 2)
    return apart[(..., *(slice(None, None, -1) for _ in kernel))].reshape(groups * c, m // groups, *kernel)


def windows(x: Any, kernel: Ints, stride: Ints, dilation: Ints) -> Any:
    """(N, C, *spatial) -> (N, C, *places, *kernel): a view of every window on the last dimensions."""
    spread = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation))
    lead = x.ndim - len(kernel)
    view = all_windows(x, spread, tuple(range(lead, x.ndim)))
    steps = (slice(None),) * lead + tuple(slice(None, None, s) for s in stride)
    return view[(*steps, *(slice(None, None, d) for d in dilation))]


def grid(sizes: Ints) -> Any:
    """Every place in an array of these sizes."""
    if not sizes:
        yield ()
        return
    for first in range(sizes[0]):
        for rest in grid(sizes[1:]):
            yield (first, *rest)


# --- on the CPU -----------------------------------------------------------------------------------------------------


class Runs:
    """How pictures of a geometry are laid out and cut up."""

    def __init__(self, where: Geometry, batch: int, channels: int) -> None:
        self.where = where
        self.padded = tuple(n + 2 * p for n, p in zip(where.size, where.padding))
        self.inner = tuple(slice(p, p + n) for n, p in zip(where.size, where.padding))
        steps = tuple(math.prod(self.padded[i + 1 :]) for i in range(len(where.size)))  # along the line
        self.cells = tuple(d * e for d, e in zip(where.dilation, steps))
        self.places = tuple(s * e for s, e in zip(where.stride, steps))
        one = all(s == 1 for s in where.stride)
        length = sum((m - 1) * e for m, e in zip(where.spots, steps)) + 1
        self.run, self.run_steps = ((length,), (1,)) if one else (where.spots, self.places)
        self.made_steps = steps if one else tuple(math.prod(where.spots[i + 1 :]) for i in range(len(steps)))
        rows, total = channels * math.prod(where.kernel), math.prod(self.run)
        group = max(1, COLUMNS // max(1, rows * total))
        self.parts = [slice(i, min(i + group, batch)) for i in range(0, batch, group)]
        step = max(1, COLUMNS * self.run[0] // max(1, rows * total))
        self.cuts = [slice(i, min(i + step, self.run[0])) for i in range(0, self.run[0], step)]

    def line(self, x: Any) -> Any:
        """Pictures (n, C, *size) padded, in C order."""
        if not any(self.where.padding):
            return array_module(x).ascontiguousarray(x)
        out = array_module(x).zeros((*x.shape[:2], *self.padded), dtype=x.dtype)
        out[(..., *self.inner)] = x
        return out

    def cells_of(self, line: Any) -> Any:
        """(n, C, *padded) -> (n, C, *kernel, *run): a view of what each cell of the kernel sees."""
        item = line.itemsize
        steps = (*line.strides[:2], *(item * e for e in self.cells), *(item * e for e in self.run_steps))
        return strided(line, (*line.shape[:2], *self.where.kernel, *self.run), steps)

    def matrix(self, cells: Any, cut: slice) -> Any:
        """A cut of the run from that view, as (n, groups, C / groups * kernel, length of the cut)."""
        part = cells[(slice(None),) * (2 + len(self.where.kernel)) + (cut,)]
        n, c, groups = len(part), part.shape[1], self.where.groups
        return part.reshape(n, groups, c // groups * math.prod(self.where.kernel), -1)

    def results(self, made: Any) -> Any:
        """(n, out, *run) -> (n, out, *spots): a view of those places at which windows lie."""
        steps = (*made.strides[:2], *(made.itemsize * e for e in self.made_steps))
        return strided(made, (*made.shape[:2], *self.where.spots), steps)

    def runs_of(self, g: Any) -> Any:
        """(n, out, *spots) -> (n, out, *run), with zeros where no window lies."""
        if math.prod(self.run) == math.prod(self.where.spots):
            return array_module(g).ascontiguousarray(g).reshape(*g.shape[:2], *self.run)
        out = array_module(g).zeros((*g.shape[:2], *self.run), dtype=g.dtype)
        self.results(out)[...] = g
        return out

    def grouped(self, run: Any, cut: slice) -> Any:
        """A cut of (n, out, *run) as (n, groups, out / groups, length of the cut)."""
        part, groups = run[:, :, cut], self.where.groups
        return part.reshape(len(part), groups, part.shape[1] // groups, -1)


def convolved(x: Any, weight: Any, where: Geometry, bias: Any = None) -> Any:
    """(N, C, *size), (out, C / groups, *kernel) and (out,) -> (N, out, *spots)."""
    m, more = weight.shape[0], None if bias is None else bias.reshape(-1, *(1,) * len(where.size))
    matrices = weight.reshape(where.groups, m // where.groups, math.prod(weight.shape[1:]))
    xp = array_module(x)
    if used(x):
        made = (matrices @ _columns(x, where)).reshape(m, -1, *where.spots)
        made = xp.ascontiguousarray(made.swapaxes(0, 1))
        return made if more is None else made + more
    out, runs = xp.empty((len(x), m, *where.spots), dtype=x.dtype), Runs(where, len(x), x.shape[1])

    def work(i: int) -> None:
        part = runs.parts[i]
        cells = runs.cells_of(runs.line(x[part]))
        if len(runs.cuts) == 1:
            made = (matrices @ runs.matrix(cells, runs.cuts[0])).reshape(len(cells), m, *runs.run)
        else:
            made = xp.empty((len(cells), m, *runs.run), dtype=x.dtype)
            for cut in runs.cuts:
                made[:, :, cut] = (matrices @ runs.matrix(cells, cut)).reshape(made[:, :, cut].shape)
        if more is None:
            out[part] = runs.results(made)
        else:
            xp.add(runs.results(made), more, out=out[part])

    shared(work, len(runs.parts))
    return out


def put_back(g: Any, weight: Any, channels: int, where: Geometry) -> Any:
    """(N, out, *spots) -> (N, C, *size), added up where windows overlap: the adjoint in x. For a stride of 1 a
    convolution, which takes half to four fifths of the time of putting back."""
    matrices = weight.reshape(where.groups, weight.shape[0] // where.groups, math.prod(weight.shape[1:]))
    matrices = matrices.swapaxes(1, 2)
    shape = (len(g), channels, *where.size)
    if used(g):
        return kernels.put_back(
            matrices @ _rows(g, where.groups), shape, where.kernel, where.stride, where.padding, where.dilation,
            where.spots,
        )  # fmt: skip
    few = g.shape[1] <= 4 * channels  # else there are more columns of g than of x
    if few and where.is_turnable():
        return convolved(g, _turned(weight, where.groups), where.turned())
    xp = array_module(g)
    out, runs = xp.empty(shape, dtype=g.dtype), Runs(where, len(g), channels)

    def work(i: int) -> None:
        part = runs.parts[i]
        rows, line = runs.runs_of(g[part]), xp.zeros((len(g[part]), channels, *runs.padded), dtype=g.dtype)
        cells = runs.cells_of(line)
        for cut in runs.cuts:
            columns = matrices @ runs.grouped(rows, cut)
            columns = columns.reshape(len(rows), channels, *where.kernel, *rows[0, 0, cut].shape)
            for cell in grid(where.kernel):
                cells[(slice(None), slice(None), *cell, cut)] += columns[(slice(None), slice(None), *cell)]
        out[part] = line[(..., *runs.inner)]

    shared(work, len(runs.parts))
    return out


def weight_sums(x: Any, g: Any, shape: Ints, where: Geometry) -> Any:
    """(N, C, *size) and (N, out, *spots) -> `shape`, (out, C / groups, *kernel): the adjoint in the weight."""
    if used(x):
        return (_rows(g, where.groups) @ _columns(x, where).swapaxes(1, 2)).reshape(shape)
    runs = Runs(where, len(x), x.shape[1])
    # transposed: BLAS takes three fifths of the time where the result has more rows than columns
    sizes = (where.groups, math.prod(shape[1:]), shape[0] // where.groups)
    sums = array_module(x).zeros((min(SUMS, len(runs.parts)), *sizes), dtype=x.dtype)

    def work(i: int) -> None:
        for part in runs.parts[i::SUMS]:
            cells, rows = runs.cells_of(runs.line(x[part])), runs.runs_of(g[part])
            for cut in runs.cuts:
                sums[i] += (runs.matrix(cells, cut) @ runs.grouped(rows, cut).swapaxes(2, 3)).sum(0)

    shared(work, len(sums))
    return sums.sum(0).swapaxes(1, 2).reshape(shape)


# --- on a GPU: the whole batch in one product -------------------------------------------------------------------------


def _columns(x: Any, where: Geometry) -> Any:
    """The windows as matrices: (groups, C / groups * kernel, N * places)."""
    made = kernels.columns(x, where.kernel, where.stride, where.padding, where.dilation, where.spots)
    return made.reshape(where.groups, len(made) // where.groups, made.shape[1])


def _rows(g: Any, groups: int) -> Any:
    """Results as matrices: (N, out, *places) -> (groups, out / groups, N * places)."""
    n, m, *rest = g.shape
    return g.swapaxes(0, 1).reshape(groups, m // groups, n * math.prod(rest))
