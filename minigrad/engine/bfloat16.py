"""bfloat16: stored in two bytes, calculated in float32.

Where `ml_dtypes` is installed NumPy can hold bfloat16, but adds up in it (a thousand ones are 256) and turns it into
float32 beside a Python number. So from the first bfloat16 on every operation and every rule is given its operands in
float32, and what comes out is rounded once. Until then nothing is checked.
"""

from collections.abc import Callable
from typing import Any

from numpy import dtype

from minigrad.backend import is_array
from minigrad.backend.run import set_runner
from minigrad.dtypes import WHEN_BFLOAT16
from minigrad.engine.graph import FREED, Node
from minigrad.engine.primitive import VIEWS
from minigrad.engine.versions import check_unchanged, clock

active = False
_inner: Callable[..., Any]
_kind: dtype[Any]


def is_bfloat16(x: Any) -> bool:
    """An array of bfloat16?"""
    return is_array(x) and x.dtype.kind == "V" and x.dtype.name == "bfloat16"


def upcast(x: Any) -> Any:
    """An array of bfloat16 in float32; all else as it is, tuples element by element."""
    if type(x) is tuple:
        return tuple(upcast(e) for e in x)
    return x.astype("float32") if is_bfloat16(x) else x


def begin(kind: dtype[Any]) -> None:
    """From here on operations look for bfloat16 among their operands."""
    global active, _inner, _kind
    if not active:
        active, _kind = True, kind
        _inner = set_runner(_run)


def _run(function: Callable[..., Any], *args: Any, **options: Any) -> Any:
    if function in VIEWS or not any(map(is_bfloat16, args)):
        return _inner(function, *args, **options)
    out = _inner(function, *map(upcast, args), **options)
    if "dtype" in options or any(is_array(x) and x.dtype.kind == "f" and x.ndim for x in args):
        return out
    return (_rounded(out[0]), *out[1:]) if type(out) is tuple else _rounded(out)


def _rounded(out: Any) -> Any:
    return out.astype(_kind) if out.dtype == "float32" else out


def upcast_node(apply: Callable[..., None]) -> Callable[..., None]:
    """`apply`, with what arrives and what the node kept in float32."""

    def call(node: Node, g: Any, *others: Any) -> None:
        kept = node.kept
        if (
            node.plan.joint is not None
            or not is_bfloat16(g)
            and not any(is_bfloat16(x) for values in kept or () for x in values)
        ):
            return apply(node, g, *others)
        if node.clock != clock.now and kept is not FREED:
            check_unchanged(node, kept)
        node.kept = upcast(kept) if kept is not FREED else kept
        try:
            apply(node, upcast(g), *others)
        finally:
            node.kept = kept

    return call


WHEN_BFLOAT16.append(begin)
