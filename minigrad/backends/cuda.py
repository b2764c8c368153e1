"""CUDA's switches, which change nothing here."""

from types import SimpleNamespace

from minigrad.cuda import is_available as is_built

matmul = SimpleNamespace(allow_tf32=False)

__all__ = ["is_built", "matmul"]
