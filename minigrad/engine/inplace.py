"""Changing a tensor in place, recorded: `t.add_(u)`, `t += u`, `t[i] = u`, `t.zero_()`.

The change is recorded as the operation that would give the new value, and the tensor moves on to that operation's
node. If the tensor is a view, its base moves on to an `overwrite` of what the view looks at; the view itself, and
every other view of that base, finds its new node when it is next used (`Tensor._current`).
"""

import operator
from collections.abc import Callable
from typing import Any

from numpy import ndarray

from minigrad.backend import array_module, silently, writeable
from minigrad.dtypes import category
from minigrad.engine.graph import Leaf, Node, changed, hand_over, user_line
from minigrad.engine.messages import describe, retry
from minigrad.engine.modes import modes, no_grad
from minigrad.engine.primitive import REGISTRY, primitive, record, wrap
from minigrad.engine.tensor import Tensor, replay
from minigrad.errors import DtypeError, GraphError, ShapeError

# where nothing is recorded these write straight into the memory
_DIRECT = {"add_": operator.iadd, "sub_": operator.isub, "mul_": operator.imul, "div_": operator.itruediv}


@primitive(
    name="overwrite",
    input=lambda g, link: REGISTRY["overwrite"].call(g, 0.0, link=link),
    value=lambda g, link: replay(link, g),
)
def overwrite(input: Any, value: Any, *, link: Any) -> Any:
    """`input` with what the view ops of `link` look at replaced by `value`."""
    out = array_module(input).array(input)  # an array, also of a NumPy scalar: 0-d gradients come as such
    replay(link, out)[...] = value
    return out


def change(name: str, op: Callable[..., Any], self: Tensor, *args: Any, **options: Any) -> Tensor:
    """Give `self` the value op(self, *args), in its own memory."""
    _refuse_leaf(name, self)
    if not _records(self, *args):
        other = args[0] if len(args) == 1 and not options else None
        if name in _DIRECT and isinstance(other, (Tensor, int, float)) and _fits(self, other):
            try:
                silently(_DIRECT[name], self._array, other._array if isinstance(other, Tensor) else other)
            except (TypeError, ValueError):
                pass  # shapes, devices or read-only memory: nothing was written, and the long road has the words for it
            else:
                changed(self._array, name)
                return self
        with no_grad():
            result = op(self, *args, **options)
    else:
        # the ops that are recorded keep a copy of the old value: the memory itself is about to change
        before = wrap(self._array.copy(), self._current())
        result = op(before, *[before if a is self else a for a in args], **options)
    _write(name, self, result)
    _move_on(self, result._node)
    return self


def _fits(self: Tensor, other: Any) -> bool:
    mine = category(self._array.dtype)
    return mine == 2 and (isinstance(other, (int, float)) or category(other._array.dtype) <= mine)


def _records(*args: Any) -> bool:
    return modes.grad and any(isinstance(a, Tensor) and a._current() is not None for a in args)


def _refuse_leaf(name: str, self: Tensor) -> None:
    if not isinstance(self, Tensor):
        raise TypeError(f"{name}: expected a Tensor, got {type(self).__name__}")
    if modes.grad:
        root = self if self._base is None else self._base
        if isinstance(root._node, Leaf) or isinstance(self._current(), Leaf):
            which = "a leaf tensor" if root is self else "a view of a leaf tensor"
            raise GraphError(
                f"{name}: {which} that requires grad cannot be changed in place while operations are recorded; "
                f"do it under `with no_grad():`, or on its `.data`"
            )


def _refuse_read_only(name: str, self: Tensor) -> None:
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
    _refuse_read_only(name, self)
    silently(operator.setitem, self._array, ..., result._array)
    changed(self._array, name, user_line())


def _move_on(self: Tensor, node: Node | None) -> None:
    """Let `self`, whose memory has changed, stand at `node` from now on."""
    if node is None:
        return
    base = self._base
    if base is None:
        hand_over(self._node, node)
        self._node = node
        return
    sources = (base._node, node)
    plan = REGISTRY["overwrite"].plan(tuple(n is not None for n in sources))
    parents = tuple(n for n in sources if n is not None)
    kept = plan.keep(None, None, None, {"link": self._view})
    new = record(plan, parents, kept, base._array)
    hand_over(base._node, new)
    base._node = new


def setitem(self: Tensor, index: Any, value: Any, name: str = "setitem") -> Tensor:
    """self[index] = value: a number, an array or a tensor that broadcasts to what the index chooses."""
    from minigrad.ops.index.indexing import _expect_inside, raw_index

    _refuse_leaf(name, self)
    _refuse_read_only(name, self)
    array = self._array
    raw = value._array if isinstance(value, Tensor) else value
    if array.__class__ is not ndarray:
        _expect_inside(name, index, array)
    try:
        place = raw_index(index, array)
        silently(operator.setitem, array, place, raw)
    except IndexError as error:
        raise IndexError(f"{name}: {error}; got a tensor of shape {tuple(array.shape)}") from None
    except OverflowError as error:
        raise DtypeError(f"{name}: {error}") from None
    except Exception as error:
        retry(name, lambda array, raw: operator.setitem(array, place, raw), [array, raw], {}, error)
    changed(array, name, user_line())
    if category(array.dtype) >= 2 and _records(self, value):
        sources = (self._current(), value._current() if isinstance(value, Tensor) else None)
        plan = REGISTRY["setitem"].plan(tuple(n is not None for n in sources))
        kept = plan.keep(None, raw, None, {"index": place})
        _move_on(self, record(plan, tuple(n for n in sources if n is not None), kept, array))
    return self


def copy_(self: Tensor, src: Any, non_blocking: bool = False) -> Tensor:
    """Take over the values of `src`, which broadcasts to this shape and is cast to this dtype; other devices too."""
    from minigrad.ops.array.creation import as_tensor

    return setitem(self, ..., as_tensor(src).to(device=self.device), "copy_")


def fill_(self: Tensor, value: Any) -> Tensor:
    """Every element becomes `value`, a number or a 0-d tensor."""
    if isinstance(value, Tensor) and value.ndim:
        raise ShapeError(f"fill_: expected a number or a tensor of 0 dimensions, got {describe(value)}; use copy_()")
    return setitem(self, ..., value, "fill_")


def zero_(self: Tensor) -> Tensor:
    """Every element becomes 0."""
    return setitem(self, ..., 0, "zero_")


def in_place(op: Callable[..., Any]) -> Callable[..., Any]:
    """The in-place form of an op: `exp` gives `exp_`."""
    name = f"{op.__name__}_"

    def call(self: Tensor, *args: Any, **options: Any) -> Tensor:
        return change(name, op, self, *args, **options)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"`{op.__name__}`, in place: {op.__doc__}"
    return call


__all__ = ["change", "copy_", "fill_", "in_place", "setitem", "zero_"]
