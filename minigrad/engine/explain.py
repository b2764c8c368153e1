"""What to say when a forward fails. Called after the fact, so that a call that works pays nothing for it."""

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.backend import copy_to, device_of, is_array, quiet
from minigrad.errors import DeviceError, DtypeError, GraphError, ShapeError


def describe(x: Any) -> str:
    """An operand in a few words: `float32[2, 3]`, with its device where that is not the CPU."""
    array = getattr(x, "_array", x)
    if not is_array(array):
        return repr(x) if isinstance(x, (bool, int, float, complex, type(None))) else type(x).__name__
    where = device_of(array)
    return f"{array.dtype}[{', '.join(map(str, array.shape))}]" + ("" if where.type == "cpu" else f" on {where}")


def operands(args: Any) -> str:
    """Operands in a row: `float32[2, 3], 2.0`."""
    return ", ".join(describe(a) for a in args)


def retry(name: str, forward: Callable[..., Any], raw: Any, static: dict[str, Any], error: Exception) -> Any:
    """Run a failed forward again if that can help; else raise `error` in words that name op, shapes and devices.

    It can help where a 0-d operand on the CPU met arrays on a GPU (PyTorch lets these mix, so it is moved), and where
    floating-point warnings were on: a nested call, or a second thread inside `quietly`, ends there.
    """
    said = (ShapeError, DtypeError, DeviceError, GraphError, IndexError)
    moved = None if isinstance(error, said) else _together(name, raw)
    if moved is not None or (
        isinstance(error, (RuntimeError, RuntimeWarning, FloatingPointError)) and type(error) not in said
    ):
        try:
            with quiet():
                return forward(*(raw if moved is None else moved), **static)
        except Exception as again:
            error = again
    if isinstance(error, said):
        raise error
    if isinstance(error, (ValueError, np.linalg.LinAlgError)):
        raise ShapeError(f"{name}: {_reason(error)}; got {operands(raw)}") from error
    if isinstance(error, TypeError):
        raise DtypeError(f"{name}: {error}; got {operands(raw)}") from error
    raise error


def _reason(error: Exception) -> str:
    text = str(error)
    if "could not be broadcast" in text or "shape mismatch" in text:
        return "expected shapes that broadcast together (equal sizes or 1, compared from the last dimension)"
    return text


def _together(name: str, raw: Any) -> list[Any] | None:
    """The operands with 0-d CPU ones moved beside the others; None if all are on one device; else DeviceError."""
    places = [device_of(x) for x in raw if is_array(x) and x.ndim] or [device_of(x) for x in raw if is_array(x)]
    everywhere = {device_of(x) for x in raw if is_array(x)}
    if len(everywhere) <= 1:
        return None
    if len(set(places)) > 1:
        raise DeviceError(
            f"{name}: expected all tensors on one device, got {' and '.join(sorted(map(str, set(places))))} "
            f'({operands(raw)}); move one with .to("{places[0]}")'
        )
    return [copy_to(x, places[0]) if is_array(x) else x for x in raw]
