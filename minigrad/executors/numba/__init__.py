"""What the CPU runs in one pass, where Numba is installed: the extra `fast`.

Each loop does what array functions do beside it, in the operation that calls it: without it an operation takes several
passes over its arrays. Loops are for float32, the dtype of training, and take contiguous arrays, of which they do the
elements, rows or planes from `first` to `last` (an index that may be negative costs a branch, so arrays are cut to them
first); they let other threads run meanwhile. `backend.loops` says whether they are there. Compiled ones are kept beside
their sources, or where Numba finds room.
"""

from minigrad.executors.numba import activation, norm, recurrent, softmax, update, windows

__all__ = ["activation", "norm", "recurrent", "softmax", "update", "windows"]
