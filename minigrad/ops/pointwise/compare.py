"""Comparisons of whole tensors, counts and sets of values: no gradient."""

from typing import Any

from minigrad.backend import array_module
from minigrad.engine.dispatch import primitive
from minigrad.engine.primitive import wrap
from minigrad.engine.promotion import is_number, promoted
from minigrad.engine.tensor import Tensor
from minigrad.errors import ShapeError
from minigrad.ops import axes
from minigrad.ops.api import public, raise_not_tensor
from minigrad.ops.array.creation import tensor
from minigrad.ops.pointwise.arithmetic import abs, isfinite, isnan
from minigrad.ops.reduce.reductions import all, sum

__all__ = ["allclose", "count_nonzero", "equal", "isclose", "isin", "unique"]


@public
def isclose(input: Any, other: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Any:
    """|input - other| <= atol + rtol * |other|, element by element; infinities are close only to themselves, and nan to
    nothing (equal_nan: to nan)."""
    if not (rtol >= 0 and atol >= 0):
        raise ValueError(f"isclose: expected rtol and atol of 0 or more, got {rtol} and {atol}")
    a, b = promoted(_unrecorded("isclose", input=input), _unrecorded("isclose", other=other))
    near = (abs(a - b) <= atol + rtol * abs(b)) & isfinite(a) & isfinite(b)
    same = (a == b) | near
    return same | (isnan(a) & isnan(b)) if equal_nan else same


def _unrecorded(op: str, **operand: Any) -> Any:
    raise_not_tensor(op, **operand)
    (x,) = operand.values()
    return x.detach() if isinstance(x, Tensor) else x


@public
def allclose(input: Any, other: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Are all elements close (`isclose`)? A Python bool, which waits for the GPU."""
    return bool(all(isclose(input, other, rtol, atol, equal_nan)))


@public
def equal(input: Any, other: Any) -> bool:
    """Have the two the same shape and the same elements? A Python bool, which waits for the GPU."""
    a, b = _unrecorded("equal", input=input), _unrecorded("equal", other=other)
    return tuple(a.shape) == tuple(b.shape) and bool(all(a == b))


@public
def count_nonzero(input: Any, dim: Any = None) -> Any:
    """How many elements are not 0: of all, or along `dim`. int64."""
    return sum(_unrecorded("count_nonzero", input=input) != 0, dim)


@primitive(name="isin")
def _isin(elements: Any, test_elements: Any, *, invert: bool) -> Any:
    return array_module(elements).isin(elements, test_elements, invert=invert)


@public
def isin(elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False) -> Any:
    """Which elements are among the others? Either may be a number. assume_unique changes nothing."""
    if is_number(elements):
        raise_not_tensor("isin", test_elements=test_elements)
        elements = tensor(elements, device=getattr(test_elements, "device", None))
    raise_not_tensor("isin", elements=elements)
    return _isin(elements, test_elements, invert=invert)


@public
def unique(
    input: Any, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The different values in order; return_inverse: also each element's index in them; return_counts: also how often
    each comes. Each nan is one of its own. dim: of slices along it."""
    raise_not_tensor("unique", input=input)
    raw = input._array if isinstance(input, Tensor) else input
    at = None if dim is None else axes.normalize_dim(dim, raw.ndim, "unique")
    if at is not None and raw.ndim == 0:
        raise ShapeError("unique: dim: expected a tensor with dimensions, got a 0-d one")
    found = array_module(raw).unique(raw, return_inverse=True, return_counts=True, axis=at, equal_nan=False)
    values, inverse, counts = found
    inverse = inverse.reshape(raw.shape) if at is None else inverse.reshape(-1)
    chosen = [values] + [inverse] * return_inverse + [counts] * return_counts
    return wrap(values) if len(chosen) == 1 else tuple(wrap(x) for x in chosen)
