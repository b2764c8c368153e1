"""`Adamax`, `NAdam`, `RAdam`: Adam by the largest gradient, with Nesterov momentum, with a rectified start."""

from typing import Any

from minigrad.engine.tensor import Tensor
from minigrad.ops.update import adamax_, nadam_, radam_
from minigrad.optim.adam import AdamBase
from minigrad.optim.elementwise import Group, State, over_root
from minigrad.optim.optimizer import LearningRate, Params, settings_of


class Adamax(AdamBase):
    """p = p - lr / (1 - beta1 ** step) * m / u, `Adam` with the largest gradient in the place of the root of v:

        m = beta1 * m + (1 - beta1) * g     u = max(beta2 * u, |g| + eps)

    After Kingma and Ba 2015, section 7.1.
    """

    _formula = adamax_
    _arrays = {"exp_avg": 0.0, "exp_inf": 0.0}

    def __init__(
        self, params: Params, lr: LearningRate = 2e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, foreach: bool | None = None, *, maximize: bool = False, differentiable: bool = False,
        capturable: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, settings_of(locals()))

    def _scalars(self, group: Group, state: State, lr: float) -> dict[str, Any]:
        beta1, beta2 = map(float, group["betas"])
        return {
            "one_minus_beta1": 1 - beta1,
            "beta2": beta2,
            "eps": float(group["eps"]),
            "step_size": lr / (1 - beta1 ** state["step"]),
        }

    def _preconditioner(self, p: Tensor, group: Group, lr: float) -> Any:
        return self._scalars(group, self.state[p], lr)["step_size"] / self.state[p]["exp_inf"]._array


class NAdam(AdamBase):
    """`Adam` with Nesterov momentum, by mu(t) = beta1 * (1 - 0.96 ** (t * momentum_decay) / 2), their product so far P:

        p = p - lr * ((1 - mu(t)) / (1 - P(t)) * g + mu(t + 1) / (1 - P(t + 1)) * m) / (sqrt(square) + eps)

    P is a float here, in PyTorch a tensor of the default dtype. After Dozat 2016.
    """

    _formula = nadam_
    _numbers = ("eps", "momentum_decay")

    def __init__(
        self, params: Params, lr: LearningRate = 2e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, momentum_decay: float = 4e-3, decoupled_weight_decay: bool = False, *,
        foreach: bool | None = None, maximize: bool = False, capturable: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, settings_of(locals()))

    def _scalars(self, group: Group, state: State, lr: float) -> dict[str, Any]:
        state["mu_product"] = float(state.get("mu_product", 1.0)) * self._mu(group, state["step"])
        return self._scalars_now(group, state, lr)

    def _mu(self, group: Group, t: int) -> float:
        return float(group["betas"][0]) * (1 - 0.5 * 0.96 ** (t * float(group["momentum_decay"])))

    def _scalars_now(self, group: Group, state: State, lr: float) -> dict[str, Any]:
        """The scalars of the step whose product P(t) is in the state."""
        (beta1, beta2), product = map(float, group["betas"]), state["mu_product"]
        mu, next_mu = (self._mu(group, t) for t in (state["step"], state["step"] + 1))
        root = (1 - beta2 ** state["step"]) ** 0.5
        return {
            "one_minus_beta1": 1 - beta1,
            "one_minus_beta2": 1 - beta2,
            "eps": float(group["eps"]) * root,
            "size_g": lr * root * (1 - mu) / (1 - product),
            "size_m": lr * root * next_mu / (1 - product * next_mu),
        }

    def _preconditioner(self, p: Tensor, group: Group, lr: float) -> Any:
        scalars, square = self._scalars_now(group, self.state[p], lr), self.state[p]["exp_avg_sq"]._array
        return over_root(scalars["size_g"] + scalars["size_m"], square, scalars["eps"])


class RAdam(AdamBase):
    """`Adam` whose first steps go along the average gradient alone, until the variance of v is small enough:

        rho(t) = r - 2 * t * beta2 ** t / (1 - beta2 ** t), r = 2 / (1 - beta2) - 1
        p = p - lr * mean * (rect / (sqrt(square) + eps') if rho > 5 else 1)
        rect = sqrt((rho - 4) * (rho - 2) * r / ((r - 4) * (r - 2) * rho))

    with eps' = eps / sqrt(1 - beta2 ** t), as in PyTorch. After Liu et al. 2020.
    """

    _formula = radam_

    def __init__(
        self, params: Params, lr: LearningRate = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, decoupled_weight_decay: bool = False, *, foreach: bool | None = None,
        maximize: bool = False, capturable: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, settings_of(locals()))

    def _scalars(self, group: Group, state: State, lr: float) -> dict[str, Any]:
        (beta1, beta2), step, rect = map(float, group["betas"]), state["step"], 0.0
        r, left = 2 / (1 - beta2) - 1, 1 - beta2**step
        rho = r - 2 * step * beta2**step / left
        if rho > 5:
            rect = ((rho - 4) * (rho - 2) * r / ((r - 4) * (r - 2) * rho) * left) ** 0.5
        return {
            "one_minus_beta1": 1 - beta1,
            "one_minus_beta2": 1 - beta2,
            "eps": float(group["eps"]),
            "step_size": lr / (1 - beta1**step),
            "rect": rect,
        }

    def _preconditioner(self, p: Tensor, group: Group, lr: float) -> Any:
        scalars, square = self._scalars(group, self.state[p], lr), self.state[p]["exp_avg_sq"]._array
        size, rect = scalars["step_size"], scalars["rect"]
        return over_root(size * rect, square, scalars["eps"]) if rect else size
