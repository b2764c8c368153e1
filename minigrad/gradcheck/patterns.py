"""Patterns in a wrong Jacobian, seen element by element: which derivatives are missing, misplaced, or off by what."""

from collections.abc import Iterator

import numpy as np

from minigrad.gradcheck.derivative import Array


def close(a: Array, b: Array, tolerance: float = 1e-6) -> bool:
    """Are two arrays equal up to rounding of the numeric derivatives, and not all zero?"""
    scale = np.fmax(abs(a), abs(b)).max(initial=0.0)
    return bool(0 < scale < np.inf and (abs(a - b) <= tolerance * np.fmax(abs(a), abs(b)) + 1e-9 * scale).all())


def patterns(a: Array, n: Array, bad: Array, x: Array, y: Array) -> Iterator[str]:
    """Words for derivatives `a` that should be `n` (outputs x inputs), wrong where `bad`, at inputs x and outputs y."""
    square = a.shape[0] == a.shape[1]
    diagonal = square and not (abs(a) + abs(n))[~np.eye(len(a), dtype=bool)].any()
    if not diagonal and close(np.sort(a, None), np.sort(n, None)) and not close(a, n.T if a.shape == n.T.shape else n):
        yield "the right derivatives stand at the wrong positions: an index, an order, or an axis is wrong in backward"
    there, due = (abs(m) > 1e-9 * abs(n).max(initial=0.0) for m in (a, n))
    if (there & ~due).any() and (due & ~there).any() and not (there & due).any():
        yield "the mask is flipped: zero where the derivative is not, and the other way round"
    if a.shape[0] == a.shape[1] and close(a, n.T):
        yield (
            "the Jacobian is transposed: backward goes the way of forward, where a scan must be reversed and a matrix "
            "transposed"
        )
    if not there[bad].any() and there.any():
        yield (
            "derivatives are missing, zero where they should not be, and the others are right: a contribution is "
            "dropped, such as all but the diagonal, all but the first copy, or all but the last of repeated indices"
        )
    if not due[bad].any():
        yield "derivatives are there that should be zero, the others are right: a gradient reaches inputs it should not"
    yield from _uneven(a, n, due)
    if len(x) == len(y) == len(a) and not n[~np.eye(len(n), dtype=bool)].any():
        yield from _formula(np.diag(a), np.diag(n), x, y)


def _uneven(a: Array, n: Array, due: Array) -> Iterator[str]:
    """Factors that differ from output to output, or from input to input."""
    ratio = np.where(due, a / np.where(due, n, 1.0), np.nan)
    for axis, whose, such in ((1, "output", "a norm, 1 / std, or the outer derivative"), (0, "input", "its own scale")):
        lines = [line[np.isfinite(line)] for line in (ratio if axis else ratio.T)]
        lines = [line for line in lines if len(line)]
        full = [line for line in lines if len(line) > 1]
        level = all(np.ptp(line) <= 1e-6 * abs(line).max() for line in full)
        if len(full) > 1 and level and not a[~due].any() and np.ptp([line[0] for line in lines]) > 1e-6:
            yield f"each {whose}'s derivatives are off by a factor of its own: one that goes with it is lost, {such}"
    columns = np.ptp(a, axis=0) <= 1e-9 * abs(a).max()
    if columns.all() and len(a) > 2 and a.any() and not np.ptp(n, axis=0).max() <= 1e-9 * abs(n).max():
        yield "every output's gradient reaches each input alike: g is averaged or summed where it is to be passed on"


def _formula(a: Array, n: Array, x: Array, y: Array) -> Iterator[str]:
    """Of an element-wise function: simple things that the derivatives are."""
    known = {
        "x": x, "the output": y, "1": np.ones_like(x), "x squared": x * x, "the output squared": y * y, "2 x": 2 * x,
        "1 - the output": 1 - y, "1 - the output squared": 1 - y * y, "output (1 - output)": y * (1 - y),
        "1 / x": 1 / x, "cos x": np.cos(x), "exp x": np.exp(x), "1 - 2 output": 1 - 2 * y,
    }  # fmt: skip
    is_, should = (next((name for name, v in known.items() if close(m, v)), "") for m in (a, n))
    if is_ or should:
        yield " where ".join(
            filter(None, (is_ and f"the analytic derivative is {is_}", should and f"it should be {should}"))
        )


def no_pattern(a: Array, n: Array, bad: Array) -> str:
    """What can be said where nothing fits."""
    ratio = (a / np.where(n == 0, np.nan, n))[bad]
    ratio = ratio[np.isfinite(ratio)]
    span = f", from {ratio.min():.3g} to {ratio.max():.3g} times what they should be" if ratio.size else ""
    return f"{int(bad.sum())} of {bad.size} derivatives are wrong{span}: a term or a formula, for no one factor fits"
