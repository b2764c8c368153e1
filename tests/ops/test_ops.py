"""Every operation, held to its OpInfo: values, and gradients of first and second order."""

from typing import Any

import numpy as np
import pytest

from minigrad import Tensor, enable_grad
from minigrad.engine.composite import COMPOSITES, JointPlan
from minigrad.engine.primitive import REGISTRY, wrap
from minigrad.gradcheck import numerical_gradient
from minigrad.ops import operations, primitives
from minigrad.testing.opinfo import OpInfo, SampleInput, op_db
from minigrad.testing.opinfo.call import Call, arrays_in, constants, cotangents, floating, gradients, results

CASES = [pytest.param(row, s, id=f"{row.name}-{s.name}") for row in op_db.values() for s in row.samples]
SMOOTH = [p for p in CASES if p.values[0].order and any(d.differentiable for d in p.values[1].arrays())]


def numeric(f: Any, x: Any) -> Any:
    """d f / d x for a number f of an array x that is changed in place; 0 for what is not a number, and cannot move."""
    return np.where(np.isfinite(x), numerical_gradient(lambda _: f(), x), 0.0)


def close(a: Any, b: Any, rtol: float = 1e-7, atol: float = 1e-8) -> None:
    np.testing.assert_allclose(np.asarray(a, "float64"), np.asarray(b, "float64"), rtol=rtol, atol=atol)


def inner(outs: list[Any], vs: list[Any]) -> float:
    return float(sum(np.sum(o._array * v) for o, v in zip(outs, vs, strict=True)))


# --- the contract -----------------------------------------------------------------------------------------------------


def test_every_registered_op_has_a_row_and_every_row_an_op() -> None:
    ops = set(primitives()) | set(operations())
    assert ops <= set(op_db) <= ops | set(COMPOSITES)


@pytest.mark.parametrize("row", [pytest.param(r, id=r.name) for r in op_db.values()])
def test_a_row_reaches_its_own_primitive(row: OpInfo, monkeypatch: pytest.MonkeyPatch) -> None:
    if row.name not in REGISTRY:
        assert row.call is not None or row.function() in operations().values()
        return
    op, seen = REGISTRY[row.name], []
    for sample in row.samples:
        outs, _ = Call(row, sample).run()
        stack = [o._current() for o in outs if isinstance(o, Tensor)]
        while stack:
            node = stack.pop()
            if node is not None and node.parents:
                seen.append(node.plan.name)
                stack += node.parents
    assert op.name in seen or not op.rules


@pytest.mark.parametrize("row", [pytest.param(r, id=r.name) for r in op_db.values() if r.name in primitives()])
def test_orders_and_zeros_are_as_the_rules_say(row: OpInfo) -> None:
    rules = REGISTRY[row.name].rules
    assert bool(rules) == (row.order > 0), "order=0 is for ops without a gradient rule"
    assert not row.zero or rules


# --- values -----------------------------------------------------------------------------------------------------------


def torch_like(torch: Any, x: Any) -> Any:
    if isinstance(x, np.ndarray):
        return torch.from_numpy(np.array(x))
    if isinstance(x, (list, tuple)):
        return type(x)(torch_like(torch, e) for e in x)
    return getattr(torch, str(x)) if isinstance(x, np.dtype) else x


def torch_function(torch: Any, row: OpInfo) -> Any:
    if callable(row.torch):
        return lambda *a, **k: row.torch(torch, *a, **k)  # type: ignore[operator, misc]
    found = torch
    for part in str(row.torch).split("."):
        found = getattr(found, part)
    return found


@pytest.mark.parametrize("row, sample", CASES)
def test_value_and_gradient_are_pytorch_s(row: OpInfo, sample: SampleInput) -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    if row.torch is None:
        pytest.skip("PyTorch has no such op")
    call = Call(row, sample)
    outs, leaves = call.run()
    places, count = [], iter(range(len(call.arrays)))
    stay = constants(sample)

    def lift(x: Any) -> Any:
        if isinstance(x, list) and arrays_in(x):
            return [lift(e) for e in x]
        if isinstance(x, np.ndarray):
            i = next(count)
            t = torch_like(torch, x)
            if i in call.places and not any(x is c for c in stay):
                places.append(t.requires_grad_())
            return t
        if isinstance(x, tuple) and any(isinstance(e, np.ndarray) for e in x):
            return tuple(torch_like(torch, e) if isinstance(e, np.ndarray) else e for e in x)
        return torch_like(torch, x) if isinstance(x, np.dtype) else x

    args, options = [lift(a) for a in call.args], {k: lift(v) for k, v in call.options.items()}
    theirs = results(torch_function(torch, row)(*args, **options))
    assert len(outs) == len(theirs)
    for ours, t in zip(outs, theirs):
        if not isinstance(t, torch.Tensor):
            assert ours == t
            continue
        assert tuple(ours.shape) == tuple(t.shape)
        assert str(t.dtype) == f"torch.{ours.dtype}"
        close(ours.detach().numpy(), t.detach().numpy(), row.rtol, 1e-14)
    if row.order == 0 or not places:
        return
    floats = floating(outs)
    vs = cotangents(floats)
    theirs = [t for t in theirs if t.is_floating_point()]
    pairs = [(t, torch.from_numpy(v)) for t, v in zip(theirs, vs, strict=True) if t.requires_grad]
    mine = gradients(floats, leaves, vs)
    found = torch.autograd.grad([t for t, _ in pairs], places, [v for _, v in pairs], allow_unused=True) if pairs else (
        [None] * len(places))  # fmt: skip
    for g, t in zip(mine, found, strict=True):
        close(g.numpy(), 0 * g.numpy() if t is None else t.numpy(), max(1e-10, row.rtol), 1e-12)


@pytest.mark.parametrize("row, sample", [p for p in CASES if p.values[0].numpy is not None])
def test_value_is_numpy_s(row: OpInfo, sample: SampleInput) -> None:
    args, options = sample.make()
    with np.errstate(all="ignore"):
        theirs = (getattr(np, row.numpy) if isinstance(row.numpy, str) else row.numpy)(*args, **options)
    outs, _ = Call(row, sample).run()
    for ours, t in zip(outs, results(theirs), strict=True):
        close(ours.detach().numpy() if isinstance(ours, Tensor) else ours, t, 1e-12, 1e-14)


# --- gradients --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row, sample", SMOOTH)
def test_gradient_is_the_slope(row: OpInfo, sample: SampleInput) -> None:
    call = Call(row, sample)
    outs, leaves = call.run()
    floats = floating(outs)
    vs = cotangents(floats)
    grads = gradients(floats, leaves, vs)
    for g, place in zip(grads, call.places, strict=True):
        expected = numeric(lambda: inner(floating(call.run(grad=False)[0]), vs), call.arrays[place])
        close(g.numpy(), expected)
        assert row.zero is not True or not g.numpy().any()


@pytest.mark.parametrize("row", [pytest.param(r, id=r.name) for r in op_db.values() if r.order and r.zero is not True])
def test_some_sample_has_a_gradient_for_each_argument(row: OpInfo) -> None:
    reached: set[int] = set()
    for sample in row.samples:
        call = Call(row, sample)
        outs, leaves = call.run()
        grads = gradients(floating(outs), leaves, cotangents(floating(outs)))
        reached |= {p for p, g in zip(call.places, grads, strict=True) if g.numpy().any()}
    assert reached | set(row.zero or ()) >= {p for sample in row.samples for p in Call(row, sample).places}


@pytest.mark.parametrize("row, sample", [p for p in SMOOTH if p.values[0].order > 1])
def test_gradient_of_the_gradient_is_its_slope(row: OpInfo, sample: SampleInput) -> None:
    call = Call(row, sample)

    @enable_grad()
    def outer(create: bool, vs: Any = None) -> Any:
        outs, leaves = call.run()
        floats = floating(outs)
        given = [wrap(v).requires_grad_() for v in (cotangents(floats) if vs is None else vs)]
        grads = gradients(floats, leaves, given, create=create)
        return leaves, given, grads

    leaves, given, grads = outer(True)
    vs = [v.detach().numpy() for v in given]
    ws = cotangents(grads, 2)
    second = gradients(grads, leaves + given, ws)
    for g, array in zip(second, [call.arrays[p] for p in call.places] + vs, strict=True):
        close(g.numpy(), numeric(lambda: inner(outer(False, vs)[2], ws), array), 1e-6, 1e-7)


def is_joint(outs: list[Any]) -> bool:
    """Did a composite take part? On arrays an execution may give its gradients, rounded in another order."""
    nodes = [t.grad_fn for t in outs if t.grad_fn is not None]
    for node in nodes:
        nodes += [parent for parent in node.parents if parent.parents]
    return any(isinstance(node.plan, JointPlan) for node in nodes)


ROUNDED = {"float16": 5e-3, "float32": 1e-5, "float64": 1e-12}


@pytest.mark.parametrize("row, sample", SMOOTH)
def test_backward_on_arrays_and_on_tensors_agree(row: OpInfo, sample: SampleInput) -> None:
    for dtype in row.dtypes:
        call = Call(row, sample, dtype)
        outs, leaves = call.run()
        floats = floating(outs)
        vs = cotangents(floats)
        again, twins = call.run()
        for a, b in zip(gradients(floats, leaves, vs), gradients(floating(again), twins, vs, create=True), strict=True):
            assert a.dtype == b.dtype and a.shape == b.shape
            if is_joint(floats):
                np.testing.assert_allclose(a.numpy(), b.detach().numpy(), ROUNDED[dtype], ROUNDED[dtype])
            else:
                np.testing.assert_array_equal(a.numpy(), b.detach().numpy())
