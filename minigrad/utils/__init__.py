"""What surrounds a training loop: data sets, samplers and loaders in `data`, memory for time in `checkpoint`, tensors
to and from other libraries in `dlpack`. Each is imported when it is named."""

import importlib
from typing import Any


def __getattr__(name: str) -> Any:
    if name in ("checkpoint", "data", "dlpack", "model_zoo"):
        return importlib.import_module(f"minigrad.utils.{name}")
    raise AttributeError(f"module 'minigrad.utils' has no attribute {name!r}")
