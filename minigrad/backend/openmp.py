"""GCC's library of threads, libgomp: the one pool that oneDNN shares with us, since two would wait busily in each
other's way. Its threads wake up in a few microseconds, Python's in some sixty."""

import ctypes
import os
from collections.abc import Callable
from functools import cache
from typing import Any

# How many times a thread looks whether there is more to do before it sleeps: some 0.2 ms, the pause between two
# operations; to wake up takes 0.1 ms. With libgomp's own number, thirty times as large, each operation waits for 8 ms
# where others want the processors too.
SPINS = "10000"
_REGION = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


@cache
def libgomp() -> Any:
    """The library, None where there is none (macOS, Windows, a system without GCC's libraries)."""
    ours = not {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"} & os.environ.keys()
    if ours:  # read once, when it is loaded
        os.environ["GOMP_SPINCOUNT"] = SPINS
    try:
        library = ctypes.CDLL("libgomp.so.1")
        library.GOMP_parallel.argtypes = [_REGION, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint]
    except (OSError, AttributeError):
        return None
    finally:
        if ours:
            del os.environ["GOMP_SPINCOUNT"]
    return library


def run_in_team(work: Callable[[], None], threads: int) -> bool:
    """`work()`, which must not raise, by each of a team of (up to) so many threads. False: there is no such library."""
    library = libgomp()
    if library is not None:
        library.GOMP_parallel(_REGION(lambda _: work()), None, threads, 0)
    return library is not None
