"""Utilities of training loops: datasets, samplers and loaders in `data`, activation checkpointing in `checkpoint`,
exchange of tensors with other libraries in `dlpack`. Each is imported when it is first accessed."""

from minigrad._lazy import lazy_imports

__getattr__, __dir__ = lazy_imports(__name__, "checkpoint data dlpack model_zoo")
