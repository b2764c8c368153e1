"""Properties that hold exactly, whatever the tolerance: f and its backward give the same result twice, backward is
linear in the upstream gradient, arguments are not changed in place, memory layout does not matter."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from minigrad.autograd.function import Context
from minigrad.backend import broadcast_view, to_numpy
from minigrad.engine.primitive import wrap
from minigrad.gradcheck.derivative import Array
from minigrad.gradcheck.point import Point
from minigrad.gradcheck.probe import Probe, Tape, nodes_of, placed
from minigrad.gradcheck.settings import Settings
from minigrad.ops.random import collect_rng_states, restore_rng_states


def repeatable(probe: Probe) -> str | None:
    """Is f the same twice? If not: is it random (the same where the generators are set back)?"""
    first, again = probe(probe.x), probe(probe.x)
    if np.array_equal(first, again, equal_nan=True):
        return None
    states = collect_rng_states()
    one = probe(probe.x)
    restore_rng_states(states)
    two = probe(probe.x)
    if np.array_equal(one, two, equal_nan=True):
        return (
            "f is random: two calls with the same inputs gave different results, and the same ones once the random "
            "generators were set back. Seed it inside f (manual_seed, generator=), or pass the random "
            "numbers as an input"
        )
    gap = float(np.nanmax(abs(first - again)))
    return (
        f"f is not a function of its inputs: two calls with the same inputs differ by {gap:.3g} (state, "
        "or random numbers)"
    )


def inputs_unchanged(probe: Probe) -> str | None:
    """Does f, or its backward, leave its arguments as they were?"""
    args = probe.arguments(probe.x, range(len(probe.checked)))
    before = [to_numpy(a._array).copy() if hasattr(a, "_array") else None for a in args]
    tape = Tape(probe, args, probe.outputs(args, record=True), list(range(len(probe.checked))))
    gs = tape.upstream(np.ones(probe.m))
    tape.gradients(gs)
    for i, (a, kept) in enumerate(zip(args, before)):
        if kept is not None and not np.array_equal(to_numpy(a._array), kept, equal_nan=True):
            return f"input {i} was changed in place by f or its backward; work on a copy"
    for o, g in gs.items():
        if not (to_numpy(g._array) == 1).all():
            return f"the upstream gradient of output {o} was changed in place by backward; work on a copy"
    return None


def violations(point: Point, settings: Settings) -> Iterator[str]:
    """Which properties backward does not have at this point, in words."""
    tape, rng, m = point.tape, point.rng, point.probe.m
    u, v = (rng.normal(size=m) * np.isfinite(point.f) for _ in range(2))
    a, b = tape.vjp(u), tape.vjp(v)
    again, fresh = tape.vjp(u), point.probe.record(point.x).vjp(u)
    runs = {"a second run of backward on the same graph": again, "backward of a second run of f": fresh}
    for what, other in runs.items():
        gap = _gap(a, other)
        if gap > settings.nondet_tol:
            yield (
                f"backward is not repeatable: {what} differs by {gap:.3g} (nondet_tol is {settings.nondet_tol:g}). It "
                f"draws random numbers, changes what was saved, or keeps state from call to call"
            )
            return
    tape = point.probe.record(point.x)
    point.probe(point.x + 0.1 * point.reach)
    if _gap(tape.vjp(u), a) > settings.nondet_tol:
        yield (
            "backward uses state of the last call of f: with another call between f and its backward the gradient is "
            "different. Keep what backward needs in ctx, not in a global or on the object"
        )
        return
    same = _Same(point, u, v)
    if not same(tape.vjp(u * -2.5 + v), a * -2.5 + b, abs(a) * 2.5 + abs(b)):
        yield _nonlinear("backward(-2.5 g + h) is not -2.5 backward(g) + backward(h)")
    elif not (same(tape.vjp(u * 2.0**20) / 2.0**20, a) and same(tape.vjp(u / 2**20) * 2**20, a)):
        yield _nonlinear("backward(s g) is not s backward(g) for s = 2^20 or 2^-20")
    else:
        ones = np.ones(m) * np.isfinite(point.f)
        rest = tape.vjp(ones - u)
        if not same(tape.vjp(ones), a + rest, abs(a) + abs(rest)):
            yield _nonlinear("backward of a constant g is not what backward of its parts adds up to")
    zero = tape.vjp(np.zeros(m))
    if (zero[np.isfinite(a)] != 0).any():
        yield (
            "a zero upstream gradient does not give a zero gradient: backward adds something that does not depend on g"
        )
    yield from _layouts(point, u, a, same)
    yield from _subsets(point, u, a, same)


def _nonlinear(how: str) -> str:
    return (
        f"backward is not linear in the upstream gradient g: {how}. It must multiply by g once, whatever "
        "its size or sign"
    )


def _gap(a: Array, b: Array) -> float:
    with np.errstate(invalid="ignore"):
        gap = np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0.0, abs(a - b))
    return float(np.nan_to_num(gap, nan=np.inf).max(initial=0.0))


class _Same:
    """Are two gradients equal to rounding? Where everything cancels, it is eps |g f| / x of the terms."""

    def __init__(self, point: Point, u: Array, v: Array) -> None:
        self.low = point.probe.eps / 2.0**-52
        terms = float(((abs(u) + abs(v)) * abs(np.where(np.isfinite(point.f), point.f, 0))).sum())
        self.floor = 64 * point.probe.eps * terms / point.reach

    def __call__(self, a: Array, b: Array, size: Array | None = None) -> bool:
        """NaN and inf (at the edge of a domain) are left to the comparison with numbers."""
        size = abs(b) if size is None else size
        finite = np.isfinite(a) & np.isfinite(b)
        largest = float(size[finite].max(initial=0.0))
        with np.errstate(invalid="ignore"):
            near = abs(a - b) <= 1e-9 * self.low * size + 1e-12 * self.low * largest + self.floor
        return bool(near[finite].all())


def _layouts(point: Point, u: Array, a: Array, same: _Same) -> Iterator[str]:
    """The same numbers in other memory: columns first, negative strides, one number spread over a g."""
    for layout, words in (("F", "columns first"), ("R", "a negative stride")):
        try:
            other = point.probe.record(point.x, layout=layout)
        except (ValueError, RuntimeError):  # f refuses such memory, as as_strided() must
            continue
        if not same(other.vjp(u), a):
            yield f"inputs with {words} in memory get a different gradient: backward (or f) assumes contiguous arrays"
        if not same(point.tape.vjp(u, layout), a):
            yield (
                f"an upstream gradient with {words} in memory gives a different gradient: backward "
                "assumes contiguous arrays"
            )
    tape = point.tape
    spread = {o: wrap(broadcast_view(placed(np.ones(()), t.dtype, t), tuple(t.shape))) for o, t in enumerate(tape.outs)}
    ones = tape.vjp(np.ones(point.probe.m))
    if not same(tape.gather(tape.gradients(spread)), ones):
        yield (
            "an expanded upstream gradient (stride 0, as sum() gives) gets a different gradient than the "
            "same numbers copied"
        )


def _subsets(point: Point, u: Array, a: Array, same: _Same) -> Iterator[str]:
    """Each input alone, and each output alone, against all together."""
    probe, tape = point.probe, point.tape
    if len(probe.checked) > 1:
        for k, i in enumerate(probe.checked):
            alone = probe.record(point.x, only=[k]).vjp(u)
            if not same(alone, a * _only(probe, k)):
                yield f"the gradient of input {i} is different where no other input requires grad (needs_input_grad?)"
    if len(tape.live) > 1:
        total = sum(tape.gather(tape.gradients({o: g})) for o, g in tape.upstream(u).items())
        if not same(np.asarray(total), a):
            yield (
                "the gradients of each output alone do not add up to that of all: backward mishandles a "
                "missing (zero) gradient"
            )


def _only(probe: Probe, k: int) -> Array:
    chosen = np.zeros(probe.n)
    chosen[probe.parts[k]] = 1
    return chosen


def wrong_dtypes(point: Point, low: bool = False) -> list[str]:
    """What each `Function` in the graph returned from backward in another dtype than its argument's (the engine casts
    it back, and the precision is lost)."""
    tape = point.probe.record(point.x, low=low)
    found: list[str] = []
    for node in nodes_of(tape):
        for ctx in _contexts(node.kept):
            _listen(ctx, node, found)
    tape.vjp(np.ones(point.probe.m))
    return found


def _contexts(kept: Any) -> set[Context]:
    if isinstance(kept, Context):
        return {kept}
    return {ctx for x in kept for ctx in _contexts(x)} if isinstance(kept, tuple) else set()


def _listen(ctx: Context, node: Any, found: list[str]) -> None:
    """Let `ctx` tell of wrong dtypes when its backward runs."""
    run = ctx.gradients
    arguments = [i for i, needed in enumerate(ctx.needs_input_grad) if needed]

    def heard(g: Any) -> list[Any]:
        grads = run(g)
        for i, parent in zip(arguments, node.parents):
            if grads[i] is not None and parent.dtype is not None and grads[i].dtype != parent.dtype:
                found.append(
                    f"{node.plan.name}.backward returned {grads[i].dtype} for argument {i}, a {parent.dtype} one"
                )
        return grads

    ctx.gradients = heard  # type: ignore[method-assign]
