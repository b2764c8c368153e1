"""Bases of modules that are declared: `class Tanh(FunctionModule, function=F.tanh)`."""

import functools
import inspect
from typing import Any

from minigrad.nn.modules.module import Module


class DeclaredModule(Module):
    """The keywords of a class statement become attributes of the class. In a class with keywords, an `__init__` that
    does not call super() is a signature alone: its arguments go, by name, to the base's constructor."""

    def __init_subclass__(cls, **constants: Any) -> None:
        super().__init_subclass__()
        for name, value in constants.items():
            setattr(cls, name, staticmethod(value) if callable(value) else value)
        declared: Any = vars(cls).get("__init__")
        if constants and declared and "__class__" not in declared.__code__.co_freevars:  # super() has it there
            cls.__init__ = _pass_by_name(cls, declared)  # type: ignore[method-assign]


def _pass_by_name(cls: Any, declared: Any) -> Any:
    signature = inspect.signature(declared)

    @functools.wraps(declared)
    def __init__(self: Any, *args: Any, **options: Any) -> None:
        try:
            given = signature.bind(self, *args, **options)
        except TypeError as error:
            raise TypeError(f"{cls.__name__}.__init__(): {error}") from None
        given.apply_defaults()
        del given.arguments["self"]
        super(cls, self).__init__(**given.arguments)

    return __init__


class FunctionModule(DeclaredModule):
    """Calls the function of its class with its settings: the arguments of the constructor, which are attributes, and
    keyword arguments of the function. `uses_training`: `training` is one of them.

    `repr_names`: the settings that the repr shows (None: all, `inplace` only where it is True); `repr_values_only`: it
    shows them without their names.
    """

    function: Any
    settings: tuple[str, ...]
    uses_training: bool = False
    repr_names: tuple[str, ...] | None = None
    repr_values_only: bool = False

    def __init_subclass__(cls, **constants: Any) -> None:
        super().__init_subclass__(**constants)
        if constants.get("function") and cls.__doc__:
            cls.__doc__ = f"{cls.__doc__.rstrip()}\n\n    Calls the function `{constants['function'].__name__}`."

    def __init__(self, **settings: Any) -> None:
        super().__init__()
        self.settings = (*settings, "training") if self.uses_training else tuple(settings)
        for name, value in settings.items():
            setattr(self, name, value)

    def forward(self, *inputs: Any) -> Any:
        """The function of the inputs."""
        return type(self).function(*inputs, **{name: getattr(self, name) for name in self.settings})

    def extra_repr(self) -> str:
        names = self.repr_names
        if names is None:
            names = tuple(n for n in self.settings if n != "training" and (n != "inplace" or self.inplace))
        return ", ".join(f"{getattr(self, n)}" if self.repr_values_only else f"{n}={getattr(self, n)}" for n in names)
