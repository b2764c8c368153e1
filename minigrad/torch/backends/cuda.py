"""CUDA's switches, which change nothing here."""

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

from minigrad.torch.cuda import is_available as is_built

matmul = SimpleNamespace(allow_tf32=False)


def sdp_kernel(enable_flash: bool = True, enable_math: bool = True, enable_mem_efficient: bool = True,
               enable_cudnn: bool = True) -> Any:  # fmt: skip
    """A block in which attention is computed as everywhere else."""
    return nullcontext()


def enable_flash_sdp(enabled: bool) -> None:
    """Nothing to switch: attention is computed in one way."""


enable_math_sdp = enable_mem_efficient_sdp = enable_cudnn_sdp = enable_flash_sdp


def flash_sdp_enabled() -> bool:
    """No."""
    return False


def mem_efficient_sdp_enabled() -> bool:
    """No."""
    return False


def math_sdp_enabled() -> bool:
    """Yes: matrix products and a softmax."""
    return True


__all__ = [
    "enable_cudnn_sdp", "enable_flash_sdp", "enable_math_sdp", "enable_mem_efficient_sdp", "flash_sdp_enabled",
    "is_built", "math_sdp_enabled", "matmul", "mem_efficient_sdp_enabled", "sdp_kernel",
]  # fmt: skip
