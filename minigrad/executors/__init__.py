"""How operations are done fast: one folder an executor, one file a family of operations.

numpy   array functions in blocks that stay in the cache, by all threads
numba   loops that do a chain of operations in one pass over memory, where Numba is installed
cupy    kernels that do on a GPU in one launch what array functions do in several

A file `executors/NAME/norm.py` has the ways of the operations of `ops/nn/norm.py`. It imports the definitions and
registers beside them (`engine.executions.execution`); nothing imports it but the choice at the first array that suits.
`python -m minigrad.ops` lists which operations have which; the variable MINIGRAD_EXECUTORS chooses.
"""

from typing import Any

from minigrad.engine.executions import EXECUTORS, Executor

MIN_NUMBA = 2**13  # elements: below, array functions take no longer, and nothing need be compiled


def _float32_of_some_size(array: Any) -> bool:
    return bool(array.size >= MIN_NUMBA and array.dtype.char == "f")


def _any(array: Any) -> bool:
    return True


for _executor in (
    Executor("numba", "numpy", _float32_of_some_size, "numba"),
    Executor("numpy", "numpy", _any),
    Executor("cupy", "cupy", _any),
):
    EXECUTORS[_executor.name] = _executor
