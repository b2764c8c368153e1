"""How array functions are run: without floating-point warnings (a nan is a value here, as in PyTorch), and where there
are several GPUs, on the one their arrays are on."""

import contextvars
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")

# NumPy keeps its floating-point error state in a context variable. Running a function inside a context in which
# it is set to "ignore" costs about 30 ns, where `with np.errstate(...)` costs 800: as much as two whole ops.
_silent = contextvars.copy_context()
_silent.run(lambda: np.seterr(all="ignore"))
quietly = _silent.run


def silently(function: Callable[..., T], *args: Any, **options: Any) -> T:
    """`quietly`, also where that is taken: a context serves one call at a time, and this may be a nested one or another
    thread's. Nothing has been run then, so that a function with effects is run once."""
    try:
        if several:
            with home(*args, getattr(function, "__self__", None)):
                return quietly(function, *args, **options)
        return quietly(function, *args, **options)
    except RuntimeError as error:
        if "cannot enter context" not in str(error):
            raise
    with quiet():
        return function(*args, **options)


def quiet() -> Any:
    """`with quiet():` no floating-point warnings inside, on this thread."""
    return np.errstate(all="ignore")


# --- what runs the forwards of operations: `quietly`, unless it is exchanged --------------------------------------

_holders: list[dict[str, Any]] = []


def runs(namespace: dict[str, Any]) -> None:
    """The module with these globals runs array functions by `run_by(function, *args, **options)`."""
    _holders.append(namespace)
    namespace["run_by"] = quietly


def run_all_by(runner: Callable[..., Any]) -> Callable[..., Any]:
    """Exchange what runs the forwards of operations; returns what did so far. (A name in the globals of the modules
    that run them: while nothing is exchanged, it costs nothing.)"""
    before: Callable[..., Any] = _holders[0]["run_by"] if _holders else quietly
    for namespace in _holders:
        namespace["run_by"] = runner
    return before


# --- several GPUs -----------------------------------------------------------------------------------------------------

several = False
_under: Callable[..., Any] = quietly  # what runs the forwards, once the GPU is found
_here: Any = nullcontext()


def on_their_gpu(function: Callable[..., T], *args: Any, **options: Any) -> T:
    """Run it, with the GPU that the first array among the arguments is on as the current one."""
    with home(*args):
        return _under(function, *args, **options)


def home(*values: Any) -> Any:
    """`with home(x, y):` the GPU of the first array, Tensor or optimizer on a GPU among them is the current one, where
    there are several."""
    for x in values if several else ():
        first = x.param_groups[0]["params"][0] if hasattr(x, "param_groups") else x
        array = getattr(first, "_array", first)
        number = getattr(getattr(array, "device", None), "id", None)
        if number is not None:
            from minigrad.backend import cuda

            return cuda.cupy().cuda.Device(number)
    return _here


def found_gpus(count: int) -> None:
    """Called once GPUs are found: with several of them, arrays tell on which to work."""
    global several, _under
    if count > 1 and not several:
        several, _under = True, run_all_by(on_their_gpu)
