"""Gradients kept small, by PyTorch's names (Pascanu et al., On the difficulty of training recurrent networks, 2013)."""

import math
from collections.abc import Iterable
from typing import Any

from minigrad.engine.modes import no_grad
from minigrad.ops.creation import tensor
from minigrad.ops.reduce import norm
from minigrad.ops.shape import stack
from minigrad.tensor import Tensor


def _gradients(parameters: Tensor | Iterable[Tensor]) -> list[Tensor]:
    given = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    return [p.grad for p in given if p.grad is not None]


@no_grad()
def get_total_norm(tensors: Tensor | Iterable[Tensor], norm_type: float = 2.0, error_if_nonfinite: bool = False,
                   foreach: bool | None = None) -> Tensor:  # fmt: skip
    """The norm of all elements of all tensors, as if they were one vector."""
    parts = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    if not parts:
        return tensor(0.0)
    total: Tensor = norm(stack([norm(t, norm_type).to(parts[0].device) for t in parts]), norm_type)
    if error_if_nonfinite and not math.isfinite(total.item()):
        raise RuntimeError(f"get_total_norm: the norm of order {norm_type} is {total.item()}, not finite; "
                           f"error_if_nonfinite=False lets it pass")  # fmt: skip
    return total


@no_grad()
def clip_grad_norm_(parameters: Tensor | Iterable[Tensor], max_norm: float, norm_type: float = 2.0,
                    error_if_nonfinite: bool = False, foreach: bool | None = None) -> Tensor:  # fmt: skip
    """Scale all gradients by max_norm / (their total norm + 1e-6) where that is below 1. Returns the norm they had."""
    total = get_total_norm(_gradients(parameters), norm_type, error_if_nonfinite)
    clip_grads_with_norm_(parameters, max_norm, total)
    return total


@no_grad()
def clip_grads_with_norm_(parameters: Tensor | Iterable[Tensor], max_norm: float, total_norm: Tensor,
                          foreach: bool | None = None) -> None:  # fmt: skip
    """`clip_grad_norm_` where the total norm is known."""
    scale = (float(max_norm) / (total_norm + 1e-6)).clamp(max=1.0)
    for g in _gradients(parameters):
        g.mul_(scale.to(device=g.device, dtype=g.dtype))


clip_grad_norm = clip_grad_norm_


@no_grad()
def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float, foreach: bool | None = None) -> None:
    """Limit every element of every gradient to [-clip_value, clip_value]."""
    limit = float(clip_value)
    for g in _gradients(parameters):
        g.clamp_(-limit, limit)


__all__: list[Any] = [
    "clip_grad_norm",
    "clip_grad_norm_",
    "clip_grad_value_",
    "clip_grads_with_norm_",
    "get_total_norm",
]
