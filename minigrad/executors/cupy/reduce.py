"""Reductions by kernels."""

from typing import Any

from minigrad.backend import array_module
from minigrad.backend.cuda_kernel import accumulate_type, reduction

PRODUCTS = reduction("sum_of_products", "T x, T y", "S out", "A(x) * A(y)", "a + b", "out = a", "0", "A")


def reduce_kernel(kernel: Any, x: Any, *others: Any, dims: tuple[int, ...]) -> Any:
    """The reduction along `dims`, which stay with size 1, in the accumulate_type dtype."""
    shape = tuple(1 if i in dims else n for i, n in enumerate(x.shape))
    out = array_module(x).empty(shape, dtype=accumulate_type(x.dtype))
    return kernel.call(x, *others, out, axis=dims, keepdims=True)
