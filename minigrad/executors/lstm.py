"""What an LSTM's sequences keep, and what executions on the CPU do before and after its steps.

Arrays are in the order in which steps are done.
"""

from typing import Any

import numpy as np

from minigrad.ops.linalg.products import _matmul
from minigrad.ops.nn.recurrent import time_order


def is_sequence(gates: Any, h: Any, c: Any, weight: Any, **settings: Any) -> bool:
    """float32 or float64 arrays of one dtype, not empty."""
    kind = gates.dtype
    alike = h.dtype == kind and c.dtype == kind and weight.dtype == kind and h.shape == c.shape
    return alike and kind.char in "fd" and gates.size > 0


def buffers(gates: Any, h: Any, c: Any) -> tuple[Any, Any, Any, Any]:
    """For h and c (T + 1, N, H), beginning with the given ones, the gates (T, N, 4, H) and tanh(c) (T, N, H)."""
    (count, n, _), size = gates.shape, h.shape[-1]
    hs, cs = (np.empty((count + 1, n, size), gates.dtype) for _ in range(2))
    hs[0], cs[0] = h, c
    return hs, cs, np.empty((count, n, 4, size), gates.dtype), np.empty((count, n, size), gates.dtype)


def stacked(hs: Any, cs: Any, reverse: bool) -> Any:
    """The result: h of each step, and the last c."""
    out = np.empty_like(hs)
    time_order(out[:-1], reverse)[...] = hs[1:]
    out[-1] = cs[-1]
    return out


def gradients(da: Any, dh: Any, dc: Any, hs: Any, reverse: bool) -> tuple[Any, Any, Any, Any]:
    """Of all arguments, from those of the steps' arguments, (T, N, 4, H); the weight's is one product for all steps."""
    count, n, _, size = da.shape
    dgates = np.ascontiguousarray(time_order(da, reverse)).reshape(count, n, 4 * size)
    return dgates, dh, dc, _matmul(da.reshape(count * n, 4 * size).T, hs[:-1].reshape(count * n, size))
