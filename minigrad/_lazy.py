"""Modules that are imported when they are named, and modules that go by two names."""

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

# PyTorch's namespaces that live in `minigrad/torch/`, and files whose public name is shorter than their place
TORCH = "accelerator amp backends compiler cuda distributed func jit linalg special"
ALIASES = {
    **{name: f"torch.{name}" for name in TORCH.split()},
    "random": "ops.random", "serialization": "io.serialization", "snapshot": "io.snapshot",
    "utils.dlpack": "methods.dlpack",
}  # fmt: skip


def lazy_imports(package: str, modules: str, **homes: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """What a package imports only when it is named (PEP 562), so that `import minigrad` is quick.

    modules: submodules, in one string. homes: for submodules, among them or not, the names taken from each.

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


class AliasFinder:
    """An import hook: a module whose name `target` translates is the module of the translated name, the same object."""

    def __init__(self, target: Callable[[str], str | None]) -> None:
        self.target = target

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: Any = None) -> ModuleSpec | None:
        return None if self.target(name) is None else ModuleSpec(name, self)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        name = self.target(spec.name)
        assert name is not None
        found = self.load(spec.name, name)
        self.spec = found.__spec__
        return found

    def load(self, alias: str, name: str) -> ModuleType:
        """The module `name`, asked for as `alias`."""
        return import_module(name)

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self.spec  # it has been executed, under its own name


def _aliased(name: str) -> str | None:
    if not name.startswith("minigrad."):
        return None
    own = name.removeprefix("minigrad.")
    head = next((a for a in ALIASES if own == a or own.startswith(a + ".")), None)
    return None if head is None else f"minigrad.{ALIASES[head]}{own[len(head) :]}"


sys.meta_path.insert(0, AliasFinder(_aliased))  # first: a package's own path would be searched, and give a second copy
