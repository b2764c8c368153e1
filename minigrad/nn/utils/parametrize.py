"""Parameters written as functions of others: `register_parametrization(layer, "weight", Symmetric())` makes
`layer.weight` what the module Symmetric makes of a free parameter, computed anew whenever it is read."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from minigrad.engine.messages import describe
from minigrad.engine.modes import no_grad
from minigrad.engine.tensor import Tensor
from minigrad.errors import ShapeError
from minigrad.nn.modules.container import ModuleDict, ModuleList
from minigrad.nn.modules.module import Module
from minigrad.nn.parameter import Parameter

_cache: dict[Any, Any] | None = None


class ParametrizationList(ModuleList):
    """The functions of one parameter, in their order, and what they start from: `original`, or `original0`,
    `original1`, ... where the first one's right_inverse gives several tensors."""

    def __init__(self, first: Module, start: Tensor) -> None:
        super().__init__([first])
        self.many = False
        if hasattr(first, "right_inverse"):
            with no_grad():
                found = first.right_inverse(start.detach())
            self.many = not isinstance(found, Tensor)
            parts = list(found) if self.many else [found]
        else:
            parts = [start]
        self.count = len(parts)
        for name, t in zip(self._names(), parts):
            made = t if isinstance(t, Parameter) else Parameter(t.detach().clone(), start.requires_grad)
            self.register_parameter(name, made)

    def _names(self) -> list[str]:
        return [f"original{i}" for i in range(self.count)] if self.many else ["original"]

    def forward(self) -> Any:
        """The parameter's value."""
        first, *rest = self
        x = first(*(getattr(self, name) for name in self._names()))
        for f in rest:
            x = f(x)
        return x

    def right_inverse(self, value: Tensor) -> None:
        """Set the originals so that the value comes out. RuntimeError where a function has no right_inverse."""
        with no_grad():
            found: Any = value
            for f in reversed(list(self)):
                if not hasattr(f, "right_inverse"):
                    raise RuntimeError(f"parametrize: {type(f).__name__} has no right_inverse: assign to its original")
                found = f.right_inverse(found)
            for name, t in zip(self._names(), found if self.many else [found]):
                getattr(self, name).copy_(t)


def _property(name: str) -> Any:
    def get(self: Any) -> Any:
        made = self.parametrizations[name]
        if _cache is None:
            return made()
        key = id(self), name
        if key not in _cache:
            _cache[key] = made()
        return _cache[key]

    def put(self: Any, value: Tensor) -> None:
        self.parametrizations[name].right_inverse(value)

    return property(get, put)


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """Let `module.<tensor_name>` be parametrization(original), or of what it was before, if it is a function already.

    The parameter moves to `module.parametrizations.<tensor_name>.original`. Raises ValueError where there is no such
    parameter, ShapeError where the function changes its shape (unsafe=True lets it). Returns the module.
    """
    if is_parametrized(module, tensor_name):
        made = module.parametrizations[tensor_name]
        _check(tensor_name, getattr(module, tensor_name), parametrization(getattr(module, tensor_name)), unsafe)
        made.append(parametrization)
        return module
    start = module._parameters.get(tensor_name)
    if start is None:
        raise ValueError(
            f"register_parametrization: expected the name of a parameter of {type(module).__name__}, got "
            f"{tensor_name!r}; it has {', '.join(module._parameters) or 'none'}"
        )
    made = ParametrizationList(parametrization, start)
    _check(tensor_name, start, made(), unsafe)
    if not is_parametrized(module):
        module.parametrizations = ModuleDict()
    del module._parameters[tensor_name]
    module.parametrizations[tensor_name] = made
    _dress(module)
    return module


def _dress(module: Any) -> None:
    """Give the module a class of its own with a property for each of its parametrizations: a copy of it keeps the one
    it had, so that none is ever changed."""
    kind = getattr(type(module), "_plain", type(module))
    names = list(module.parametrizations)
    if not names:
        del module.parametrizations
        module.__class__ = kind
        return
    about = {"_plain": kind, "__module__": kind.__module__, **{name: _property(name) for name in names}}
    module.__class__ = type(f"Parametrized{kind.__name__}", (kind,), about)


def _check(name: str, before: Tensor, after: Any, unsafe: bool) -> None:
    if not unsafe and (not isinstance(after, Tensor) or after.shape != before.shape or after.dtype != before.dtype):
        raise ShapeError(
            f"register_parametrization: {name}: expected a function that keeps {describe(before)}, it gave "
            f"{describe(after)}; unsafe=True lets it"
        )


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Is one of its parameters (or this one) a function of others?"""
    if not hasattr(type(module), "_plain"):
        return False
    return tensor_name is None or tensor_name in module.parametrizations


def remove_parametrizations(module: Module, tensor_name: str, leave_parametrized: bool = True) -> Module:
    """Make it a plain parameter again: of its value now, or (leave_parametrized=False) of its original."""
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"remove_parametrizations: {type(module).__name__}.{tensor_name} is not parametrized")
    made = module.parametrizations[tensor_name]
    if not leave_parametrized and made.many:
        raise ValueError("remove_parametrizations: leave_parametrized=False needs one original, it has several")
    value = (made() if leave_parametrized else made.original).detach().clone()
    requires_grad = any(p.requires_grad for p in made.parameters())
    del module.parametrizations[tensor_name]
    _dress(module)
    module.register_parameter(tensor_name, Parameter(value, requires_grad))
    return module


@contextmanager
def cached() -> Iterator[None]:
    """Inside, each parametrized tensor is computed once, at its first use."""
    global _cache
    outer, _cache = _cache, {} if _cache is None else _cache
    try:
        yield
    finally:
        _cache = outer
