"""The softmax classifier's loss in four launches, and its gradient in one."""

from typing import Any

from minigrad.backend import array_module, deferred_flag
from minigrad.backend.cuda_kernel import accumulate_type, elementwise, reduction
from minigrad.engine.executions import execution
from minigrad.executors.cupy.activation import log_sum_exp
from minigrad.ops.loss.losses import softmax_cross_entropy

COUNT = reduction(
    "count_classes", "I target, int64 ignored", "int64 out", "target != ignored", "a + b", "out = a", "0", "long long"
)
ROW_LOSSES = elementwise(
    "nll_of_rows",
    "raw T x, I target, S lse, int64 counted, int64 classes, int64 ignored",
    "S out, raw bool fine",
    """
    bool counts = (long long)target != ignored, inside = target >= 0 && (long long)target < classes;
    if (counts && !inside) fine[0] = false;
    out = !counts ? A(0) : !inside ? A(0) / A(0) : (A(lse) - A(x[i * classes + (long long)target])) / A(counted);
    """,
)
BACKWARD = elementwise(
    "nll_backward",
    "T x, I target, S lse, T g, int64 counted, int64 classes, int64 ignored",
    "T out",
    """
    bool counts = (long long)target != ignored, here = i % classes == (long long)target;
    out = counts ? (exp(A(x) - A(lse)) - A(here)) * A(g) / A(counted) : A(0);
    """,
)


def is_batch(logits: Any, target: Any, **settings: Any) -> bool:
    """A matrix of floating numbers, not empty, and beside it an integer for each of its rows."""
    return (
        logits.ndim == 2 and logits.dtype.kind == "f" and logits.size > 0
        and target.__class__ is logits.__class__ and target.dtype.kind in "iu" and target.shape == logits.shape[:1]
    )  # fmt: skip


def backward(g: Any, needed: Any, residuals: Any, logits: Any, target: Any, *, ignore_index: int) -> tuple[Any, None]:
    """g * (softmax - one-hot) / counted, and 0 in rows that do not count."""
    lse, counted = residuals
    return BACKWARD.call(logits, target.reshape(-1, 1), lse, g, counted, logits.shape[1], ignore_index), None


@execution(softmax_cross_entropy, "cupy", is_batch, backward)
def forward(logits: Any, target: Any, *, ignore_index: int) -> tuple[Any, tuple[Any, Any]]:
    """The mean over the rows that count; the rows' log_sum_exp, and how many of them count. A class out of range is
    noted, for the next wait to raise."""
    lse, counted, classes = log_sum_exp(logits, 1), COUNT.call(target, ignore_index), logits.shape[1]
    text = f"cross_entropy: expected indices from 0 to {classes - 1} (classes), got others too"
    each = array_module(logits).empty(target.shape, dtype=accumulate_type(logits.dtype))
    fine = deferred_flag(logits, IndexError, text)
    ROW_LOSSES.call(logits, target, lse.reshape(-1), counted, classes, ignore_index, each, fine)
    return each.sum(dtype=logits.dtype), (lse, counted)
