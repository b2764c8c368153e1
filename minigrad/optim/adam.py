"""`Adam` and `AdamW`: steps along an average of gradients, each coordinate scaled by an average of its squares."""

from typing import Any, ClassVar

from minigrad.engine.tensor import Tensor
from minigrad.ops.update import adam_
from minigrad.optim import checks
from minigrad.optim.elementwise import ElementwiseOptimizer, Group, State, over_root
from minigrad.optim.optimizer import LearningRate, Params, settings_of


class AdamBase(ElementwiseOptimizer):
    """What Adam and its variants share: betas, eps, and averages of gradients and of their squares."""

    _numbers: ClassVar[tuple[str, ...]] = ("eps",)
    _arrays = {"exp_avg": 0.0, "exp_avg_sq": 0.0}

    def _check(self, group: Group) -> None:
        super()._check(group)
        checks.betas(self._name, group)


class Adam(AdamBase):
    """p = p - lr * mean / (sqrt(square) + eps), with exponential moving averages m and v whose decay rates are betas:

        m = beta1 * m + (1 - beta1) * g          mean = m / (1 - beta1 ** step)
        v = beta2 * v + (1 - beta2) * g ** 2     square = v / (1 - beta2 ** step)

    amsgrad: the largest v so far in the place of v. decoupled_weight_decay: as in `AdamW`. After Kingma and Ba 2015;
    amsgrad after Reddi et al. 2018.
    """

    _formula = adam_

    def __init__(
        self, params: Params, lr: LearningRate = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, amsgrad: bool = False, *, foreach: bool | None = None, maximize: bool = False,
        capturable: bool = False, differentiable: bool = False, fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, settings_of(locals()))

    def _initial_state(self, group: Group, lr: float) -> dict[str, float | None]:
        return {**self._arrays, "max_exp_avg_sq": 0.0} if group["amsgrad"] else self._arrays

    def _scalars(self, group: Group, state: State, lr: float) -> dict[str, Any]:
        beta1, beta2 = map(float, group["betas"])
        root = (1 - beta2 ** state["step"]) ** 0.5
        # lr * mean / (sqrt(v) / root + eps), with the divisions of whole arrays by a number taken out
        return {
            "one_minus_beta1": 1 - beta1,
            "one_minus_beta2": 1 - beta2,
            "eps": float(group["eps"]) * root,
            "step_size": lr * root / (1 - beta1 ** state["step"]),
        }

    def _preconditioner(self, p: Tensor, group: Group, lr: float) -> Any:
        state = self.state[p]
        scalars = self._scalars(group, state, lr)
        square = state["max_exp_avg_sq" if group["amsgrad"] else "exp_avg_sq"]._array
        return over_root(scalars["step_size"], square, scalars["eps"])


class AdamW(Adam):
    """`Adam` with decoupled weight decay: p = p - lr * weight_decay * p before each step, and none in the averages.

    After Loshchilov and Hutter 2019.
    """

    def __init__(
        self, params: Params, lr: LearningRate = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 1e-2, amsgrad: bool = False, *, maximize: bool = False, foreach: bool | None = None,
        capturable: bool = False, differentiable: bool = False, fused: bool | None = None,
    ) -> None:  # fmt: skip
        super().__init__(params, **settings_of(locals()), decoupled_weight_decay=True)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """As every optimizer; from an `Adam`'s too, whose weight decay then goes on as an AdamW's."""
        super().load_state_dict(state_dict)
        for group in self.param_groups:
            group["decoupled_weight_decay"] = True
