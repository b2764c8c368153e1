"""Gradients, by PyTorch's names: `backward`, `grad`, `Function`, `gradcheck`, `functional`, and the recording modes."""

from typing import Any

from minigrad.autograd import function, functional
from minigrad.autograd.anomaly import AnomalyError, detect_anomaly, is_anomaly_enabled, set_detect_anomaly
from minigrad.autograd.batched import grad
from minigrad.autograd.function import Function
from minigrad.engine.gradients import backward
from minigrad.engine.modes import enable_grad, inference_mode, no_grad, set_grad_enabled

__all__ = [
    "AnomalyError", "Function", "Variable", "backward", "detect_anomaly", "enable_grad", "function", "functional",
    "grad", "gradcheck", "gradgradcheck", "inference_mode", "is_anomaly_enabled", "no_grad", "set_detect_anomaly",
    "set_grad_enabled",
]  # fmt: skip


def Variable(data: Any, requires_grad: bool = False, volatile: bool = False) -> Any:  # noqa: N802
    """The tensor itself: see `minigrad.legacy.Variable`."""
    from minigrad.torch.legacy import Variable as make

    return make(data, requires_grad, volatile)


def gradcheck(*args: Any, **options: Any) -> Any:
    """Compare analytic gradients with numerical ones: see `minigrad.gradcheck`."""
    from minigrad.gradcheck import gradcheck as check

    return check(*args, **options)


def gradgradcheck(*args: Any, **options: Any) -> Any:
    """Compare second-order gradients with numerical ones: see `minigrad.gradcheck`."""
    from minigrad.gradcheck import gradgradcheck as check

    return check(*args, **options)


def __getattr__(name: str) -> Any:
    """What is not there is named, with the way out."""
    if name in ("graph", "forward_ad", "profiler"):
        way = {
            "graph": "what an operation keeps stays in memory; release graphs early, or recompute in a Function",
            "forward_ad": "there is no forward mode; use functional.jvp, which goes backward twice",
            "profiler": "use Python's cProfile",
        }[name]
        raise AttributeError(f"autograd.{name}: {way}")
    raise AttributeError(f"module 'minigrad.autograd' has no attribute {name!r}")
