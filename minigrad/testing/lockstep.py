"""`lockstep`: every operation on both devices, side by side, until the first that differs.

    with minigrad.lockstep():
        train()

or `python -m minigrad.testing.lockstep train.py [args]` for a script as it is.
"""

import argparse
import runpy
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from minigrad.backend import CPU, asarray, copy_to, cuda, device, device_of, is_array, quiet, to_numpy, with_index
from minigrad.backend.run import set_runner
from minigrad.engine.executions import FORWARDS
from minigrad.engine.messages import describe, operands
from minigrad.engine.modes import modes
from minigrad.engine.tensor import Tensor
from minigrad.engine.versions import user_line

# of the largest magnitude in the result
TOLERANCE = {"float16": 1e-2, "float32": 1e-4, "float64": 1e-9, "complex64": 1e-4, "complex128": 1e-9}
NOT_UNIQUE = {"eigh", "qr", "svd"}  # right in more than one way: signs and order are the library's own
NOT_COMPARED = {"move"}  # about devices itself


class LockstepError(AssertionError):
    """An operation, or its gradient, that gives something else on the other device."""


class lockstep:
    """`with lockstep():` runs each operation on the other device too, and so each gradient; LockstepError at the first
    whose value, dtype or shape differs. A decorator as well.

    The script runs on its own device; both sides get the same inputs at each operation, so that rounding does not add
    up and the operation that is named is the one at fault. rtol: how far values may differ, of the largest magnitude in
    the result (float16 1e-2, float32 1e-4, float64 1e-9 by default); integers and bools must be equal. Where they
    differ by more, both are compared in float64: what is as near to it as the other side passes, as a sum may cancel.
    Decompositions are compared by shape and dtype alone, for they are right in more than one way; an optimizer's own
    arithmetic is not compared. Costs copies and a wait for each operation. `seen` counts what was compared. Raises
    DeviceError where there is no GPU.
    """

    def __init__(self, rtol: float | None = None) -> None:
        self.rtol, self.seen = rtol, 0
        self._outer: list[Any] = []

    def __enter__(self) -> "lockstep":
        self._gpu = with_index(device("cuda", int(cuda.cupy().cuda.Device().id)))
        self._outer.append((modes.anomaly, modes.grad))
        self._plain = set_runner(self._run)
        modes.anomaly = self
        modes.grad = modes.grad and self
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        set_runner(self._plain)
        modes.anomaly, modes.grad = self._outer.pop()

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def inside(*args: Any, **options: Any) -> Any:
            with lockstep(self.rtol):
                return function(*args, **options)

        return inside

    # --- what is run, and what the backward pass shows ------------------------------------------------------------

    def _run(self, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """The forward of an op, or another array function, of which nothing more is known and which is just run."""
        out = self._plain(function, *args, **options)
        name, forward = FORWARDS.get(function, ("", function))
        if name and name not in NOT_COMPARED:
            self._compare(name, forward, args, options, out)
        return out

    def forward(self, name: str, given: Any, out: Any, node: Any) -> None:
        """A result that was recorded: it has been compared, as all are."""

    def backward(self, node: Any, parent: Any, g: Any, r: Any, rule: Any, values: Any) -> None:
        """A rule that was run on arrays. (Those that are recorded consist of ops, which are compared.)"""
        name = node.plan.name
        if not isinstance(g, Tensor) and name not in NOT_COMPARED:
            with self._unwatched():
                ours = _whole(rule(g, *values))
            self._compare(f"the backward of {name}", rule, (g, *values), {}, ours)

    @contextmanager
    def _unwatched(self) -> Iterator[None]:
        """What is run to compare with is not itself compared."""
        runner, anomaly, grad = set_runner(self._plain), modes.anomaly, modes.grad
        modes.anomaly, modes.grad = None, True
        try:
            yield
        finally:
            set_runner(runner)
            modes.anomaly, modes.grad = anomaly, grad

    # --- comparing ------------------------------------------------------------------------------------------------

    def _compare(self, name: str, function: Any, args: Any, options: Any, out: Any) -> None:
        out = _whole(out)
        here = device_of(out)
        there = self._gpu if here.type == "cpu" else CPU
        with self._unwatched(), quiet():
            twin = _whole(function(*_moved(args, there), **_moved(options, there)))
        self.seen += 1
        a, b = to_numpy(out), to_numpy(twin)
        wrong = self._difference(name, a, b, lambda: _exact(function, args, options))
        if wrong:
            raise LockstepError(
                f"{name}, at {user_line()}: {wrong.format(here=here, there=there)}; given {operands(args)}"
            )

    def _difference(self, name: str, a: Any, b: Any, exact: Callable[[], Any]) -> str:
        """In words; "" where there is none."""
        if (a.dtype, a.shape) != (b.dtype, b.shape):
            return f"{{here}} gives {describe(a)}, {{there}} {describe(b)}"
        if not a.size or name.removeprefix("the backward of ") in NOT_UNIQUE:
            return ""
        with quiet():
            same = (a == b) | ((a != a) & (b != b))
            if a.dtype.kind in "fc":
                reach = np.abs(a[np.isfinite(a)]).max(initial=0)
                same |= np.abs(a - b) <= (self.rtol or TOLERANCE[a.dtype.name]) * reach
            if same.all() or _as_near(a, b, exact()):
                return ""
        first = tuple(int(i[0]) for i in np.nonzero(~same)) if a.ndim else ()
        return (
            f"{int((~same).sum())} of {a.size} elements of {describe(a)} differ; at {list(first)} {{here}} gives "
            f"{a[first].item()!r}, {{there}} {b[first].item()!r}"
        )


def _whole(r: Any) -> Any:
    """The first of several results as an array; a gradient in full, where it is given as that of a slice."""
    r = r[0] if isinstance(r, tuple) else r
    r = getattr(r, "_array", r)
    return r.whole() if hasattr(r, "whole") else asarray(r)


def _moved(x: Any, place: device, dtype: str = "") -> Any:
    """The arrays in it on that device, and the real ones in that dtype."""
    if is_array(x):
        x = copy_to(x, place)
        return x.astype(dtype) if dtype and x.dtype.kind == "f" else x
    if isinstance(x, dict):
        return {k: _moved(v, place, dtype) for k, v in x.items()}
    if type(x) in (tuple, list):
        return type(x)(_moved(v, place, dtype) for v in x)
    return x


def _exact(function: Any, args: Any, options: Any) -> Any:
    """What it gives in float64 on the CPU; None where it cannot."""
    try:
        return to_numpy(_whole(function(*_moved(args, CPU, "float64"), **_moved(options, CPU, "float64"))))
    except Exception:
        return None


def _as_near(a: Any, b: Any, exact: Any) -> bool:
    """Are both about as far from the exact result?"""
    if exact is None or a.dtype.kind != "f" or exact.shape != a.shape or a.dtype == exact.dtype:
        return False
    far = np.array([np.abs(x - exact).max() for x in (a, b)])
    return bool(far.max() <= 30 * far.min())  # False where one is nan


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m minigrad.testing.lockstep", description=lockstep.__doc__)
    parser.add_argument("script", type=Path)
    parser.add_argument("args", nargs=argparse.REMAINDER, help="the script's own")
    options = parser.parse_args(arguments)
    if not options.script.is_file():
        parser.error(f"script: there is no file {options.script}")
    sys.argv = [str(options.script), *options.args]
    sys.path.insert(0, str(options.script.resolve().parent))
    with lockstep() as both:
        runpy.run_path(str(options.script), run_name="__main__")
    print(f"lockstep: {both.seen} operations and gradients gave the same on the CPU and on cuda:{both._gpu.index}")


if __name__ == "__main__":
    main()
