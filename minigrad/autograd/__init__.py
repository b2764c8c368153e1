"""Gradients, by PyTorch's names: `backward`, `grad`, `Function`, `gradcheck`, `functional`, and the recording modes."""

from typing import Any

from minigrad._lazy import lazy_imports
from minigrad.autograd import functional
from minigrad.autograd.variable import Variable
from minigrad.engine import function
from minigrad.engine.anomaly import AnomalyError, detect_anomaly, is_anomaly_enabled, set_detect_anomaly
from minigrad.engine.function import Function
from minigrad.engine.gradients import backward, grad
from minigrad.engine.modes import enable_grad, inference_mode, no_grad, set_grad_enabled

__all__ = [
    "AnomalyError", "Function", "Variable", "backward", "detect_anomaly", "enable_grad", "function", "functional",
    "grad", "gradcheck", "gradgradcheck", "inference_mode", "is_anomaly_enabled", "no_grad", "set_detect_anomaly",
    "set_grad_enabled",
]  # fmt: skip


def gradcheck(*args: Any, **options: Any) -> Any:
    """Compare analytic gradients with numerical ones: see `minigrad.gradcheck`."""
    from minigrad.gradcheck import gradcheck as check

    return check(*args, **options)


def gradgradcheck(*args: Any, **options: Any) -> Any:
    """Compare second-order gradients with numerical ones: see `minigrad.gradcheck`."""
    from minigrad.gradcheck import gradgradcheck as check

    return check(*args, **options)


__getattr__, __dir__ = lazy_imports(
    __name__,
    instead={
        "graph": "what an operation keeps stays in memory; release graphs early, or recompute in a Function",
        "forward_ad": "there is no forward mode; use functional.jvp, which goes backward twice",
        "profiler": "use Python's cProfile",
    },
)
