"""`torch.compiler` by name: nothing is compiled here, and what asks is told so."""

from typing import Any

__all__ = ["allow_in_graph", "cudagraph_mark_step_begin", "disable", "is_compiling", "is_dynamo_compiling", "reset"]


def disable(fn: Any = None, recursive: bool = True, **options: Any) -> Any:
    """The function itself; also as a decorator with settings."""
    return (lambda given: given) if fn is None else fn


def allow_in_graph(fn: Any) -> Any:
    """The function itself."""
    return fn


def is_compiling() -> bool:
    """Never."""
    return False


is_dynamo_compiling = is_compiling


def reset() -> None:
    """Nothing to forget."""


cudagraph_mark_step_begin = reset
