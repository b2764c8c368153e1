"""What a mutant is: an op in plain NumPy, its right backward and a wrong one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.autograd import Function
from minigrad.engine.primitive import wrap

Array = Any
Makers = tuple[Callable[[np.random.Generator, tuple[int, int]], Array], ...]
SMALL, LARGE = (3, 4), (20, 30)
MUTANTS: list["Mutant"] = []


@dataclass(frozen=True)
class Mutant:
    """forward(*xs) -> y; right and wrong(g, y, *xs) -> the gradient of each x.

    In plain NumPy, so that any framework can run it; with `order` 2 in operators on tensors, so that backward can be
    differentiated. `wrong_forward`: where the fault lies in the forward (it draws random numbers, changes its input).
    """

    name: str
    family: str
    kind: str
    inputs: Makers
    forward: Callable[..., Any]
    right: Callable[..., Any]
    wrong: Callable[..., Any]
    order: int = 1
    wrong_forward: Callable[..., Any] | None = None

    def arrays(self, seed: int, shape: tuple[int, int]) -> list[Array]:
        """Inputs, float64."""
        rng = np.random.default_rng([seed, shape[0]])
        return [np.asarray(make(rng, shape), dtype="float64") for make in self.inputs]


def mutant(
    name: str, family: str, kind: str, inputs: Any, forward: Any, right: Any, wrong: Any, order: int = 1,
    wrong_forward: Any = None,
) -> None:  # fmt: skip
    """Add one to the library. inputs: one maker, or a tuple of them."""
    makers = inputs if isinstance(inputs, tuple) else (inputs,)
    MUTANTS.append(Mutant(name, family, kind, makers, forward, right, wrong, order, wrong_forward))


def mutants(
    name: str, family: str, inputs: Any, forward: Any, right: Any, *faults: tuple[str, str, Callable[..., Any]]
) -> None:
    """Add several of one op to the library. faults: what is wrong, of which kind it is, and the wrong backward."""
    for fault, kind, wrong in faults:
        mutant(f"{name}: {fault}", family, kind, inputs, forward, right, wrong)


def function_of(mutant: Mutant, wrong: bool, base: Any, array: Any, tensor: Any) -> Any:
    """The op as a function of a framework's tensors, with its wrong backward or its right one.

    base: the class of functions with a backward of their own; array(t), tensor(a): from tensors to arrays and back.
    """
    backward_of = mutant.wrong if wrong else mutant.right
    forward_of = mutant.wrong_forward if wrong and mutant.wrong_forward else mutant.forward
    tensors = mutant.order > 1

    class Mutated(base):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, *xs: Any) -> Any:
            y = forward_of(*xs) if tensors else tensor(forward_of(*map(array, xs)))
            ctx.save_for_backward(*xs, y)
            return y

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            *xs, y = ctx.saved_tensors
            if tensors:
                return backward_of(g, y, *xs)
            found = backward_of(*map(array, (g, y, *xs)))
            return tuple(map(tensor, found if isinstance(found, tuple) else (found,)))

    Mutated.__name__ = mutant.name.replace(" ", "_")
    return Mutated.apply


def minigrad_function(mutant: Mutant, wrong: bool) -> Callable[..., Any]:
    """The op as a minigrad function of tensors."""
    function: Callable[..., Any] = function_of(
        mutant, wrong, Function, lambda t: t._array, lambda a: wrap(np.asarray(a))
    )
    return function


def into(x: Any, where: Any, g: Any, add: bool = False) -> Any:
    """Zeros like x with g assigned (or added) at these indices."""
    out = np.zeros_like(x)
    if add:
        np.add.at(out, where, g)
    else:
        out[where] = g
    return out


def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x)), which does not overflow."""
    return np.where(x > 0, 1 / (1 + np.exp(-abs(x))), np.exp(-abs(x)) / (1 + np.exp(-abs(x))))


# --- makers of inputs ---------------------------------------------------------------------------------------------


def normal(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Standard normal numbers."""
    return rng.normal(size=shape)


def positive(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Between 0.5 and 2."""
    return rng.uniform(0.5, 2.0, shape)


def row(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """One row's worth of normal numbers: (m,), which broadcasts."""
    return rng.normal(size=shape[1])


def square(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """A well-conditioned n x n matrix."""
    n = shape[0] if shape == SMALL else 12
    return rng.normal(size=(n, n)) / n**0.5 + 2 * np.eye(n)


def tied(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Small whole numbers, many of them equal."""
    return rng.integers(-2, 3, shape).astype(float)
