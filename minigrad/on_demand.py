"""What a package has but imports only when it is named (PEP 562), so that `import minigrad` is quick."""

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any


def on_demand(package: str, modules: str, **homes: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """modules: submodules, in one string. homes: for submodules, among them or not, the names taken from each.

    Gives two functions: `part(name)` for the package's own `__getattr__`, None for what is no part; and its `__dir__`.
    """
    named = set(modules.split())
    home = {name: module for module, names in homes.items() for name in names.split()}

    def part(name: str) -> Any:
        if name in home:
            found = getattr(import_module(f"{package}.{home[name]}"), name)
            setattr(sys.modules[package], name, found)  # from now on it is simply there
            return found
        return import_module(f"{package}.{name}") if name in named else None

    def listed() -> list[str]:
        return sorted({*vars(sys.modules[package]), *named, *home})

    return part, listed
