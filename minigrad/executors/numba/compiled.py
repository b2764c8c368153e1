"""How loops are compiled, and what their parameters are."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any, TypeVar, get_type_hints

import numba

F = TypeVar("F", bound=Callable[..., Any])

# types of parameters: arrays in C order, and numbers
Vector = Annotated[Any, "float32[::1]"]
Matrix = Annotated[Any, "float32[:, ::1]"]
Array3d = Annotated[Any, "float32[:, :, ::1]"]
Bytes3d = Annotated[Any, "uint8[:, :, ::1]"]
NUMBERS = {bool: "boolean", int: "int64", float: "float64"}

# sums may be taken in another order, which is what lets processors do several at once; nan and infinity stay what they
# are, and so does a division by zero
OPTIONS: dict[str, Any] = {
    "nogil": True, "fastmath": {"contract", "reassoc", "arcp", "nsz"}, "error_model": "numpy",
}  # fmt: skip
LOOPS: list[Any] = []  # all there are


def loop(function: F) -> F:
    """A loop, compiled when it is first called and kept for the next process.

    Its parameters are annotated with the types above, for which `compile_now` compiles it beforehand.
    """
    made: F = _kept(function, OPTIONS)
    LOOPS.append(made)
    return made


def inlined(function: F) -> F:
    """A function of numbers for use within loops."""
    made: F = numba.njit(forceinline=True, **OPTIONS)(function)
    return made


def of_numbers(function: F) -> F:
    """`inlined`, for what may be anything where a nan is."""
    made: F = numba.njit(forceinline=True, **OPTIONS | {"fastmath": OPTIONS["fastmath"] | {"nnan"}})(function)
    return made


def compile_now(made: Any) -> None:
    """Compile a loop for the types of its annotations; TypeError where one of them is none of these types."""
    made.compile(signature(made.py_func))


def signature(function: Callable[..., Any]) -> str:
    """A loop's types in Numba's words: void(float32[::1], int64)."""
    hints, types = get_type_hints(function, include_extras=True), []
    for name in inspect.signature(function).parameters:
        (found,) = getattr(hints[name], "__metadata__", (NUMBERS.get(hints[name]),))
        if found is None:
            raise TypeError(
                f"loop {function.__module__}.{function.__name__}: `{name}`: expected Vector, Matrix, Array3d, Bytes3d, "
                f"bool, int or float as its annotation, got {hints[name]}"
            )
        types.append(found)
    return f"void({', '.join(types)})"


def _kept(function: Any, options: dict[str, Any]) -> Any:
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # there is nowhere to keep it
        return numba.njit(**options)(function)
