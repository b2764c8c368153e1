"""`nn.DataParallel` under the name of PyTorch's module: the model itself, on one device, with a warning."""

from minigrad.nn.modules.container import DataParallel

__all__ = ["DataParallel"]
