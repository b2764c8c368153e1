"""Modules that hold modules."""

import operator
import warnings
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from minigrad.engine.messages import describe
from minigrad.engine.tensor import Tensor
from minigrad.nn.modules.module import Module
from minigrad.nn.parameter import Parameter


class _Listed(Module):
    """A module whose children are numbered."""

    def _at(self, index: int) -> str:
        n, i = len(self), operator.index(index)
        if not -n <= i < n:
            raise IndexError(f"{type(self).__name__}: index {i} is out of range for {n} modules")
        return list(self._modules)[i]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return self._like(list(self._modules.items())[index])
        return self._modules[self._at(index)]

    def _like(self, named: list[tuple[str, Any]]) -> Any:
        """Another of this class, with some of its modules."""
        raise NotImplementedError

    def __setitem__(self, index: int, module: Module) -> None:
        self.add_module(self._at(index), module)

    def __delitem__(self, index: int | slice) -> None:
        names = list(self._modules)
        for name in names[index] if isinstance(index, slice) else [self._at(index)]:
            del self._modules[name]
        left = list(self._modules.values())  # they are numbered anew, whatever their names were, as in PyTorch
        self._modules.clear()
        self._modules.update({str(i): m for i, m in enumerate(left)})

    def __iadd__(self, modules: Iterable[Module]) -> Any:
        return self.extend(modules)

    def __add__(self, modules: Iterable[Module]) -> Any:
        return self._like([(str(i), m) for i, m in enumerate((*self, *modules))])

    def pop(self, index: int) -> Any:
        """Take the module at that place out, and return it."""
        module = self[index]
        del self[index]
        return module

    def append(self, module: Module) -> Any:
        """Put a module at the end. Returns self."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Any:
        """Put modules at the end. Returns self."""
        for module in modules:
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> Any:
        """Put a module before that place. Returns self."""
        modules = list(self._modules.values())
        modules.insert(index, module)
        self._modules.clear()
        return self.extend(modules)  # type: ignore[arg-type]


class Sequential(_Listed):
    """Modules one after another: each gets what the one before returns. Given as arguments or as an ordered dict."""

    def __init__(self, *args: Any) -> None:
        super().__init__()
        named = args[0].items() if len(args) == 1 and isinstance(args[0], dict) else enumerate(args)
        for name, module in named:
            self.add_module(str(name), module)

    def _like(self, named: list[tuple[str, Any]]) -> "Sequential":
        return Sequential(dict(named))

    def forward(self, input: Any) -> Any:
        """The last module's result."""
        for module in self._modules.values():
            input = module(input)  # type: ignore[misc]
        return input


class ModuleList(_Listed):
    """A list of modules whose parameters are registered. In its repr, equal neighbours share a line."""

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        self.extend(modules or ())

    def _like(self, named: list[tuple[str, Any]]) -> "ModuleList":
        return ModuleList(module for _, module in named)

    def __repr__(self) -> str:
        lines, at = [], 0
        for text, group in groupby(map(repr, self)):
            count = len(list(group))
            label = f"({at}): " if count == 1 else f"({at}-{at + count - 1}): {count} x "
            lines.append(label + text.replace("\n", "\n  "))
            at += count
        return "ModuleList(" + "".join(f"\n  {line}" for line in lines) + ("\n)" if lines else ")")


class ModuleDict(Module):
    """A dict of modules whose parameters are registered."""

    def __init__(self, modules: Any = None) -> None:
        super().__init__()
        self.update(modules or {})

    def update(self, modules: Any) -> None:
        """Add modules from a dict or from pairs."""
        for name, module in modules.items() if hasattr(modules, "items") else modules:
            self.add_module(name, module)

    def __getitem__(self, key: str) -> Any:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: str) -> bool:
        return key in self._modules

    def pop(self, key: str) -> Any:
        """Take the module of that name out, and return it."""
        return self._modules.pop(key)

    def clear(self) -> None:
        """Take all modules out."""
        self._modules.clear()

    def keys(self) -> Any:
        """The names."""
        return self._modules.keys()

    def values(self) -> Any:
        """The modules."""
        return self._modules.values()

    def items(self) -> Any:
        """Names and modules."""
        return self._modules.items()


class ParameterList(Module):
    """A list of parameters that are registered; tensors become parameters. Other values (a module, another list of
    parameters) are kept as they are, as in PyTorch."""

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        self._size = 0
        self.extend(values or ())

    def append(self, value: Any) -> "ParameterList":
        """Put a parameter at the end. Returns self."""
        self._size += 1
        self[-1] = value
        return self

    def extend(self, values: Iterable[Any]) -> "ParameterList":
        """Put parameters at the end. Returns self."""
        for value in values:
            self.append(value)
        return self

    __iadd__ = extend

    def _at(self, index: int) -> str:
        n, i = len(self), operator.index(index)
        if not -n <= i < n:
            raise IndexError(f"ParameterList: index {i} is out of range for {n} parameters")
        return str(i % n)

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Any]:
        return (getattr(self, str(i)) for i in range(self._size))

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return ParameterList(list(self)[index])
        return getattr(self, self._at(index))

    def __setitem__(self, index: int, value: Any) -> None:
        setattr(self, self._at(index), Parameter(value) if type(value) is Tensor else value)

    def extra_repr(self) -> str:
        return "\n".join(f"({i}): Parameter of {describe(p)}" for i, p in enumerate(self) if isinstance(p, Tensor))


def _parameter(value: Any) -> Parameter:
    return value if isinstance(value, Parameter) else Parameter(value)


class ParameterDict(Module):
    """A dict of parameters that are registered; tensors become parameters."""

    def __init__(self, parameters: Any = None) -> None:
        super().__init__()
        self.update(parameters or {})

    def update(self, parameters: Any) -> None:
        """Put these in: a mapping, or pairs."""
        for key, value in dict(parameters).items():
            self[key] = value

    def __setitem__(self, key: str, value: Any) -> None:
        self.register_parameter(key, _parameter(value))

    def __getitem__(self, key: str) -> Any:
        return self._parameters[key]

    def __delitem__(self, key: str) -> None:
        del self._parameters[key]

    def __len__(self) -> int:
        return len(self._parameters)

    def __iter__(self) -> Iterator[str]:
        return iter(self._parameters)

    def __contains__(self, key: str) -> bool:
        return key in self._parameters

    def keys(self) -> Any:
        """The names."""
        return self._parameters.keys()

    def values(self) -> Any:
        """The parameters."""
        return self._parameters.values()

    def items(self) -> Any:
        """Names and parameters."""
        return self._parameters.items()

    def extra_repr(self) -> str:
        return "\n".join(f"({name}): Parameter of {describe(p)}" for name, p in self.items())


class DataParallel(Module):
    """The module itself, as `.module`, with a warning: training runs in one process, on one device."""

    def __init__(self, module: Module, device_ids: Any = None, output_device: Any = None, dim: int = 0) -> None:
        super().__init__()
        warnings.warn("DataParallel: minigrad runs the module on one device", stacklevel=2)
        self.module = module

    def forward(self, *args: Any, **options: Any) -> Any:
        """The module's."""
        return self.module(*args, **options)
