"""Switches that scripts set and probes that they ask, by PyTorch's names. Here they decide nothing: there is one
backend for each device, and its results are the same from run to run."""

from types import SimpleNamespace

from minigrad.cuda import is_available

cudnn = SimpleNamespace(
    enabled=False, benchmark=False, deterministic=True, allow_tf32=False, is_available=lambda: False,
    version=lambda: None,
)  # fmt: skip
cuda = SimpleNamespace(matmul=SimpleNamespace(allow_tf32=False), is_built=is_available)
mps = SimpleNamespace(is_available=lambda: False, is_built=lambda: False)
mkldnn = SimpleNamespace(enabled=False, is_available=lambda: False)
mkl = SimpleNamespace(is_available=lambda: False)
openmp = SimpleNamespace(is_available=lambda: False)

__all__ = ["cuda", "cudnn", "mkl", "mkldnn", "mps", "openmp"]
