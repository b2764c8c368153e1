"""Who shares memory with whom, what is freed when, and what a backward pass costs."""

import gc
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import autograd
from minigrad.engine import backward as walking
from minigrad.engine.primitive import REGISTRY


def leaf(*shape: int, seed: int = 0) -> Any:
    values = np.random.default_rng(seed).uniform(0.3, 0.9, shape)
    return mg.tensor(values, requires_grad=True)


class Identity(autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any, y: Any) -> Any:
        ctx.save_for_backward(x)
        return x + y

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return g, g


class Constant(autograd.Function):
    """Its backward returns what it kept, twice."""

    @staticmethod
    def forward(ctx: Any, x: Any, y: Any) -> Any:
        ctx.save_for_backward(x)
        return x + y

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (x,) = ctx.saved_tensors
        return x, x


def overwritten(x: Any, y: Any) -> Any:
    z = x * 1.0
    z[1:] = y[1:]
    return z


def changed(x: Any, y: Any) -> Any:
    z = x + 0.0
    z.T.add_(y.T)
    return z


PROGRAMS: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "add itself": lambda x, y: x + x + y,
    "add often": lambda x, y: x + y + x + y + x,
    "mul": lambda x, y: x * y,
    "views": lambda x, y: x.T.reshape(-1).view(3, 3).T + y.flatten().reshape(3, 3),
    "reshape": lambda x, y: x.reshape(9) + y.reshape(9),
    "permute": lambda x, y: x.permute(1, 0) + y,
    "expand": lambda x, y: x[0].expand(3, 3) + y[:, :1].expand(3, 3),
    "cat": lambda x, y: mg.cat([x, y]),
    "stack": lambda x, y: mg.stack([x, y]),
    "unbind": lambda x, y: x.unbind(0)[0] + y.unbind(1)[0],
    "sum": lambda x, y: x.sum() + y.sum(1),
    "mean": lambda x, y: x.mean(0) + y.mean(),
    "where": lambda x, y: mg.where(x > 0.5, x, y),
    "maximum": lambda x, y: mg.maximum(x, y),
    "amax": lambda x, y: x.amax(0) + y.max(1).values,
    "clone": lambda x, y: x.clone() + y.clone(),
    "cast": lambda x, y: x.float() + y.float(),
    "clamp": lambda x, y: x.clamp(0, 10) + y,
    "setitem": overwritten,
    "in place": changed,
    "Function": lambda x, y: Identity.apply(x, y),
    "constant": lambda x, y: Constant.apply(x, y),
    "the leaf itself": lambda x, y: x,
}


def backward(x: Any, y: Any, out: Any, weight: Any, create: bool) -> list[Any]:
    out.backward(weight, create_graph=create)
    return [t.grad for t in (x, y) if t.grad is not None]


def grad(x: Any, y: Any, out: Any, weight: Any, create: bool) -> list[Any]:
    got = autograd.grad(out, (x, y, x), weight, create_graph=create, allow_unused=True)
    return [g for g in got if g is not None]


def inputs(x: Any, y: Any, out: Any, weight: Any, create: bool) -> list[Any]:
    out.backward(weight, create_graph=create, inputs=[x, y])
    return [t.grad for t in (x, y) if t.grad is not None]


@pytest.mark.parametrize("create", [False, True], ids=["plain", "create_graph"])
@pytest.mark.parametrize("how", [backward, grad, inputs])
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_gradient_shares_memory_with_nothing(name: str, how: Any, create: bool) -> None:
    x, y = leaf(3, 3, seed=1), leaf(3, 3, seed=2)
    out = PROGRAMS[name](x, y)
    weight = mg.ones_like(out)
    grads = how(x, y, out, weight, create)
    others = [x, y, out, weight]
    assert grads
    for i, g in enumerate(grads):
        assert g._array.flags.writeable
        for other in others + grads[:i]:
            assert not np.shares_memory(g._array, other._array)


@pytest.mark.parametrize("create", [False, True], ids=["plain", "create_graph"])
def test_retained_gradients_share_memory_with_nothing(create: bool) -> None:
    x, y = leaf(3), leaf(3)
    a, b = x + 0.0, y + 0.0
    out = a + b
    kept = [a, b, out]
    for t in kept:
        t.retain_grad()
    weight = mg.ones(3, dtype=mg.float64)
    out.backward(weight, create_graph=create)
    grads = [t.grad._array for t in (*kept, x, y)] + [weight._array]
    assert not any(np.shares_memory(g, h) for i, g in enumerate(grads) for h in grads[:i])


@pytest.mark.parametrize("create", [False, True], ids=["plain", "create_graph"])
def test_what_a_hook_sees_keeps_or_gives_is_not_the_leafs_gradient(create: bool) -> None:
    x, mine, seen = leaf(3), mg.full((3,), 2.0, dtype=mg.float64), []
    x.register_hook(seen.append)
    (x * x).sum().backward(create_graph=create)
    x.register_hook(lambda g: mine)
    first = seen[0]._array.copy()
    (x * x).sum().backward(create_graph=create)
    assert not np.shares_memory(x.grad._array, mine._array)
    assert not np.shares_memory(x.grad._array, seen[0]._array)
    assert mine.tolist() == [2.0] * 3 and np.array_equal(seen[0]._array, first)


def test_a_hook_may_change_the_gradient_in_place_and_nobody_else_notices() -> None:
    x, y = leaf(3), leaf(3)
    a, b = x + 0.0, y + 0.0
    a.register_hook(lambda g: g.mul_(10))
    x.register_hook(lambda g: g.mul_(10))
    (a + b).sum().backward()
    assert x.grad.tolist() == [100.0] * 3 and y.grad.tolist() == [1.0] * 3


def test_accumulation_does_not_write_into_anything_else() -> None:
    x, y = leaf(3), leaf(3)
    (x + y).sum().backward()
    before = y.grad.tolist()
    (x * 2).sum().backward()
    assert x.grad.tolist() == [3.0] * 3 and y.grad.tolist() == before


def test_results_share_memory_with_nothing_unless_they_are_views() -> None:
    x = leaf(2, 3)
    results = [x + 0, x * 1, -x, x.abs(), x.clone(), x.sum(0), x.clamp(0, 1), mg.cat([x]), x.flip(0), x[[0, 1]],
               x.floor(), x.relu(), mg.where(x > 0, x, x), x.to(copy=True), x.max(0).values]  # fmt: skip
    assert not any(np.shares_memory(r._array, x._array) for r in results)
    views = [
        x.T,
        x[0],
        x.reshape(6),
        x.view(3, 2),
        x.detach(),
        x.data,
        x.expand(2, 2, 3),
        x.unsqueeze(0),
        x[None, ..., ::2],
    ]
    assert all(np.shares_memory(v._array, x._array) for v in views)


# --- freed by reference counts ------------------------------------------------------------------------------------


@pytest.fixture
def no_gc() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def hooked(x: Any, y: Any) -> Any:
    z = x * y
    z.register_hook(lambda g: g * 2)
    z.retain_grad()
    return z.exp()


def viewed(x: Any, y: Any) -> Any:
    z = x * 1.0
    v = z[0]
    v.mul_(y[0])
    return (z * v).exp()


FREED = PROGRAMS | {"hooks": hooked, "views in place": viewed, "exp": lambda x, y: (x.exp() * y).tanh()}


@pytest.mark.parametrize("ending", ["dropped", "backward", "create_graph", "grad"])
@pytest.mark.parametrize("name", FREED)
def test_a_graph_is_freed_by_reference_counts(name: str, ending: str, no_gc: None) -> None:
    x, y = leaf(3, 3, seed=1), leaf(3, 3, seed=2)
    out = FREED[name](x, y)
    loss = (out * out).sum()
    alive = [weakref.ref(o) for o in (out._array, loss._array, loss._node)]
    if name != "the leaf itself":
        alive.append(weakref.ref(out._node))
    if ending in ("backward", "create_graph"):
        loss.backward(create_graph=ending == "create_graph")
    elif ending == "grad":
        g = autograd.grad(loss, x, create_graph=True)[0]
        alive += [weakref.ref(g._array), weakref.ref(g._node)]
        del g
    alive += [weakref.ref(x._array), weakref.ref(x._node)]
    del out, loss, x, y
    assert [r() for r in alive] == [None] * len(alive)


def test_kept_arrays_are_freed_as_the_walk_passes(no_gc: None) -> None:
    x = leaf(3)
    h = x.exp()
    kept = weakref.ref(h._array)
    y = h.sum()
    del h
    assert kept() is not None
    y.backward()
    assert kept() is None and y.item() > 0


def test_what_no_rule_names_is_not_kept(no_gc: None) -> None:
    h = leaf(3) * 2.0
    middle = weakref.ref(h._array)
    y = (h + 1.0).sum()
    del h
    assert middle() is None
    y.backward()


def test_a_batch_of_data_costs_no_gradient_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    x, w = mg.ones(4, 3), mg.ones(3, 2, requires_grad=True)
    y = x @ w
    assert y._node.plan.arguments == ("other",) and len(y._node.plan.rules) == 1
    assert y._node.kept == ((x._array,),)


# --- cost ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def visits(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The nodes whose rules the walk runs, as it goes."""
    seen: list[Any] = []
    pull = walking._apply_vjps

    def watched(node: Any, *rest: Any) -> None:
        seen.append(node)
        pull(node, *rest)

    monkeypatch.setattr(walking, "_apply_vjps", watched)
    return seen


@pytest.mark.parametrize("depth", [10, 1000])
def test_cost_is_linear_in_nodes_also_where_paths_are_exponentially_many(depth: int, visits: list[Any]) -> None:
    x = mg.tensor(1.0, dtype=mg.float64, requires_grad=True)
    y = x
    for _ in range(depth):
        y = y * 0.5 + y * 0.5  # 2**depth paths
    y.backward()
    assert x.grad.item() == 1.0
    assert len(visits) == 3 * depth


def test_a_rule_runs_once_for_each_argument_that_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    x, y = leaf(3), leaf(3)
    plan = REGISTRY["mul"].plan((True, True))
    rules = tuple(lambda g, v, i=i: (calls.append(i), g * v)[1] for i in range(2))
    monkeypatch.setattr(plan, "rules", rules)
    z = (x * y).sum()
    autograd.grad(z, x, retain_graph=True)
    assert calls == [0]  # y's rule leads to nothing that was asked for
    autograd.grad(z, y, retain_graph=True)
    assert calls == [0, 1]
    z.backward()
    assert calls == [0, 1, 0, 1]


def test_nodes_that_lead_to_no_wanted_input_are_not_visited(visits: list[Any]) -> None:
    x, y = leaf(3), leaf(3)
    branch = y
    for _ in range(50):
        branch = branch.exp().log()
    autograd.grad(((x * 2) + branch).sum(), x)
    assert len(visits) == 3


def test_a_gradient_of_an_intermediate_leaves_what_lies_behind_it_unvisited_and_alive(visits: list[Any]) -> None:
    x = leaf(3)
    h = x.exp()
    (gh,) = autograd.grad((h * h).sum(), h)
    assert len(visits) == 2  # sum and mul; exp's rule is not run, what it kept is not freed
    (gx,) = autograd.grad(h, x, gh)
    assert np.allclose(gx._array, 2 * np.exp(2 * x._array))


def test_100_000_chained_operations_differentiate_and_are_freed(no_gc: None) -> None:
    x = leaf(1)
    y = x
    for _ in range(50_000):
        y = y * 1.0 + 0.0
    first = weakref.ref(y._node)
    y.backward()
    assert x.grad.tolist() == [1.0]
    del y
    assert first() is None


def test_a_long_chain_that_is_dropped_without_backward_is_freed(no_gc: None) -> None:
    x = leaf(1)
    y = x.exp()
    first = weakref.ref(y._array)
    for _ in range(100_000):
        y = -y
    del y
    assert first() is None


def test_long_chains_of_views_and_of_changes_in_place() -> None:
    x = leaf(2)
    base = x * 1.0
    v = base
    for _ in range(20_000):
        v = v.T
    v.add_(1.0)  # replayed on the base, link by link, without recursion
    base.sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]
    z = x * 1.0
    for _ in range(20_000):
        z += 1.0
    (g,) = autograd.grad(z.sum(), x)
    assert g.tolist() == [1.0, 1.0]


def test_second_order_of_a_long_chain() -> None:
    x = leaf(1)
    y = x
    for _ in range(3000):
        y = y * 1.0
    (g,) = autograd.grad((y * y).sum(), x, create_graph=True)
    (h,) = autograd.grad(g.sum(), x)
    assert h.tolist() == [2.0]
