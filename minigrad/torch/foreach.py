"""`_foreach_NAME`: one operation on each of a list of tensors, as optimizers written for PyTorch call it. It is a loop
here."""

from collections.abc import Callable
from typing import Any

from minigrad.engine.tensor import Tensor
from minigrad.ops.pointwise.arithmetic import pow


def foreach(name: str) -> Callable[..., Any]:
    """The function `_foreach_NAME`. Lists among its arguments go by the element, everything else to each; in place it
    gives None. AttributeError where tensors have no such method."""
    method = getattr(Tensor, name)
    fused = name.rstrip("_") in ("addcdiv", "addcmul")

    def each(*args: Any, **options: Any) -> list[Any] | None:
        if fused and len(args) == 4:
            *args, value = args  # type: ignore[assignment]
            options = {"value": value}
        lists = [a for a in (*args, *options.values()) if isinstance(a, (list, tuple))]
        count = len(lists[0])
        if any(len(a) != count for a in lists):
            raise ValueError(f"_foreach_{name}: expected lists of one length, got {[len(a) for a in lists]}")
        out = []
        for i in range(count):
            own = [_at(a, i) for a in args]
            call = method if isinstance(own[0], Tensor) else pow  # the base of _foreach_pow may be a number
            out.append(call(*own, **{k: _at(v, i) for k, v in options.items()}))
        return None if name.endswith("_") else out

    each.__name__, each.__doc__ = f"_foreach_{name}", f"`{name}` of each tensor."
    return each


def _at(a: Any, i: int) -> Any:
    return a[i] if isinstance(a, (list, tuple)) else a
