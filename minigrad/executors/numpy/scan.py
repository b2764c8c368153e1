"""The running logarithm of a sum in one pass."""

from typing import Any

import numpy as np

from minigrad.engine.executions import execution
from minigrad.ops.reduce.scan import _logcumsumexp


@execution(_logcumsumexp, "numpy")
def logcumsumexp(input: Any, *, dim: int) -> Any:
    """log(exp(x[0]) + ... + exp(x[i])) along `dim`."""
    return np.logaddexp.accumulate(input, axis=dim)
