"""Gradient clipping, by PyTorch's names. Pascanu et al., On the Difficulty of Training Recurrent Neural Networks, ICML
2013."""

import math
from collections.abc import Iterable
from typing import Any

from minigrad.autograd.grad_mode import no_grad
from minigrad.engine.messages import warn_user
from minigrad.engine.tensor import Tensor
from minigrad.ops.array.creation import tensor
from minigrad.ops.array.shape import stack
from minigrad.ops.reduce.reductions import p_norm


def _gradients(op: str, parameters: Tensor | Iterable[Tensor]) -> list[Tensor]:
    if not isinstance(parameters, (Tensor, Iterable)):
        way = "; pass its .parameters()" if hasattr(parameters, "parameters") else ""
        raise TypeError(f"{op}: parameters: expected tensors, got {type(parameters).__name__}{way}")
    given = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    return [p.grad for p in given if p.grad is not None]


def _nonnegative(op: str, name: str, given: Any) -> float:
    try:
        limit = float(given)
    except (TypeError, ValueError):
        limit = math.nan
    if not limit >= 0:  # a negative limit would reverse all gradients
        raise ValueError(f"{op}: {name}: expected a number of 0 or more, got {given!r}")
    return limit


@no_grad()
def get_total_norm(tensors: Tensor | Iterable[Tensor], norm_type: float = 2.0, error_if_nonfinite: bool = False,
                   foreach: bool | None = None) -> Tensor:  # fmt: skip
    """The norm_type-norm of all elements of all tensors, as if they were one vector: a 0-d tensor, 0 of no tensors.

    error_if_nonfinite: raise RuntimeError for an infinite or nan norm. foreach changes nothing.
    """
    parts = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    if not parts:
        return tensor(0.0)
    total: Tensor = p_norm(stack([p_norm(t, norm_type).to(parts[0].device) for t in parts]), norm_type)
    if error_if_nonfinite and not math.isfinite(total.item()):
        raise RuntimeError(f"get_total_norm: the norm of order {norm_type} is {total.item()}, not finite; "
                           f"error_if_nonfinite=False lets it pass")  # fmt: skip
    return total


@no_grad()
def clip_grad_norm_(parameters: Tensor | Iterable[Tensor], max_norm: float, norm_type: float = 2.0,
                    error_if_nonfinite: bool = False, foreach: bool | None = None) -> Tensor:  # fmt: skip
    """Multiply all gradients, in place, by min(1, max_norm / (total norm + 1e-6)). Returns the total norm before: see
    get_total_norm. Raises ValueError for a negative max_norm, TypeError for parameters that are no tensors."""
    limit, grads = _nonnegative("clip_grad_norm_", "max_norm", max_norm), _gradients("clip_grad_norm_", parameters)
    total = get_total_norm(grads, norm_type, error_if_nonfinite)
    _scale_gradients(grads, limit, total)
    return total


@no_grad()
def clip_grads_with_norm_(parameters: Tensor | Iterable[Tensor], max_norm: float, total_norm: Tensor,
                          foreach: bool | None = None) -> None:  # fmt: skip
    """`clip_grad_norm_` with a given total norm."""
    name = "clip_grads_with_norm_"
    _scale_gradients(_gradients(name, parameters), _nonnegative(name, "max_norm", max_norm), total_norm)


def _scale_gradients(grads: list[Tensor], limit: float, total: Tensor) -> None:
    scale = (limit / (total + 1e-6)).clamp(max=1.0)
    for g in grads:
        g.mul_(scale.to(device=g.device, dtype=g.dtype))


def clip_grad_norm(
    parameters: Any, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:  # fmt: skip
    """clip_grad_norm_ under its old name, with a warning."""
    warn_user("clip_grad_norm: deprecated; use clip_grad_norm_, which does the same", FutureWarning)
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)


@no_grad()
def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float, foreach: bool | None = None) -> None:
    """Limit every element of every gradient, in place, to [-clip_value, clip_value]. Raises ValueError for a negative
    clip_value."""
    limit = _nonnegative("clip_grad_value_", "clip_value", clip_value)
    for g in _gradients("clip_grad_value_", parameters):
        g.clamp_(-limit, limit)


__all__ = ["clip_grad_norm", "clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "get_total_norm"]
