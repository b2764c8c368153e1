"""`Adagrad`, `Adadelta`, `RMSprop`: each coordinate's step is scaled by the squares of its gradients so far."""

from typing import Any

from minigrad.engine.tensor import Tensor
from minigrad.ops.update import adadelta_, adagrad_, rmsprop_
from minigrad.optim import checks
from minigrad.optim.elementwise import ElementwiseOptimizer, Group, State, over_root
from minigrad.optim.optimizer import LearningRate, Params, settings_of


class Adagrad(ElementwiseOptimizer):
    """p = p - lr / (1 + (step - 1) * lr_decay) * g / (sqrt(sum) + eps), with sum the sum of all g ** 2 so far.

    initial_accumulator_value: the initial sum. After Duchi et al. 2011.
    """

    _formula = adagrad_
    _numbers = ("lr_decay", "initial_accumulator_value", "eps")

    def __init__(
        self, params: Params, lr: LearningRate = 1e-2, lr_decay: float = 0, weight_decay: float = 0,
        initial_accumulator_value: float = 0, eps: float = 1e-10, foreach: bool | None = None, *,
        maximize: bool = False, differentiable: bool = False, fused: bool | None = None,
    ) -> None:  # fmt: skip
        super().__init__(params, settings_of(locals()))

    def _initial_state(self, group: Group, lr: float) -> dict[str, float | None]:
        return {"sum": float(group["initial_accumulator_value"])}

    def _scalars(self, group: Group, state: State, lr: float) -> dict[str, Any]:
        step_size = lr / (1 + (state["step"] - 1) * float(group["lr_decay"]))
        return {"eps": float(group["eps"]), "step_size": step_size}

    def _preconditioner(self, p: Tensor, group: Group, lr: float) -> Any:
        scalars, total = self._scalars(group, self.state[p], lr), self.state[p]["sum"]._array
        return over_root(scalars["step_size"], total, scalars["eps"])


class Adadelta(ElementwiseOptimizer):
    """p = p - lr * d, with d = sqrt(D + eps) / sqrt(v + eps) * g: a step in the units of p, from averages of squares

        v = rho * v + (1 - rho) * g ** 2     D = rho * D + (1 - rho) * d ** 2 (after the step)

    After Zeiler 2012.
    """

    _formula = adadelta_
    _numbers = ("eps",)
    _arrays = {"square_avg": 0.0, "acc_delta": 0.0}

    def __init__(
        self, params: Params, lr: LearningRate = 1.0, rho: float = 0.9, eps: float = 1e-6, weight_decay: float = 0,
        foreach: bool | None = None, *, capturable: bool = False, maximize: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, settings_of(locals()))

    def _check(self, group: Group) -> None:
        super()._check(group)
        checks.number(self._name, "rho", group["rho"], high=1)

    def _scalars(self, group: Group, state: State, lr: float) -> dict[str, Any]:
        return {"one_minus_rho": 1 - float(group["rho"]), "eps": float(group["eps"]), "lr": lr}


class RMSprop(ElementwiseOptimizer):
    """p = p - lr * d, with d = g / (sqrt(v) + eps) and v = alpha * v + (1 - alpha) * g ** 2.

    centered: v - a ** 2 in the place of v, where a averages g as v does its square: the variance of the gradient.
    momentum: b = momentum * b + d, and p = p - lr * b. After Tieleman and Hinton 2012; centered after Graves 2013.
    """

    _formula = rmsprop_
    _numbers = ("eps", "momentum", "alpha")

    def __init__(
        self, params: Params, lr: LearningRate = 1e-2, alpha: float = 0.99, eps: float = 1e-8, weight_decay: float = 0,
        momentum: float = 0, centered: bool = False, capturable: bool = False, foreach: bool | None = None,
        maximize: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, settings_of(locals()))

    def _initial_state(self, group: Group, lr: float) -> dict[str, float | None]:
        buffer, average = (0.0 if group[name] else None for name in ("momentum", "centered"))
        return {"square_avg": 0.0, "momentum_buffer": buffer, "grad_avg": average}

    def _scalars(self, group: Group, state: State, lr: float) -> dict[str, Any]:
        eps, momentum = float(group["eps"]), float(group["momentum"])
        return {"one_minus_alpha": 1 - float(group["alpha"]), "eps": eps, "momentum": momentum, "lr": lr}

    def _preconditioner(self, p: Tensor, group: Group, lr: float) -> Any:
        square, average = self.state[p]["square_avg"]._array, self.state[p].get("grad_avg")
        if average is not None:
            square = square - average._array * average._array
        # for constant steps d the buffer converges to d / (1 - momentum)
        return over_root(lr / (1 - float(group["momentum"])), square, float(group["eps"]))
