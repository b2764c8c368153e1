"""Where windows lie in images, and the two ways between windows and a matrix: im2col copies each window into a column,
col2im adds the columns up where their windows lie. They are adjoints of each other."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from minigrad.backend import array_module
from minigrad.backend import windows as all_windows

Ints = tuple[int, ...]


class Geometry(NamedTuple):
    """Where the windows of a convolution lie: `size` and `output` are those of an image and of its result."""

    size: Ints
    kernel: Ints
    stride: Ints
    padding: Ints
    dilation: Ints
    groups: int
    output: Ints  # how many windows along each dimension

    @property
    def padded(self) -> Ints:
        """The size of a padded image."""
        return tuple([n + 2 * p for n, p in zip(self.size, self.padding)])

    @property
    def inner(self) -> Any:
        """The index of the image in the padded one."""
        return (..., *[slice(p, p + n) for n, p in zip(self.size, self.padding)])


def output_size(size: Ints, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints) -> Ints:
    """How many windows fit along each dimension: (n + 2 padding - dilation (kernel - 1) - 1) // stride + 1."""
    dims = zip(size, kernel, stride, padding, dilation)
    return tuple([(n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in dims])


def windows(x: Any, kernel: Ints, stride: Ints, dilation: Ints) -> Any:
    """(N, C, *size) -> (N, C, *output, *kernel): a view of every window on the last dimensions."""
    extent = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation))
    lead = x.ndim - len(kernel)
    view = all_windows(x, extent, tuple(range(lead, x.ndim)))
    steps = (slice(None),) * lead + tuple(slice(None, None, s) for s in stride)
    return view[(*steps, *(slice(None, None, d) for d in dilation))]


def grid(sizes: Ints) -> Iterator[Ints]:
    """Every index of an array of these sizes, in order."""
    if not sizes:
        yield ()
        return
    for first in range(sizes[0]):
        for rest in grid(sizes[1:]):
            yield (first, *rest)


def add_windows(g: Any, shape: Ints, kernel: Ints, stride: Ints, dilation: Ints) -> Any:
    """(..., *output, *kernel) -> zeros of `shape` (..., *size) with every window added: the adjoint of `windows`."""
    out, output = array_module(g).zeros(shape, dtype=g.dtype), g.shape[-2 * len(kernel) : -len(kernel)]
    for cell in grid(kernel):
        starts = (c * d for c, d in zip(cell, dilation))
        places = (slice(a, a + (m - 1) * s + 1, s) for a, m, s in zip(starts, output, stride))
        out[(..., *places)] += g[(..., *cell)]
    return out


def pad(x: Any, where: Geometry) -> Any:
    """Images with zeros around them, in C order."""
    if not any(where.padding):
        return array_module(x).ascontiguousarray(x)
    out = array_module(x).zeros((*x.shape[:2], *where.padded), dtype=x.dtype)
    out[where.inner] = x
    return out


def im2col(x: Any, where: Geometry) -> Any:
    """(N, C, *size) -> (groups, C / groups * kernel, N * output): every window as a column."""
    (n, c), d = x.shape[:2], len(where.kernel)
    shown = windows(pad(x, where), where.kernel, where.stride, where.dilation)
    shown = shown[(slice(None), slice(None), *map(slice, where.output))]
    columns = shown.transpose(1, *range(d + 2, 2 * d + 2), 0, *range(2, d + 2))
    return columns.reshape(where.groups, c // where.groups * math.prod(where.kernel), n * math.prod(where.output))


def col2im(columns: Any, shape: Ints, where: Geometry) -> Any:
    """(groups, C / groups * kernel, N * output) -> `shape`, (N, C, *size), columns added up where they overlap."""
    (n, c), d = shape[:2], len(where.kernel)
    parts = columns.reshape(c, *where.kernel, n, *where.output)
    parts = parts.transpose(d + 1, 0, *range(d + 2, 2 * d + 2), *range(1, d + 1))
    return add_windows(parts, (n, c, *where.padded), where.kernel, where.stride, where.dilation)[where.inner]


def as_rows(images: Any, groups: int) -> Any:
    """(N, C, *output) -> (groups, C / groups, N * output)."""
    n, c, *output = images.shape
    return images.swapaxes(0, 1).reshape(groups, c // groups, n * math.prod(output))


def as_images(rows: Any, n: int, output: Ints) -> Any:
    """(groups, C / groups, N * output) -> (N, C, *output), in C order."""
    images = rows.reshape(rows.shape[0] * rows.shape[1], n, *output).swapaxes(0, 1)
    return array_module(rows).ascontiguousarray(images)


def as_matrices(weight: Any, groups: int) -> Any:
    """(out, C / groups, *kernel) -> (groups, out / groups, C / groups * kernel)."""
    return weight.reshape(groups, weight.shape[0] // groups, math.prod(weight.shape[1:]))
