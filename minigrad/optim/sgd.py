"""Following the gradient: stochastic gradient descent, with momentum."""

from typing import Any

from minigrad.backend import array_module
from minigrad.optim.optimizer import Optimizer, nonnegative


class SGD(Optimizer):
    """w <- w - lr * d, where d is the gradient plus weight_decay * w, or its running sum.

    With momentum m: buffer <- m * buffer + (1 - dampening) * d (d itself in the first step), and d <- buffer, or
    d + m * buffer with nesterov. maximize climbs. lr may be a function of the number of steps taken so far. PyTorch's
    formula. A parameter without a gradient stays as it is. Raises ValueError for settings that are negative or nan.
    """

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
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
        if differentiable:
            raise ValueError(
                "SGD: differentiable=True is not supported; take the step with recorded operations instead"
            )
        self._steps = 0
        self._scratch: dict[Any, Any] = {}
        super().__init__(
            params,
            {"lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay,
             "nesterov": nesterov, "maximize": maximize},
        )  # fmt: skip

    def _check(self, settings: dict[str, Any]) -> None:
        nonnegative("SGD", **{k: settings[k] for k in ("lr", "momentum", "weight_decay")})
        if settings["dampening"] != settings["dampening"]:
            raise ValueError(f"SGD: dampening: expected a number, got {settings['dampening']!r}")
        if settings["nesterov"] and (settings["momentum"] <= 0 or settings["dampening"] != 0):
            raise ValueError("SGD: nesterov needs a momentum above 0 and no dampening")

    def step(self, closure: Any = None) -> Any:
        """One update: see Optimizer.step."""
        loss = super().step(closure)
        self._steps += 1
        return loss

    def _update(self, group: dict[str, Any]) -> None:
        rate = group["lr"](self._steps) if callable(group["lr"]) else group["lr"]
        rate, momentum, decay = -float(rate), group["momentum"], group["weight_decay"]
        for p in group["params"]:
            if p._grad is None:
                continue
            w, g = p._array, p._grad._array
            xp, scratch = array_module(w), self._scratch_for(w)
            if group["maximize"]:
                g = xp.negative(g, out=scratch)
            if decay and momentum:
                other = self._scratch_for(w, 1)
                xp.multiply(w, decay, out=other)
                g = xp.add(g, other, out=scratch)
            elif decay:  # w - lr (g + decay w) in two passes and a half: shrink w, then step
                w *= 1 + rate * decay
            if momentum:
                g = self._momentum(p, g, group)
            step = xp.multiply(g, rate, out=scratch)
            w += step
            self._moved(p)

    def _momentum(self, p: Any, g: Any, group: dict[str, Any]) -> Any:
        """The direction after the buffer took in `g`."""
        momentum, state = group["momentum"], self.state.setdefault(p, {})
        buffer = state.get("momentum_buffer")
        if buffer is None:
            buffer = state["momentum_buffer"] = g.copy()
        else:
            buffer *= momentum
            buffer += g if not group["dampening"] else g * (1 - group["dampening"])
        if not group["nesterov"]:
            return buffer
        xp, other = array_module(g), self._scratch_for(g, 1)
        xp.multiply(buffer, momentum, out=other)
        other += g
        return other

    def _scratch_for(self, array: Any, number: int = 0) -> Any:
        """A buffer like `array` to compute in: one a shape and dtype, kept from step to step."""
        key = (array.shape, array.dtype, number)
        found = self._scratch.get(key)
        if found is None:
            found = self._scratch[key] = array_module(array).empty_like(array)
        return found

    def state_dict(self) -> dict[str, Any]:
        """See Optimizer.state_dict; also the number of steps taken."""
        return {**super().state_dict(), "steps": self._steps}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """See Optimizer.load_state_dict."""
        super().load_state_dict(state_dict)
        self._steps = state_dict.get("steps", 0)
