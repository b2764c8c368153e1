"""What layers share: how their parameters are reset, and, by the private names that layers written for PyTorch import,
sizes given once for every dimension."""

import math
from collections.abc import Callable
from itertools import repeat
from typing import Any

from minigrad.nn import init
from minigrad.nn.modules.module import Module
from minigrad.nn.parameter import Parameter

__all__: list[str] = []


def uniform_by_fan_in(module: Module, fan_in: int) -> None:
    """Draw all parameters of the module uniformly from [-b, b) with b = 1 / sqrt(fan_in), as PyTorch's layers do."""
    bound = 1 / math.sqrt(fan_in) if fan_in else 0.0
    for p in module.parameters():
        init.uniform_(p, -bound, bound)


def reset_affine(weight: Parameter | None, bias: Parameter | None) -> None:
    """Set the weight to 1 and the bias to 0, where there are any."""
    if weight is not None:
        init.ones_(weight)
    if bias is not None:
        init.zeros_(bias)


def _ntuple(n: int, name: str = "") -> Callable[[Any], tuple[Any, ...]]:
    def parse(x: Any) -> tuple[Any, ...]:
        return tuple(x) if hasattr(x, "__iter__") else tuple(repeat(x, n))

    parse.__name__, parse.__doc__ = name or "parse", f"x as a tuple: a single value {n} times."
    return parse


_single, _pair, _triple, _quadruple = (
    _ntuple(n + 1, name) for n, name in enumerate(("_single", "_pair", "_triple", "_quadruple"))
)
