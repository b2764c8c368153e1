"""`Adam` and `AdamW`: steps along an average of gradients, each coordinate by its own measure."""

from collections.abc import Callable
from typing import Any

from minigrad.backend import array_module, loops, parts, shared
from minigrad.backend.cuda_kernel import Kernel
from minigrad.engine.tensor import Tensor
from minigrad.executors.cupy.update import start, update
from minigrad.optim import checks
from minigrad.optim.optimizer import Params
from minigrad.optim.stateful import Group, Stateful

ADAM = update("adam", "m v", "share1 share2 eps size", """
    m += share1 * (g - m);
    v += share2 * (g * g - v);
    p -= size * m / (sqrt(v) + eps);
""")  # fmt: skip
AMSGRAD = update("amsgrad", "m v largest", "share1 share2 eps size", """
    m += share1 * (g - m);
    v += share2 * (g * g - v);
    largest = most(largest, v);
    p -= size * m / (sqrt(largest) + eps);
""")  # fmt: skip


class Adam(Stateful):
    """p = p - lr * mean / (sqrt(square) + eps), averages over the past that forget at the rates of betas:

        m = beta1 * m + (1 - beta1) * g          mean = m / (1 - beta1 ** step)
        v = beta2 * v + (1 - beta2) * g ** 2     square = v / (1 - beta2 ** step)

    amsgrad: the largest v so far in the place of v. decoupled_weight_decay: as in `AdamW`. lr: a number, or a function
    of the number of steps made so far. After Kingma and Ba 2015; amsgrad after Reddi et al. 2018.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor | Callable[[int], float] = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        settings = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad,
            "maximize": maximize, "foreach": foreach, "capturable": capturable, "differentiable": differentiable,
            "fused": fused, "decoupled_weight_decay": decoupled_weight_decay,
        }  # fmt: skip
        super().__init__(params, settings)

    def _check(self, group: Group) -> None:
        super()._check(group)
        checks.betas(self._name, group)
        checks.number(self._name, "eps", group["eps"])

    def _arrays(self, group: Group, lr: float) -> dict[str, float]:
        return dict.fromkeys(("exp_avg", "exp_avg_sq") + ("max_exp_avg_sq",) * bool(group["amsgrad"]), 0.0)

    def _numbers(self, group: Group, state: dict[str, Any], lr: float) -> tuple[Any, ...]:
        beta1, beta2 = map(float, group["betas"])
        root = (1 - beta2 ** state["step"]) ** 0.5
        # lr * mean / (sqrt(v) / root + eps), with the divisions of whole arrays by a number taken out
        return 1 - beta1, 1 - beta2, float(group["eps"]) * root, lr * root / (1 - beta1 ** state["step"])

    def _kernel(self, group: Group) -> Kernel:
        return AMSGRAD if group["amsgrad"] else ADAM

    def _metric(self, p: Tensor, group: Group, lr: float) -> Any:
        state = self.state[p]
        _, _, eps, size = self._numbers(group, state, lr)
        square = state["max_exp_avg_sq" if group["amsgrad"] else "exp_avg_sq"]._array
        return size / (array_module(square).sqrt(square) + eps)

    def _looped(self, group: Group, lr: float, numbers: tuple[Any, ...], p: Any, g: Any, *arrays: Any) -> bool:
        fast = None if group["amsgrad"] else loops(p, g, *arrays)
        if fast is None:
            return False
        maximize, decay, shrink = start(group, lr)
        flat = [a.reshape(-1) for a in (g, p, *arrays)]
        some = parts(p.size, 1)
        given = (*numbers, -1.0 if maximize else 1.0, decay, shrink)
        shared(lambda i: fast.update.adam(*flat, *given, some[i].start, some[i].stop), len(some))
        return True

    def _change(self, numbers: tuple[Any, ...], p: Any, g: Any, *arrays: Any) -> None:
        (m, v, *largest), (share1, share2, eps, size) = arrays, numbers
        xp, t = array_module(p), self._workspace.scratch(p, 0)
        self._approach(m, g, share1)
        self._approach_square(v, g, share2)
        if largest:
            v = xp.maximum(largest[0], v, out=largest[0])
        xp.sqrt(v, out=t)
        t += eps
        xp.divide(m, t, out=t)
        t *= size
        p -= t


class AdamW(Adam):
    """`Adam` with decoupled weight decay: p = p - lr * weight_decay * p before each step, and none in the averages.

    After Loshchilov and Hutter 2019.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor | Callable[[int], float] = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad, foreach=foreach, maximize=maximize, capturable=capturable,
            differentiable=differentiable, fused=fused, decoupled_weight_decay=True,
        )  # fmt: skip

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """As every optimizer; from an `Adam`'s too, whose weight decay then goes on as an AdamW's."""
        super().load_state_dict(state_dict)
        for group in self.param_groups:
            group["decoupled_weight_decay"] = True
