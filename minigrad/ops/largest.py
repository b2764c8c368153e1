"""The largest element of each window, and its adjoints: what max pooling is made of. Windows are looked at place by
place (the first elements of all windows, the second, ...), so that none is copied out."""

from types import SimpleNamespace
from typing import Any

from minigrad.backend import array_module
from minigrad.engine.primitive import primitive
from minigrad.kernels import windows as kernels
from minigrad.kernels.kernel import on_gpu
from minigrad.ops.conv import Ints, _grid, windows


def _places(x: Any, kernel: Ints, stride: Ints, dilation: Ints) -> Any:
    """Views of x: of each place in the windows, the elements there."""
    shown = windows(x, kernel, stride, dilation)
    return [shown[(..., *place)] for place in _grid(kernel)]


@primitive(
    name="largest_of_windows",
    input=lambda g, input_shape, kernel, stride, dilation, known: _put_at(
        g, best=known.best, shape=input_shape, kernel=kernel, stride=stride, dilation=dilation
    ),
)
@on_gpu(kernels.largest)
def _largest(input: Any, *, kernel: Ints, stride: Ints, dilation: Ints, known: Any) -> Any:
    """The first largest of each window, a nan before all; known.best: its number there."""
    first, *others = _places(input, kernel, stride, dilation)
    xp, out = array_module(input), first.copy()
    known.best = xp.zeros(out.shape, dtype="uint8" if len(others) < 256 else "int64")
    for k, here in enumerate(others, 1):
        better = (here > out) | (here != here) & (out == out)
        xp.copyto(out, here, where=better)
        xp.copyto(known.best, k, where=better)
    return out


@primitive(
    name="put_at_best",
    g=lambda g, best, kernel, stride, dilation: _at(g, best=best, kernel=kernel, stride=stride, dilation=dilation),
)
@on_gpu(kernels.put_at)
def _put_at(g: Any, *, best: Any, shape: Ints, kernel: Ints, stride: Ints, dilation: Ints) -> Any:
    """Zeros of `shape` with g of each window added at the place of its best."""
    xp = array_module(g)
    out = xp.zeros(shape, dtype=g.dtype)
    for k, here in enumerate(_places(out, kernel, stride, dilation)):
        here += xp.where(best == k, g, 0)
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
