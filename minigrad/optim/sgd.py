"""`SGD`: stochastic gradient descent, plain and with momentum."""

import math
from collections.abc import Callable
from typing import Any

from minigrad.backend import array_module, loops, parts, shared
from minigrad.backend.loops import used
from minigrad.engine.primitive import wrap
from minigrad.engine.tensor import Tensor
from minigrad.executors.cupy.update import start, update
from minigrad.optim import checks
from minigrad.optim.optimizer import Optimizer, Params
from minigrad.optim.workspace import pieces

DESCENT = update("sgd", "", "lr", "p -= lr * g;")
MOMENTUM = update("sgd_momentum", "b", "lr momentum fresh nesterov first", """
    b = first ? g : momentum * b + fresh * g;
    p -= lr * (nesterov ? g + momentum * b : b);
""")  # fmt: skip


class SGD(Optimizer):
    """Gradient descent: p = p - lr * d, with d = g + weight_decay * p, and under momentum

        b = momentum * b + (1 - dampening) * d   (the first time: b = d)
        d = d + momentum * b if nesterov else b

    lr: a number, or a function of the number of steps made so far. maximize: -g in the place of g. weight_decay=2 * s
    is the gradient of the penalty s * sum(p ** 2). As in PyTorch; nesterov is after Sutskever et al. 2013.
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor | Callable[[int], float] = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        settings = {
            "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay, "nesterov": nesterov,
            "maximize": maximize, "foreach": foreach, "differentiable": differentiable, "fused": fused,
        }  # fmt: skip
        super().__init__(params, settings)

    def _check(self, group: dict[str, Any]) -> None:
        if not callable(group["lr"]):
            checks.number(self._name, "lr", group["lr"])
        momentum = checks.number(self._name, "momentum", group["momentum"])
        dampening = checks.number(self._name, "dampening", group["dampening"], low=-math.inf)
        checks.number(self._name, "weight_decay", group["weight_decay"])
        if group["nesterov"] and (momentum == 0 or dampening != 0):
            raise ValueError(
                f"{self._name}: nesterov: expected a momentum above 0 and no dampening, got momentum={momentum:g}, "
                f"dampening={dampening:g}"
            )
        checks.off(self._name, group, "foreach", "differentiable", "fused")

    def _metric(self, p: Tensor, group: dict[str, Any], lr: float) -> float:
        # where nothing changes any more a buffer holds (1 - dampening) / (1 - momentum) gradients
        return lr * (1 - group["dampening"]) / (1 - group["momentum"]) if group["momentum"] else lr

    def _update(self, p: Tensor, grad: Any, group: dict[str, Any], lr: float) -> None:
        arrays, first = [p._array, grad], False
        if group["momentum"]:
            state = self.state[p]
            first = state.get("momentum_buffer") is None
            if first:
                state["momentum_buffer"] = wrap(array_module(grad).empty_like(p._array))
            arrays.append(state["momentum_buffer"]._array)
        if used(grad):
            _descend_on_gpu(*arrays, group=group, lr=lr, first=first)
            return
        fast = loops(*arrays) if len(arrays) == 3 and not first else None
        if fast is not None:
            _descend_in_one_pass(fast, *arrays, group=group, lr=lr)
            return
        for piece in pieces(*arrays):
            self._descend(*piece, group=group, lr=lr, first=first)

    def _descend(self, p: Any, g: Any, b: Any = None, *, group: dict[str, Any], lr: float, first: bool) -> None:
        xp, momentum, scratch = array_module(p), group["momentum"], self._workspace.scratch
        d, t = g, scratch(p, 0)
        if group["maximize"]:
            d = xp.negative(d, out=scratch(p, 1))
        if group["weight_decay"]:
            d = xp.add(d, xp.multiply(p, group["weight_decay"], out=t), out=scratch(p, 1))
        if first:
            b[...] = d
        elif momentum:
            b *= momentum
            b += xp.multiply(d, 1 - group["dampening"], out=t) if group["dampening"] else d
        if group["nesterov"]:
            d = xp.add(d, xp.multiply(b, momentum, out=t), out=scratch(p, 1))
        elif momentum:
            d = b
        p -= xp.multiply(d, lr, out=t)


def _descend_in_one_pass(fast: Any, p: Any, g: Any, b: Any, *, group: dict[str, Any], lr: float) -> None:
    maximize, decay, _ = start(group, lr)
    keep = float(group["momentum"])
    of_g, of_b = (lr, lr * keep) if group["nesterov"] else (0.0, lr)
    given = (of_g, of_b, keep, 1.0 - group["dampening"], -1.0 if maximize else 1.0, decay)
    flat, some = [a.reshape(-1) for a in (g, p, b)], parts(p.size, 1)
    shared(lambda i: fast.update.momentum(*flat, *given, some[i].start, some[i].stop), len(some))


def _descend_on_gpu(p: Any, g: Any, *b: Any, group: dict[str, Any], lr: float, first: bool) -> None:
    if not b:
        DESCENT.call(g, *start(group, lr), lr, p)
        return
    momentum, fresh = float(group["momentum"]), 1 - float(group["dampening"])
    MOMENTUM.call(g, *start(group, lr), lr, momentum, fresh, float(group["nesterov"]), float(first), p, *b)
