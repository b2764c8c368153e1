"""How array functions are run: without floating-point warnings (a nan is a value here, as in PyTorch), and where there
are several GPUs, on the one their arrays are on."""

import contextvars
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, TypeVar

import numpy as np

from minigrad.backend import cuda

T = TypeVar("T")

# NumPy keeps its floating-point error state in a context variable. Running a function inside a context in which
# it is set to "ignore" costs about 30 ns, where `with np.errstate(...)` costs 800: as much as two whole ops.
_quiet_context = contextvars.copy_context()
_quiet_context.run(lambda: np.seterr(all="ignore"))
run_quiet = _quiet_context.run


def ignore_fp_warnings(function: Callable[..., T], *args: Any, **options: Any) -> T:
    """`run_quiet`, also where that is taken: a context serves one call at a time, and this may be a nested one or
    another thread's. Nothing has been run then, so that a function with effects is run once."""
    try:
        if multi_gpu:
            with device_guard(*args, getattr(function, "__self__", None)):
                return run_quiet(function, *args, **options)
        return run_quiet(function, *args, **options)
    except RuntimeError as error:
        if "cannot enter context" not in str(error):
            raise
    with quiet():
        return function(*args, **options)


def quiet() -> Any:
    """`with quiet():` no floating-point warnings inside, on this thread."""
    return np.errstate(all="ignore")


# --- what runs the forwards of operations: `run_quiet`, unless a mode (several GPUs, bfloat16, lockstep) is on -------

run: Callable[..., Any] = (
    run_quiet  # called as `runner.run(function, *args, **options)`, which costs what a global does
)


def set_runner(runner: Callable[..., Any]) -> Callable[..., Any]:
    """Exchange what runs the forwards of operations; returns what did so far."""
    global run
    before, run = run, runner
    return before


# --- several GPUs -----------------------------------------------------------------------------------------------------

multi_gpu = False
_inner_runner: Callable[..., Any] = run_quiet  # what runs the forwards, once the GPU is found
no_guard: Any = nullcontext()


def run_on_device(function: Callable[..., T], *args: Any, **options: Any) -> T:
    """Run it, with the GPU that the first array among the arguments is on as the current one."""
    with device_guard(*args):
        return _inner_runner(function, *args, **options)


def device_guard(*values: Any) -> Any:
    """`with device_guard(x, y):` the GPU of the first array, Tensor or optimizer on a GPU among them is the current
    one, where there are several."""
    for x in values if multi_gpu else ():
        first = x.param_groups[0]["params"][0] if hasattr(x, "param_groups") else x
        array = getattr(first, "_array", first)
        number = getattr(getattr(array, "device", None), "id", None)
        if number is not None:
            return cuda.cupy().cuda.Device(number)
    return no_guard


def _found_gpus(count: int) -> None:
    """Called once GPUs are found: with several of them, arrays tell on which to work."""
    global multi_gpu, _inner_runner
    if count > 1 and not multi_gpu:
        multi_gpu, _inner_runner = True, set_runner(run_on_device)


cuda.WHEN_FOUND.append(_found_gpus)
