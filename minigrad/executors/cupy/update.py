"""The steps of optimizers (ops/update.py) on a GPU: one launch changes a parameter and its state."""

import inspect
import itertools
from collections.abc import Callable
from typing import Any

from minigrad.backend.cuda_kernel import Kernel, elementwise
from minigrad.engine.executions import execution
from minigrad.ops import update as ops
from minigrad.ops.update import Update

MAX = "__device__ A max_or_nan(A a, A b) { return a != a || a >= b ? a : b; }"


def kernels(update: Update, body: str | Callable[..., str]) -> None:
    """Register `body`, the formula of an update in C++, for floating arrays of a GPU. If the formula has optional
    arrays, `body` is a function that is told by their names which are there; each combination has its own kernel."""
    parameters = list(inspect.signature(update.formula).parameters.values())
    arrays = [p for p in parameters[2:] if p.kind is not p.KEYWORD_ONLY]
    scalars = {p.name: p.annotation for p in parameters if p.kind is p.KEYWORD_ONLY and p.name != "scratch"}
    optional = [p.name for p in arrays if p.default is None]
    made: dict[tuple[bool, ...], Kernel] = {}
    for present in itertools.product((False, True), repeat=len(optional)):
        there = dict(zip(optional, present))
        names = [p.name for p in arrays if there.get(p.name, True)]
        suffix = "".join(f"_{name}" for name in optional if there[name])
        source = body if isinstance(body, str) else body(**there)
        made[present] = update_kernel(update.name + suffix, names, scalars, source)
    first = len(arrays) - len(optional)  # of the optional ones

    @execution(update, "cupy", lambda p, g, *state: g.dtype.kind == "f")
    def run(arrays: Any, values: dict[str, Any], maximize: bool, weight_decay: float, shrink: float) -> None:
        p, g, *state = arrays
        present = [a is not None for a in state[first:]]
        kernel = made[*present, *[False] * (len(optional) - len(present))]
        held = [a for a in state if a is not None]
        kernel.call(g, maximize, weight_decay, shrink, *(values[name] for name in scalars), p, *held)


def update_kernel(name: str, arrays: list[str], scalars: dict[str, type], body: str) -> Kernel:
    """A kernel of (g, maximize, weight_decay, shrink, *scalars, p, *arrays), which changes p and the arrays. It
    calculates in `A`, and begins as every update does: g = -g if maximize, g += weight_decay * p, p *= shrink."""
    given = {"maximize": bool, "weight_decay": float, "shrink": float, **scalars}
    inputs = ["T g_", *(f"float64 {name}_" if kind is float else f"bool {name}" for name, kind in given.items())]
    changed = ["p", *arrays]
    lines = [
        *(f"const A {name} = {name}_;" for name, kind in given.items() if kind is float),
        *(f"A {a} = {a}_;" for a in changed),
        "A g = maximize ? -A(g_) : A(g_);",
        "if (weight_decay != 0) g += weight_decay * p;",  # 0 times an infinite parameter is nan
        "p *= shrink;",
        body,
        *(f"{a}_ = {a};" for a in changed),
    ]
    return elementwise(name, ", ".join(inputs), ", ".join(f"T {a}_" for a in changed), "\n".join(lines), preamble=MAX)


MOMENTS = """
m += one_minus_beta1 * (g - m);
v += one_minus_beta2 * (g * g - v);
"""

kernels(ops.sgd_, "p -= lr * g;")
kernels(ops.momentum_, """
b = first ? g : momentum * b + one_minus_dampening * g;
p -= lr * (nesterov ? g + momentum * b : b);
""")  # fmt: skip
kernels(
    ops.adam_,
    lambda largest: (
        f"{MOMENTS} A most = v; {'most = largest = max_or_nan(largest, v);' * largest}"
        "p -= step_size * m / (sqrt(most) + eps);"
    ),
)
kernels(ops.adamax_, """
m += one_minus_beta1 * (g - m);
u = max_or_nan(beta2 * u, fabs(g) + eps);
p -= step_size * m / u;
""")  # fmt: skip
kernels(ops.nadam_, MOMENTS + "p -= (size_g * g + size_m * m) / (sqrt(v) + eps);")
kernels(ops.radam_, MOMENTS + "p -= step_size * m * (rect == 0 ? A(1) : rect / (sqrt(v) + eps));")
kernels(ops.adagrad_, """
total += g * g;
p -= step_size * g / (sqrt(total) + eps);
""")  # fmt: skip
kernels(ops.adadelta_, """
square += one_minus_rho * (g * g - square);
A d = sqrt(deltas + eps) / sqrt(square + eps) * g;
deltas += one_minus_rho * (d * d - deltas);
p -= lr * d;
""")  # fmt: skip
kernels(
    ops.rmsprop_,
    lambda buffer, average: (
        "square += one_minus_alpha * (g * g - square); A v = square;"
        + "average += one_minus_alpha * (g - average); v -= average * average;" * average
        + "A d = g / (sqrt(v) + eps);"
        + "buffer = momentum * buffer + d; d = buffer;" * buffer
        + "p -= lr * d;"
    ),
)
kernels(ops.rprop_, """
int turn = ((g > 0) - (g < 0)) * ((before > 0) - (before < 0));
size *= turn > 0 ? eta_plus : turn < 0 ? eta_minus : A(1);
size = size < min_step ? min_step : size > max_step ? max_step : size;
before = turn < 0 ? A(0) : g;
p -= size * ((before > 0) - (before < 0));
""")  # fmt: skip
kernels(ops.asgd_, """
p = keep * p - eta * g;
average = mu == 1 ? p : average + mu * (p - average);
""")  # fmt: skip
