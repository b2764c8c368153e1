"""Switches at PyTorch's top level that switch nothing here: memory formats, compilation, determinism, precision."""

import warnings
from enum import Enum
from typing import Any

__all__ = [
    "are_deterministic_algorithms_enabled", "channels_last", "channels_last_3d", "compile", "contiguous_format",
    "get_float32_matmul_precision", "is_autocast_enabled", "layout", "memory_format", "preserve_format",
    "set_float32_matmul_precision", "strided", "use_deterministic_algorithms",
]  # fmt: skip


class memory_format(Enum):  # noqa: N801
    """How PyTorch may lay out the same numbers. Every new tensor here is row-major, whichever is given."""

    contiguous_format = "contiguous"
    preserve_format = "preserve"
    channels_last = "channels last"
    channels_last_3d = "channels last, 3-D"


class layout(Enum):  # noqa: N801
    """How PyTorch may store a tensor; here there is one way."""

    strided = "strided"


contiguous_format, preserve_format, channels_last, channels_last_3d = memory_format
strided = layout.strided


def compile(model: Any = None, **options: Any) -> Any:  # noqa: A001
    """The model itself, with a warning: nothing is compiled here. Also as a decorator, with options."""
    if model is None:
        return lambda given: compile(given, **options)
    warnings.warn("compile: minigrad runs models as they are; the model is returned unchanged", stacklevel=2)
    return model


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Nothing to switch: every algorithm here is deterministic."""


def set_float32_matmul_precision(precision: str) -> None:
    """Nothing to switch: products of float32 are computed in float32 ("highest"), which "high" and "medium" permit."""
    if precision not in ("highest", "high", "medium"):
        raise ValueError(f'set_float32_matmul_precision: expected "highest", "high" or "medium", got {precision!r}')


def get_float32_matmul_precision() -> str:
    """Always "highest"."""
    return "highest"


def is_autocast_enabled(device_type: str = "cuda") -> bool:
    """Never: there is no mixed precision."""
    return False


def are_deterministic_algorithms_enabled() -> bool:
    """Always: every algorithm here is deterministic."""
    return True
