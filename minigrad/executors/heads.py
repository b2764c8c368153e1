"""Which heads attention's executions on the CPU take, and how they are shared out to threads."""

from typing import Any

import numpy as np

from minigrad.backend.threads import chunks, parallel_for

ndarray = np.ndarray


def are_heads(query: Any, key: Any, value: Any, **settings: Any) -> bool:
    """float32 or float64 arrays of one dtype, not empty, with the same leading dimensions."""
    kind, lead = query.dtype, query.shape[:-2]
    if kind.char not in "fd" or not query.size:
        return False
    return all(a.__class__ is ndarray and a.size and a.dtype == kind and a.shape[:-2] == lead for a in (key, value))


def over_heads(work: Any, weights: Any) -> None:
    """`work(slice)` for slices of the first dimension, of as many heads as stay in the cache, by all threads; of all
    of it where there is but one head."""
    slices = chunks(len(weights), weights.size // len(weights)) if weights.ndim > 2 else [slice(None)]
    parallel_for(lambda i: work(slices[i]), len(slices), weights.size)


def transposed(x: Any) -> Any:
    """The last two dimensions swapped."""
    return np.swapaxes(x, -1, -2)
