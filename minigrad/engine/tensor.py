"""`Tensor`: an array, its place in the recorded graph, and its gradient. What can be *done* with one is in `ops/`.

Its other methods (`t.exp()`, `t + u`, `t.backward()`, `Tensor(2, 3)`) are attached by `methods/`.
"""

import warnings
import weakref
from collections.abc import Callable
from typing import Any

from minigrad.backend import device, device_of
from minigrad.dtypes import category
from minigrad.engine.graph import AccumulateGrad, Handle, Node, hooks_of, move_retained_grad
from minigrad.engine.modes import recording
from minigrad.engine.versions import is_apart, set_apart
from minigrad.errors import DtypeError, GraphError, ShapeError


class Tensor:
    """A multi-dimensional array that can record what is done with it.

    `Tensor(2, 3)` is an uninitialised float32 2 x 3, `Tensor(data)` a float32 copy, as in PyTorch; `minigrad.tensor`
    keeps the dtype of what it is given. A tensor looks at its array (`_array`); `_node` is its place in the graph, None
    if it requires no grad; `_base`, `_view` and `_seen` tell a view where it came from (see `set_view`).
    """

    __slots__ = ("_array", "_node", "_base", "_grad", "_view", "_seen", "__weakref__")
    _array: Any
    _node: Node | None
    _base: "Tensor | None"
    _grad: "Tensor | None"
    _view: Any
    _seen: Node | None

    __array_priority__ = 1000

    # --- what it is -------------------------------------------------------------------------------------------

    @property
    def dtype(self) -> Any:
        """The dtype of its elements, a NumPy dtype."""
        return self._array.dtype

    @property
    def shape(self) -> "Size":
        """Its sizes, a tuple."""
        return Size(self._array.shape)

    @property
    def ndim(self) -> int:
        """How many dimensions it has."""
        n: int = self._array.ndim
        return n

    @property
    def device(self) -> device:
        """Where its array lives."""
        return device_of(self._array)

    @property
    def is_cuda(self) -> bool:
        """Is it on a GPU?"""
        return self.device.type == "cuda"

    @property
    def requires_grad(self) -> bool:
        """Is what is done with it recorded? Settable on leaves of a floating dtype."""
        return self._current() is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        node = self._current()
        if value and node is None:
            if category(self._array.dtype) < 2:
                raise DtypeError(f"requires_grad: only floating tensors can require gradients, got {self._array.dtype}")
            self._node = AccumulateGrad(self)
        elif not value and node is not None:
            if not self.is_leaf:
                raise GraphError(
                    "requires_grad = False: this tensor is the result of a recorded operation; use "
                    "t.detach() for one that is not"
                )
            self._node = None
        if self._base is not None:
            self._seen = self._base._node

    @property
    def is_leaf(self) -> bool:
        """True for tensors the user made, and for all that require no grad."""
        node = self._current()
        return node is None or isinstance(node, AccumulateGrad)

    @property
    def grad_fn(self) -> Node | None:
        """The node that recorded the operation this is the result of; None for leaves."""
        node = self._current()
        return None if isinstance(node, AccumulateGrad) else node

    @property
    def grad(self) -> "Tensor | None":
        """The gradient that `backward()` accumulated, a tensor of the same shape, dtype and device; else None."""
        if self._grad is None and self._node is not None and not self.is_leaf and self._node.hooks is None:
            warnings.warn(
                "the .grad of a tensor that is not a leaf is not kept; call t.retain_grad() before backward()",
                UserWarning,
                stacklevel=2,
            )
        return self._grad

    @grad.setter
    def grad(self, value: "Tensor | None") -> None:
        if value is not None:
            if not isinstance(value, Tensor):
                raise TypeError(f"grad: expected a Tensor or None, got {type(value).__name__}")
            if value is self:
                raise GraphError("grad: a tensor cannot be its own gradient")
            ours, theirs = self._array, value._array
            if (ours.shape, ours.dtype, self.device) != (theirs.shape, theirs.dtype, value.device):
                raise ShapeError(
                    f"grad: expected {ours.dtype}{list(ours.shape)} on {self.device}, "
                    f"got {theirs.dtype}{list(theirs.shape)} on {value.device}"
                )
        self._grad = value

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    @property
    def data(self) -> "Tensor":
        """A tensor on the same memory that records nothing, and whose own changes are not counted: a backward pass that
        needs the old values takes the new ones without a word (`detach()` raises an error there). Setting it makes this
        tensor look at another's memory."""
        t = self.detach()
        set_apart(t)
        return t

    @data.setter
    def data(self, value: "Tensor") -> None:
        if not isinstance(value, Tensor):
            raise TypeError(f"data: expected a Tensor, got {type(value).__name__}")
        if self._node is not None and category(value._array.dtype) < 2:
            raise DtypeError(f"data: this tensor requires grad: expected floating data, got {value.dtype}")
        self._array, self._base = value._array, None
        if self._node is not None:
            self._node.shape, self._node.dtype = self._array.shape, self._array.dtype

    # --- its place in the graph -------------------------------------------------------------------------------

    def _current(self) -> Node | None:
        """Its node; for a view whose base was changed in place by a recorded op, a new one that starts from there."""
        base = self._base
        if base is not None and base._node is not self._seen:
            self._seen = base._node
            if base._node is not None and not isinstance(base._node, AccumulateGrad):
                with recording(True):
                    new = replay_view(self._view, base)._node
                move_retained_grad(self._node, new)
                self._node = new
        return self._node

    def detach(self) -> "Tensor":
        """A tensor on the same memory that is not recorded."""
        t = Tensor.__new__(Tensor)
        t._array, t._node, t._base, t._grad = self._array, None, None, None
        if is_apart(self):
            set_apart(t)
        return t

    def detach_(self) -> "Tensor":
        """Take this tensor out of its graph: it becomes a leaf that requires no grad."""
        if self._base is not None:
            raise GraphError("detach_: a view cannot be detached in place; use t.detach()")
        self._node = None
        return self

    def requires_grad_(self, requires_grad: bool = True) -> "Tensor":
        """Set `requires_grad`, return self."""
        self.requires_grad = requires_grad
        return self

    def retain_grad(self) -> None:
        """Keep `.grad` also for this tensor, which is not a leaf."""
        node = self._current()
        if node is None:
            raise GraphError("retain_grad: this tensor does not require grad")
        if not isinstance(node, AccumulateGrad):
            hooks_of(node).retain = weakref.ref(self)

    @property
    def retains_grad(self) -> bool:
        """Has `retain_grad` been called on it?"""
        node = self._current()
        return node is not None and node.hooks is not None and node.hooks.retain is not None

    def register_hook(self, hook: Callable[["Tensor"], "Tensor | None"]) -> Handle:
        """Call `hook(grad)` when this tensor's gradient is complete; what it returns (if not None) takes its place."""
        node = self._current()
        if node is None:
            raise GraphError("register_hook: this tensor does not require grad")
        return Handle(hooks_of(node).hooks, hook)

    def register_post_accumulate_grad_hook(self, hook: Callable[["Tensor"], None]) -> Handle:
        """Call `hook(tensor)` after backward() has accumulated into this leaf's `.grad`."""
        node = self._current()
        if not isinstance(node, AccumulateGrad):
            raise GraphError("register_post_accumulate_grad_hook: expected a leaf that requires grad")
        return Handle(hooks_of(node).after, hook)


class Size(tuple[int, ...]):
    """A shape: a tuple of ints with PyTorch's name, repr and `numel()`."""

    __slots__ = ()

    def numel(self) -> int:
        """The number of elements of such a shape."""
        n = 1
        for size in self:
            n *= size
        return n

    def __repr__(self) -> str:
        return f"minigrad.Size({list(self)})"


# --- views ------------------------------------------------------------------------------------------------------
# A view knows the tensor it ultimately looks at (`_base`, which is no view itself) and the view ops that lead there
# (`_view`, a linked list, so that a chain of n views takes n links and not n^2). Where a recorded in-place op changes
# the base, the base gets a new node; the view sees that `_seen` is no longer its base's node and replays its ops from
# the new one. So nobody keeps lists of views, and a tensor that is no view pays one test.


def set_view(view: Tensor, source: Tensor, op: Callable[..., Any], static: dict[str, Any]) -> None:
    """Note that `view = op(source, **static)`, and that the two share memory."""
    base = source._base
    root = source if base is None else base
    view._base, view._seen = root, root._node
    view._view = (None if base is None else source._view, op, static)


def replay_view(link: Any, x: Any) -> Any:
    """Apply the view ops of a link to `x`, a Tensor or a raw array of the base's shape."""
    steps = []
    while link is not None:
        link, op, static = link
        steps.append((op, static))
    for op, static in reversed(steps):
        x = op(x, **static)
    return x


def unwrap(data: Any) -> Any:
    """`data` with the Tensors in it (itself, or nested in lists) as arrays."""
    if isinstance(data, Tensor):
        return data._array
    if isinstance(data, (list, tuple)):
        return [unwrap(x) for x in data]
    return data
