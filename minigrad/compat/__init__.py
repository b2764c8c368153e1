"""Running PyTorch scripts unchanged: `torch`, and every `torch.*`, resolved to minigrad.

    with minigrad.compat.as_torch():
        import train  # a script that says `import torch`

or `python -m minigrad.compat script.py [args]`, which with `--diff` runs it under PyTorch as well and compares what
they print. Each module is there once, under both names, so that isinstance holds.
"""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from minigrad._lazy import AliasFinder

# files of PyTorch's that scripts import from, by the module that has their names here
_FILES = {
    "autograd": "autograd.anomaly_mode",
    "cuda": "cuda.memory cuda.random cuda.streams",
    "func": "nn.utils.stateless",
    "nn.parallel": "nn.parallel.data_parallel",
    "nn.utils": "nn.utils.clip_grad nn.utils.convert_parameters",
    "optim": "optim.adadelta optim.adamax optim.adamw optim.asgd optim.nadam optim.radam optim.rmsprop",
    "utils.data": "utils.data.dataloader utils.data.dataset",
}
ELSEWHERE = {f"torch.{name}": f"minigrad.{home}" for home, names in _FILES.items() for name in names.split()}
SCRIPT = "MINIGRAD_COMPAT_SCRIPT"  # the environment variable that tells worker processes which script to import


def _ours(name: str) -> str | None:
    """`minigrad.x.y` for `torch.x.y`."""
    if name != "torch" and not name.startswith("torch."):
        return None
    return ELSEWHERE.get(name, f"minigrad{name.removeprefix('torch')}")


class _Finder(AliasFinder):
    """Finds `torch.x.y` as the module `minigrad.x.y`, the very same object."""

    def load(self, alias: str, name: str) -> ModuleType:
        try:
            return _module(name)
        except ModuleNotFoundError as error:
            if error.name is None or not name.startswith(error.name):
                raise
            raise ModuleNotFoundError(
                f"No module named {alias!r}: minigrad has no {name!r}{_instead(name)}; what it has, and what to use "
                f"instead, is in docs/coming-from-pytorch.md",
                name=alias,
            ) from None


def _module(name: str) -> ModuleType:
    """The module of that name, also where its package only knows it by another (`nn.modules.batchnorm`)."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        package, _, last = name.rpartition(".")
        found = getattr(importlib.import_module(package), last, None) if error.name == name and package else None
        if not isinstance(found, ModuleType):
            raise
        return found


def _instead(name: str) -> str:
    """What the module above says of a name it has not, if it says more than that."""
    package, _, last = name.rpartition(".")
    try:
        getattr(importlib.import_module(package), last)
    except ImportError:
        pass
    except AttributeError as error:
        return "" if str(error).startswith("module ") else f" ({error})"
    return ""


_finder = _Finder(_ours)


def install() -> None:
    """From here on `import torch` means minigrad. RuntimeError where PyTorch itself was imported before."""
    loaded = sys.modules.get("torch")
    if loaded is not None and loaded is not sys.modules.get("minigrad"):
        raise RuntimeError("compat.install: PyTorch itself is imported already; call this before, in a fresh process")
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)


def uninstall() -> None:
    """Let `import torch` mean PyTorch again."""
    if _finder in sys.meta_path:
        sys.meta_path.remove(_finder)
    for name in [n for n in sys.modules if n == "torch" or n.startswith("torch.")]:
        if sys.modules[name].__name__.startswith("minigrad"):
            del sys.modules[name]


@contextmanager
def as_torch() -> Iterator[None]:
    """`install()` within a block. PyTorch, if it is imported already, is set aside meanwhile."""
    before = _finder in sys.meta_path
    aside = {name: sys.modules.pop(name) for name in list(sys.modules) if name == "torch" or name.startswith("torch.")}
    install()
    try:
        yield
    finally:
        uninstall()
        sys.modules.update(aside)
        if before:
            sys.meta_path.insert(0, _finder)


__all__ = ["as_torch", "install", "uninstall"]
