"""Numerical gradients: approximate, slow, easy to write. The lecture's way of checking the analytic ones."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad.autograd.grad_mode import no_grad
from minigrad.backend import array_module, is_array
from minigrad.dtypes import epsilon
from minigrad.engine.primitive import wrap
from minigrad.engine.tensor import Tensor
from minigrad.errors import DtypeError, ShapeError
from minigrad.gradcheck.derivative import richardson, typical_size

METHODS = ("forward", "backward", "central", "richardson", "complex")
Function = Callable[..., Any]


def numerical_gradient(
    f: Function, x: Any, h: float | None = None, method: str = "central", *, indices: Any = None
) -> Any:
    """The gradient of the number f(x), by trying: each element of x is moved by h and f is computed again.

    forward     (f(x + h) - f(x)) / h           error ~ h, the lecture's first; n + 1 evaluations
    backward    (f(x) - f(x - h)) / h           the same from the other side
    central     (f(x + h) - f(x - h)) / 2h      error ~ h^2; 2n evaluations
    richardson  central at h, h/2, h/4, extrapolated to h = 0: error ~ h^6; 6n evaluations
    complex     Im f(x + ih) / h                no difference, so no rounding; for functions of complex analysis only

    x: a tensor or an array, or a list of them (then f(*x), and a list comes back). It is moved in place (so f may also
    reach it through a module that holds it), under no_grad, and is restored even where f raises. A step lost in
    rounding (x + h is x) gives nan. h: by default the root of the dtype's precision that balances both errors, times
    the element's size (see `default_step`). indices: flat positions to try only; the result is then a vector, in their
    order. Raises DtypeError for an x of integers, ShapeError where f(x) is not one number.
    """
    if method not in METHODS:
        raise ValueError(f"numerical_gradient: method: expected one of {', '.join(METHODS)}, got {method!r}")
    if h is not None and not h > 0:
        raise ValueError(f"numerical_gradient: h: expected a positive step, got {h!r}")
    if isinstance(x, (list, tuple)):
        if indices is not None:
            raise ValueError("numerical_gradient: indices: expected a single x, got a list of them")
        return [_one(f, x, i, h, method, None) for i in range(len(x))]
    return _one(f, [x], 0, h, method, indices)


def default_step(array: Any, method: str) -> Any:
    """The step for each element: eps^(1/2) one-sided, eps^(1/3) central, eps^(1/7) for Richardson's h^6, where rounding
    (eps / h) and truncation errors balance; times the `typical_size`, so that log works at 1e-9 and an element that
    happens to be near zero still moves."""
    eps = epsilon(array.dtype)
    if method == "complex":
        return array * 0.0 + 1e-20
    return eps ** {"central": 1 / 3, "richardson": 1 / 7}.get(method, 1 / 2) * typical_size(array)


def _one(f: Function, xs: Sequence[Any], which: int, h: float | None, method: str, indices: Any) -> Any:
    """The gradient with respect to xs[which]."""
    x = xs[which]
    array = x._array if isinstance(x, Tensor) else x
    if not is_array(array) or array.dtype.kind != "f":
        got = array.dtype if is_array(array) else type(array).__name__
        raise DtypeError(f"numerical_gradient: x: expected a tensor or array of a floating dtype, got {got}")
    xp = array_module(array)
    steps = default_step(array, method) if h is None else xp.full(array.shape, h)
    flat = range(array.size) if indices is None else [int(i) for i in indices]
    derivative = _complex if method == "complex" else _real
    with no_grad():
        found = derivative(f, xs, which, array, [(_position(i, array.shape), i) for i in flat], steps, method)
    out = xp.asarray(found, dtype=array.dtype).reshape(array.shape if indices is None else (len(found),))
    return wrap(out) if isinstance(x, Tensor) else out


def _position(i: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    size = int(np.prod(shape))
    if not -size <= i < size:
        raise IndexError(f"numerical_gradient: indices: expected 0 to {size - 1} for shape {tuple(shape)}, got {i}")
    return tuple(int(n) for n in np.unravel_index(i % size, shape))


def _number(value: Any) -> float:
    array = value._array if isinstance(value, Tensor) else value
    if is_array(array) and array.size != 1:
        raise ShapeError(
            f"numerical_gradient: f: expected one number, got shape {tuple(array.shape)}; reduce it with "
            ".sum() or .mean()"
        )
    return float(array if not is_array(array) else array.reshape(()))


def _real(f: Function, xs: Any, which: int, array: Any, places: Any, steps: Any, method: str) -> list[float]:
    """Difference quotients, by moving `array` in place."""
    at_x = _number(f(*xs)) if method in ("forward", "backward") else 0.0

    def moved(place: tuple[int, ...], by: float) -> tuple[float, float]:
        """Where the element went (the step as the dtype rounded it), and f there."""
        before = array[place].copy()
        try:
            array[place] += by
            return float(array[place]), _number(f(*xs))
        finally:
            array[place] = before

    def central(place: tuple[int, ...], h: float) -> float:
        (right, above), (left, below) = moved(place, h), moved(place, -h)
        return _quotient(above - below, right - left)

    found = []
    for place, _ in places:
        h = float(steps[place])
        if method == "central":
            found.append(central(place, h))
        elif method == "richardson":
            row: list[float] = []
            for k in (1, 2, 4):
                row = richardson(row, central(place, h / k), 2)
            found.append(row[-1])
        else:
            where, value = moved(place, h if method == "forward" else -h)
            found.append(_quotient(value - at_x, where - float(array[place])))
    return found


def _quotient(rise: float, run: float) -> float:
    return rise / run if run else float("nan")


def _complex(f: Function, xs: Any, which: int, array: Any, places: Any, steps: Any, method: str) -> list[float]:
    """The complex step: f is called with a complex copy of x."""
    moved = array.astype("complex128")
    given = [*xs[:which], wrap(moved) if isinstance(xs[which], Tensor) else moved, *xs[which + 1 :]]
    found = []
    for place, _ in places:
        h = float(steps[place])
        moved[place] += 1j * h
        value = f(*given)
        moved[place] = array[place]
        result = value._array if isinstance(value, Tensor) else value
        if not (isinstance(result, complex) or is_array(result) and result.dtype.kind == "c"):
            raise DtypeError(
                "numerical_gradient: method='complex': f(x) of a complex x came out real, so f does not carry it "
                "through (it makes its own copy, or drops the imaginary part); use method='richardson'"
            )
        found.append(complex(result if not is_array(result) else result.reshape(())).imag / h)
    return found
