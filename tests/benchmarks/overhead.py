"""`python tests/benchmarks/overhead.py`: what an operation costs beside its arithmetic, and a step of the lecture's
classifier; minigrad, plain NumPy and, where installed, PyTorch.

Each library runs in a process of its own, in turns (A B C A B C ...), since two thread pools in one process disturb
each other; each figure is the median over the turns of a best-of-several. Ratios within one run are what counts.
"""

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import timeit
from typing import Any

THREADS = "2"
CHAIN = 20  # operations in the forward + backward measurement, so that what is paid once a pass is shared


def best(function: Any, quick: bool, number: int) -> float:
    """Seconds for one call: the best of several runs."""
    number = max(number // 50, 1) if quick else number
    return min(timeit.repeat(function, number=number, repeat=2 if quick else 7)) / number


def of_tensors(lib: Any, quick: bool) -> dict[str, float]:
    """Microseconds an operation on 32 float32 elements, for a library with PyTorch's face."""
    x, c, m = lib.ones(32), lib.ones(32), lib.ones(32, 32)
    w, row = lib.ones(32, requires_grad=True), lib.ones(1, 32, requires_grad=True)
    calls = {
        "add, not recorded": lambda: x + c,
        "exp, not recorded": lambda: x.exp(),
        "add": lambda: w + c,
        "mul": lambda: w * c,
        "mul by a number": lambda: w * 2.0,
        "exp": lambda: w.exp(),
        "tanh": lambda: w.tanh(),
        "sum": lambda: w.sum(),
        "1 x 32 matrix @ 32 x 32": lambda: row @ m,
        "vector of 32 @ 32 x 32": lambda: w @ m,
        "getitem": lambda: w[1:5],
        "reshape": lambda: w.reshape(4, 8),
    }
    found = {name: best(call, quick, 5000) * 1e6 for name, call in calls.items()}

    def chain() -> None:
        y = w
        for _ in range(CHAIN // 2):
            y = y * c + x
        y.backward(c)
        w.grad = None

    found["forward + backward, an op"] = best(chain, quick, 300) / CHAIN * 1e6
    return found


def problem() -> tuple[Any, Any, Any]:
    """A batch at CIFAR-10's size, with the bias as a last input: 256 x 3,073, ten classes."""
    import numpy as np

    rng = np.random.default_rng(0)
    x = rng.standard_normal((256, 3073), dtype="float32")
    return x, rng.integers(0, 10, 256), rng.standard_normal((3073, 10), dtype="float32") * np.float32(1e-3)


def classifier_step(name: str) -> Any:
    """A function that takes one step of softmax regression with L2 and SGD and returns the loss as a number."""
    x, y, w = problem()
    if name == "numpy":
        return numpy_step(x, y, w)
    lib = importlib.import_module({"minigrad": "minigrad", "pytorch": "torch"}[name])
    functional, optim = (importlib.import_module(f"{lib.__name__}.{m}") for m in ("nn.functional", "optim"))
    x, y, w = lib.tensor(x), lib.tensor(y), lib.tensor(w, requires_grad=True)
    optimizer = optim.SGD([w], lr=0.01)
    penalty = lib.nn.regularizers.L2(1e-3) if name == "minigrad" else lambda w: 1e-3 * (w * w).sum()

    def step() -> float:
        optimizer.zero_grad()
        loss = functional.cross_entropy(x @ w, y) + penalty(w)
        loss.backward()
        optimizer.step()
        return float(loss.item())

    return step


def numpy_step(x: Any, y: Any, w: Any) -> Any:
    """The same step as one would write it out."""
    import numpy as np

    rows = np.arange(len(y))

    def step() -> float:
        scores = x @ w
        scores -= scores.max(1, keepdims=True)
        p = np.exp(scores)
        total = p.sum(1, keepdims=True)
        loss = (np.log(total[:, 0]) - scores[rows, y]).mean() + 1e-3 * (w * w).sum()
        p /= total
        p[rows, y] -= 1
        p /= len(y)
        gradient = x.T @ p
        gradient += 2e-3 * w
        np.subtract(w, 0.01 * gradient, out=w)
        return float(loss)

    return step


def worker(name: str, quick: bool) -> dict[str, Any]:
    """All measurements of one library, in this process."""
    found: dict[str, Any] = {}
    if name == "pytorch":
        import torch

        torch.set_num_threads(int(THREADS))
        found = of_tensors(torch, quick)
    elif name == "minigrad":
        import minigrad

        found = of_tensors(minigrad, quick)
    step = classifier_step(name)
    losses = [step() for _ in range(10)]
    found["classifier step"] = best(step, quick, 50) * 1e6
    return {"us": found, "losses": losses}


def run(names: list[str], turns: int, quick: bool) -> dict[str, dict[str, float]]:
    """Each library's medians over the turns; AssertionError if their losses differ."""
    env = {**os.environ, **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), THREADS)}
    runs: dict[str, list[Any]] = {name: [] for name in names}
    for _ in range(turns):
        for name in names:
            command = [sys.executable, __file__, "--worker", name, *(["--quick"] if quick else [])]
            output = subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout
            runs[name].append(json.loads(output))
    reference = runs["numpy"][0]["losses"]
    for name in names:
        for losses in (turn["losses"] for turn in runs[name]):
            equal = all(abs(a - b) < 1e-4 * abs(b) for a, b in zip(losses, reference, strict=True))
            assert equal, f"{name} computes other losses than NumPy: {losses}, {reference}"
    return {
        name: {key: statistics.median(r["us"][key] for r in results) for key in results[0]["us"]}
        for name, results in runs.items()
    }


def table(found: dict[str, dict[str, float]]) -> str:
    """The figures in microseconds, and minigrad's as a ratio to PyTorch's."""
    names = list(found)
    lines = [f"{'microseconds':<28}" + "".join(f"{n:>12}" for n in names) + f"{'ratio':>10}"]
    for key in found["minigrad"]:
        row = [found[n].get(key) for n in names]
        ratio = found["minigrad"][key] / found["pytorch"][key] if "pytorch" in found else None
        cells = "".join("           -" if v is None else f"{v:12.2f}" for v in row)
        lines.append(f"{key:<28}{cells}" + (f"{ratio:10.2f}" if ratio is not None else ""))
    return "\n".join(lines)


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=3, help="processes a library")
    parser.add_argument("--quick", action="store_true", help="too short to mean anything: does it run?")
    parser.add_argument("--json", metavar="FILE", help="also write the figures there")
    parser.add_argument("--worker", choices=["minigrad", "numpy", "pytorch"], help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        print(json.dumps(worker(args.worker, args.quick)))
        return
    names = ["minigrad", "numpy"] + (["pytorch"] if importlib.util.find_spec("torch") else [])
    found = run(names, args.turns, args.quick)
    print(table(found))
    if args.json:
        with open(args.json, "w") as file:
            json.dump(found, file, indent=1)


if __name__ == "__main__":
    main()
