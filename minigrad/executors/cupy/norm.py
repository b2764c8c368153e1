"""Standardizing: elements brought to mean 0 and variance 1 over some dimensions, and the gradient of that."""

from typing import Any

from minigrad.backend import array_module
from minigrad.executors.cupy.kernel import elementwise, reduction, wider

SQUARES = reduction(
    "squares_about_the_mean", "T x, S total, float64 n", "S out",
    map="(A(x) - A(total) / A(n)) * (A(x) - A(total) / A(n))", reduce="a + b", after="out = a", identity="0", kind="A",
)  # fmt: skip
STANDARDIZE = elementwise(
    "standardize", "T x, S total, S squares, float64 n, float64 eps", "T out",
    "out = (A(x) - A(total) / A(n)) / sqrt(A(squares) / A(n) + A(eps))",
)  # fmt: skip
PRODUCTS = reduction("sum_of_products", "T x, T y", "S out", "A(x) * A(y)", "a + b", "out = a", "0", "A")
SLOPES = elementwise(
    "standardize_slopes", "T g, T y, S total, S products, S squares, float64 n, float64 eps", "T out",
    "out = (A(g) - A(total) / A(n) - A(y) * (A(products) / A(n))) / sqrt(A(squares) / A(n) + A(eps))",
)  # fmt: skip


def reduced(kernel: Any, x: Any, *others: Any, dims: tuple[int, ...]) -> Any:
    """The reduction along `dims`, which stay with size 1, in the wider dtype."""
    shape = tuple(1 if i in dims else n for i, n in enumerate(x.shape))
    out = array_module(x).empty(shape, dtype=wider(x.dtype))
    return kernel.call(x, *others, out, axis=dims, keepdims=True)


def standardize(x: Any, *, dims: tuple[int, ...], n: int, eps: float, known: Any) -> Any:
    """(x - mean) / sqrt(variance + eps) over `dims`, of n elements each; the sums go into `known`."""
    known.total = x.sum(dims, dtype=wider(x.dtype), keepdims=True)
    known.squares = reduced(SQUARES, x, known.total, n, dims=dims)
    return STANDARDIZE.call(x, known.total, known.squares, n, eps)


def slopes(g: Any, out: Any, input: Any, dims: tuple[int, ...], n: int, eps: float, known: Any) -> Any:
    """The gradient that comes back through `standardize`."""
    total = g.sum(dims, dtype=wider(g.dtype), keepdims=True)
    return SLOPES.call(g, out, total, reduced(PRODUCTS, g, out, dims=dims), known.squares, n, eps)
