"""bfloat16: stored in two bytes, calculated in float32.

Where `ml_dtypes` is installed NumPy can hold bfloat16, but adds up in it (a thousand ones are 256) and turns it into
float32 beside a Python number. So from the first bfloat16 on every operation and every rule is given its operands in
float32, and what comes out is rounded once. Until then nothing is looked at.
"""

from collections.abc import Callable
from typing import Any

from numpy import dtype

from minigrad.backend import is_array
from minigrad.backend.run import run_all_by
from minigrad.engine import graph
from minigrad.engine.primitive import VIEWS

begun = False
_plain: Callable[..., Any]
_kind: dtype[Any]


def is_narrow(x: Any) -> bool:
    """An array of bfloat16?"""
    return is_array(x) and x.dtype.kind == "V" and x.dtype.name == "bfloat16"


def wide(x: Any) -> Any:
    """An array of bfloat16 in float32; all else as it is, tuples element by element."""
    if type(x) is tuple:
        return tuple(wide(e) for e in x)
    return x.astype("float32") if is_narrow(x) else x


def begin(kind: dtype[Any]) -> None:
    """From here on operations look for bfloat16 among their operands."""
    global begun, _plain, _kind
    if not begun:
        begun, _kind = True, kind
        _plain = run_all_by(_run)


def _run(function: Callable[..., Any], *args: Any, **options: Any) -> Any:
    if function in VIEWS or not any(map(is_narrow, args)):
        return _plain(function, *args, **options)
    out = _plain(function, *map(wide, args), **options)
    others = any(is_array(x) and x.dtype.kind == "f" and x.ndim for x in args)
    return out if others or "dtype" in options or out.dtype != "float32" else out.astype(_kind)


def widened(pull: Callable[..., None]) -> Callable[..., None]:
    """`pull`, with what arrives and what the node kept in float32."""

    def call(node: graph.Node, g: Any, *others: Any) -> None:
        kept = node.kept
        if not is_narrow(g) and not any(is_narrow(x) for values in kept or () for x in values):
            return pull(node, g, *others)
        if node.clock != graph.clock.now and kept is not graph.FREED:
            graph.check_unchanged(node, kept)
        node.kept = wide(kept) if kept is not graph.FREED else kept
        try:
            pull(node, wide(g), *others)
        finally:
            node.kept = kept

    return call
