"""`Muon`: momentum, orthogonalized matrix by matrix."""

import math
from collections.abc import Callable
from typing import Any

from minigrad.backend import array_module
from minigrad.dtypes import float32
from minigrad.engine.primitive import wrap
from minigrad.engine.tensor import Tensor
from minigrad.errors import ShapeError
from minigrad.optim import checks
from minigrad.optim.optimizer import LearningRate, Optimizer, Params, settings_of

RATES: dict[str | None, Callable[[int, int], float]] = {
    "original": lambda rows, columns: math.sqrt(max(1.0, rows / max(1, columns))),
    "match_rms_adamw": lambda rows, columns: 0.2 * math.sqrt(max(rows, columns)),
}
RATES[None] = RATES["original"]


class Muon(Optimizer):
    """p = (1 - lr * weight_decay) * p - lr * ratio * O, for matrices: the weights of hidden layers.

        b = momentum * b + (1 - momentum) * g     d = momentum * b + (1 - momentum) * g if nesterov else b

    O is d with its singular values brought near 1 (0.7 to 1.2) by ns_steps of X = a * X + (b * A + c * A @ A) @ X,
    A = X @ X.T, from X = d / |d|, in float32 (PyTorch: bfloat16). ratio: by adjust_lr_fn, "original" sqrt(max(1,
    rows / columns)) or "match_rms_adamw" 0.2 * sqrt(max(rows, columns)). Raises ShapeError for other than matrices.
    After Jordan et al. 2024; Liu et al. 2025.
    """

    def __init__(
        self, params: Params, lr: LearningRate = 1e-3, weight_decay: float = 0.1, momentum: float = 0.95,
        nesterov: bool = True, ns_coefficients: tuple[float, float, float] = (3.4445, -4.7750, 2.0315),
        eps: float = 1e-7, ns_steps: int = 5, adjust_lr_fn: str | None = None,
    ) -> None:  # fmt: skip
        super().__init__(params, settings_of(locals()))

    def _check(self, group: dict[str, Any]) -> None:
        checks.learning_rate(self._name, group)
        for name in ("weight_decay", "momentum", "eps"):
            checks.number(self._name, name, group[name])
        for i, value in enumerate(checks.sequence(self._name, "ns_coefficients", group["ns_coefficients"], 3)):
            checks.number(self._name, f"ns_coefficients[{i}]", value, low=-math.inf)
        if checks.integer(self._name, "ns_steps", group["ns_steps"], low=0) >= 100:
            raise ValueError(f"{self._name}: ns_steps: expected less than 100, got {group['ns_steps']}; 5 will do")
        checks.one_of(self._name, "adjust_lr_fn", group["adjust_lr_fn"], *RATES)
        for i, p in enumerate(group["params"]):
            if p.ndim != 2:
                raise ShapeError(
                    f"{self._name}: params[{i}]: expected a matrix, got a tensor of shape {tuple(p.shape)}; "
                    f"leave vectors, such as biases, to another optimizer, such as AdamW"
                )

    def _update(self, p: Tensor, grad: Any, group: dict[str, Any], lr: float) -> None:
        state, array, momentum = self.state[p], p._array, float(group["momentum"])
        xp, t, d = array_module(array), *(self._workspace.scratch(array, i) for i in (0, 1))
        if state.get("momentum_buffer") is None:
            state["momentum_buffer"] = wrap(xp.zeros_like(array))
        average = state["momentum_buffer"]._array
        xp.subtract(grad, average, out=d)
        average += xp.multiply(d, 1 - momentum, out=t)
        if group["nesterov"]:
            xp.subtract(average, grad, out=d)
            d *= momentum
            d += grad
        else:
            d = average
        direction = self._orthogonal(d, group)
        array *= 1 - lr * float(group["weight_decay"])
        array -= xp.multiply(direction, lr * RATES[group["adjust_lr_fn"]](*array.shape), out=t)

    def _orthogonal(self, d: Any, group: dict[str, Any]) -> Any:
        """A scratch array of d's shape."""
        xp, (small, large) = array_module(d), sorted(d.shape)
        x, y = (self._workspace.scratch(d, i, (small, large), float32) for i in (2, 3))
        gram, product = (self._workspace.scratch(d, i, (small, small), float32) for i in (4, 5))
        a, b, c = map(float, group["ns_coefficients"])
        upright = d.shape[0] > d.shape[1]
        x[...] = d.T if upright else d
        x /= xp.maximum(xp.sqrt(xp.multiply(x, x, out=y).sum()), float(group["eps"]))
        for _ in range(int(group["ns_steps"])):
            xp.matmul(x, x.T, out=gram)
            xp.matmul(gram, gram, out=product)
            product *= c
            gram *= b
            product += gram
            xp.matmul(product, x, out=y)
            x *= a
            y += x
            x, y = y, x
        return x.T if upright else x
