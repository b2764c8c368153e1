"""What surrounds a training loop: data sets, samplers and loaders in `data`, memory for time in `checkpoint`, tensors
to and from other libraries in `dlpack`. Each is imported when it is named."""

from typing import Any

from minigrad._lazy import lazy_imports

_part, __dir__ = lazy_imports(__name__, "checkpoint data dlpack model_zoo")


def __getattr__(name: str) -> Any:
    if (part := _part(name)) is not None:
        return part
    raise AttributeError(f"module 'minigrad.utils' has no attribute {name!r}")
