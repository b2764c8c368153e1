"""The largest element of each window, and its adjoints: what max pooling is made of."""

from math import prod
from typing import Any

from minigrad.backend import array_module
from minigrad.engine.dispatch import primitive
from minigrad.ops.nn.im2col import Ints, grid, windows


def window_cells(x: Any, kernel: Ints, stride: Ints, dilation: Ints) -> list[Any]:
    """Views of x, (..., *output): the first elements of all windows, the second ones, and so on."""
    shown = windows(x, kernel, stride, dilation)
    return [shown[(..., *cell)] for cell in grid(kernel)]


def _window_rows(x: Any, kernel: Ints, stride: Ints, dilation: Ints) -> Any:
    """(..., *output, elements of a window)."""
    shown = windows(x, kernel, stride, dilation)
    return shown.reshape(*shown.shape[: -len(kernel)], prod(kernel))


def _take(rows: Any, indices: Any) -> Any:
    return array_module(rows).take_along_axis(rows, indices[..., None], -1)[..., 0]


@primitive(
    also=("indices",),
    input=lambda g, indices, input_shape, kernel, stride, dilation: max_pool_backward(
        g, indices=indices, shape=input_shape, kernel=kernel, stride=stride, dilation=dilation
    ),
)
def max_pool(input: Any, *, kernel: Ints, stride: Ints, dilation: Ints) -> tuple[Any, Any]:
    """The largest element of each window of (..., *size), the first of equal ones, a nan before all; and `indices`, the
    number that this element has in its window."""
    rows = _window_rows(input, kernel, stride, dilation)
    indices = rows.argmax(-1)
    return _take(rows, indices), indices


@primitive(
    g=lambda g, indices, kernel, stride, dilation: take_max(
        g, indices=indices, kernel=kernel, stride=stride, dilation=dilation
    )
)
def max_pool_backward(g: Any, *, indices: Any, shape: Ints, kernel: Ints, stride: Ints, dilation: Ints) -> Any:
    """Zeros of `shape` with g of each window added to its largest element: the adjoint of `take_max`."""
    xp = array_module(g)
    out = xp.zeros(shape, dtype=g.dtype)
    for k, cell in enumerate(window_cells(out, kernel, stride, dilation)):
        cell += xp.where(indices == k, g, 0)
    return out


@primitive(
    input=lambda g, indices, input_shape, kernel, stride, dilation: max_pool_backward(
        g, indices=indices, shape=input_shape, kernel=kernel, stride=stride, dilation=dilation
    )
)
def take_max(input: Any, *, indices: Any, kernel: Ints, stride: Ints, dilation: Ints) -> Any:
    """The element of each window that `indices` names."""
    return _take(_window_rows(input, kernel, stride, dilation), indices)
