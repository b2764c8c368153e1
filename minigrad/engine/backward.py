"""The backward pass: once over the recorded graph, from the outputs to the leaves. It never recurses."""

from collections.abc import Callable
from sys import getrefcount
from typing import Any

from numpy import errstate

from minigrad.backend import MIN_PARALLEL, asarray, chunked_map
from minigrad.backend import run as runner
from minigrad.engine import bfloat16
from minigrad.engine.graph import FREED, AccumulateGrad, Node
from minigrad.engine.messages import describe
from minigrad.engine.modes import modes
from minigrad.engine.primitive import REGISTRY, holds_arrays, wrap
from minigrad.engine.slice_grad import SliceGradient
from minigrad.engine.tensor import Tensor
from minigrad.engine.versions import OWN_REFERENCES, bump_version, check_unchanged, clock
from minigrad.errors import GraphError, ShapeError


def backward_pass(
    outputs: list[tuple[Node, Any]],
    *,
    retain: bool,
    create: bool,
    wanted: set[Node] | None = None,
    collect: bool = False,
    stop: bool = False,
) -> dict[Node, Any]:
    """Carry gradients from `outputs` (nodes, each with the raw gradient that arrives there) through the graph.

    retain   keep what the nodes keep; otherwise it goes as the pass comes by
    create   run the rules on Tensors, which records them, instead of on raw arrays
    wanted   the only nodes whose gradients matter: rules that do not lead to one of them are not run. None: all leaves.
    collect  return the gradients of the wanted nodes (raw arrays, or Tensors if `create`) instead of adding those of
             the leaves among them to their `.grad`
    stop     (and collect) at the wanted nodes: their hooks are not called, and what is behind them is not visited
    """
    ends = wanted if stop else None
    slots = _slots([node for node, _ in outputs], wanted, ends)
    found: dict[Node, Any] = {}
    for node, g in outputs:
        if node in slots:
            slot = slots[node]
            slot[GRAD] = g if slot[GRAD] is None else slot[GRAD] + g
    ready = [slot for slot in slots.values() if not slot[WAITS]]
    anomaly = modes.anomaly
    apply, accumulate = _apply_vjps, _accumulate
    if runner.multi_gpu:
        apply, accumulate = _on_device(apply), _on_device(accumulate)
    if bfloat16.active and not create:
        apply = bfloat16.upcast_node(apply)
    recording, modes.grad = modes.grad, create and (anomaly or True)
    try:
        with errstate(all="ignore"):
            while ready:
                slot = ready.pop()
                node, g, slot[GRAD] = slot[NODE], slot[GRAD], None
                parents = node.parents
                if ends is not None and node in ends:
                    if g is not None:
                        found[node] = g if slot[OWN] else _copy(g)
                    continue
                if g is not None:
                    if node.hooks is not None:
                        g = _call_hooks(node, g, create, slot)
                    if collect:
                        if node in wanted:  # type: ignore[operator]
                            found[node] = g if slot[OWN] else _copy(g)
                    elif not parents:
                        accumulate(node, g, create, slot[OWN])
                if parents and (wanted is None or any(parent in slots for parent in parents)):
                    apply(node, g, slots, ready, create, anomaly, slot[MASKED])
                    if not retain and (keeps := node.plan.keeps_arrays) is not False:
                        if keeps or holds_arrays(node.kept):
                            node.kept = FREED
    finally:
        modes.grad = recording
    return found


# What the pass knows of a node is a list (an object would cost a third of the pass' own time): how many visited nodes
# have yet to send it a gradient; the sum of those that came; whether that sum was made in this pass and is known to
# nobody else, so that more may be added to it in place; whether a `where` has put zeros into it that stay zero; and
# the node itself.
WAITS, GRAD, OWN, MASKED, NODE = 0, 1, 2, 3, 4


def _slots(roots: list[Node], wanted: set[Node] | None, ends: set[Node] | None) -> dict[Node, list[Any]]:
    """The nodes to visit."""
    slots: dict[Node, list[Any]] = {root: [0, None, False, False, root] for root in roots}
    stack = list(slots)
    while stack:
        node = stack.pop()
        for parent in node.parents if ends is None or node not in ends else ():
            slot = slots.get(parent)
            if slot is None:
                slots[parent] = [1, None, False, False, parent]
                stack.append(parent)
            else:
                slot[WAITS] += 1
    return slots if wanted is None else _leading_to(wanted, slots, ends or set())


def _leading_to(wanted: set[Node], slots: dict[Node, list[Any]], ends: set[Node]) -> dict[Node, list[Any]]:
    """Of these nodes those from which a wanted one can be reached, counted anew."""
    order = [node for node, slot in slots.items() if not slot[WAITS]]
    for node in order:  # grows as it goes: parents after all of their consumers
        for parent in node.parents if node not in ends else ():
            slots[parent][WAITS] -= 1
            if not slots[parent][WAITS]:
                order.append(parent)
    reach: dict[Node, list[Any]] = {}
    for node in reversed(order):
        inside = [parent for parent in node.parents if parent in reach] if node not in ends else []
        if inside or node in wanted:
            reach[node] = [0, None, False, False, node]
            for parent in inside:
                reach[parent][WAITS] += 1
    return reach


def _apply_vjps(
    node: Node, g: Any, slots: dict[Node, list[Any]], ready: list[list[Any]], create: bool, anomaly: Any, masked: bool
) -> None:
    """Run a node's VJPs and hand their results to its parents, in the parents' shape and dtype."""
    plan, kept = node.plan, node.kept
    if kept is FREED:
        raise _freed(node)
    if node.clock != clock.now:
        check_unchanged(node, kept)
    masked = plan.zero_preserving or (masked and plan.elementwise)
    joint = rules = None
    if plan.joint is not None:
        wanted = tuple(parent in slots for parent in node.parents)
        joint = [None] * len(wanted) if g is None else plan.joint(g, node, wanted)
    elif create:
        rules, kept = plan.defined, plan.lifted(node, kept)
    else:
        rules = plan.rules
        if plan.chunked and g is not None and g.size >= MIN_PARALLEL:
            rules = tuple(map(_in_chunks, rules))
    i = -1
    for parent in node.parents:  # counted by hand: zip takes 0.2 us of a node's 1.7
        i += 1
        slot = slots.get(parent)
        if slot is None:
            continue
        if slot[WAITS] == 1:
            ready.append(slot)
        else:
            slot[WAITS] -= 1
        if g is None or (r := rules[i](g, *kept[i]) if joint is None else joint[i]) is None:
            continue
        if r.__class__ is SliceGradient:
            if r.g.dtype is not parent.dtype:
                r = SliceGradient(r.g.astype(parent.dtype), r.shape, r.index)
            if anomaly is None:
                slot[GRAD], slot[OWN], slot[MASKED] = r.added_to(slot[GRAD], slot[OWN]), True, slot[MASKED] or masked
                continue
            r = r.whole()
        if masked:
            slot[MASKED] = True
            if r is not g and not plan.is_view and r.shape == g.shape:  # a view moves its zeros itself
                r = _keep_zeros(g, r)
        if anomaly is not None:
            rule, values = (rules[i], kept[i]) if joint is None else (plan.rule(i), kept)
            anomaly.backward(node, parent, g, r, rule, values)
        if r.shape != parent.shape:
            r = _unbroadcast(node, r, parent.shape)
        if r.dtype is not parent.dtype:
            r = r.astype(parent.dtype)
        if slot[GRAD] is None:
            slot[GRAD] = r
            # passed on unchanged or as a view, it is not ours alone: nothing may be added in place, a leaf must copy
            slot[OWN] = r is not g and ((plan.fresh and not create) or (r._base if create else r.base) is None)
        elif slot[OWN] and r.shape and not create:
            slot[GRAD] += r
        else:
            slot[GRAD], slot[OWN] = slot[GRAD] + r, True


def _in_chunks(rule: Callable[..., Any]) -> Callable[..., Any]:
    """An element-wise rule for large arrays. (One that needs only g hands it on as it is.)"""
    return lambda g, *values: chunked_map(rule, g, *values) if values else rule(g)


def _on_device(visit: Callable[..., None]) -> Callable[..., None]:
    """`visit`, on the GPU that the gradient is on."""

    def call(node: Node, g: Any, *others: Any) -> None:
        with runner.device_guard(g):
            visit(node, g, *others)

    return call


def _keep_zeros(g: Any, r: Any) -> Any:
    """`r` with zeros wherever the gradient `g` that it was made from is zero.

    `where(x > 0, sqrt(x), 0)` sends sqrt a gradient of 0 at x = 0, where sqrt's derivative is inf: their product is
    nan, and is meant to be 0. So behind a `where`, and on through element-wise operations and views until one mixes
    elements, what is zero stays zero. Two passes over such gradients; nothing anywhere else. Where the pass is
    recorded only a nan is cut off: a gradient that merely happens to be zero has derivatives of its own.
    """
    where = REGISTRY["where"].call
    return where((g == 0) & (r != r) if isinstance(r, Tensor) else g == 0, 0.0, r)


def _unbroadcast(node: Node, r: Any, shape: tuple[int, ...]) -> Any:
    """A gradient summed over what broadcasting repeated: the adjoint of broadcasting, in the one place that does it."""
    extra = len(r.shape) - len(shape)
    if extra < 0 or any(n not in (1, m) for n, m in zip(shape, r.shape[extra:])):
        raise ShapeError(
            f"{node.plan.name}: its backward gave a gradient of shape {tuple(r.shape)} for an argument of shape {shape}"
        )
    return REGISTRY["sum_to"].call(r, shape=shape)


def _freed(node: Node) -> GraphError:
    return GraphError(
        f"{node.plan.name}: backward() came here a second time, and what the op had kept was freed the first time. "
        f"Call the first backward() (or autograd.grad()) with retain_graph=True to keep it"
    )


def _copy(g: Any) -> Any:
    """A gradient in memory of its own, writable: a Tensor's copy is recorded."""
    with runner.device_guard(g):
        return g.clone() if isinstance(g, Tensor) else asarray(g.copy())  # in C order, as parameters are


def _call_hooks(node: Node, g: Any, create: bool, slot: list[Any]) -> Any:
    """Let hooks see (and replace) a complete gradient, and keep it for a tensor that retains its own."""
    assert node.hooks is not None
    hooks = list(node.hooks.hooks.values())
    if hooks:  # they may change it in place, keep it, or return one that others know
        g, slot[OWN] = g if slot[OWN] else _copy(g), False
    t = g if create else wrap(asarray(g))
    for hook in hooks:
        new = hook(t)
        if new is None:
            continue
        if not isinstance(new, Tensor):
            raise TypeError(f"register_hook: expected the hook to return None or a Tensor, got {describe(new)}")
        if new._array.shape != t._array.shape:
            raise ShapeError(f"register_hook: expected the hook to return None or {describe(t)}, got {describe(new)}")
        t = new.astype(t.dtype)
    owner = None if node.hooks.retain is None else node.hooks.retain()
    if owner is not None:
        mine = _copy(t) if create else wrap(_copy(t._array))
        owner._grad = mine if owner._grad is None else owner._grad + mine
    return t if create else t._array


def _accumulate(leaf: Any, g: Any, create: bool, own: bool) -> None:
    """Add a complete gradient to the leaf's `.grad`."""
    assert isinstance(leaf, AccumulateGrad)
    owner = leaf.owner()
    if owner is None:
        return
    have = owner._grad
    if create:
        owner._grad = have + g if have is not None else g if own else _copy(g)
    elif have is None:
        owner._grad = wrap(asarray(g if own else _copy(g)))
    elif have._node is not None:  # recorded by an earlier create_graph=True: it must not change under its graph
        owner._grad = have + wrap(asarray(g))
    else:
        have._array += g
        if getrefcount(have._array) > OWN_REFERENCES:  # else no node can have kept it
            bump_version(have._array, "backward")
    if leaf.hooks is not None:
        for hook in list(leaf.hooks.after.values()):
            hook(owner)
