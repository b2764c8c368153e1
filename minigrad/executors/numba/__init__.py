"""Loops compiled by Numba, where it is installed (the extra `fast`): a chain of operations in one pass over memory.

Loops are for float32, the dtype of training, and take contiguous arrays, of which they do the elements, rows or planes
from `first` to `last` (an index that may be negative costs a branch, so arrays are cut to them first); they let other
threads run meanwhile. Compiled ones are kept beside their sources, or where Numba finds room.
"""
