"""Where oneDNN is found, and whether this version of it can be called."""

import ctypes
import os
import sys
from functools import cache
from typing import Any, NamedTuple

from minigrad.backend.openmp import libgomp

NAMES = {"darwin": "libdnnl.3.dylib", "win32": "dnnl.dll"}
WITHOUT_POOL, OPENMP = 1, 2  # how a build shares work out to threads; others have a pool of their own


class Library(NamedTuple):
    """`run` lets other threads of Python go on meanwhile, `quick` does not; `set_num_threads` is for the work that this
    thread gives it; `reason`: why there are none of these."""

    run: Any = None
    quick: Any = None
    set_num_threads: Any = None
    version: str = ""
    reason: str = ""


class _Version(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int) for name in ("major", "minor", "patch")]
    _fields_ += [("hash", ctypes.c_char_p), ("cpu_runtime", ctypes.c_uint), ("gpu_runtime", ctypes.c_uint)]


@cache
def library() -> Library:
    """Version 3, of the environment or else of the system; oneDNN 2 has other functions under the same names."""
    libgomp()  # first, with our settings
    name = NAMES.get(sys.platform, "libdnnl.so.3")
    here = os.path.join(sys.prefix, "Library/bin" if sys.platform == "win32" else "lib", name)
    path = here if os.path.exists(here) else name
    try:
        run, quick = ctypes.CDLL(path), ctypes.PyDLL(path)
        run.dnnl_version.restype = ctypes.POINTER(_Version)
        found = run.dnnl_version().contents
    except (OSError, AttributeError) as error:
        return Library(reason=f"not installed ({error})" if path == name else f"broken ({error})")
    version = f"{found.major}.{found.minor}.{found.patch}"
    if found.major != 3:
        return Library(version=version, reason=f"version {version} was found, 3 is needed")
    if found.cpu_runtime not in (WITHOUT_POOL, OPENMP):
        return Library(version=version, reason=f"version {version} was found, but built with threads of its own")
    return Library(run, quick, run.omp_set_num_threads if found.cpu_runtime == OPENMP else int, version)


def reason() -> str:
    """Why it cannot be used here; "" if it can."""
    return library().reason
