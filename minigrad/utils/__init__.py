"""What surrounds a training loop: data sets, samplers and loaders in `data`, and memory for time in `checkpoint`."""

from minigrad.utils import checkpoint, data

__all__ = ["checkpoint", "data"]
