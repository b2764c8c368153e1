"""SciPy's special functions on arrays of the pretended GPU."""

import scipy.special as _special
from cupy import _table
from cupy._array import NUMBERS, ndarray, run


def _of_arrays(name: str):  # type: ignore[no-untyped-def]
    function = getattr(_special, name)

    def call(*args, out=None, casting="same_kind", dtype=None):  # type: ignore[no-untyped-def]
        if any(not isinstance(x, (ndarray, *NUMBERS)) for x in args):
            raise TypeError(f"Unsupported type ({name})")
        return run(name, function, 1, args, {} if out is None else {"out": out})

    return call


globals().update({name: _of_arrays(name) for name in _table.SPECIAL.split()})
