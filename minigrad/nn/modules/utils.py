"""Sizes given once for every dimension, by the private names that layers written for PyTorch import."""

from collections.abc import Callable
from itertools import repeat
from typing import Any

__all__: list[str] = []


def _ntuple(n: int, name: str = "") -> Callable[[Any], tuple[Any, ...]]:
    def made(x: Any) -> tuple[Any, ...]:
        return tuple(x) if hasattr(x, "__iter__") else tuple(repeat(x, n))

    made.__name__, made.__doc__ = name or "made", f"x as a tuple: a single value {n} times."
    return made


_single, _pair, _triple, _quadruple = (
    _ntuple(n + 1, name) for n, name in enumerate(("_single", "_pair", "_triple", "_quadruple"))
)
