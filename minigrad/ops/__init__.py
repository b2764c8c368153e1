"""The operations, one family a file. Each file's `__all__` is what it makes public; `python -m minigrad.ops` prints
which are there and how each was checked."""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from minigrad.engine.primitive import REGISTRY, Primitive


@cache
def modules() -> tuple[ModuleType, ...]:
    """The modules of this package that make operations public."""
    import pkgutil  # only tables of operations and tests need it

    names = (m.name for m in pkgutil.walk_packages(__path__, f"{__name__}.") if not m.ispkg)
    found = (import_module(name) for name in names if not name.endswith("__main__"))
    return tuple(m for m in found if hasattr(m, "__all__"))


def primitives() -> dict[str, Primitive]:
    """minigrad's own primitives (a user's are in the registry too), with every file of this package imported."""
    modules()
    return {name: op for name, op in REGISTRY.items() if op.family.startswith("minigrad.")}


@cache
def operations() -> dict[str, Callable[..., Any]]:
    """Every public operation by its own name (`clip`, another name of `clamp`, is not a second one). Those that only
    `minigrad.linalg` has go by `linalg.name`."""
    linalg = import_module("minigrad.torch.linalg")
    found = {}
    for m in (*modules(), linalg):
        if m.__name__.rpartition(".")[2] in ("creation", "random", "dropout"):
            continue  # what is made of no tensors has nothing to differentiate, and what is drawn no one value
        for function in (getattr(m, name) for name in m.__all__):
            name = function.__name__
            if m is not linalg:
                # two things are called unfold: Tensor.unfold, and the one of nn.functional
                twin = name == "unfold" and m.__name__.endswith(".resize")
                found[f"nn.functional.{name}" if twin else name] = function
            elif not isinstance(function, type) and found.get(name) is not function:
                found[f"linalg.{name}"] = function
    return found
