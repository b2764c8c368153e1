"""Operands brought to one dtype, as PyTorch promotes them; Python numbers, NumPy's scalars and arrays among them."""

from typing import Any

from minigrad.backend import ignore_fp_warnings, is_array
from minigrad.dtypes import float32, get_default_dtype, result_type
from minigrad.engine.messages import describe
from minigrad.engine.tensor import Tensor
from minigrad.errors import DtypeError

NUMBERS = (bool, int, float)


def is_number(x: Any) -> bool:
    """Is it a Python number (and not a NumPy scalar, some of which are Python floats too)?"""
    return isinstance(x, NUMBERS) and not hasattr(x, "dtype")


def constant(x: Any, op: str, argument: str) -> Any:
    """An operand's raw value: a Tensor's array; arrays and Python numbers as they are; NumPy's scalars as Python's."""
    if isinstance(x, Tensor):
        return x._array
    if is_number(x) or is_array(x):
        return x
    if hasattr(x, "dtype") and hasattr(x, "item"):
        return x.item()
    raise DtypeError(f"{op}: `{argument}`: expected a Tensor, an array or a number, got {describe(x)}")


def raw(x: Any, op: str, argument: str) -> Any:
    """An operand where no Tensor is: NumPy's scalars stay: arithmetic on 0-d arrays inside a rule gives them."""
    return x if hasattr(x, "dtype") else constant(x, op, argument)


def floated(x: Any) -> Any:
    """A bool or integer array in the default floating dtype; others as they are."""
    return x.astype(get_default_dtype()) if x.dtype.kind in "biu" else x


def promoted(x: Any, y: Any, floating: bool = False) -> tuple[Any, Any]:
    """Two operands (arrays, Tensors, numbers) brought to the dtype of their result. Python numbers stay as they are:
    against an array of the result's dtype they weigh nothing, in NumPy as in PyTorch."""
    dtype = result_type(x, y)
    if floating and dtype.kind in "biu":
        dtype = get_default_dtype()
    return cast(x, dtype), cast(y, dtype)


def widened(x: Any) -> Any:
    """A float16 or bfloat16 array in float32, in which it is added up, counted and divided; others as they are."""
    return cast(x, float32) if x.dtype.itemsize == 2 and x.dtype.kind not in "iu" else x


def divided(x: Any, n: Any) -> Any:
    """x / n in x's dtype, for a count n: a float16 x would take a number above 65,504 for infinity."""
    return cast(widened(x) / n, x.dtype)


def cast(x: Any, dtype: Any) -> Any:
    """`x` in that dtype: itself if it is, or if it is a number."""
    if is_number(x) or x.dtype == dtype:
        return x
    return x.astype(dtype) if isinstance(x, Tensor) else ignore_fp_warnings(x.astype, dtype)
