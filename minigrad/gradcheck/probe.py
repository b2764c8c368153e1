"""The function under test, seen as a map from one float64 vector (all inputs that require grad) to another (all
floating outputs), with its analytic gradients."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from minigrad.autograd.grad_mode import enable_grad, no_grad
from minigrad.backend import array_on, quiet, to_numpy
from minigrad.dtypes import epsilon
from minigrad.engine.gradients import grad
from minigrad.engine.primitive import wrap
from minigrad.engine.tensor import Tensor
from minigrad.gradcheck.derivative import Array


class Probe:
    """func and the inputs it was given. Calling it with a vector runs func (nothing recorded); `record` runs it
    recorded.

    Inputs are float64 where func lets them (`dtype`): the numbers of a float32 op are checked in float64, for which
    its own precision is no excuse. Every call gets fresh copies, so func cannot spoil what it is given.
    """

    def __init__(self, func: Callable[..., Any], inputs: tuple[Any, ...]) -> None:
        self.func, self.given = func, inputs
        self.checked = [i for i, t in enumerate(inputs) if isinstance(t, Tensor) and t.requires_grad]
        self.shapes = [tuple(inputs[i].shape) for i in self.checked]
        ends = np.cumsum([0, *[int(np.prod(s)) for s in self.shapes]])
        self.parts = [slice(int(a), int(b)) for a, b in zip(ends, ends[1:])]
        self.x = np.concatenate([to_numpy(inputs[i]._array).astype("float64").ravel() for i in self.checked])
        self.dtypes = [inputs[i].dtype for i in self.checked]
        self.double = True
        self.out_parts: list[slice] = []
        self.out_shapes: list[tuple[int, ...]] = []
        self._settle()

    def _settle(self) -> None:
        """Learn the outputs; fall back to the given dtypes where func does not take float64."""
        try:
            outs = self.outputs(self.arguments(self.x))
        except Exception:
            if all(d == np.float64 for d in self.dtypes):
                raise
            self.double = False
            outs = self.outputs(self.arguments(self.x))
        ends = np.cumsum([0, *[o._array.size for o in outs]])
        self.out_parts = [slice(int(a), int(b)) for a, b in zip(ends, ends[1:])]
        self.out_shapes = [tuple(o.shape) for o in outs]
        lowest = [t.dtype for t in outs] + ([] if self.double else self.dtypes)
        self.eps = max((epsilon(d) for d in lowest), default=2.0**-52)

    @property
    def n(self) -> int:
        """How many input elements are checked."""
        return self.x.size

    @property
    def m(self) -> int:
        """How many output elements there are."""
        return self.out_parts[-1].stop if self.out_parts else 0

    def arguments(self, x: Array, requires_grad: Any = (), layout: str = "C", low: bool = False) -> list[Any]:
        """func's arguments with the vector's numbers in the checked ones, laid out as `placed` does it; `low`: in the
        dtypes given."""
        args: list[Any] = [self._constant(t, low) for t in self.given]
        for k, i in enumerate(self.checked):
            dtype = self.dtypes[k] if low or not self.double else np.dtype("float64")
            values = x[self.parts[k]].reshape(self.shapes[k])
            args[i] = wrap(placed(values, dtype, self.given[i], layout))
            if k in requires_grad:
                args[i].requires_grad_()
        return args

    def _constant(self, t: Any, low: bool) -> Any:
        if not isinstance(t, Tensor):
            return t
        lift = self.double and not low and t.dtype.kind == "f" and any(d != np.float64 for d in self.dtypes)
        return t.detach().astype("float64") if lift else t.detach().clone()

    def outputs(self, args: list[Any], record: bool = False) -> list[Tensor]:
        """func's floating outputs."""
        with enable_grad() if record else no_grad():
            out = self.func(*args)
        outs = list(out) if isinstance(out, (tuple, list)) else [out]
        for o in outs:
            if not isinstance(o, Tensor):
                raise TypeError(f"gradcheck: func: expected a Tensor or a tuple of them, got {type(o).__name__}")
        return [o for o in outs if o._array.dtype.kind == "f"]

    def __call__(self, x: Array) -> Array:
        """The outputs at x as one vector; NaN where func refuses x."""
        try:
            with quiet():
                outs = self.outputs(self.arguments(x))
                flat = [to_numpy(o._array).astype("float64").ravel() for o in outs]  # a GPU may refuse as late as here
        except (ValueError, ArithmeticError, RuntimeError, np.linalg.LinAlgError):
            return np.full(self.m, np.nan)
        if [tuple(o.shape) for o in outs] != self.out_shapes:
            return np.full(self.m, np.nan)
        return np.concatenate(flat)

    def record(self, x: Array, only: Any = None, layout: str = "C", low: bool = False) -> "Tape":
        """Run func recorded."""
        wanted = range(len(self.checked)) if only is None else only
        args = self.arguments(x, wanted, layout, low)
        with quiet():
            return Tape(self, args, self.outputs(args, record=True), list(wanted))

    def place(self, i: int) -> tuple[int, tuple[int, ...]]:
        """Flat input position -> (number among func's inputs, index)."""
        k = next(k for k, part in enumerate(self.parts) if i < part.stop)
        return self.checked[k], _index(i - self.parts[k].start, self.shapes[k])

    def out_place(self, j: int) -> tuple[int, tuple[int, ...]]:
        """Flat output position -> (number of the output, index)."""
        k = next(k for k, part in enumerate(self.out_parts) if j < part.stop)
        return k, _index(j - self.out_parts[k].start, self.out_shapes[k])


class Tape:
    """One recorded run: what came out, and the products of gradients with its Jacobian."""

    def __init__(self, probe: Probe, args: list[Any], outs: list[Tensor], wanted: list[int]) -> None:
        self.probe, self.args, self.outs, self.wanted = probe, args, outs, wanted
        self.leaves = [args[probe.checked[k]] for k in wanted]
        self.live = [o for o, out in enumerate(outs) if out.requires_grad]

    def gradients(self, gs: dict[int, Any]) -> list[Any]:
        """Raw gradients of the wanted inputs, given those of some outputs."""
        live = [o for o in gs if o in self.live]
        if not live:
            return [np.zeros(leaf.shape) for leaf in self.leaves]
        found = grad(
            [self.outs[o] for o in live], self.leaves, [gs[o] for o in live], retain_graph=True, materialize_grads=True
        )
        return [to_numpy(t._array) for t in found]

    def upstream(self, u: Array, layout: str = "C") -> dict[int, Any]:
        """A vector over all outputs as one gradient for each."""
        out = {}
        for o, t in enumerate(self.outs):
            values = u[self.probe.out_parts[o]].reshape(self.probe.out_shapes[o])
            out[o] = wrap(placed(values, t.dtype, t, layout))
        return out

    def vjp(self, u: Array, layout: str = "C") -> Array:
        """u times the analytic Jacobian, over the wanted inputs (zero for the others)."""
        return self.gather(self.gradients(self.upstream(u, layout)))

    def gather(self, gradients: list[Any]) -> Array:
        """Raw gradients as one input vector."""
        out = np.zeros(self.probe.n)
        for k, g in zip(self.wanted, gradients):
            out[self.probe.parts[k]] = np.asarray(g, dtype="float64").ravel()
        return out


def nodes_of(tape: Tape) -> Iterator[Any]:
    """Every node of the recorded graph, once."""
    seen: set[int] = set()
    stack: list[Any] = [t.grad_fn for t in tape.outs]
    while stack:
        node = stack.pop()
        if node is not None and id(node) not in seen:
            seen.add(id(node))
            stack += node.parents
            yield node


def placed(values: Array, dtype: Any, like: Tensor, layout: str = "C") -> Any:
    """A copy of these numbers on the device of the tensor `like`. layout: C, F (columns first) or R (reversed)."""
    on_cpu = isinstance(like._array, np.ndarray)
    array: Any = values.astype(dtype) if on_cpu else array_on(like.device, values, dtype)
    if layout == "F":
        return array.T.copy().T
    return array[::-1].copy()[::-1] if layout == "R" and array.ndim else array


def _index(i: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(n) for n in np.unravel_index(i, shape))
