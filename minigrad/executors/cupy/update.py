"""Updates of parameters: all arrays of one parameter in one launch."""

from typing import Any

from minigrad.backend.cuda_kernel import Kernel, elementwise

MOST = "__device__ A most(A a, A b) { return a != a || a >= b ? a : b; }"  # nan stays nan


def update(name: str, arrays: str, numbers: str, body: str) -> Kernel:
    """A kernel of one parameter `p`, its gradient `g`, the named arrays and numbers, all in the accumulate_type dtype `A`: `body`
    changes p and the arrays. It is called with

        g, maximize, decay, shrink, *numbers, p, *arrays

    and begins as every optimizer does: g = -g if maximize, g += decay * p, p *= shrink.
    """
    changed, given = ["p", *arrays.split()], ["decay", "shrink", *numbers.split()]
    lines = [f"const A {n} = {n}_;" for n in given] + [f"A {a} = {a}_;" for a in changed]
    return elementwise(
        name,
        "T g_, bool maximize, " + ", ".join(f"float64 {n}_" for n in given),
        ", ".join(f"T {a}_" for a in changed),
        " ".join(lines)
        + " A g = (maximize ? -A(g_) : A(g_)) + decay * p; p *= shrink;\n"
        + body
        + "\n"
        + " ".join(f"{a}_ = {a};" for a in changed),
        preamble=MOST,
    )


def start(group: dict[str, Any], lr: float) -> tuple[bool, float, float]:
    """maximize, decay and shrink by an optimizer's settings."""
    decay = float(group.get("weight_decay", 0))
    apart = bool(group.get("decoupled_weight_decay"))
    return bool(group["maximize"]), 0.0 if apart else decay, 1 - lr * decay if apart else 1.0
