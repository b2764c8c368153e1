"""`no_grad`, `enable_grad`, `inference_mode`, `set_grad_enabled`: whether operations are recorded, on this thread, as
context managers or decorators."""

import functools
import inspect
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

from minigrad.engine.modes import modes

F = TypeVar("F", bound=Callable[..., Any])


class _Mode:
    """A setting of the recording mode that is undone on leaving the block (or the decorated function)."""

    grad: bool = True
    inference: bool | None = None

    def __enter__(self) -> None:
        self._enter(self.grad, self.inference)

    def _enter(self, grad: bool, inference: bool | None) -> None:
        outer = self.__dict__.setdefault("_outer", [])
        outer.append((modes.grad, modes.inference))
        modes.grad = grad and (modes.anomaly or True)
        if inference is not None:
            modes.inference = inference

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        modes.grad, modes.inference = self.__dict__["_outer"].pop()

    def _fresh(self) -> "_Mode":
        return type(self)()

    def __call__(self, function: F) -> F:
        if inspect.isgeneratorfunction(function):
            return self._through(function)

        @functools.wraps(function)
        def inside(*args: Any, **options: Any) -> Any:
            with self._fresh():
                return function(*args, **options)

        return inside  # type: ignore[return-value]

    def _through(self, function: F) -> F:
        """A generator function whose body runs in the mode, and what happens between its values does not."""

        @functools.wraps(function)
        def inside(*args: Any, **options: Any) -> Any:
            steps, value, error = function(*args, **options), None, None
            try:
                while True:
                    with self._fresh():
                        got = steps.send(value) if error is None else steps.throw(error)
                    value = error = None
                    try:
                        value = yield got
                    except GeneratorExit:
                        raise
                    except BaseException as thrown:
                        error = thrown
            except StopIteration as end:
                return end.value
            finally:
                with self._fresh():
                    steps.close()

        return inside  # type: ignore[return-value]


class no_grad(_Mode):
    """Record nothing inside: `with no_grad(): ...` or `@no_grad()` (or `@no_grad`)."""

    grad = False

    def __new__(cls, function: Any = None) -> Any:
        mode = super().__new__(cls)
        return mode if function is None else mode(function)

    def __init__(self, function: Any = None) -> None:
        super().__init__()


class enable_grad(no_grad):
    """Record again inside, also within `no_grad`."""

    grad = True


class inference_mode(_Mode):
    """As `no_grad`; `inference_mode(False)` changes nothing, as in PyTorch."""

    def __init__(self, mode: bool = True) -> None:
        self.mode = mode

    def __enter__(self) -> None:
        self._enter(modes.grad and not self.mode, modes.inference or self.mode)

    def _fresh(self) -> "_Mode":
        return inference_mode(self.mode)

    def __new__(cls, mode: Any = True) -> Any:
        return inference_mode()(mode) if callable(mode) else super().__new__(cls)


class set_grad_enabled(_Mode):
    """Record or do not: takes effect when called, and is undone on leaving if used as a block."""

    def __init__(self, mode: bool) -> None:
        self.mode = bool(mode)
        self._before = modes.grad
        modes.grad = self.mode and (modes.anomaly or True)

    def __enter__(self) -> None:
        self.__dict__.setdefault("_outer", []).append((self._before, modes.inference))
        modes.grad = self.mode and (modes.anomaly or True)

    def __call__(self, function: F) -> F:
        modes.grad = self._before
        return super().__call__(function)

    def _fresh(self) -> "_Mode":
        return set_grad_enabled(self.mode)
