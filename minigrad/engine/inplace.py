"""Changing a tensor in place, recorded: `t.add_(u)`, `t += u`, `t[i] = u`, `t.zero_()`.

The change is recorded as the operation that would give the new value, and the tensor moves on to that operation's
node. If the tensor is a view, its base moves on to an `overwrite` of what the view looks at; the view itself, and
every other view of that base, finds its new node when it is next used (`Tensor._current`).
"""

import operator
from collections.abc import Callable
from typing import Any

from minigrad.backend import array_module, ignore_fp_warnings, writeable
from minigrad.dtypes import category
from minigrad.engine.dispatch import primitive
from minigrad.engine.graph import AccumulateGrad, Node, move_retained_grad
from minigrad.engine.messages import describe
from minigrad.engine.modes import modes, recording
from minigrad.engine.primitive import REGISTRY, plan_once, record, wrap
from minigrad.engine.tensor import Tensor, replay_view
from minigrad.engine.versions import bump_version, is_apart, note_change
from minigrad.errors import DtypeError, GraphError, ShapeError

# where nothing is recorded these write straight into the memory
_DIRECT = {"add_": operator.iadd, "sub_": operator.isub, "mul_": operator.imul, "div_": operator.itruediv}


@primitive(
    name="overwrite",
    input=lambda g, link: REGISTRY["overwrite"].call(g, 0.0, link=link),
    value=lambda g, link: replay_view(link, g),
)
def overwrite(input: Any, value: Any, *, link: Any) -> Any:
    """`input` with what the view ops of `link` look at replaced by `value`."""
    out = array_module(input).array(input)  # an array, also of a NumPy scalar: 0-d gradients come as such
    replay_view(link, out)[...] = value
    return out


def change_in_place(name: str, op: Callable[..., Any], self: Tensor, *args: Any, **options: Any) -> Tensor:
    """Give `self` the value op(self, *args), in its own memory."""
    check_not_leaf(name, self)
    if not records(self, *args):
        other = args[0] if len(args) == 1 and not options else None
        if name in _DIRECT and isinstance(other, (Tensor, int, float)) and _fits(self, other):
            try:
                ignore_fp_warnings(_DIRECT[name], self._array, other._array if isinstance(other, Tensor) else other)
            except (TypeError, ValueError):
                pass  # shapes or devices: nothing was written, and the long way has the words for it
            else:
                if not is_apart(self):
                    bump_version(self._array, name)
                return self
        with recording(False):
            result = op(self, *args, **options)
    else:
        # the ops that are recorded keep a copy of the old value: the memory itself is about to change
        before = wrap(self._array.copy(), self._current())
        result = op(before, *[before if a is self else a for a in args], **options)
    _write(name, self, result)
    rebase_history(self, result._node)
    return self


def _fits(self: Tensor, other: Any) -> bool:
    mine = category(self._array.dtype)
    fits = isinstance(other, (int, float)) or category(other._array.dtype) <= mine
    return mine == 2 and fits and writeable(self._array)


def records(*args: Any) -> bool:
    """Would an operation on these be recorded?"""
    return modes.grad and any(isinstance(a, Tensor) and a._current() is not None for a in args)


def check_not_leaf(name: str, self: Tensor) -> None:
    """Raise GraphError for a leaf that requires grad, where operations are recorded."""
    if not isinstance(self, Tensor):
        raise TypeError(f"{name}: expected a Tensor, got {type(self).__name__}")
    if modes.grad:
        root = self if self._base is None else self._base
        if isinstance(root._node, AccumulateGrad) or isinstance(self._current(), AccumulateGrad):
            which = "a leaf tensor" if root is self else "a view of a leaf tensor"
            raise GraphError(
                f"{name}: {which} that requires grad cannot be changed in place while operations are recorded; "
                f"do it under `with no_grad():`, or on its `.data`"
            )


def check_writeable(name: str, self: Tensor) -> None:
    """Raise GraphError for memory that cannot be written to."""
    if not writeable(self._array):
        raise GraphError(
            f"{name}: this memory is read-only: an expanded tensor's elements share it, or NumPy made it so; change a "
            f"clone() instead"
        )


def _write(name: str, self: Tensor, result: Tensor) -> None:
    if result._array.shape != self._array.shape:
        raise ShapeError(
            f"{name}: the result must have the tensor's own shape, {describe(self)}; got {describe(result)}"
        )
    if category(result._array.dtype) > category(self._array.dtype):
        raise DtypeError(f"{name}: a result of {result.dtype} cannot be put into a tensor of {self.dtype}")
    check_writeable(name, self)
    ignore_fp_warnings(operator.setitem, self._array, ..., result._array)
    note_change(self, name)


def rebase_history(self: Tensor, node: Node | None) -> None:
    """Rebase the history of `self`, whose memory has changed: from now on it is the result of `node`."""
    if node is None:
        return
    base = self._base
    if base is None:
        move_retained_grad(self._node, node)
        self._node = node
        return
    sources = (base._node, node)
    plan = plan_once("overwrite", tuple(n is not None for n in sources))
    parents = tuple(n for n in sources if n is not None)
    kept = plan.keep(None, None, None, {"link": self._view})
    new = record(plan, parents, kept, base._array)
    move_retained_grad(base._node, new)
    base._node = new


def in_place(op: Callable[..., Any]) -> Callable[..., Any]:
    """The in-place form of an op: `exp` gives `exp_`."""
    name = f"{op.__name__}_"

    def call(self: Tensor, *args: Any, **options: Any) -> Tensor:
        return change_in_place(name, op, self, *args, **options)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"`{op.__name__}`, in place: {op.__doc__}"
    return call


__all__ = ["change_in_place", "in_place"]
