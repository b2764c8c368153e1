"""What to say when a forward fails. Called after the fact, so that a call that works pays nothing for it. And warnings
that point at the user's own line."""

import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from minigrad.backend import copy_to, device_of, is_array, quiet
from minigrad.errors import DeviceError, DtypeError, GraphError, LinAlgError, OutOfMemoryError, ShapeError

_PACKAGE = str(Path(__file__).parents[1])


def warn_user(text: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the innermost line outside minigrad, however deep the call is: there each place warns once."""
    frame, level = sys._getframe(1), 2
    while frame.f_code.co_filename.startswith(_PACKAGE) and frame.f_back is not None:
        frame, level = frame.f_back, level + 1
    warnings.warn(text, category, stacklevel=level)


def describe(x: Any) -> str:
    """An operand in a few words: `float32[2, 3]`, with its device where that is not the CPU."""
    array = getattr(x, "_array", x)
    if not is_array(array):
        if isinstance(x, str) and len(x) <= 30:
            return f"str {x!r}"
        return repr(x) if isinstance(x, (bool, int, float, complex, type(None))) else type(x).__name__
    where = device_of(array)
    return f"{array.dtype}[{', '.join(map(str, array.shape))}]" + ("" if where.type == "cpu" else f" on {where}")


def operands(args: Any) -> str:
    """Operands in a row: `float32[2, 3], 2.0`."""
    return ", ".join(describe(a) for a in args)


def explain_failure(name: str, forward: Callable[..., Any], raw: Any, static: dict[str, Any], error: Exception) -> Any:
    """Run a failed forward again if it was a floating-point warning that failed it (a nested call and a second thread
    inside `quietly` end here too); else raise `error` in words that name op and shapes."""
    if isinstance(error, MemoryError):
        raise OutOfMemoryError(f"{name}: {error}; got {operands(raw)}") from None
    ours = (ShapeError, DtypeError, DeviceError, GraphError, IndexError)
    if isinstance(error, OverflowError):
        raw = [_wrapped(x, raw) for x in raw]
    retry = (RuntimeError, RuntimeWarning, FloatingPointError, OverflowError)
    if isinstance(error, retry) and not isinstance(error, ours):
        try:
            with quiet():
                return forward(*raw, **static)
        except Exception as second:
            error = second
    if isinstance(error, OverflowError):
        raise DtypeError(f"{name}: {error}; got {operands(raw)}") from error
    if isinstance(error, ours):
        raise error
    if isinstance(error, np.linalg.LinAlgError):
        raise LinAlgError(f"{name}: {error}; got {operands(raw)}") from error
    if isinstance(error, ValueError):
        raise ShapeError(f"{name}: {_reason(error)}; got {operands(raw)}") from error
    if isinstance(error, TypeError):
        raise DtypeError(f"{name}: {error}; got {operands(raw)}") from error
    raise error


def _wrapped(x: Any, raw: Any) -> Any:
    """A Python integer as the arrays' dtype holds it, modulo 2^bits, as in PyTorch: uint8 * -1 is uint8 * 255."""
    dtypes = [a.dtype for a in raw if is_array(a)]
    if not isinstance(x, int) or not dtypes:
        return x
    return np.asarray(x % 2**64, "uint64").astype(dtypes[0]).item()


def _reason(error: Exception) -> str:
    text = str(error)
    if "could not be broadcast" in text or "shape mismatch" in text:
        return "expected shapes that broadcast together (equal sizes or 1, compared from the last dimension)"
    return text


def move_scalars(name: str, args: Any) -> list[Any] | None:
    """For a forward that failed on several devices: the operands with the 0-d ones from the CPU moved beside the others
    (PyTorch lets these mix; the move is recorded), or DeviceError if that is not enough. None if all are on one."""
    arrays = [(a, array) for a in args if is_array(array := getattr(a, "_array", a))]
    if len({device_of(array) for _, array in arrays}) <= 1:
        return None
    devices = {device_of(array): None for _, array in arrays if array.ndim or device_of(array).type != "cpu"}
    if len(devices) > 1:
        raise DeviceError(
            f"{name}: expected all tensors on one device, got {' and '.join(sorted(map(str, devices)))} "
            f'({operands(args)}); move one with .to("{next(iter(devices))}")'
        )
    chosen = next(iter(devices))
    return [a.to(chosen) if hasattr(a, "_array") else copy_to(a, chosen) if is_array(a) else a for a in args]
