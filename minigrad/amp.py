"""Automatic mixed precision, by PyTorch's names: there is none here, and nothing is scaled. Scripts that ask for it run
in the precision of their tensors, with a warning once."""

import warnings
from contextlib import ContextDecorator
from typing import Any

from minigrad.optim import Optimizer
from minigrad.tensor import Tensor


def _warn(name: str) -> None:
    warnings.warn(f"{name}: minigrad has no mixed precision; running in the tensors' own dtype", stacklevel=3)


class autocast(ContextDecorator):  # noqa: N801
    """A context (or a decorator) that changes nothing; use .half() or dtype= for float16."""

    def __init__(
        self, device_type: str | bool = "cuda", dtype: Any = None, enabled: bool = True, **options: Any
    ) -> None:
        if enabled and device_type is not False:  # cuda.amp.autocast(False)
            _warn("autocast")

    def __enter__(self) -> "autocast":
        return self

    def __exit__(self, *error: Any) -> None:
        pass


def custom_fwd(fwd: Any = None, **options: Any) -> Any:
    """The forward of a Function itself: under autocast it would be told its dtype. Or a decorator with settings."""
    return (lambda given: given) if fwd is None else fwd


custom_bwd = custom_fwd


def is_autocast_available(device_type: str) -> bool:
    """No."""
    return False


class GradScaler:
    """Scales by 1: step() is the optimizer's."""

    def __init__(self, device: str = "cuda", enabled: bool = True, **options: Any) -> None:
        if enabled:
            _warn("GradScaler")

    def scale(self, outputs: Tensor) -> Tensor:
        """The loss itself."""
        return outputs

    def unscale_(self, optimizer: Optimizer) -> None:
        """Nothing to undo."""

    def step(self, optimizer: Optimizer, *args: Any) -> Any:
        """The optimizer's step."""
        return optimizer.step(*args)

    def update(self, new_scale: float | None = None) -> None:
        """Nothing to adapt."""

    def get_scale(self) -> float:
        """1."""
        return 1.0

    def state_dict(self) -> dict[str, Any]:
        """Nothing is remembered."""
        return {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Nothing to restore."""


__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd", "is_autocast_available"]
