"""The largest element of each window, and its adjoints: what max pooling is made of. Windows are looked at place by
place (the first elements of all windows, the second, ...), so that none is copied out."""

from types import SimpleNamespace
from typing import Any

from minigrad.backend import array_module, chosen, loops, parts, shared
from minigrad.backend.loops import on_gpu
from minigrad.engine.dispatch import primitive
from minigrad.executors.cupy import windows as kernels
from minigrad.ops.nn.im2col import Ints, grid, windows


def _places(x: Any, kernel: Ints, stride: Ints, dilation: Ints) -> Any:
    """Views of x: of each place in the windows, the elements there."""
    shown = windows(x, kernel, stride, dilation)
    return [shown[(..., *place)] for place in grid(kernel)]


def _two(sizes: Ints) -> Ints:
    """Of two dimensions, the first of which is 1 where there is but one."""
    return (1, *sizes)[-2:]


def _planes(*arrays: Any) -> list[Any]:
    """(..., h, w), or (..., w), as (planes, h, w)."""
    return [a.reshape(-1, *_two(a.shape[2:])) for a in arrays]


def _in_parts(work: Any, windows: Any) -> None:
    """`work(slice)` for parts of the batch with as many windows as stay in the cache, by all threads."""
    some = parts(len(windows), windows.size // max(1, len(windows)))
    shared(lambda i: work(some[i]), len(some))


@primitive(
    name="largest_of_windows",
    input=lambda g, input_shape, kernel, stride, dilation, known: _put_at(
        g, best=known.best, shape=input_shape, kernel=kernel, stride=stride, dilation=dilation
    ),
)
@on_gpu(kernels.largest)
def _largest(input: Any, *, kernel: Ints, stride: Ints, dilation: Ints, known: Any) -> Any:
    """The first largest of each window, a nan before all; known.best: its number there."""
    xp, places = array_module(input), _places(input, kernel, stride, dilation)
    out = xp.empty(places[0].shape, dtype=input.dtype)
    known.best = best = xp.zeros(out.shape, dtype="uint8" if len(places) <= 256 else "int64")

    def work(part: slice) -> None:
        most, number = out[part], best[part]
        most[...] = places[0][part]
        for k, place in enumerate(places[1:], 1):
            here = place[part].copy()  # what lies scattered is read once
            better = here > most
            if nans:
                better |= (here != here) & (most == most)
            xp.maximum(most, here, out=most)
            xp.maximum(number, better * number.dtype.type(k), out=number)

    nans = bool((input != input).any())
    _in_parts(work, out)
    return out


@primitive(
    name="put_at_best",
    g=lambda g, best, kernel, stride, dilation: _at(g, best=best, kernel=kernel, stride=stride, dilation=dilation),
)
@on_gpu(kernels.put_at)
def _put_at(g: Any, *, best: Any, shape: Ints, kernel: Ints, stride: Ints, dilation: Ints) -> Any:
    """Zeros of `shape` with g of each window added at the place of its best."""
    out = array_module(g).zeros(shape, dtype=g.dtype)
    places = _places(out, kernel, stride, dilation)
    apart = all(s >= d * (k - 1) + 1 for s, k, d in zip(stride, kernel, dilation))  # no two windows overlap

    def work(part: slice) -> None:
        for k, place in enumerate(places):
            here = chosen(best[part] == k, g[part], 0.0)
            if apart:
                place[part] = here
            else:
                place[part] += here

    def in_one_pass(part: slice) -> None:
        planes = _planes(g[part], best[part], out[part])
        fast.windows.put_at(*planes, _two(kernel)[1], *_two(stride), *_two(dilation), 0, len(planes[0]))

    fast: Any = loops(g) if len(kernel) < 3 and best.dtype == "uint8" else None
    _in_parts(work if fast is None else in_one_pass, g)
    return out


@primitive(
    name="at_best",
    input=lambda g, best, input_shape, kernel, stride, dilation: _put_at(
        g, best=best, shape=input_shape, kernel=kernel, stride=stride, dilation=dilation
    ),
)
@on_gpu(kernels.at)
def _at(input: Any, *, best: Any, kernel: Ints, stride: Ints, dilation: Ints) -> Any:
    """Of each window the element at the place of its best."""
    first, *others = _places(input, kernel, stride, dilation)
    xp, out = array_module(input), first.copy()
    for k, here in enumerate(others, 1):
        xp.copyto(out, here, where=best == k)
    return out


def largest(x: Any, kernel: Ints, stride: Ints, dilation: Ints) -> tuple[Any, Any]:
    """The largest of each window, and which of its elements that was."""
    known = SimpleNamespace()
    return _largest(x, kernel=kernel, stride=stride, dilation=dilation, known=known), known.best
