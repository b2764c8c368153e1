"""From the pattern of the errors to words: what a wrong gradient has in common with the right one.

Each hypothesis is a transformation of the numeric gradient (times 2, negated, transposed, rolled, ...) that must turn
it into the analytic one, everywhere; or a region that holds all that is wrong. The first that fits is said.
"""

import math
from collections.abc import Iterator

import numpy as np

from minigrad.dtypes import epsilon
from minigrad.gradcheck.compare import Block
from minigrad.gradcheck.derivative import Array
from minigrad.gradcheck.patterns import close, no_pattern, patterns
from minigrad.gradcheck.point import Point

OTHERS = "the others right"


class Evidence:
    """A block's wrong Jacobian, and (where the block is all of it) the gradients u'J of one random u, by input."""

    def __init__(self, point: Point, block: Block) -> None:
        self.point, self.block, probe = point, block, point.probe
        self.analytic = np.where(np.isfinite(block.analytic), block.analytic, 0.0)
        numeric = np.where(np.isfinite(block.numeric.error), block.numeric.value, self.analytic)
        self.numeric = np.where(block.kinked, self.analytic, numeric)
        self.wrong = block.wrong
        r, c = block.worst()
        self.input = next(k for k, part in enumerate(probe.parts) if block.columns[c] < part.stop)
        part = probe.parts[self.input]
        self.columns = np.flatnonzero((block.columns >= part.start) & (block.columns < part.stop))
        self.whole = len(self.columns) == part.stop - part.start and len(block.rows) == probe.m
        self.shape = probe.shapes[self.input]
        self.a, self.n = self.analytic[:, self.columns], self.numeric[:, self.columns]
        self.bad = self.wrong[:, self.columns]
        self.x = block.point.x[block.columns[self.columns]]
        u = np.random.default_rng(0).normal(size=len(block.rows))
        self.ga, self.gn = u @ self.a, u @ self.n


def diagnose(point: Point, block: Block) -> list[str]:
    """What seems to be wrong, in words with a suggestion; empty if no pattern is seen."""
    with np.errstate(all="ignore"):
        e = Evidence(point, block)
        subject = f"input {point.probe.checked[e.input]}"
        found = next(_hypotheses(e), None)
        place = _place(e)
        if not found and (not place or place.endswith(OTHERS)):
            found = next(patterns(e.a, e.n, e.bad, e.x, e.block.values), None) or no_pattern(e.a, e.n, e.bad)
    return [f"{subject}: {text}" for text in (found, *([] if found and place.endswith(OTHERS) else [place])) if text]


def _hypotheses(e: Evidence) -> Iterator[str]:
    if not np.isfinite(e.block.analytic[e.wrong]).all():
        yield "the analytic gradient is nan or inf where f is finite: 0 * inf, or 0 / 0, inside backward"
    if not e.a.any():
        yield "the analytic gradient is all zero: the graph is cut (detach, a Python number), or backward returns zeros"
    if close(e.a, -e.n):
        yield "the sign is wrong: backward(g) should be negated"
    yield from _precision(e)
    yield from _factors(e)
    if e.whole:
        yield from _swapped(e)
        yield from _moved(e)
        yield from _axes(e)
    yield from _elementwise(e)


# --- a constant factor ----------------------------------------------------------------------------------------------


def _factors(e: Evidence) -> Iterator[str]:
    """analytic = c * numeric with one c."""
    seen = abs(e.n) > 1e-6 * abs(e.n).max(initial=0.0)
    if not seen.any():
        return
    ratios = e.a[seen] / e.n[seen]
    c = float(np.median(ratios))
    if c == 0 or not close(e.a, c * e.n) or abs(c - 1) < 1e-7:
        return
    yield f"a factor is wrong: the analytic gradient is {c:.6g} times the numeric one everywhere{_named(c, e)}"


def _named(c: float, e: Evidence) -> str:
    """What that factor may be: n, 1/n, 2, sqrt(n), n/(n-1), ln 2, ..."""
    probe = e.point.probe
    sizes = sorted({*e.shape, *(n for s in probe.out_shapes for n in s), int(np.prod(e.shape)), probe.m})
    known = {2.0: "2", 0.5: "1/2", 3.0: "3", 4.0: "4", math.log(2): "ln 2", math.log(10): "ln 10", math.pi: "pi"}
    for n in sizes:
        if n > 1:
            where = f"n = {n}, the size of {_what(n, e)}"
            for value, name in ((float(n), where), (n / (n - 1), f"n / (n - 1) for n = {n}"), (n**0.5, f"sqrt({n})")):
                known[value] = f"{known[value]} (or {name})" if value in known else name
    for value, name in known.items():
        if abs(c / value - 1) < 1e-5:
            return f": backward lacks a division by {name}"
        if abs(c * value - 1) < 1e-5:
            return f": backward lacks a factor {name}"
    return ""


def _what(n: int, e: Evidence) -> str:
    if n in e.shape:
        return f"the input's dimension {e.shape.index(n)}"
    return "the input" if n == int(np.prod(e.shape)) else "the output"


# --- precision -------------------------------------------------------------------------------------------------------


def _precision(e: Evidence) -> Iterator[str]:
    """Relative errors of the size of another dtype's rounding, with no sign in common."""
    relative = (e.a - e.n)[e.bad] / np.fmax(abs(e.n[e.bad]), 1e-300)
    if relative.size < 2 or abs(relative.mean()) > 0.7 * abs(relative).mean():
        return
    largest = abs(relative).max()
    for dtype in ("float32", "float16"):
        eps = epsilon(np.dtype(dtype))
        if 1e-3 * eps < largest <= 2 * eps:
            yield f"precision is lost inside backward: relative errors up to {largest:.1e} are those of {dtype}"


# --- elements at other positions -------------------------------------------------------------------------------------


def _swapped(e: Evidence) -> Iterator[str]:
    """The gradient of another input."""
    probe, rows = e.point.probe, np.random.default_rng(0).normal(size=len(e.block.rows))
    for k, part in enumerate(probe.parts):
        if k != e.input and probe.shapes[k] == e.shape and len(e.block.columns) == probe.n:
            if close(e.ga, rows @ e.numeric[:, part]):
                yield f"it has the gradient of input {probe.checked[k]}: swapped"


def _moved(e: Evidence) -> Iterator[str]:
    """The right numbers at the wrong positions: transposed, flipped, rolled."""
    a, n = e.ga.reshape(e.shape), e.gn.reshape(e.shape)
    for i in range(n.ndim):
        for j in range(i):
            swapped = np.swapaxes(n, i, j)
            if close(a.ravel(), swapped.ravel()):
                then = "" if swapped.shape == a.shape else ", then reshaped"
                yield f"the gradient is transposed (dimensions {j} and {i}{then})"
    if n.ndim == 2 and close(a, n.ravel(order="F").reshape(n.shape)):
        yield "the gradient is in the other memory order (columns first): transposed, then reshaped"
    for axis in range(n.ndim):
        if n.shape[axis] > 1 and close(a, np.flip(n, axis)):
            yield f"the gradient is flipped along dimension {axis}"
        for by in (1, -1, 2, -2):
            rolled = np.roll(n, by, axis)
            inner = [slice(None)] * n.ndim
            inner[axis] = slice(2, -2) if n.shape[axis] > 6 else slice(None)
            if n.shape[axis] > 2 and (close(a, rolled) or (n.shape[axis] > 6 and close(a[*inner], rolled[*inner]))):
                yield f"the gradient is shifted by {by} along dimension {axis}"


def _axes(e: Evidence) -> Iterator[str]:
    """Sums over an axis that are missing, or averages in their place; terms that are missing."""
    a, n = e.ga.reshape(e.shape), e.gn.reshape(e.shape)
    for axis in range(n.ndim):
        change, due = (abs(np.diff(m, axis=axis)).max(initial=0) for m in (a, n))
        if n.shape[axis] > 1 and change <= 1e-12 * abs(a).max() < due:
            yield f"the gradient is the same all along dimension {axis}: it was summed over it and spread out again"
        gap = a - n
        if e.point.probe.m == n.size and n.shape[axis] > 1:
            for name, value in (("the output", e.block.values), ("x", e.x)):
                share = gap / value.reshape(n.shape)
                level = share.mean(axis, keepdims=True) + 0 * share
                if np.isfinite(share).all() and abs(gap).max() > 0 and close(share, level):
                    yield (
                        f"a term is missing: {name} times something that is the same all along dimension {axis}, such "
                        f"as sum(g * {name}) over it"
                    )
        flat = abs(np.diff(gap, axis=axis)).max(initial=0) <= 1e-6 * abs(gap).max()
        if n.shape[axis] > 1 and flat and abs(gap).max() > 0:
            yield f"a term that is the same all along dimension {axis} is missing, such as a mean or a sum of g over it"
    if len(e.point.probe.checked) > 1 and _broadcast(e):
        yield (
            "the gradient of an input that was broadcast: is it summed (not averaged, not the first) "
            "over what was repeated?"
        )


def _broadcast(e: Evidence) -> bool:
    """Was this input smaller than an output it broadcasts to?"""
    outs = e.point.probe.out_shapes
    return any(e.shape != s and np.broadcast_shapes(e.shape, s) == s for s in outs if _fits(e.shape, s))


def _fits(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    return len(a) <= len(b) and all(m in (1, n) for m, n in zip(a[::-1], b[::-1]))


# --- a factor that depends on x, or a region ------------------------------------------------------------------------


def _elementwise(e: Evidence) -> Iterator[str]:
    """For element-wise functions: analytic / numeric as a power of x or of the output."""
    if len(e.x) != len(e.block.rows) or not e.whole:
        return
    ratio, y = np.diag(e.a) / np.diag(e.n), e.block.values
    factors = {"x": e.x, "x^2": e.x**2, "the output": y, "the output squared": y * y, "|x|": abs(e.x), "2x": 2 * e.x}
    for name, value in factors.items():
        if close(ratio, value):
            yield f"the analytic gradient has a factor {name} too much"
        if close(ratio, 1 / value):
            yield f"the analytic gradient lacks a factor {name}"


def _place(e: Evidence) -> str:
    """Where all that is wrong lies, if not everywhere."""
    columns = np.asarray(e.bad.any(0))
    if columns.all() or not columns.any():
        return ""
    at = np.flatnonzero(columns)
    positions = e.block.columns[e.columns[at]]
    if len(at) == 1:
        index = e.point.probe.place(int(positions[0]))[1]
        last = " (the last: off by one?)" if positions[0] == e.point.probe.parts[e.input].stop - 1 else ""
        zero = " and zero there" if not e.a[:, at].any() else ""
        return "; ".join(filter(None, (f"only element {list(index)} is wrong{last}{zero}", _rule(e.x, columns))))
    if e.whole:
        mask = columns.reshape(e.shape)
        for axis in range(mask.ndim):
            others = tuple(d for d in range(mask.ndim) if d != axis)
            hit = np.flatnonzero(mask.any(others))
            if len(hit) == 1 and mask.shape[axis] > 1:
                last = " (the last: off by one?)" if hit[0] == mask.shape[axis] - 1 else ""
                zero = "" if e.a[:, at].any() else ", and zero"
                return f"only index {hit[0]} of dimension {axis} is wrong{last}{zero}"
    return _region(e.x, columns, e)


def _region(x: Array, wrong: Array, e: Evidence) -> str:
    """What the wrong elements have in common."""
    rule = _rule(x, wrong)
    if rule:
        return rule
    ties = np.array([(x == v).sum() > 1 for v in x])
    if ties.any() and not ties.all() and not wrong[~ties].any():
        return "wrong only where several elements are equal: ties only"
    return f"{int(wrong.sum())} of {wrong.size} elements are wrong, {OTHERS}"


def _rule(x: Array, wrong: Array) -> str:
    """A threshold on x or |x| that separates the wrong elements from the right ones."""
    for name, values in (("x", x), ("|x|", abs(x))):
        bad, good = values[wrong], values[~wrong]
        if len(values) < 4 or not len(good):
            continue
        if bad.min() > good.max():
            return f"wrong only where {name} > {_between(good.max(), bad.min())}: one side of a mask or of a threshold?"
        if bad.max() < good.min():
            return f"wrong only where {name} < {_between(bad.max(), good.min())}: one side of a mask or of a threshold?"
    return ""


def _between(low: float, high: float) -> str:
    """A round number between two, if there is one."""
    whole = [n for n in (0, 1, -1) if low <= n <= high] or [n for n in [np.ceil(low)] if low <= n <= high]
    return f"{whole[0]:g}" if whole else f"{(low + high) / 2:.3g} (it is between {low:.3g} and {high:.3g})"
