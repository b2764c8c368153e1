"""Gradients, by PyTorch's names: `backward`, `grad`, `Function`, `gradcheck`, `functional`, and the recording modes."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from minigrad.autograd import function, functional
from minigrad.autograd.anomaly import AnomalyError, detect_anomaly, is_anomaly_enabled, set_detect_anomaly
from minigrad.autograd.batched import grad
from minigrad.autograd.function import Function
from minigrad.engine.gradients import backward
from minigrad.engine.modes import enable_grad, inference_mode, no_grad, set_grad_enabled

if TYPE_CHECKING:
    from minigrad.gradcheck import gradcheck, gradgradcheck
    from minigrad.torch.legacy import Variable

__all__ = [
    "AnomalyError", "Function", "Variable", "backward", "detect_anomaly", "enable_grad", "function", "functional",
    "grad", "gradcheck", "gradgradcheck", "inference_mode", "is_anomaly_enabled", "no_grad", "set_detect_anomaly",
    "set_grad_enabled",
]  # fmt: skip


# what stands above this layer, by the module it comes from; imported when it is named
_ABOVE = {"gradcheck": "minigrad.gradcheck", "gradgradcheck": "minigrad.gradcheck", "Variable": "minigrad.torch.legacy"}
_INSTEAD = {
    "graph": "what an operation keeps stays in memory; release graphs early, or recompute in a Function",
    "forward_ad": "there is no forward mode; use functional.jvp, which goes backward twice",
    "profiler": "use Python's cProfile",
}


def __getattr__(name: str) -> Any:
    """What is not there is named, with the way out."""
    if name in _ABOVE:
        return getattr(import_module(_ABOVE[name]), name)
    if name in _INSTEAD:
        raise AttributeError(f"autograd.{name}: {_INSTEAD[name]}")
    raise AttributeError(f"module 'minigrad.autograd' has no attribute {name!r}")
