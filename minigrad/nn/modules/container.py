"""Modules that hold modules or parameters: in a sequence, a list, or by name."""

import operator
import warnings
from collections.abc import Iterable, Iterator, MutableMapping
from itertools import groupby
from typing import Any

from minigrad.engine.messages import describe, warn_user
from minigrad.engine.tensor import Tensor
from minigrad.nn.modules.module import Module
from minigrad.nn.parameter import Parameter


def _checked_index(container: Any, index: int, what: str) -> int:
    n, i = len(container), operator.index(index)
    if not -n <= i < n:
        raise IndexError(f"{type(container).__name__}: index {i} is out of range for {n} {what}")
    return i % n


class _ModuleSequence(Module):
    """A module whose children are numbered."""

    def _name_at(self, index: int) -> str:
        return list(self._modules)[_checked_index(self, index, "modules")]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return self._with_modules(list(self._modules.items())[index])
        return self._modules[self._name_at(index)]

    def _with_modules(self, named: list[tuple[str, Any]]) -> Any:
        """A container of this class with these modules."""
        raise NotImplementedError

    def __setitem__(self, index: int, module: Module) -> None:
        self.add_module(self._name_at(index), module)

    def __delitem__(self, index: int | slice) -> None:
        names = list(self._modules)
        for name in names[index] if isinstance(index, slice) else [self._name_at(index)]:
            del self._modules[name]
        rest = list(self._modules.values())  # numbered anew, whatever their names were, as in PyTorch
        self._modules.clear()
        self._modules.update({str(i): m for i, m in enumerate(rest)})

    def __add__(self, modules: Iterable[Module]) -> Any:
        return self._with_modules([(str(i), m) for i, m in enumerate((*self, *modules))])

    def pop(self, index: int) -> Any:
        """Remove the module at this index and return it. IndexError if there is none."""
        module = self[index]
        del self[index]
        return module

    def append(self, module: Module) -> Any:
        """Add a module at the end. Returns self."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Any:
        """Add modules at the end. Returns self."""
        for module in modules:
            self.append(module)
        return self

    __iadd__ = extend

    def insert(self, index: int, module: Module) -> Any:
        """Insert a module before this index. Returns self."""
        modules = list(self._modules.values())
        modules.insert(index, module)
        self._modules.clear()
        return self.extend(modules)  # type: ignore[arg-type]


class Sequential(_ModuleSequence):
    """Modules one after another, each called with the output of the one before. Given as arguments, or as one ordered
    dict by name."""

    def __init__(self, *args: Any) -> None:
        super().__init__()
        named = args[0].items() if len(args) == 1 and isinstance(args[0], dict) else enumerate(args)
        for name, module in named:
            self.add_module(str(name), module)

    def _with_modules(self, named: list[tuple[str, Any]]) -> "Sequential":
        return Sequential(dict(named))

    def forward(self, input: Any) -> Any:
        """The last module's output."""
        for module in self._modules.values():
            input = module(input)  # type: ignore[misc]
        return input


class ModuleList(_ModuleSequence):
    """A list of modules, which are registered. Its repr shows equal neighbours on one line."""

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        self.extend(modules or ())

    def _with_modules(self, named: list[tuple[str, Any]]) -> "ModuleList":
        return ModuleList(module for _, module in named)

    def __repr__(self) -> str:
        lines, at = [], 0
        for text, group in groupby(map(repr, self)):
            count = len(list(group))
            label = f"({at}): " if count == 1 else f"({at}-{at + count - 1}): {count} x "
            lines.append(label + text.replace("\n", "\n  "))
            at += count
        return "ModuleList(" + "".join(f"\n  {line}" for line in lines) + ("\n)" if lines else ")")


class _NamedDict(Module, MutableMapping[str, Any]):
    """A dict, on one of the module's registries."""

    _registry: str
    __eq__, __hash__ = object.__eq__, object.__hash__  # a module equals itself alone

    def __init__(self, values: Any) -> None:
        super().__init__()
        self.update(values or {})

    @property
    def _dict(self) -> dict[str, Any]:
        return self.__dict__[self._registry]

    def __setitem__(self, key: str, value: Any) -> None:
        raise NotImplementedError

    def __getitem__(self, key: str) -> Any:
        return self._dict[key]

    def __delitem__(self, key: str) -> None:
        del self._dict[key]

    def __len__(self) -> int:
        return len(self._dict)

    def __iter__(self) -> Iterator[str]:
        return iter(self._dict)

    def keys(self) -> Any:
        """The names."""
        return self._dict.keys()

    def values(self) -> Any:
        """The values."""
        return self._dict.values()

    def items(self) -> Any:
        """(name, value) pairs."""
        return self._dict.items()


class ModuleDict(_NamedDict):
    """A dict of modules, which are registered."""

    _registry = "_modules"

    def __init__(self, modules: Any = None) -> None:
        super().__init__(modules)

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)


class ParameterDict(_NamedDict):
    """A dict of parameters, which are registered; tensors become parameters."""

    _registry = "_parameters"

    def __init__(self, parameters: Any = None) -> None:
        super().__init__(parameters)

    def __setitem__(self, key: str, value: Any) -> None:
        self.register_parameter(key, value if isinstance(value, Parameter) else Parameter(value))

    def extra_repr(self) -> str:
        return "\n".join(f"({name}): Parameter of {describe(p)}" for name, p in self.items())


class ParameterList(Module):
    """A list of parameters, which are registered; tensors become parameters. Other values (a module, another list of
    parameters) are kept as they are, as in PyTorch."""

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        self._size = 0
        self.extend(values or ())

    def append(self, value: Any) -> "ParameterList":
        """Add a parameter at the end. Returns self."""
        self._size += 1
        self[-1] = value
        return self

    def extend(self, values: Iterable[Any]) -> "ParameterList":
        """Add parameters at the end. Returns self."""
        for value in values:
            self.append(value)
        return self

    __iadd__ = extend

    def _name_at(self, index: int) -> str:
        return str(_checked_index(self, index, "parameters"))

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Any]:
        return (getattr(self, str(i)) for i in range(self._size))

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return ParameterList(list(self)[index])
        return getattr(self, self._name_at(index))

    def __setitem__(self, index: int, value: Any) -> None:
        setattr(self, self._name_at(index), Parameter(value) if type(value) is Tensor else value)

    def extra_repr(self) -> str:
        return "\n".join(f"({i}): Parameter of {describe(p)}" for i, p in enumerate(self) if isinstance(p, Tensor))


class Container(Module):
    """A Module, made of named modules, under an old name; with a warning."""

    def __init__(self, **modules: Any) -> None:
        super().__init__()
        warn_user("nn.Container: deprecated; use Module", FutureWarning)
        for name, module in modules.items():
            self.add_module(name, module)


class DataParallel(Module):
    """The module itself, as `.module`, with a warning: training runs in one process, on one device."""

    def __init__(self, module: Module, device_ids: Any = None, output_device: Any = None, dim: int = 0) -> None:
        super().__init__()
        warnings.warn("DataParallel: minigrad runs the module on one device", stacklevel=2)
        self.module = module

    def forward(self, *args: Any, **options: Any) -> Any:
        """The module's forward."""
        return self.module(*args, **options)


__all__ = ["Container", "DataParallel", "ModuleDict", "ModuleList", "ParameterDict", "ParameterList", "Sequential"]
