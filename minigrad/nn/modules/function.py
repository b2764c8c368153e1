"""The base of modules that are one function and its settings."""

from typing import Any

from minigrad.nn.modules.module import Module


class FunctionModule(Module):
    """Calls the function of its class (`class Tanh(FunctionModule, function=F.tanh)`) with its settings.

    The settings are attributes, and keyword arguments of the function. `repr_names`: the settings that the repr shows
    (None: all, `inplace` only where it is True); `repr_values_only`: show them without their names.
    """

    function: Any
    settings: tuple[str, ...]
    repr_names: tuple[str, ...] | None = None
    repr_values_only: bool = False

    def __init_subclass__(cls, function: Any = None, **options: Any) -> None:
        super().__init_subclass__(**options)
        if function is not None:
            cls.function = staticmethod(function)

    def __init__(self, **settings: Any) -> None:
        super().__init__()
        self.settings = tuple(settings)
        for name, value in settings.items():
            setattr(self, name, value)

    def forward(self, *inputs: Any) -> Any:
        """The function of the inputs."""
        return type(self).function(*inputs, **{name: getattr(self, name) for name in self.settings})

    def extra_repr(self) -> str:
        names = self.settings if self.repr_names is None else self.repr_names
        values = {name: getattr(self, name) for name in names if name != "inplace" or self.inplace or self.repr_names}
        return ", ".join(f"{v}" if self.repr_values_only else f"{name}={v}" for name, v in values.items())
