"""`Rprop`, which goes by the signs of gradients, and `ASGD`, which averages the weights it passes."""

import math
from collections.abc import Callable
from typing import Any

from minigrad.backend import array_module
from minigrad.backend.cuda_kernel import Kernel
from minigrad.dtypes import finfo
from minigrad.engine.tensor import Tensor
from minigrad.executors.cupy.update import update
from minigrad.optim import checks
from minigrad.optim.optimizer import Params
from minigrad.optim.stateful import Group, Stateful

RPROP = update("rprop", "before size", "shrinking growing least largest", """
    int turn = ((g > 0) - (g < 0)) * ((before > 0) - (before < 0));
    size *= turn > 0 ? growing : turn < 0 ? shrinking : A(1);
    size = size < least ? least : size > largest ? largest : size;
    before = turn < 0 ? A(0) : g;
    p -= size * ((before > 0) - (before < 0));
""")  # fmt: skip
ASGD_STEP = update("asgd", "average", "kept eta mu", """
    p = kept * p - eta * g;
    average = mu == 1 ? p : average + mu * (p - average);
""")  # fmt: skip


class Rprop(Stateful):
    """p = p - sign(g) * size, where each coordinate's size begins as lr and stays within step_sizes:

        size = size * etas[1] where the sign of g is that of the step before, * etas[0] where it changed

    Where it changed, p stays, and the next step counts as one without a step before. lr: a number, or a function of
    the number of steps made so far. For gradients of all data at once. After Riedmiller and Braun 1993.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor | Callable[[int], float] = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        settings = {
            "lr": lr, "etas": etas, "step_sizes": step_sizes, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable, "capturable": capturable,
        }  # fmt: skip
        super().__init__(params, settings)

    def _check(self, group: Group) -> None:
        super()._check(group)
        etas, sizes = (
            [checks.number(self._name, f"{name}[{i}]", n) for i, n in enumerate(given)]
            for name in ("etas", "step_sizes")
            for given in [checks.several(self._name, name, group[name], 2)]
        )
        if not 0 < etas[0] < 1 < etas[1]:
            raise ValueError(f"{self._name}: etas: expected 0 < etas[0] < 1 < etas[1], got {tuple(etas)}")
        if sizes[0] > sizes[1]:
            raise ValueError(f"{self._name}: step_sizes: expected the least and the largest, got {tuple(sizes)}")

    def _arrays(self, group: Group, lr: float) -> dict[str, float]:
        return {"prev": 0.0, "step_size": lr}

    def _kernel(self, group: Group) -> Kernel:
        return RPROP

    def _numbers(self, group: Group, state: dict[str, Any], lr: float) -> tuple[Any, ...]:
        return *map(float, group["etas"]), *map(float, group["step_sizes"])

    def _change(self, numbers: tuple[Any, ...], p: Any, g: Any, *arrays: Any) -> None:
        (before, size), (shrink, grow, least, largest) = arrays, numbers
        xp, t, turn, limit = array_module(p), *(self._workspace.scratch(p, i) for i in (0, 2, 3))
        xp.sign(g, out=t)
        xp.sign(xp.multiply(t, before, out=turn), out=turn)
        # 1, grow or shrink where turn is 0, 1 or -1: arithmetic, as masks would be allocated
        factor = xp.multiply(xp.maximum(turn, 0, out=t), grow - 1, out=t)
        xp.minimum(turn, 0, out=turn)
        factor += xp.multiply(turn, 1 - shrink, out=limit)
        factor += 1
        size *= factor
        xp.clip(size, least, largest, out=size)
        turn += 1
        xp.multiply(turn, float(finfo(p.dtype).max), out=limit)  # 0 where the sign changed: no step, and no memory of g
        xp.clip(g, xp.negative(limit, out=t), limit, out=before)
        xp.sign(before, out=t)
        t *= size
        p -= t


class ASGD(Stateful):
    """p = (1 - lambd * eta) * p - eta * g, with eta = lr / (1 + lambd * lr * step) ** alpha after the first step.

    state[p]["ax"] is the average of p over the steps after number t0; before, p itself. lr: a number, or a function of
    the number of steps made so far. eta and mu, the weight of p in the average, are floats here, in PyTorch tensors of
    the default dtype. After Polyak and Juditsky 1992.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor | Callable[[int], float] = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        settings = {
            "lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0, "weight_decay": weight_decay, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "capturable": capturable,
        }  # fmt: skip
        super().__init__(params, settings)

    def _check(self, group: Group) -> None:
        super()._check(group)
        checks.number(self._name, "lambd", group["lambd"])
        for name in ("alpha", "t0"):
            checks.number(self._name, name, group[name], low=-math.inf)

    def _arrays(self, group: Group, lr: float) -> dict[str, float]:
        return {"ax": 0.0}

    def _kernel(self, group: Group) -> Kernel:
        return ASGD_STEP

    def _numbers(self, group: Group, state: dict[str, Any], lr: float) -> tuple[Any, ...]:
        lambd, alpha, t0 = (float(group[name]) for name in ("lambd", "alpha", "t0"))
        eta, mu = float(state.get("eta", lr)), float(state.get("mu", 1.0))
        state["eta"] = lr / (1 + lambd * lr * state["step"]) ** alpha  # of the next step, as PyTorch keeps them
        state["mu"] = 1 / max(1.0, state["step"] - t0)
        return 1 - lambd * eta, eta, mu

    def _change(self, numbers: tuple[Any, ...], p: Any, g: Any, *arrays: Any) -> None:
        (average,), (kept, eta, mu) = arrays, numbers
        p *= kept
        p -= array_module(p).multiply(g, eta, out=self._workspace.scratch(p, 0))
        if mu == 1:
            average[...] = p
        else:
            self._approach(average, p, mu)
