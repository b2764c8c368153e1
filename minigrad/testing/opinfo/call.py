"""Calling an op on a sample: raw arrays in, tensors and leaves out. The checks of op_db are made of it."""

from typing import Any

import numpy as np

from minigrad import autograd
from minigrad.engine.primitive import wrap
from minigrad.engine.tensor import Tensor
from minigrad.ops.array.creation import zeros_like
from minigrad.testing.opinfo.model import OpInfo, SampleInput


class Call:
    """An op on one sample's arrays: its results as tensors, its differentiable arguments as leaves."""

    def __init__(self, op: OpInfo, sample: SampleInput, dtype: str = "float64", only: int | None = None) -> None:
        self.op, self.sample = op, sample
        self.args, self.options = sample.make(dtype)
        self.arrays = arrays_in([*self.args, *self.options.values()])
        wanted = [d.differentiable for d in sample.arrays()]
        self.constants = {id(a) for a in constants(sample)}
        drawn = [i for i, a in enumerate(self.arrays) if id(a) not in self.constants]
        chosen = [i for i, w in zip(drawn, wanted, strict=True) if w]
        self.places = chosen if only is None else [chosen[only]]

    def run(self, arrays: Any = None, grad: bool = True, place: Any = None) -> tuple[list[Tensor], list[Tensor]]:
        """(results, leaves). arrays: in the place of the sample's own; those that are tensors already stay what they
        are. place: a function that copies each array, indices too, to where the op is to run."""
        given = iter(self.arrays if arrays is None else arrays)
        leaves: list[Tensor] = []
        count = iter(range(len(self.arrays)))

        def put(array: Any) -> Any:
            return array if place is None else place(array)

        def lift(x: Any) -> Any:
            if isinstance(x, list):
                return [lift(e) for e in x]
            if isinstance(x, tuple) and place is not None:
                return tuple(put(e) if isinstance(e, np.ndarray) else e for e in x)
            if not isinstance(x, np.ndarray):
                return x
            i, array = next(count), next(given)
            if id(array) in self.constants:
                return put(array)
            if isinstance(array, Tensor):
                return array
            t = wrap(put(array))
            if grad and i in self.places:
                leaves.append(t.requires_grad_())
            return t

        args = [lift(a) for a in self.args]
        options = {k: lift(v) for k, v in self.options.items()}
        return results(self.op.function()(*args, **options)), leaves


def constants(sample: SampleInput) -> list[Any]:
    """Arrays that stand in a sample as they are (index arrays, say)."""
    return arrays_in([*sample.args, *sample.options.values()])


def arrays_in(values: Any) -> list[Any]:
    found: list[Any] = []
    for v in values:
        found += arrays_in(v) if isinstance(v, list) else [v] if isinstance(v, np.ndarray) else []
    return found


def results(out: Any) -> list[Any]:
    """What an op returned, as a list."""
    return list(out) if isinstance(out, (tuple, list)) else [out]


def cotangents(outs: list[Tensor], seed: int = 1) -> list[Any]:
    rng = np.random.default_rng(seed)
    return [rng.uniform(-1, 1, tuple(o.shape)).astype(o.dtype) for o in outs]


def floating(outs: list[Any]) -> list[Tensor]:
    return [o for o in outs if isinstance(o, Tensor) and o.is_floating_point()]


def gradients(outs: list[Tensor], leaves: list[Tensor], vs: list[Any], create: bool = False) -> list[Tensor]:
    """The gradients of <outs, vs>, zeros where there is no dependence."""
    pairs = [(o, v if isinstance(v, Tensor) else wrap(v)) for o, v in zip(outs, vs, strict=True) if o.requires_grad]
    if not pairs or not leaves:
        return [zeros_like(x.detach()) for x in leaves]
    return list(
        autograd.grad(
            [o for o, _ in pairs],
            leaves,
            [v for _, v in pairs],
            create_graph=create,
            allow_unused=True,
            materialize_grads=True,
        )  # fmt: skip
    )
