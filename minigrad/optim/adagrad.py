"""`Adagrad`, `Adadelta`, `RMSprop`: each coordinate's step by the squares of its gradients so far."""

from collections.abc import Callable
from typing import Any

from minigrad.backend import array_module
from minigrad.backend.cuda_kernel import Kernel
from minigrad.engine.tensor import Tensor
from minigrad.executors.cupy.update import update
from minigrad.optim import checks
from minigrad.optim.optimizer import Params
from minigrad.optim.stateful import Group, Stateful

ADAGRAD = update("adagrad", "total", "eps size", """
    total += g * g;
    p -= size * g / (sqrt(total) + eps);
""")  # fmt: skip
ADADELTA = update("adadelta", "square deltas", "share eps lr", """
    square += share * (g * g - square);
    A d = sqrt(deltas + eps) / sqrt(square + eps) * g;
    deltas += share * (d * d - deltas);
    p -= lr * d;
""")  # fmt: skip
RMSPROP = {
    (with_momentum, centered): update(
        "rmsprop" + "_momentum" * with_momentum + "_centered" * centered,
        "square" + " buffer" * with_momentum + " average" * centered,
        "share eps momentum centered lr",
        "square += share * (g * g - square); A v = square;"
        + "average += share * (g - average); v -= average * average;" * centered
        + "A d = g / (sqrt(v) + eps);"
        + "buffer = momentum * buffer + d; d = buffer;" * with_momentum
        + "p -= lr * d;",
    )
    for with_momentum in (False, True)
    for centered in (False, True)
}


class Adagrad(Stateful):
    """p = p - lr / (1 + (step - 1) * lr_decay) * g / (sqrt(sum) + eps), where sum adds up all g ** 2 so far.

    initial_accumulator_value: what sum starts with. lr: a number, or a function of the number of steps made so far.
    After Duchi et al. 2011.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor | Callable[[int], float] = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        settings = {
            "lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable, "fused": fused,
        }  # fmt: skip
        super().__init__(params, settings)

    def _check(self, group: Group) -> None:
        super()._check(group)
        for name in ("lr_decay", "initial_accumulator_value", "eps"):
            checks.number(self._name, name, group[name])

    def _arrays(self, group: Group, lr: float) -> dict[str, float]:
        return {"sum": float(group["initial_accumulator_value"])}

    def _kernel(self, group: Group) -> Kernel:
        return ADAGRAD

    def _numbers(self, group: Group, state: dict[str, Any], lr: float) -> tuple[Any, ...]:
        return float(group["eps"]), lr / (1 + (state["step"] - 1) * float(group["lr_decay"]))

    def _metric(self, p: Tensor, group: Group, lr: float) -> Any:
        eps, size = self._numbers(group, self.state[p], lr)
        total = self.state[p]["sum"]._array
        return size / (array_module(total).sqrt(total) + eps)

    def _change(self, numbers: tuple[Any, ...], p: Any, g: Any, *arrays: Any) -> None:
        (total,), (eps, size) = arrays, numbers
        xp, t = array_module(p), self._workspace.scratch(p, 0)
        total += xp.multiply(g, g, out=t)
        xp.sqrt(total, out=t)
        t += eps
        xp.divide(g, t, out=t)
        t *= size
        p -= t


class Adadelta(Stateful):
    """p = p - lr * d, with d = sqrt(D + eps) / sqrt(v + eps) * g: a step in the units of p, from averages of squares

        v = rho * v + (1 - rho) * g ** 2     D = rho * D + (1 - rho) * d ** 2 (after the step)

    lr: a number, or a function of the number of steps made so far. After Zeiler 2012.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor | Callable[[int], float] = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        settings = {
            "lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize,
            "capturable": capturable, "foreach": foreach, "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, settings)

    def _check(self, group: Group) -> None:
        super()._check(group)
        if checks.number(self._name, "rho", group["rho"]) > 1:
            raise ValueError(f"{self._name}: rho: expected a number from 0 to 1, got {group['rho']}")
        checks.number(self._name, "eps", group["eps"])

    def _arrays(self, group: Group, lr: float) -> dict[str, float]:
        return {"square_avg": 0.0, "acc_delta": 0.0}

    def _kernel(self, group: Group) -> Kernel:
        return ADADELTA

    def _numbers(self, group: Group, state: dict[str, Any], lr: float) -> tuple[Any, ...]:
        return 1 - float(group["rho"]), float(group["eps"]), lr

    def _change(self, numbers: tuple[Any, ...], p: Any, g: Any, *arrays: Any) -> None:
        (square, deltas), (share, eps, lr) = arrays, numbers
        xp, t, d = array_module(p), self._workspace.scratch(p, 0), self._workspace.scratch(p, 2)
        self._approach_square(square, g, share)
        xp.sqrt(xp.add(deltas, eps, out=d), out=d)
        d /= xp.sqrt(xp.add(square, eps, out=t), out=t)
        d *= g
        self._approach_square(deltas, d, share)
        d *= lr
        p -= d


class RMSprop(Stateful):
    """p = p - lr * d, with d = g / (sqrt(v) + eps) and v = alpha * v + (1 - alpha) * g ** 2.

    centered: v - a ** 2 in the place of v, where a averages g as v does its square: the variance of the gradient.
    momentum: b = momentum * b + d, and p = p - lr * b. lr: a number, or a function of the number of steps made so far.
    After Tieleman and Hinton 2012; centered after Graves 2013.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor | Callable[[int], float] = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        settings = {
            "lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps, "centered": centered,
            "weight_decay": weight_decay, "capturable": capturable, "foreach": foreach, "maximize": maximize,
            "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, settings)

    def _check(self, group: Group) -> None:
        super()._check(group)
        for name in ("eps", "momentum", "alpha"):
            checks.number(self._name, name, group[name])

    def _arrays(self, group: Group, lr: float) -> dict[str, float]:
        names = (
            ("square_avg",) + ("momentum_buffer",) * bool(group["momentum"]) + ("grad_avg",) * bool(group["centered"])
        )
        return dict.fromkeys(names, 0.0)

    def _kernel(self, group: Group) -> Kernel:
        return RMSPROP[bool(group["momentum"]), bool(group["centered"])]

    def _numbers(self, group: Group, state: dict[str, Any], lr: float) -> tuple[Any, ...]:
        return 1 - float(group["alpha"]), float(group["eps"]), float(group["momentum"]), bool(group["centered"]), lr

    def _metric(self, p: Tensor, group: Group, lr: float) -> Any:
        square, average = self.state[p]["square_avg"]._array, self.state[p].get("grad_avg")
        if average is not None:
            square = square - average._array * average._array
        # where nothing changes any more a buffer holds 1 / (1 - momentum) steps
        return lr / (1 - float(group["momentum"])) / (array_module(square).sqrt(square) + float(group["eps"]))

    def _change(self, numbers: tuple[Any, ...], p: Any, g: Any, *arrays: Any) -> None:
        share, eps, momentum, centered, lr = numbers
        square, buffer, average = arrays[0], arrays[1] if momentum else None, arrays[-1]
        xp, t = array_module(p), self._workspace.scratch(p, 0)
        self._approach_square(square, g, share)
        if centered:
            self._approach(average, g, share)
            square = xp.subtract(square, xp.multiply(average, average, out=t), out=t)
        xp.sqrt(square, out=t)
        t += eps
        d = xp.divide(g, t, out=t)
        if momentum:
            buffer *= momentum
            buffer += d
            d = buffer
        p -= xp.multiply(d, lr, out=t)
