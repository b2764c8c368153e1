"""What surrounds a training loop: data sets, samplers and loaders in `data`, memory for time in `checkpoint`, tensors
to and from other libraries in `dlpack`. Each is imported when it is named."""

from minigrad._lazy import lazy_imports

__getattr__, __dir__ = lazy_imports(__name__, "checkpoint data dlpack model_zoo")
