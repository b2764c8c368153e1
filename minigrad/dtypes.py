"""dtypes and their promotion. A minigrad dtype is a NumPy dtype, on both backends.

Promotion is PyTorch's (`torch.result_type`), not NumPy's: what decides is first the *category*
(bool < integer < float < complex), then whether an operand has dimensions, then the width.
"""

import builtins
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
from numpy import dtype

__all__ = [
    "bfloat16", "bool", "cdouble", "cfloat", "complex64", "complex128", "double", "dtype", "finfo", "float", "float16",
    "float32", "float64", "get_default_dtype", "half", "iinfo", "int", "int8", "int16", "int32", "int64", "long",
    "promote_types", "result_type", "set_default_dtype", "short", "uint8",
]  # fmt: skip

bool = np.dtype("bool")
uint8 = np.dtype("uint8")
int8 = np.dtype("int8")
int16 = short = np.dtype("int16")
int32 = int = np.dtype("int32")
int64 = long = np.dtype("int64")
float16 = half = np.dtype("float16")
float32 = float = np.dtype("float32")
float64 = double = np.dtype("float64")
complex64 = cfloat = np.dtype("complex64")
complex128 = cdouble = np.dtype("complex128")


class _BFloat16:
    """The dtype that NumPy has where `ml_dtypes` is installed. Without it, it can be named and compared, so that a
    script may choose another; no tensor has it."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """NumPy's. Raises TypeError where it has none."""
        try:
            found = import_module("ml_dtypes").bfloat16
        except ImportError:
            raise TypeError(
                "bfloat16: NumPy has no such dtype without the package ml_dtypes (pip install ml_dtypes); use float16 "
                "or float32"
            ) from None
        return np.dtype(found)

    def __repr__(self) -> str:
        return "minigrad.bfloat16"


bfloat16 = _BFloat16()
_CATEGORY = {"b": 0, "u": 1, "i": 1, "f": 2, "c": 3}
_default = float32
WHEN_BFLOAT16: list[Callable[[np.dtype[Any]], None]] = []  # called with the dtype where a bfloat16 appears


def get_default_dtype() -> np.dtype[Any]:
    """The dtype of tensors made from Python floats: float32 unless `set_default_dtype` changed it."""
    return _default


def set_default_dtype(d: Any) -> None:
    """Make Python floats become tensors of dtype `d` (a floating one; TypeError otherwise)."""
    global _default
    wanted = dtype_named("set_default_dtype", d)
    if not floating(wanted):
        raise TypeError(f"set_default_dtype(): expected a floating dtype, got {wanted}")
    _default = wanted


def _known(d: np.dtype[Any]) -> np.dtype[Any]:
    """A bfloat16, from whose first appearance on operations look for it."""
    for notify in WHEN_BFLOAT16:
        notify(d)
    return d


def floating(d: np.dtype[Any]) -> builtins.bool:
    """Is it a dtype of real numbers with fractions?"""
    return d.kind == "f" or d.kind == "V" and d.name == "bfloat16"


def dtype_named(op: str, d: Any) -> np.dtype[Any]:
    """`d` as a dtype. Raises TypeError, in words, for what is none."""
    if isinstance(d, _BFloat16) or isinstance(d, str) and d == "bfloat16":
        try:
            return _known(bfloat16.dtype)
        except TypeError as error:
            raise TypeError(f"{op}: {error}") from None
    try:
        old = isinstance(d, str) and d.startswith("a")  # NumPy's old code of byte strings, of which it warns
        found = None if d is None or old else np.dtype(d)
    except TypeError:
        found = None
    if found is not None and (found.kind in _CATEGORY or floating(found)):  # NumPy takes any class for "object"
        return found
    raise TypeError(f"{op}: dtype: expected one such as minigrad.float32, got {d!r}")


def epsilon(d: np.dtype[Any]) -> builtins.float:
    """The step from 1 to the next number of a floating dtype; of a complex one, of its parts."""
    return builtins.float((np.finfo(d) if d.kind in "fc" else import_module("ml_dtypes").finfo(d)).eps)


class finfo:
    """The limits of a floating dtype (default: the default one) as Python numbers: `finfo(minigrad.float32).min`.

    eps is the step from 1 to the next number, tiny (smallest_normal) the smallest of full precision, resolution that of
    decimals. TypeError for other dtypes.
    """

    def __init__(self, type: Any = None) -> None:
        wanted = _default if type is None else dtype_named("finfo", type)
        if not floating(wanted):
            raise TypeError(f"finfo: expected a floating dtype, got {wanted}; iinfo is for integers")
        found = np.finfo(wanted) if wanted.kind == "f" else import_module("ml_dtypes").finfo(wanted)
        self.dtype, self.bits = str(wanted), builtins.int(found.bits)
        self.min, self.max, self.eps = (builtins.float(n) for n in (found.min, found.max, found.eps))
        self.tiny = self.smallest_normal = builtins.float(found.tiny)
        self.resolution = builtins.float(found.resolution)

    def __repr__(self) -> str:
        return f"finfo({', '.join(f'{name}={value}' for name, value in vars(self).items())})"


class iinfo:
    """The limits of an integer dtype: `iinfo(minigrad.int64).max`. TypeError for other dtypes."""

    def __init__(self, type: Any) -> None:
        wanted = dtype_named("iinfo", type)
        if wanted.kind not in "iu":
            raise TypeError(f"iinfo: expected an integer dtype, got {wanted}; finfo is for floating ones")
        found = np.iinfo(wanted)
        self.dtype, self.bits, self.min, self.max = str(wanted), found.bits, found.min, found.max

    def __repr__(self) -> str:
        return f"iinfo({', '.join(f'{name}={value}' for name, value in vars(self).items())})"


def category(dtype: np.dtype[Any]) -> builtins.int:
    """0 bool, 1 integer, 2 floating, 3 complex. TypeError for what no tensor can hold (strings, objects, dates)."""
    try:
        return _CATEGORY[dtype.kind]
    except KeyError:
        if floating(dtype):
            _known(dtype)
            return _CATEGORY["f"]
        raise TypeError(f"a tensor holds bool, integer, floating or complex numbers, not NumPy's {dtype}") from None


def promote_types(a: Any, b: Any) -> np.dtype[Any]:
    """The dtype both `a` and `b` are brought to: the higher category's own dtype, else the wider of the two."""
    return _promoted(dtype_named("promote_types", a), dtype_named("promote_types", b))


@cache  # found once a pair: finding it takes as long as five whole operations
def _promoted(x: np.dtype[Any], y: np.dtype[Any]) -> np.dtype[Any]:
    if x != y and {x.name, y.name} == {"bfloat16", "float16"}:
        return float32
    if category(x) == category(y) or {x, y} == {float64, complex64}:
        return np.promote_types(x, y)
    return x if category(x) > category(y) else y


def number_dtype(value: Any) -> np.dtype[Any]:
    """The dtype a Python number stands for: bool, int64, the default floating dtype, or complex of that width."""
    if isinstance(value, builtins.bool):
        return bool
    if isinstance(value, builtins.int):
        return int64
    if isinstance(value, builtins.float):
        return _default
    return complex128 if _default == float64 else complex64


def result_type(*operands: Any) -> np.dtype[Any]:
    """The dtype of an arithmetic result on tensors, arrays and Python numbers, as `torch.result_type` has it.

    Operands with dimensions decide; 0-d ones, and after them Python numbers, only raise the category:
    float32[3] with float64[] gives float32, int64[3] with float64[] gives float64, int8[3] with 2.5 float32.
    """
    tiers: list[np.dtype[Any] | None] = [None, None, None]
    for x in operands:
        if isinstance(x, (builtins.bool, builtins.int, builtins.float, complex)):
            tier, dtype = 2, number_dtype(x)
        else:
            tier, dtype = (0 if x.ndim else 1), x.dtype
        have = tiers[tier]
        tiers[tier] = dtype if have is None else _promoted(have, dtype)
    result = None
    for lower in tiers:
        if lower is None:
            continue
        if result is None:
            result = lower
        elif category(lower) > category(result):
            result = _promoted(result, lower)
    assert result is not None, "result_type() needs at least one operand"
    return result
