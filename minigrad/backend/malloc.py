"""Memory of arrays that were let go stays with the process, for the next ones.

The C library gives large blocks back to the system at once, and gets them anew, page by page, zeroed, for the next
array of that size: 16 % of a step of a small GPT, 10 % of a convolutional net's. So it is asked to keep some.
"""

import os
import sys

KEPT = 256 << 20  # bytes that may lie free at the end of the heap
LARGE = 32 << 20  # bytes from which on a block is the system's own: the most that glibc allows
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of mallopt, from glibc's malloc.h


def keep_memory() -> bool:
    """Ask glibc to; MINIGRAD_MALLOC=0 says no. Was it?"""
    if not sys.platform.startswith("linux") or os.environ.get("MINIGRAD_MALLOC") == "0":
        return False
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have none, or ignore it
    return mallopt is not None and bool(mallopt(_MMAP_THRESHOLD, LARGE) and mallopt(_TRIM_THRESHOLD, KEPT))
