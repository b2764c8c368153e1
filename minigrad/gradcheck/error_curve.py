"""The V-shaped curve: how the error of a numerical gradient depends on h, as a table and a figure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.autograd.grad_mode import enable_grad
from minigrad.backend import to_numpy
from minigrad.engine.gradients import grad
from minigrad.engine.tensor import Tensor
from minigrad.gradcheck.numeric import numerical_gradient

STEPS = tuple(10.0**-k for k in range(17))


@dataclass
class ErrorCurve:
    """Relative errors (largest over the elements) by method, for each step."""

    steps: list[float]
    errors: dict[str, list[float]]

    def best(self, method: str) -> tuple[float, float]:
        """The step with the smallest error, and that error."""
        i = int(np.nanargmin(self.errors[method]))
        return self.steps[i], self.errors[method][i]

    def table(self) -> str:
        """One row a step, one column a method."""
        lines = ["        h  " + "".join(f"{name:>12}" for name in self.errors)]
        for i, h in enumerate(self.steps):
            lines.append(f"{h:9.0e}  " + "".join(f"{errors[i]:12.1e}" for errors in self.errors.values()))
        ends = "".join(f"{self.best(name)[0]:12.0e}" for name in self.errors)
        return "\n".join([*lines, f"best h     {ends}"])

    def plot(self, path: str) -> None:
        """Save the curves, log against log. Needs matplotlib (the `examples` extra)."""
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import pyplot

        figure, axes = pyplot.subplots(figsize=(7, 4.5), layout="constrained")
        for name, errors in self.errors.items():
            axes.loglog(self.steps, np.maximum(errors, 1e-17), marker="o", markersize=3, label=name)
        axes.set_xlabel("step h")
        axes.set_ylabel("relative error of the derivative")
        axes.set_title("Too large a step: truncation. Too small: rounding.")
        axes.legend()
        axes.grid(alpha=0.3)
        figure.savefig(path, dpi=120)
        pyplot.close(figure)


def error_curve(
    f: Callable[[Any], Any],
    x: Any,
    steps: Sequence[float] = STEPS,
    methods: Sequence[str] = ("forward", "central", "richardson"),
) -> ErrorCurve:
    """The error of each method at each step, against the analytic gradient of the number f(x). x: a tensor.

    Truncation falls with h (forward), h^2 (central), h^6 (richardson); rounding grows with eps / h: the sum is a V.
    """
    if not isinstance(x, Tensor):
        raise TypeError(f"error_curve: x: expected a Tensor, got {type(x).__name__}")
    leaf = x.detach().clone().requires_grad_()
    with enable_grad():
        exact = to_numpy(grad(f(leaf), [leaf])[0]._array)
    scale = float(abs(exact).max()) or 1.0
    errors: dict[str, list[float]] = {}
    for method in methods:
        row = []
        for h in steps:
            found = to_numpy(numerical_gradient(f, x.detach().clone(), h, method)._array)
            row.append(float(abs(found - exact).max()) / scale)
        errors[method] = row
    return ErrorCurve(list(steps), errors)
