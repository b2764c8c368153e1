"""Parameters to one vector, and back."""

from collections.abc import Iterable

from minigrad.engine.messages import describe
from minigrad.engine.tensor import Tensor
from minigrad.errors import ShapeError
from minigrad.ops.array.shape import cat, reshape


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All elements of all parameters as one vector, in their order. Differentiable, as cat() is."""
    out: Tensor = cat([reshape(p, -1) for p in parameters])
    return out


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Set each parameter's `.data` to its part of the vector, in their order: the inverse of parameters_to_vector.
    Raises ShapeError unless the vector has as many elements as they."""
    given = list(parameters)
    total = sum(p.numel() for p in given)
    if not isinstance(vec, Tensor) or tuple(vec.shape) != (total,):
        raise ShapeError(f"vector_to_parameters: vec: expected {total} elements, as the parameters have, got "
                         f"{describe(vec)}")  # fmt: skip
    start = 0
    for p in given:
        p.data = reshape(vec.detach()[start : start + p.numel()], tuple(p.shape)).to(p.dtype)
        start += p.numel()
