"""What surrounds a training loop: data sets, samplers and loaders, in `minigrad.utils.data`."""

from minigrad.utils import data

__all__ = ["data"]
