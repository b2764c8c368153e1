"""Parameters as functions of others: after `register_parametrization(layer, "weight", Symmetric())`, `layer.weight` is
what the module Symmetric computes from a free parameter, whenever it is read."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from minigrad.autograd.grad_mode import no_grad
from minigrad.engine.messages import describe
from minigrad.engine.tensor import Tensor
from minigrad.errors import ShapeError
from minigrad.nn.modules.container import ModuleDict, ModuleList
from minigrad.nn.modules.module import Module
from minigrad.nn.parameter import Parameter

_cache: dict[Any, Any] | None = None


class ParametrizationList(ModuleList):
    """The parametrizations of one tensor, in the order they are applied, and the parameters they are applied to:
    `original`, or `original0`, `original1`, ... where the first one's right_inverse gives several tensors."""

    def __init__(self, first: Module, value: Tensor) -> None:
        super().__init__([first])
        found: Any = value
        if hasattr(first, "right_inverse"):
            with no_grad():
                found = first.right_inverse(value.detach())
        self.is_tensor = isinstance(found, Tensor)
        parts = [found] if self.is_tensor else list(found)
        self.ntensors = len(parts)
        for name, t in zip(self._names(), parts):
            original = t if isinstance(t, Parameter) else Parameter(t.detach().clone(), value.requires_grad)
            self.register_parameter(name, original)

    def _names(self) -> list[str]:
        return ["original"] if self.is_tensor else [f"original{i}" for i in range(self.ntensors)]

    def forward(self) -> Any:
        """The tensor's value."""
        first, *rest = self
        x = first(*(getattr(self, name) for name in self._names()))
        for f in rest:
            x = f(x)
        return x

    def right_inverse(self, value: Tensor) -> None:
        """Set the originals so that forward gives the value. Raises RuntimeError where a parametrization has no
        right_inverse."""
        with no_grad():
            found: Any = value
            for f in reversed(list(self)):
                if not hasattr(f, "right_inverse"):
                    raise RuntimeError(f"parametrize: {type(f).__name__} has no right_inverse; assign to its original")
                found = f.right_inverse(found)
            for name, t in zip(self._names(), [found] if self.is_tensor else found):
                getattr(self, name).copy_(t)


def _parametrized_property(name: str) -> Any:
    def get_value(self: Any) -> Any:
        compute = self.parametrizations[name]
        if _cache is None:
            return compute()
        key = id(self), name
        if key not in _cache:
            _cache[key] = compute()
        return _cache[key]

    def set_value(self: Any, value: Tensor) -> None:
        self.parametrizations[name].right_inverse(value)

    return property(get_value, set_value)


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """Make `module.<tensor_name>` the result of parametrization(original), or, where it has parametrizations already,
    of parametrization(their result).

    The parameter moves to `module.parametrizations.<tensor_name>.original`. Returns the module. Raises ValueError where
    there is no such parameter, ShapeError where the result has another shape or dtype (unless unsafe=True).
    """
    if is_parametrized(module, tensor_name):
        registered = module.parametrizations[tensor_name]
        _check(tensor_name, getattr(module, tensor_name), parametrization(getattr(module, tensor_name)), unsafe)
        registered.append(parametrization)
        return module
    value = module._parameters.get(tensor_name)
    if value is None:
        raise ValueError(f"register_parametrization: expected the name of a parameter of {type(module).__name__}, got "
                         f"{tensor_name!r}; it has {', '.join(module._parameters) or 'none'}")  # fmt: skip
    registered = ParametrizationList(parametrization, value)
    _check(tensor_name, value, registered(), unsafe)
    if not is_parametrized(module):
        module.parametrizations = ModuleDict()
    del module._parameters[tensor_name]
    module.parametrizations[tensor_name] = registered
    _inject_class(module)
    return module


def _inject_class(module: Any) -> None:
    """Give the module a class of its own with a property for each of its parametrizations. A class is made anew, never
    changed: copies of the module may have it."""
    base = getattr(type(module), "_unparametrized", type(module))
    names = list(module.parametrizations)
    if not names:
        del module.parametrizations
        module.__class__ = base
        return
    properties = {name: _parametrized_property(name) for name in names}
    namespace = {"_unparametrized": base, "__module__": base.__module__, **properties}
    module.__class__ = type(f"Parametrized{base.__name__}", (base,), namespace)


def _check(name: str, before: Tensor, after: Any, unsafe: bool) -> None:
    if not unsafe and (not isinstance(after, Tensor) or after.shape != before.shape or after.dtype != before.dtype):
        raise ShapeError(f"register_parametrization: {name}: expected a parametrization that keeps {describe(before)}, "
                         f"it gave {describe(after)}; unsafe=True allows this")  # fmt: skip


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether any of its parameters (or this one) has a parametrization."""
    if not hasattr(type(module), "_unparametrized"):
        return False
    return tensor_name is None or tensor_name in module.parametrizations


def remove_parametrizations(module: Module, tensor_name: str, leave_parametrized: bool = True) -> Module:
    """Make it an ordinary parameter again, with its current value or (leave_parametrized=False) with its original's.

    Returns the module. Raises ValueError where it is not parametrized, or would have several originals.
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"remove_parametrizations: {type(module).__name__}.{tensor_name} is not parametrized")
    registered = module.parametrizations[tensor_name]
    if not leave_parametrized and not registered.is_tensor:
        raise ValueError("remove_parametrizations: leave_parametrized=False: expected one original, got several")
    value = (registered() if leave_parametrized else registered.original).detach().clone()
    requires_grad = any(p.requires_grad for p in registered.parameters())
    del module.parametrizations[tensor_name]
    _inject_class(module)
    module.register_parameter(tensor_name, Parameter(value, requires_grad))
    return module


@contextmanager
def cached() -> Iterator[None]:
    """A block in which each parametrized tensor is computed once, when it is first read."""
    global _cache
    outer, _cache = _cache, {} if _cache is None else _cache
    try:
        yield
    finally:
        _cache = outer
