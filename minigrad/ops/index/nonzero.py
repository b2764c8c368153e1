"""The places of the elements that are not 0, which `where` has a form for. No gradient."""

from typing import Any

from minigrad.backend import array_module
from minigrad.engine.dispatch import primitive
from minigrad.ops.api import public

__all__ = ["argwhere", "nonzero"]


@primitive(name="argwhere")
def _argwhere(input: Any) -> Any:
    xp = array_module(input)
    return xp.stack(xp.nonzero(input), axis=1) if input.ndim else xp.zeros((int(input != 0), 0), dtype="int64")


@public
def argwhere(input: Any) -> Any:
    """The indices of the non-zero elements, one a row."""
    return _argwhere(input)


@public
def nonzero(input: Any, *, as_tuple: bool = False) -> Any:
    """The indices of the non-zero elements, one a row; as_tuple: a vector of them for each dimension."""
    positions = _argwhere(input)
    if not as_tuple:
        return positions
    return tuple(positions[:, d] * 1 for d in range(input.ndim)) if input.ndim else (positions.sum(1),)
