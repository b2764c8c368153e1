"""`python -m minigrad.executors.numba`: compile all loops now instead of when they are first called."""

import argparse
import pkgutil
import time
from importlib import import_module

from minigrad.executors import numba as package
from minigrad.executors.numba.compiled import LOOPS, compile_now


def compile_all() -> int:
    """Compile each loop of this package's files; how many there are."""
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        import_module(module.name)
    for loop in LOOPS:
        compile_now(loop)
    return len(LOOPS)


if __name__ == "__main__":
    argparse.ArgumentParser(prog="python -m minigrad.executors.numba", description=__doc__).parse_args()
    start = time.perf_counter()
    print(f"{compile_all()} loops are compiled, in {time.perf_counter() - start:.1f} s")
