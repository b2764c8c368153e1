"""`SGD`: stochastic gradient descent, plain and with momentum."""

import math
from typing import Any

from minigrad.engine.tensor import Tensor
from minigrad.ops.update import momentum_, sgd_
from minigrad.optim import checks
from minigrad.optim.elementwise import UNINITIALIZED, ElementwiseOptimizer, Group, State
from minigrad.optim.optimizer import LearningRate, Params, settings_of


class SGD(ElementwiseOptimizer):
    """Gradient descent: p = p - lr * d, with d = g + weight_decay * p, and under momentum

        b = momentum * b + (1 - dampening) * d   (in the first step b = d)
        d = d + momentum * b if nesterov else b

    maximize: -g in the place of g. weight_decay=2 * s is the gradient of the penalty s * sum(p ** 2). As in PyTorch;
    nesterov is after Sutskever et al. 2013.
    """

    _counts_steps = False

    def __init__(
        self, params: Params, lr: LearningRate = 1e-3, momentum: float = 0, dampening: float = 0,
        weight_decay: float = 0, nesterov: bool = False, *, maximize: bool = False, foreach: bool | None = None,
        differentiable: bool = False, fused: bool | None = None,
    ) -> None:  # fmt: skip
        super().__init__(params, settings_of(locals()))

    def _check(self, group: Group) -> None:
        super()._check(group)
        momentum = checks.number(self._name, "momentum", group["momentum"])
        dampening = checks.number(self._name, "dampening", group["dampening"], low=-math.inf)
        if group["nesterov"] and (momentum == 0 or dampening != 0):
            raise ValueError(
                f"{self._name}: nesterov: expected a momentum above 0 and no dampening, got momentum={momentum:g}, "
                f"dampening={dampening:g}"
            )

    def _initial_state(self, group: Group, lr: float) -> dict[str, float | None]:
        return {"momentum_buffer": UNINITIALIZED} if group["momentum"] else {}

    def _begin_group(self, group: Group, lr: float) -> None:
        momentum = float(group["momentum"])
        self._formula, self._constants = momentum_ if momentum else sgd_, {"lr": lr}
        super()._begin_group(group, lr)
        if momentum:
            self._constants |= {
                "momentum": momentum,
                "one_minus_dampening": 1 - float(group["dampening"]),
                "nesterov": bool(group["nesterov"]),
            }

    def _scalars(self, group: Group, state: State, lr: float) -> dict[str, Any]:
        if not group["momentum"]:
            return self._constants
        return {**self._constants, "first": state.get("momentum_buffer") is None}

    def _preconditioner(self, p: Tensor, group: Group, lr: float) -> float:
        # for a constant gradient the buffer converges to (1 - dampening) / (1 - momentum) times it
        return lr * (1 - group["dampening"]) / (1 - group["momentum"]) if group["momentum"] else lr
