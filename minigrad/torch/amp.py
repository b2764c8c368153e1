"""Automatic mixed precision, by PyTorch's names. `autocast` changes nothing here: what is under it runs in the
precision of its tensors, with a warning. `GradScaler` works."""

import math
import warnings
from contextlib import ContextDecorator
from typing import Any

from minigrad.autograd.grad_mode import no_grad
from minigrad.engine.tensor import Tensor
from minigrad.optim import Optimizer
from minigrad.torch import cuda


class autocast(ContextDecorator):  # noqa: N801
    """A context (or a decorator) that changes nothing; use .half() or dtype= for float16."""

    def __init__(
        self, device_type: str | bool = "cuda", dtype: Any = None, enabled: bool = True, **options: Any
    ) -> None:
        if enabled and device_type is not False:  # autocast(False), as cuda.amp has it
            warnings.warn("autocast: minigrad has no mixed precision; running in the tensors' own dtype", stacklevel=2)

    def __enter__(self) -> "autocast":
        return self

    def __exit__(self, *error: Any) -> None:
        pass


def custom_fwd(fwd: Any = None, **options: Any) -> Any:
    """The forward of a Function itself: PyTorch would set its dtype under autocast. Or a decorator with settings."""
    return (lambda given: given) if fwd is None else fwd


custom_bwd = custom_fwd


def is_autocast_available(device_type: str) -> bool:
    """No."""
    return False


class GradScaler:
    """Scales the loss, so that gradients of float16 do not vanish, and leaves out steps whose gradients are inf or nan.

    After such a step the scale goes down by `backoff_factor`, after `growth_interval` good ones up by `growth_factor`.
    Without a GPU a scaler for "cuda" changes nothing, as PyTorch's, and says so; GradScaler("cpu") works there.
    """

    def __init__(
        self, device: Any = "cuda", init_scale: float = 2.0**16, growth_factor: float = 2.0,
        backoff_factor: float = 0.5, growth_interval: int = 2000, enabled: bool = True,
    ) -> None:  # fmt: skip
        if isinstance(device, (int, float)):  # GradScaler(init_scale), as cuda.amp has it
            init_scale, device = device, "cuda"
        for name, good, wanted in (
            ("init_scale", 0 < init_scale < math.inf, "a finite number above 0"),
            ("growth_factor", growth_factor > 1, "a number above 1"),
            ("backoff_factor", 0 < backoff_factor < 1, "a number between 0 and 1"),
            ("growth_interval", growth_interval >= 1, "at least 1"),
        ):
            if not good:
                raise ValueError(f"GradScaler: {name}: expected {wanted}, got {locals()[name]!r}")
        if enabled and str(device).startswith("cuda") and not cuda.is_available():
            warnings.warn('GradScaler: disabled, for there is no GPU; GradScaler("cpu") scales', stacklevel=2)
            enabled = False
        self._enabled, self._scale, self._good = enabled, float(init_scale), 0
        self._growth, self._backoff, self._interval = growth_factor, backoff_factor, growth_interval
        self._unscaled: dict[int, bool] = {}  # of each optimizer since the last update(): were all gradients finite?

    def is_enabled(self) -> bool:
        """Does it scale?"""
        return self._enabled

    def scale(self, outputs: Any) -> Any:
        """The loss (or each of several) times the scale."""
        if not self._enabled:
            return outputs
        if isinstance(outputs, Tensor):
            return outputs * self._scale
        if isinstance(outputs, (list, tuple)):
            return type(outputs)(self.scale(one) for one in outputs)
        raise TypeError(f"GradScaler.scale: expected a Tensor or a list of them, got {type(outputs).__name__}")

    def unscale_(self, optimizer: Optimizer) -> None:
        """Divide the gradients of this optimizer's parameters by the scale, once before each step."""
        if not self._enabled:
            return
        if id(optimizer) in self._unscaled:
            raise RuntimeError("GradScaler.unscale_: called already for this optimizer since the last update()")
        grads = [p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
        if not grads:
            raise RuntimeError("GradScaler: no parameter of the optimizer has a gradient; call backward() before")
        with no_grad():
            for g in grads:
                g.mul_(1 / self._scale)
            self._unscaled[id(optimizer)] = all(bool(g.isfinite().all()) for g in grads)

    def step(self, optimizer: Optimizer, *args: Any, **kwargs: Any) -> Any:
        """The optimizer's step on the unscaled gradients; none, and None, where one of them is inf or nan."""
        if not self._enabled:
            return optimizer.step(*args, **kwargs)
        if args or "closure" in kwargs:
            raise RuntimeError("GradScaler.step: a closure is not supported; call optimizer.step(closure) unscaled")
        if id(optimizer) not in self._unscaled:
            self.unscale_(optimizer)
        return optimizer.step(**kwargs) if self._unscaled[id(optimizer)] else None

    def update(self, new_scale: float | Tensor | None = None) -> None:
        """Adapt the scale by how the steps since the last call went, or set it."""
        if not self._enabled:
            return
        if new_scale is not None:
            self._scale = float(new_scale)
        elif not self._unscaled:
            raise RuntimeError("GradScaler.update: no step was made since the last one; call step(optimizer) first")
        elif not all(self._unscaled.values()):
            self._scale, self._good = self._scale * self._backoff, 0
        else:
            self._good += 1
            if self._good == self._interval:
                self._scale, self._good = self._scale * self._growth, 0
        self._unscaled.clear()

    def get_scale(self) -> float:
        """The scale; 1 where it is disabled."""
        return self._scale if self._enabled else 1.0

    def state_dict(self) -> dict[str, Any]:
        """The scale, how it adapts, and the good steps since it last did; nothing where it is disabled."""
        if not self._enabled:
            return {}
        values = (self._scale, self._growth, self._backoff, self._interval, self._good)
        return dict(zip(_STATE, values))

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a state."""
        if not self._enabled:
            return
        if missing := [name for name in _STATE if name not in state_dict]:
            raise ValueError(
                f"GradScaler.load_state_dict: expected {', '.join(_STATE)}; missing: {', '.join(missing)} (a disabled "
                f"scaler saves nothing)"
            )
        self._scale, self._growth, self._backoff, self._interval, self._good = (state_dict[name] for name in _STATE)


_STATE = ("scale", "growth_factor", "backoff_factor", "growth_interval", "_growth_tracker")
__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd", "is_autocast_available"]
