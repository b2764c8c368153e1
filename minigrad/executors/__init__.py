"""How operations are done fast: one folder an executor, one file a family of operations.

numba   loops that do a chain of operations in one pass over memory, where Numba is installed
onednn  primitives of oneDNN (products, convolutions, GELU, layer norm), where that is installed
numpy   array functions in blocks that stay in the cache, by all threads
cupy    kernels that do on a GPU in one launch what array functions do in several

A file `executors/NAME/norm.py` has the ways of the operations of `ops/nn/norm.py`. It imports the definitions and
registers beside them (`engine.executions.execution`); nothing imports it but the choice at the first array that suits.
`python -m minigrad.ops` lists which operations have which; the variable MINIGRAD_EXECUTORS chooses.
"""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from minigrad.engine.executions import EXECUTORS, MIN_LARGE, Executor
from minigrad.executors.onednn import library

# elements: below, array functions take no longer, and nothing need be loaded or compiled
MIN_ONEDNN = 2**10


def _float32(at_least: int) -> Callable[[Any], bool]:
    return lambda array: array.size >= at_least and array.dtype.char == "f"


def _no_numba() -> str:
    return "" if find_spec("numba") else "not installed"


for _executor in (
    Executor("numba", "numpy", _float32(MIN_LARGE), _no_numba),
    Executor("onednn", "numpy", _float32(MIN_ONEDNN), library.reason),
    Executor("numpy", "numpy"),
    Executor("cupy", "cupy"),
):
    EXECUTORS[_executor.name] = _executor
