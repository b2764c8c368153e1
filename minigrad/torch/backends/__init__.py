"""Switches that scripts set and probes that they ask, by PyTorch's names. Here they decide nothing: there is one
backend for each device, and its results are the same from run to run."""

from types import SimpleNamespace

from minigrad.torch.backends import cuda, cudnn, mps

mkldnn = SimpleNamespace(enabled=False, is_available=lambda: False)
mkl = SimpleNamespace(is_available=lambda: False)
openmp = SimpleNamespace(is_available=lambda: False)

__all__ = ["cuda", "cudnn", "mkl", "mkldnn", "mps", "openmp"]
