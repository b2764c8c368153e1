"""The workloads that are parts of training: operations, an optimizer's step, batches, searches, checks, imports."""

import importlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from tests.benchmarks.workload import Seconds, Step, classes, numbers, workload

# --- what an operation costs beside its arithmetic: 32 float32 elements --------------------------------------------

ROUNDS = 4  # of five operations: what is paid once a pass is shared by 20


@workload("overhead", "an op on 32 elements, forward + backward", goal=0.6, per=5 * ROUNDS)
def overhead(lib: Any, small: bool) -> Step:
    """A chain of products, sums, differences, tanh and scalings, and the walk back."""
    w, c, x = lib.ones(32, requires_grad=True), lib.ones(32), lib.full((32,), 0.1)

    def step() -> Any:
        y = w
        for _ in range(ROUNDS):
            y = (y * c + x - c).tanh() * 0.5
        y.backward(c)
        gradient, w.grad = w.grad, None
        return gradient

    return step


OPERATIONS: dict[str, tuple[str, Callable[[Any], Step]]] = {  # of tensors t.w and t.row, which record, and the others
    "add-unrecorded": ("x + c, not recorded", lambda t: lambda: t.x + t.c),
    "exp-unrecorded": ("exp, not recorded", lambda t: lambda: t.x.exp()),
    "add": ("w + c", lambda t: lambda: t.w + t.c),
    "mul": ("w * c", lambda t: lambda: t.w * t.c),
    "scale": ("w * 2.0", lambda t: lambda: t.w * 2.0),
    "exp": ("exp", lambda t: lambda: t.w.exp()),
    "tanh": ("tanh", lambda t: lambda: t.w.tanh()),
    "sum": ("sum", lambda t: lambda: t.w.sum()),
    "row-matmul": ("1 x 32 @ 32 x 32", lambda t: lambda: t.row @ t.m),
    "vector-matmul": ("vector @ 32 x 32", lambda t: lambda: t.w @ t.m),
    "getitem": ("w[1:5]", lambda t: lambda: t.w[1:5]),
    "reshape": ("reshape", lambda t: lambda: t.w.reshape(4, 8)),
}


class Tensors:
    """What the single operations work on."""

    def __init__(self, lib: Any) -> None:
        self.x, self.c, self.m = lib.ones(32), lib.ones(32), lib.ones(32, 32)
        self.w, self.row = lib.ones(32, requires_grad=True), lib.ones(1, 32, requires_grad=True)


def operation(call: Callable[[Any], Step], lib: Any, small: bool) -> Step:
    """One operation, forward."""
    return call(Tensors(lib))


for name, (title, call) in OPERATIONS.items():
    workload(f"op.{name}", f"{title}, forward")(partial(operation, call))


# --- how time and memory grow: with depth; with width and batch see nets.py ----------------------------------------


def chain(depth: int, lib: Any, small: bool) -> Step:
    """`depth` operations on 32 elements one after another, and back."""
    w, c, x = lib.ones(32, requires_grad=True), lib.ones(32), lib.full((32,), 0.001)

    def step() -> Any:
        y = w
        for _ in range((min(depth, 100) if small else depth) // 2):
            y = y * c + x
        y.backward(c)
        gradient, w.grad = w.grad, None
        return gradient

    return step


for depth in (10, 100, 1_000, 10_000, 100_000):
    workload(f"depth.{depth}", f"{depth:,} ops in a chain, forward + backward")(partial(chain, depth))


# --- an optimizer's step, data, searches, imports ------------------------------------------------------------------


@workload("adam", "Adam step, 60 tensors of 128 x 128", goal=0.45)
def adam(lib: Any, small: bool) -> Step:
    """The optimizer alone: the gradients are there."""
    count, n = (3, 8) if small else (60, 128)
    params = [lib.zeros(n, n, requires_grad=True) for _ in range(count)]
    for i, p in enumerate(params):
        p.grad = lib.from_numpy(numbers(n, n, seed=i))
    optimizer = lib.optim.Adam(params, lr=1e-3)

    def step() -> Any:
        optimizer.step()
        return params[-1]

    return step


@workload("dataloader", "DataLoader, an epoch of 50,000 x 784 in memory, batch 128, shuffled", goal=0.12)
def dataloader(lib: Any, small: bool) -> Step:
    """An epoch; what is added up shows that each row came once, with its own class."""
    data = importlib.import_module(f"{lib.__name__}.utils.data")
    n = 300 if small else 50_000
    x, y = np.abs(numbers(n, 784)), classes(n)
    loader = data.DataLoader(data.TensorDataset(lib.from_numpy(x), lib.from_numpy(y)), batch_size=128, shuffle=True)

    def step() -> float:
        return sum((xs[:, 0] * ys).sum().item() for xs, ys in loader)

    return step


AT_ONCE = 20  # attempts in a step of the search


def search_problem(small: bool) -> tuple[Any, Any]:
    """As many numbers as CIFAR-10 has, with the bias as a last input; no download."""
    n, d = (64, 13) if small else (50_000, 3073)
    return numbers(n, d), classes(n)


@workload(
    "search", "random search, 1,000 attempts at 50,000 x 3,073 -> 10", ("minigrad",),
    against="numpy", per=AT_ONCE / 1000, slow=True,
)  # fmt: skip
def search(lib: Any, small: bool) -> Step:
    """Draw all weights anew, keep the best: the scores of 20 attempts come from one product."""
    x, y = map(lib.from_numpy, search_problem(small))
    w = lib.zeros(10, x.shape[1], requires_grad=True)
    optimizer = lib.optim.RandomSearch([w], scale=1e-2, seed=0)

    def scores(weights: Any) -> Any:
        k, count, d = weights.shape
        return (weights.reshape(-1, d) @ x.T).reshape(k, count, -1).transpose(1, 2)

    def loss(scores: Any) -> Any:
        return lib.nn.functional.cross_entropy(scores, y) + 1e-3 * (w * w).sum()

    def step() -> Any:
        optimizer.step(loss, linear=scores, candidates=AT_ONCE)
        return optimizer.best_loss

    return step


@workload("gradcheck", "gradient check of every operation on all its samples, first order", ("minigrad",), slow=True)
def registry(lib: Any, small: bool) -> Step:
    """All samples of all operations in as many processes as there are CPUs; raises if one fails."""
    checks = importlib.import_module("minigrad.testing.op_coverage")
    chosen, processes = (checks.cases("exp", 1)[:1], 1) if small else (checks.cases(order=1), None)

    def step() -> Seconds:
        start = time.perf_counter()
        wrong = checks.missing(checks.check_registry(chosen, processes=processes))
        if wrong:
            raise AssertionError("\n\n".join(wrong))
        return Seconds(time.perf_counter() - start)

    return step


@workload("import", "import, in a new process", ("minigrad", "torch", "numpy"), goal=1.5, against="numpy")
def imported(lib: Any, small: bool) -> Step:
    """The import alone, without the interpreter's own start."""
    code = f"import time; t = time.perf_counter(); import {lib.__name__}; print(time.perf_counter() - t)"
    command = [sys.executable, "-c", code]
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}  # compiled once

    def step() -> Seconds:
        return Seconds(subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout)

    return step
