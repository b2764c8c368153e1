"""Modules that are one function and its settings."""

from typing import Any

from minigrad.nn.modules.module import Module


class FunctionModule(Module):
    """Calls the function of its class with the settings it was made with.

    settings are attributes and the function's keyword arguments; `shown` names those of the repr (default: all but an
    `inplace` that is off), `bare` those shown without their name.
    """

    function: Any = None
    settings: tuple[str, ...]
    shown: tuple[str, ...] | None = None
    bare: bool = False

    def __init__(self, **settings: Any) -> None:
        super().__init__()
        self.settings = tuple(settings)
        for name, value in settings.items():
            setattr(self, name, value)

    def forward(self, *inputs: Any) -> Any:
        """The function of the input."""
        return type(self).function(*inputs, **{name: getattr(self, name) for name in self.settings})

    def extra_repr(self) -> str:
        names = self.settings if self.shown is None else self.shown
        values = {name: getattr(self, name) for name in names if name != "inplace" or self.inplace or self.shown}
        return ", ".join(f"{value}" if self.bare else f"{name}={value}" for name, value in values.items())
