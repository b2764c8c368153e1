"""Softmax, its logarithm, and the softmax classifier's loss."""

from typing import Any, NamedTuple

from minigrad.backend import array_module, deferred_flag
from minigrad.backend.cuda_kernel import accumulate_type, elementwise, reduction

# --- the logarithm of the sum of exp(x), in one pass: the largest so far, and the sum of exp(x - largest) ------------

LOG_SUM_EXP = reduction(
    "log_sum_exp",
    "T x",
    "S out",
    map="Spread(A(x), A(1))",
    reduce="joined(a, b)",
    after="out = a.largest == A(1) / A(0) ? A(0) / A(0) : a.largest + log(a.total)",
    identity="Spread(-A(1) / A(0), A(0))",
    kind="Spread",
    preamble="""
    struct Spread {
        A largest, total;
        __device__ Spread() {}
        __device__ Spread(A largest, A total) : largest(largest), total(total) {}
    };
    __device__ Spread joined(Spread a, Spread b) {
        if (a.total == 0 || b.total == 0) return a.total == 0 ? b : a;
        if (a.largest < b.largest) { Spread c = a; a = b; b = c; }
        A share = a.largest == b.largest ? A(1) : exp(b.largest - a.largest);
        return Spread(a.largest, a.total + b.total * share);
    }
    """,
)


def log_sum_exp(x: Any, dim: int) -> Any:
    """log(sum(exp(x))) along `dim`, which stays with size 1, in the accumulate_type dtype."""
    shape = (*x.shape[:dim], 1, *x.shape[dim + 1 :])
    out = array_module(x).empty(shape, dtype=accumulate_type(x.dtype))
    return LOG_SUM_EXP.call(x, out, axis=dim, keepdims=True)


SOFTMAX = elementwise("softmax", "T x, S lse", "T out", "out = exp(A(x) - A(lse))")
LOG_SOFTMAX = elementwise("log_softmax", "T x, S lse", "T out", "out = A(x) - A(lse)")


def softmax(x: Any, *, dim: int) -> Any:
    """exp(x - log_sum_exp(x)) along `dim`."""
    return SOFTMAX.call(x, log_sum_exp(x, dim))


def log_softmax(x: Any, *, dim: int) -> Any:
    """x - log_sum_exp(x) along `dim`."""
    return LOG_SOFTMAX.call(x, log_sum_exp(x, dim))


# --- the mean over rows of -log softmax(x)[class], of those rows whose class counts --------------------------------

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
SLOPES = elementwise(
    "nll_slopes",
    "T x, I target, S lse, T g, int64 counted, int64 classes, int64 ignored",
    "T out",
    """
    bool counts = (long long)target != ignored, here = i % classes == (long long)target;
    out = counts ? (exp(A(x) - A(lse)) - A(here)) * A(g) / A(counted) : A(0);
    """,
)


class Rows(NamedTuple):
    """What is known of the rows of scores once their classes are: kept from the forward pass for the backward one."""

    lse: Any
    counted: Any
    ignored: int


def rows_of(logits: Any, target: Any, ignored: int = -100) -> Rows:
    """The rows' log_sum_exp, and how many of them count: those whose class is not `ignored`."""
    return Rows(log_sum_exp(logits, 1), COUNT.call(target, ignored), ignored)


def nll(logits: Any, *, target: Any, rows: Rows | None) -> Any:
    """The mean of -log softmax(logits)[class] over the rows that count. A class out of range is noted, for the next
    wait to raise."""
    rows, classes = rows or rows_of(logits, target), logits.shape[1]
    text = f"cross_entropy: expected indices from 0 to {classes - 1} (classes), got others too"
    each = array_module(logits).empty(target.shape, dtype=accumulate_type(logits.dtype))
    fine = deferred_flag(logits, IndexError, text)
    ROW_LOSSES.call(logits, target, rows.lse.reshape(-1), rows.counted, classes, rows.ignored, each, fine)
    return each.sum(dtype=logits.dtype)


def nll_slopes(logits: Any, g: Any, *, target: Any, rows: Rows | None) -> Any:
    """g times the gradient of `nll`: (softmax - one-hot) / counted, and 0 in rows that do not count."""
    rows = rows or rows_of(logits, target)
    return SLOPES.call(logits, target.reshape(-1, 1), rows.lse, g, rows.counted, logits.shape[1], rows.ignored)
