"""The steps of optimizers: formulas that change a parameter and its state in-place.

An `Update` is defined by a formula on arrays, which any array type can run. Executors register faster ways to do the
same (executors/numba/update.py: one pass over memory; executors/cupy/update.py: one kernel launch):

    @execution(adam_, "numba", accepts=lambda p, g, *state: ...)
    def run(arrays, scalars, maximize, weight_decay, shrink): ...

A formula gets the parameter p, its gradient g, and the arrays of its state (None for an absent one, where that is the
default); then, by keyword, scalars, and `scratch(p, number)` for temporary arrays (1 may hold g already), so that a
formula allocates nothing.
"""

from collections.abc import Callable, Sequence
from typing import Any

from minigrad.backend import array_module
from minigrad.dtypes import finfo
from minigrad.engine.elementwise import SMALL
from minigrad.engine.executions import Execution, select
from minigrad.ops.workspace import Workspace, blocks

UPDATES: "dict[str, Update]" = {}


class Update:
    """An in-place step of one parameter, under the name of its formula. An execution of one accepts (p, g, *state), and
    does `run(arrays, scalars, maximize, weight_decay, shrink)`, which is what calling the update does."""

    family = __name__

    def __init__(self, formula: Callable[..., None]) -> None:
        self.formula, self.name = formula, formula.__name__.rstrip("_")
        self.executions: list[Execution] = []
        self.choices: dict[type, tuple[Any, ...]] = {}
        self.loaded: set[str] = set()
        self.primitive = self  # what `engine.executions.execution` registers with
        UPDATES[self.name] = self

    def __call__(
        self, workspace: Workspace, arrays: Sequence[Any], scalars: dict[str, Any], maximize: bool = False,
        weight_decay: float = 0.0, shrink: float = 1.0,
    ) -> None:  # fmt: skip
        """Change p and its state by the formula; arrays: p, g, *state. First g = -g if maximize, g = g + weight_decay *
        p and p = shrink * p, which is decoupled weight decay."""
        p = arrays[0]
        small = p.size < SMALL and isinstance(p.device, str)  # of NumPy, whose arrays' device is "cpu"
        chosen = None if small else select(self, arrays, {})
        if chosen is None:
            self.by_formula(workspace, arrays, scalars, maximize, weight_decay, shrink)
        else:
            chosen.forward(arrays, scalars, maximize, weight_decay, shrink)

    def by_formula(
        self, workspace: Workspace, arrays: Sequence[Any], scalars: dict[str, Any], maximize: bool,
        weight_decay: float, shrink: float,
    ) -> None:  # fmt: skip
        """The definition, which every execution has to equal: array operations, block by block."""
        changed = maximize or weight_decay or shrink != 1
        for block in blocks(*arrays):
            if changed:
                g = _begin(block[0], block[1], workspace.scratch, maximize, weight_decay, shrink)
                block = (block[0], g, *block[2:])
            self.formula(*block, scratch=workspace.scratch, **scalars)

    def __reduce__(self) -> str:
        return self.formula.__name__  # copied and pickled by reference, like a function

    def __repr__(self) -> str:
        return f"<update {self.name}>"


def _begin(p: Any, g: Any, scratch: Any, maximize: bool, weight_decay: float, shrink: float) -> Any:
    """Multiply p by `shrink`, and return g, negated and with weight decay, in scratch array 1 if it changed."""
    xp = array_module(p)
    if maximize:
        g = xp.negative(g, out=scratch(p, 1))
    if weight_decay:
        g = xp.add(g, xp.multiply(p, weight_decay, out=scratch(p, 0)), out=scratch(p, 1))
    if shrink != 1:
        p *= shrink
    return g


# --- formulas ---------------------------------------------------------------------------------------------------------


def lerp_(average: Any, value: Any, weight: float, scratch: Any) -> None:
    """average = (1 - weight) * average + weight * value. Uses scratch array 0."""
    t = array_module(value).subtract(value, average, out=scratch(average, 0))
    t *= weight
    average += t


def lerp_square_(average: Any, value: Any, weight: float, scratch: Any) -> None:
    """average = (1 - weight) * average + weight * value ** 2. Uses scratch array 0."""
    t = array_module(value).multiply(value, value, out=scratch(average, 0))
    t *= weight
    average *= 1 - weight
    average += t


def scaled_step_(p: Any, d: Any, square: Any, eps: float, size: float, scratch: Any) -> None:
    """p -= size * d / (sqrt(square) + eps). Uses scratch array 0, which may hold square."""
    xp, t = array_module(p), scratch(p, 0)
    xp.sqrt(square, out=t)
    t += eps
    xp.divide(d, t, out=t)
    t *= size
    p -= t


@Update
def sgd_(p: Any, g: Any, *, scratch: Any, lr: float) -> None:
    """p -= lr * g."""
    p -= array_module(p).multiply(g, lr, out=scratch(p, 0))


@Update
def momentum_(
    p: Any, g: Any, b: Any, *, scratch: Any, lr: float, momentum: float, one_minus_dampening: float, nesterov: bool,
    first: bool,
) -> None:  # fmt: skip
    """p -= lr * (g + momentum * b if nesterov else b), with b = momentum * b + one_minus_dampening * g; b = g if
    `first`, when b may be uninitialized."""
    xp, t = array_module(p), scratch(p, 0)
    if first:
        b[...] = g
    else:
        b *= momentum
        b += g if one_minus_dampening == 1 else xp.multiply(g, one_minus_dampening, out=t)
    d = xp.add(g, xp.multiply(b, momentum, out=t), out=scratch(p, 1)) if nesterov else b
    p -= xp.multiply(d, lr, out=t)


@Update
def adam_(
    p: Any, g: Any, m: Any, v: Any, largest: Any = None, *, scratch: Any, one_minus_beta1: float,
    one_minus_beta2: float, eps: float, step_size: float,
) -> None:  # fmt: skip
    """p -= step_size * m / (sqrt(v) + eps), with m and v the averages of g and g ** 2, and with `largest` the largest v
    so far in the place of v. The corrections of m and v for their zero start are in step_size and eps."""
    lerp_(m, g, one_minus_beta1, scratch)
    lerp_square_(v, g, one_minus_beta2, scratch)
    if largest is not None:
        v = array_module(p).maximum(largest, v, out=largest)
    scaled_step_(p, m, v, eps, step_size, scratch)


@Update
def adamax_(
    p: Any, g: Any, m: Any, u: Any, *, scratch: Any, one_minus_beta1: float, beta2: float, eps: float, step_size: float
) -> None:
    """p -= step_size * m / u, with u = max(beta2 * u, |g| + eps) and m the average of g."""
    xp, t = array_module(p), scratch(p, 0)
    lerp_(m, g, one_minus_beta1, scratch)
    xp.abs(g, out=t)
    t += eps
    u *= beta2
    xp.maximum(u, t, out=u)
    xp.divide(m, u, out=t)
    t *= step_size
    p -= t


@Update
def nadam_(
    p: Any, g: Any, m: Any, v: Any, *, scratch: Any, one_minus_beta1: float, one_minus_beta2: float, eps: float,
    size_g: float, size_m: float,
) -> None:  # fmt: skip
    """p -= (size_g * g + size_m * m) / (sqrt(v) + eps), with m and v the averages of g and g ** 2."""
    xp, t, d = array_module(p), scratch(p, 0), scratch(p, 2)
    lerp_(m, g, one_minus_beta1, scratch)
    lerp_square_(v, g, one_minus_beta2, scratch)
    xp.multiply(g, size_g, out=d)
    d += xp.multiply(m, size_m, out=t)
    xp.sqrt(v, out=t)
    t += eps
    d /= t
    p -= d


@Update
def radam_(
    p: Any, g: Any, m: Any, v: Any, *, scratch: Any, one_minus_beta1: float, one_minus_beta2: float, eps: float,
    step_size: float, rect: float,
) -> None:  # fmt: skip
    """p -= step_size * m * rect / (sqrt(v) + eps), without the fraction if rect is 0; m and v are the averages of g and
    g ** 2."""
    lerp_(m, g, one_minus_beta1, scratch)
    lerp_square_(v, g, one_minus_beta2, scratch)
    if rect:
        scaled_step_(p, m, v, eps, step_size * rect, scratch)
    else:
        p -= array_module(p).multiply(m, step_size, out=scratch(p, 0))


@Update
def adagrad_(p: Any, g: Any, total: Any, *, scratch: Any, eps: float, step_size: float) -> None:
    """p -= step_size * g / (sqrt(total) + eps), with total the sum of all g ** 2."""
    total += array_module(p).multiply(g, g, out=scratch(p, 0))
    scaled_step_(p, g, total, eps, step_size, scratch)


@Update
def adadelta_(
    p: Any, g: Any, square: Any, deltas: Any, *, scratch: Any, one_minus_rho: float, eps: float, lr: float
) -> None:
    """p -= lr * d with d = sqrt(deltas + eps) / sqrt(square + eps) * g, where square and deltas are the averages of
    g ** 2 and, up to the step before, of d ** 2."""
    xp, t, d = array_module(p), scratch(p, 0), scratch(p, 2)
    lerp_square_(square, g, one_minus_rho, scratch)
    xp.sqrt(xp.add(deltas, eps, out=d), out=d)
    d /= xp.sqrt(xp.add(square, eps, out=t), out=t)
    d *= g
    lerp_square_(deltas, d, one_minus_rho, scratch)
    d *= lr
    p -= d


@Update
def rmsprop_(
    p: Any, g: Any, square: Any, buffer: Any = None, average: Any = None, *, scratch: Any, one_minus_alpha: float,
    eps: float, momentum: float, lr: float,
) -> None:  # fmt: skip
    """p -= lr * d with d = g / (sqrt(square) + eps), where square averages g ** 2. With `average`, of g, square -
    average ** 2 takes the place of square; with `buffer`, buffer = momentum * buffer + d that of d."""
    xp, t = array_module(p), scratch(p, 0)
    lerp_square_(square, g, one_minus_alpha, scratch)
    if average is not None:
        lerp_(average, g, one_minus_alpha, scratch)
        square = xp.subtract(square, xp.multiply(average, average, out=t), out=t)
    xp.sqrt(square, out=t)
    t += eps
    d = xp.divide(g, t, out=t)
    if buffer is not None:
        buffer *= momentum
        buffer += d
        d = buffer
    p -= xp.multiply(d, lr, out=t)


@Update
def rprop_(
    p: Any, g: Any, before: Any, size: Any, *, scratch: Any, eta_minus: float, eta_plus: float, min_step: float,
    max_step: float,
) -> None:  # fmt: skip
    """p -= size * sign(g). First size is multiplied by eta_plus where g has the sign of `before`, by eta_minus where it
    has the other one, and clipped. Where the sign changed, p stays, and before = 0; elsewhere before = g."""
    xp, t, turn, limit = array_module(p), scratch(p, 0), scratch(p, 2), scratch(p, 3)
    xp.sign(g, out=t)
    xp.sign(xp.multiply(t, before, out=turn), out=turn)
    # 1, eta_plus or eta_minus where turn is 0, 1 or -1: by arithmetic, as masks would be allocated
    factor = xp.multiply(xp.maximum(turn, 0, out=t), eta_plus - 1, out=t)
    xp.minimum(turn, 0, out=turn)
    factor += xp.multiply(turn, 1 - eta_minus, out=limit)
    factor += 1
    size *= factor
    xp.clip(size, min_step, max_step, out=size)
    turn += 1
    xp.multiply(turn, float(finfo(p.dtype).max), out=limit)  # 0 where the sign changed
    xp.clip(g, xp.negative(limit, out=t), limit, out=before)
    xp.sign(before, out=t)
    t *= size
    p -= t


@Update
def asgd_(p: Any, g: Any, average: Any, *, scratch: Any, keep: float, eta: float, mu: float) -> None:
    """p = keep * p - eta * g; average = (1 - mu) * average + mu * p."""
    p *= keep
    p -= array_module(p).multiply(g, eta, out=scratch(p, 0))
    if mu == 1:
        average[...] = p
    else:
        lerp_(average, p, mu, scratch)
