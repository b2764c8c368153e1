"""Activations that take several array functions, in one launch."""

from typing import Any

from minigrad.kernels.kernel import elementwise

SILU = elementwise("silu", "T x", "T out", "out = A(x) / (A(1) + exp(-A(x)))")
GELU = elementwise("gelu", "T x", "T out", "out = A(x) * (A(0.5) * erfc(-A(x) * A(0.7071067811865476)))")


def gelu(x: Any, known: Any) -> Any:
    """x times the normal distribution function at x; its gradient needs nothing known."""
    return GELU(x)
