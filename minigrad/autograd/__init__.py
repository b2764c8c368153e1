"""Gradients, by PyTorch's names: `backward`, `grad`, `Function`, `gradcheck`, `functional`, and the recording modes."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from minigrad._lazy import lazy_imports
from minigrad.autograd import function, functional
from minigrad.autograd.anomaly import AnomalyError, detect_anomaly, is_anomaly_enabled, set_detect_anomaly
from minigrad.autograd.batched import grad
from minigrad.autograd.function import Function
from minigrad.autograd.grad_mode import enable_grad, inference_mode, no_grad, set_grad_enabled
from minigrad.autograd.variable import Variable
from minigrad.engine.gradients import backward

if TYPE_CHECKING:
    from minigrad.gradcheck import gradcheck, gradgradcheck

__all__ = [
    "AnomalyError", "Function", "Variable", "backward", "detect_anomaly", "enable_grad", "function", "functional",
    "grad", "gradcheck", "gradgradcheck", "inference_mode", "is_anomaly_enabled", "no_grad", "set_detect_anomaly",
    "set_grad_enabled",
]  # fmt: skip

_attribute, __dir__ = lazy_imports(
    __name__,
    instead={
        "graph": "what an operation keeps stays in memory; release graphs early, or recompute in a Function",
        "forward_ad": "there is no forward mode; use functional.jvp, which goes backward twice",
        "profiler": "use Python's cProfile",
    },
)


def __getattr__(name: str) -> Any:
    """The checker stands above this layer: it is imported when it is named."""
    if name in ("gradcheck", "gradgradcheck"):
        return getattr(import_module("minigrad.gradcheck"), name)
    return _attribute(name)
