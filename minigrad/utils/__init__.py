"""Utilities of training loops: datasets, samplers and loaders in `data`, activation checkpointing in `checkpoint`,
exchange of tensors with other libraries in `dlpack`. Each is imported when it is first accessed."""

from typing import Any

from minigrad._lazy import lazy_imports

_part, __dir__ = lazy_imports(__name__, "checkpoint data dlpack model_zoo")


def __getattr__(name: str) -> Any:
    if (part := _part(name)) is not None:
        return part
    raise AttributeError(f"module 'minigrad.utils' has no attribute {name!r}")
