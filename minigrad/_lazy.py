"""Modules that are imported when they are named, modules that go by several names, and names that are not there."""

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

# public names of modules whose files have others: PyTorch's namespaces live in `minigrad/torch/`
PUBLIC = {
    **{name: f"torch.{name}" for name in "accelerator amp cuda distributed func linalg special".split()},
    **{name: f"torch.inert.{name}" for name in "backends compiler jit".split()},
    "random": "ops.random", "serialization": "utils.serialization", "snapshot": "utils.snapshot",
    "storage": "methods.storage", "utils.dlpack": "methods.dlpack", "__config__": "torch.config",
}  # fmt: skip
ALIASES = {
    **PUBLIC,
    "amp.autocast_mode": "torch.amp", "amp.grad_scaler": "torch.amp",
    "cuda.amp.autocast_mode": "torch.cuda.amp", "cuda.amp.grad_scaler": "torch.cuda.amp",
}  # fmt: skip


def lazy_imports(
    package: str, modules: str = "", *, instead: Mapping[str, str] | None = None, **homes: str
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """A package's `__getattr__` and `__dir__` (PEP 562): what is imported only when it is named, so that `import
    minigrad` is quick; and for names of PyTorch that are not there, what to use instead.

    modules: submodules, in one string. homes: for submodules, among them or not, the names taken from each. instead:
    what the AttributeError of a name says; a key that ends in `*` stands for all names that begin so.
    """
    named = set(modules.split())
    home = {name: module for module, names in homes.items() for name in names.split()}
    advice = instead or {}
    public = package.replace(".torch.", ".")

    def attribute(name: str) -> Any:
        if name in home:
            found = getattr(import_module(f"{package}.{home[name]}"), name)
            setattr(sys.modules[package], name, found)  # from now on it is simply there
            return found
        if name in named:
            return import_module(f"{package}.{name}")
        key = next((k for k in advice if k == name or (k[-1] == "*" and name.startswith(k[:-1]))), None)
        if key is not None:
            raise AttributeError(f"{public.removeprefix('minigrad.')}.{name}: {advice[key]}")
        raise AttributeError(f"module {public!r} has no attribute {name!r}")

    def listed() -> list[str]:
        return sorted({*vars(sys.modules[package]), *named, *home})

    return attribute, listed


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
        try:
            return import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
            raise ModuleNotFoundError(f"No module named {alias!r}", name=alias) from None

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self.spec  # it has been executed, under its own name
        if not hasattr(module, "__path__"):
            module.__path__ = []  # a file here may be a package of PyTorch's: names below it come to this finder too


def _aliased(name: str) -> str | None:
    """The place of the module that `name`, or the package it is in, is another name of."""
    package, _, known = name.partition(".")
    below = ""
    while known and package == "minigrad":
        if known in ALIASES:
            return f"minigrad.{ALIASES[known]}{below}"
        known, _, last = known.rpartition(".")
        below = f".{last}{below}"
    return None


sys.meta_path.insert(0, AliasFinder(_aliased))  # first: a package's own path would be searched, and give a second copy
