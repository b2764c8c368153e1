"""`torch.jit` by name: nothing is compiled. What scripts decorate or trace is returned unchanged, with a warning."""

import warnings
from typing import Any, Final

from minigrad.nn import Module as ScriptModule

__all__ = [
    "Final", "ScriptModule", "annotate", "export", "freeze", "ignore", "is_scripting", "is_tracing", "load",
    "optimize_for_inference", "save", "script", "script_if_tracing", "script_method", "trace", "unused",
]  # fmt: skip


def _unchanged(name: str, what: Any) -> Any:
    warnings.warn(f"jit.{name}: minigrad runs code as it is; returned unchanged", stacklevel=3)
    return what


def script(obj: Any, *args: Any, **options: Any) -> Any:
    """The function, class or module itself."""
    return _unchanged("script", obj)


def trace(func: Any, example_inputs: Any = None, *args: Any, **options: Any) -> Any:
    """The function or module itself."""
    return _unchanged("trace", func)


def freeze(mod: Any, *args: Any, **options: Any) -> Any:
    """The module itself."""
    return _unchanged("freeze", mod)


def optimize_for_inference(mod: Any, *args: Any, **options: Any) -> Any:
    """The module itself."""
    return _unchanged("optimize_for_inference", mod)


def export(fn: Any) -> Any:
    """The function itself: what there is no compiler for, none needs to be told."""
    return fn


script_method = script_if_tracing = export


def ignore(drop: Any = False, **options: Any) -> Any:
    """The function itself; also as a decorator with settings."""
    return drop if callable(drop) else export


unused = ignore


def annotate(the_type: Any, the_value: Any) -> Any:
    """The value itself."""
    return the_value


def is_scripting() -> bool:
    """Never."""
    return False


def is_tracing() -> bool:
    """Never."""
    return False


def save(m: Any, f: Any, *args: Any, **options: Any) -> None:
    """Refused in words: there is no program apart from its Python."""
    raise NotImplementedError("jit.save: models are not programs of their own here; save m.state_dict() with save()")


def load(f: Any, *args: Any, **options: Any) -> Any:
    """Refused in words."""
    raise NotImplementedError(
        "jit.load: there is no interpreter of saved programs; build the model in Python and load()"
    )
