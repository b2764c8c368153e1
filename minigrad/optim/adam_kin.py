"""`Adamax`, `NAdam`, `RAdam`: Adam with another measure of the gradients, with Nesterov's look ahead, rectified."""

from collections.abc import Callable
from typing import Any

from minigrad.backend import array_module
from minigrad.backend.cuda_kernel import Kernel
from minigrad.engine.tensor import Tensor
from minigrad.executors.cupy.update import update
from minigrad.optim import checks
from minigrad.optim.optimizer import Params
from minigrad.optim.stateful import Group, Stateful

ADAMAX = update("adamax", "m u", "share1 beta2 eps size", """
    m += share1 * (g - m);
    u = most(beta2 * u, fabs(g) + eps);
    p -= size * m / u;
""")  # fmt: skip
NADAM = update("nadam", "m v", "share1 share2 eps of_g of_m", """
    m += share1 * (g - m);
    v += share2 * (g * g - v);
    p -= (of_g * g + of_m * m) / (sqrt(v) + eps);
""")  # fmt: skip
RADAM = update("radam", "m v", "share1 share2 eps size rect", """
    m += share1 * (g - m);
    v += share2 * (g * g - v);
    p -= size * m * (rect == 0 ? A(1) : rect / (sqrt(v) + eps));
""")  # fmt: skip


class AdamKin(Stateful):
    """What the three share: betas, eps, and two averages."""

    def _check(self, group: Group) -> None:
        super()._check(group)
        checks.betas(self._name, group)
        checks.number(self._name, "eps", group["eps"])

    def _arrays(self, group: Group, lr: float) -> dict[str, float]:
        return {"exp_avg": 0.0, "exp_avg_sq": 0.0}


class Adamax(AdamKin):
    """p = p - lr / (1 - beta1 ** step) * m / u, an `Adam` that measures by the largest gradient:

        m = beta1 * m + (1 - beta1) * g     u = max(beta2 * u, |g| + eps)

    lr: a number, or a function of the number of steps made so far. After Kingma and Ba 2015, section 7.1.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor | Callable[[int], float] = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        settings = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "capturable": capturable,
        }  # fmt: skip
        super().__init__(params, settings)

    def _arrays(self, group: Group, lr: float) -> dict[str, float]:
        return {"exp_avg": 0.0, "exp_inf": 0.0}

    def _kernel(self, group: Group) -> Kernel:
        return ADAMAX

    def _numbers(self, group: Group, state: dict[str, Any], lr: float) -> tuple[Any, ...]:
        beta1, beta2 = map(float, group["betas"])
        return 1 - beta1, beta2, float(group["eps"]), lr / (1 - beta1 ** state["step"])

    def _metric(self, p: Tensor, group: Group, lr: float) -> Any:
        *_, size = self._numbers(group, self.state[p], lr)
        return size / self.state[p]["exp_inf"]._array

    def _change(self, numbers: tuple[Any, ...], p: Any, g: Any, *arrays: Any) -> None:
        (m, u), (share1, beta2, eps, size) = arrays, numbers
        xp, t = array_module(p), self._workspace.scratch(p, 0)
        self._approach(m, g, share1)
        xp.abs(g, out=t)
        t += eps
        u *= beta2
        xp.maximum(u, t, out=u)
        xp.divide(m, u, out=t)
        t *= size
        p -= t


class NAdam(AdamKin):
    """`Adam` that looks ahead, with mu(t) = beta1 * (1 - 0.96 ** (t * momentum_decay) / 2) and their product so far P:

        p = p - lr * ((1 - mu(t)) / (1 - P(t)) * g + mu(t + 1) / (1 - P(t + 1)) * m) / (sqrt(square) + eps)

    lr: a number, or a function of the number of steps made so far. P is a float here, in PyTorch a tensor of the
    default dtype. After Dozat 2016.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor | Callable[[int], float] = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        settings = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay, "maximize": maximize, "foreach": foreach,
            "capturable": capturable, "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, settings)

    def _check(self, group: Group) -> None:
        super()._check(group)
        checks.number(self._name, "momentum_decay", group["momentum_decay"])

    def _kernel(self, group: Group) -> Kernel:
        return NADAM

    def _numbers(self, group: Group, state: dict[str, Any], lr: float) -> tuple[Any, ...]:
        now, _ = self._looks(group, state)
        state["mu_product"] = float(state.get("mu_product", 1.0)) * now
        return self._sizes(group, state, lr)

    def _looks(self, group: Group, state: dict[str, Any]) -> tuple[float, float]:
        """mu(t), mu(t + 1)."""
        beta1, decay = float(group["betas"][0]), float(group["momentum_decay"])
        now, ahead = (beta1 * (1 - 0.5 * 0.96 ** (t * decay)) for t in (state["step"], state["step"] + 1))
        return now, ahead

    def _sizes(self, group: Group, state: dict[str, Any], lr: float) -> tuple[float, ...]:
        """The numbers of a step whose product of mu's is known."""
        (beta1, beta2), product, (now, ahead) = (
            map(float, group["betas"]),
            state["mu_product"],
            self._looks(group, state),
        )
        root = (1 - beta2 ** state["step"]) ** 0.5
        of_g, of_m = lr * root * (1 - now) / (1 - product), lr * root * ahead / (1 - product * ahead)
        return 1 - beta1, 1 - beta2, float(group["eps"]) * root, of_g, of_m

    def _metric(self, p: Tensor, group: Group, lr: float) -> Any:
        *_, eps, of_g, of_m = self._sizes(group, self.state[p], lr)
        square = self.state[p]["exp_avg_sq"]._array
        return (of_g + of_m) / (array_module(square).sqrt(square) + eps)

    def _change(self, numbers: tuple[Any, ...], p: Any, g: Any, *arrays: Any) -> None:
        (m, v), (share1, share2, eps, of_g, of_m) = arrays, numbers
        xp, t, d = array_module(p), self._workspace.scratch(p, 0), self._workspace.scratch(p, 2)
        self._approach(m, g, share1)
        self._approach_square(v, g, share2)
        xp.multiply(g, of_g, out=d)
        d += xp.multiply(m, of_m, out=t)
        xp.sqrt(v, out=t)
        t += eps
        d /= t
        p -= d


class RAdam(AdamKin):
    """`Adam` whose first steps go along the average gradient alone, until its square is known well enough:

        rho(t) = r - 2 * t * beta2 ** t / (1 - beta2 ** t), r = 2 / (1 - beta2) - 1
        p = p - lr * mean * (rect / (sqrt(square) + eps') if rho > 5 else 1)
        rect = sqrt((rho - 4) * (rho - 2) * r / ((r - 4) * (r - 2) * rho))

    with eps' = eps / sqrt(1 - beta2 ** t), as in PyTorch. lr: a number, or a function of the number of steps made so
    far. After Liu et al. 2020.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor | Callable[[int], float] = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        settings = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "maximize": maximize,
            "foreach": foreach, "capturable": capturable, "decoupled_weight_decay": decoupled_weight_decay,
            "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, settings)

    def _kernel(self, group: Group) -> Kernel:
        return RADAM

    def _numbers(self, group: Group, state: dict[str, Any], lr: float) -> tuple[Any, ...]:
        (beta1, beta2), step, rect = map(float, group["betas"]), state["step"], 0.0
        r, left = 2 / (1 - beta2) - 1, 1 - beta2**step
        rho = r - 2 * step * beta2**step / left
        if rho > 5:
            rect = ((rho - 4) * (rho - 2) * r / ((r - 4) * (r - 2) * rho) * left) ** 0.5
        return 1 - beta1, 1 - beta2, float(group["eps"]), lr / (1 - beta1**step), rect

    def _metric(self, p: Tensor, group: Group, lr: float) -> Any:
        *_, eps, size, rect = self._numbers(group, self.state[p], lr)
        square = self.state[p]["exp_avg_sq"]._array
        return size * rect / (array_module(square).sqrt(square) + eps) if rect else size

    def _change(self, numbers: tuple[Any, ...], p: Any, g: Any, *arrays: Any) -> None:
        (m, v), (share1, share2, eps, size, rect) = arrays, numbers
        xp, t = array_module(p), self._workspace.scratch(p, 0)
        self._approach(m, g, share1)
        self._approach_square(v, g, share2)
        if not rect:
            xp.multiply(m, size, out=t)
        else:
            xp.sqrt(v, out=t)
            t += eps
            xp.divide(m, t, out=t)
            t *= size * rect
        p -= t
