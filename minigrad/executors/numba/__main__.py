"""`python -m minigrad.executors.numba`: compile all loops now instead of when they are first called."""

import time
from typing import Any

import numpy as np

from minigrad.executors.numba import activation, max_pool, norm, recurrent, softmax, update


def compile_all() -> int:
    """Call each loop once; how many there are."""

    def zeros(*shape: int) -> Any:
        return np.zeros(shape, "float32")

    def calls(*, line: Any, rows: Any, planes: Any, gates: Any) -> list[tuple[Any, tuple[Any, ...]]]:
        best, part = np.zeros((1, 2, 2), "uint8"), (0, 1)
        return [
            (activation.gelu, (line, line, *part)),
            (activation.gelu_slope, (line, line, line, *part)),
            (activation.relu_slope, (line, line, line, *part)),
            (norm.rows, (rows, line, line, rows, line, line, 1e-5, *part)),
            (norm.rows_slopes, (rows, rows, line, line, line, 1e-5, rows, line, line, *part)),
            (norm.channels, (planes, line, line, planes, line, line, 1e-5, *part)),
            (norm.channels_slopes, (planes, planes, line, line, line, 1e-5, planes, line, line, *part)),
            (softmax.rows, (planes, True, *part)),
            (softmax.rows_slopes, (planes, planes, 1.0, *part)),
            (max_pool.put_back, (planes, best, planes, 1, 1, 1, 1, 1, *part)),
            (recurrent.step, (zeros(2, 8), zeros(2, 8), rows, gates, rows, rows, rows)),
            (recurrent.step_back, (rows, rows, rows, rows, gates, rows, gates)),
            (update.adam, (line, line, line, line, 0.1, 0.1, 1e-8, 0.1, 1.0, 0.0, 1.0, *part)),
            (update.momentum, (line, line, line, 0.0, 0.1, 0.9, 1.0, 1.0, 0.0, *part)),
        ]

    all_calls = calls(line=zeros(2), rows=zeros(2, 2), planes=zeros(1, 2, 2), gates=zeros(2, 4, 2))
    for loop, arguments in all_calls:
        loop(*arguments)
    return len(all_calls)


if __name__ == "__main__":
    start = time.perf_counter()
    print(f"{compile_all()} loops are compiled, in {time.perf_counter() - start:.1f} s")
