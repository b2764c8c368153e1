"""`Rprop`, which goes by the signs of gradients, and `ASGD`, which averages the weights it passes."""

import math
from typing import Any

from minigrad.ops.update import asgd_, rprop_
from minigrad.optim import checks
from minigrad.optim.elementwise import ElementwiseOptimizer, Group, State
from minigrad.optim.optimizer import LearningRate, Params, settings_of


class Rprop(ElementwiseOptimizer):
    """p = p - sign(g) * size, where each coordinate's size begins as lr and stays within step_sizes:

        size = size * etas[1] where the sign of g is that of the step before, * etas[0] where it changed

    Where it changed, p stays, and the next step counts as one without a step before. For gradients of all data at once.
    After Riedmiller and Braun 1993.
    """

    _formula = rprop_

    def __init__(
        self, params: Params, lr: LearningRate = 1e-2, etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50), *, capturable: bool = False, foreach: bool | None = None,
        maximize: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, settings_of(locals()))

    def _check(self, group: Group) -> None:
        super()._check(group)
        etas, sizes = (
            [checks.number(self._name, f"{name}[{i}]", n) for i, n in enumerate(given)]
            for name in ("etas", "step_sizes")
            for given in [checks.sequence(self._name, name, group[name], 2)]
        )
        if not 0 < etas[0] < 1 < etas[1]:
            raise ValueError(f"{self._name}: etas: expected 0 < etas[0] < 1 < etas[1], got {tuple(etas)}")
        if sizes[0] > sizes[1]:
            raise ValueError(f"{self._name}: step_sizes: expected the least and the largest, got {tuple(sizes)}")

    def _initial_state(self, group: Group, lr: float) -> dict[str, float | None]:
        return {"prev": 0.0, "step_size": lr}

    def _scalars(self, group: Group, state: State, lr: float) -> dict[str, Any]:
        (eta_minus, eta_plus), (min_step, max_step) = (map(float, group[name]) for name in ("etas", "step_sizes"))
        return {"eta_minus": eta_minus, "eta_plus": eta_plus, "min_step": min_step, "max_step": max_step}


class ASGD(ElementwiseOptimizer):
    """p = (1 - lambd * eta) * p - eta * g, with eta = lr / (1 + lambd * lr * step) ** alpha after the first step.

    state[p]["ax"] is the average of p over the steps after number t0; before, p itself. eta and mu, the weight of p in
    the average, are floats here, in PyTorch tensors of the default dtype. After Polyak and Juditsky 1992.
    """

    _formula = asgd_
    _numbers = ("lambd",)
    _arrays = {"ax": 0.0}

    def __init__(
        self, params: Params, lr: LearningRate = 1e-2, lambd: float = 1e-4, alpha: float = 0.75, t0: float = 1e6,
        weight_decay: float = 0, foreach: bool | None = None, maximize: bool = False, differentiable: bool = False,
        capturable: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, settings_of(locals()))

    def _check(self, group: Group) -> None:
        super()._check(group)
        for name in ("alpha", "t0"):
            checks.number(self._name, name, group[name], low=-math.inf)

    def _scalars(self, group: Group, state: State, lr: float) -> dict[str, Any]:
        lambd, alpha, t0 = (float(group[name]) for name in ("lambd", "alpha", "t0"))
        eta, mu = float(state.get("eta", lr)), float(state.get("mu", 1.0))
        state["eta"] = lr / (1 + lambd * lr * state["step"]) ** alpha  # of the next step, as PyTorch keeps them
        state["mu"] = 1 / max(1.0, state["step"] - t0)
        return {"keep": 1 - lambd * eta, "eta": eta, "mu": mu}
