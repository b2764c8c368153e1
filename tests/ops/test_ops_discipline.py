"""Every operation, held to its OpInfo: dtypes, memory layouts, shared memory, and what is kept for
backward."""

import ast
import inspect
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, autograd
from minigrad.engine.composite import COMPOSITES, JointPlan
from minigrad.engine.primitive import REGISTRY, wrap
from minigrad.ops import primitives
from minigrad.testing.opinfo import OpInfo, SampleInput, op_db
from minigrad.testing.opinfo.call import Call, constants, cotangents, floating, gradients

CASES = [pytest.param(row, s, id=f"{row.name}-{s.name}") for row in op_db.values() for s in row.samples]
SMOOTH = [p for p in CASES if p.values[0].order and any(d.differentiable for d in p.values[1].arrays())]


def close(a: Any, b: Any, rtol: float = 1e-7, atol: float = 1e-8) -> None:
    np.testing.assert_allclose(np.asarray(a, "float64"), np.asarray(b, "float64"), rtol=rtol, atol=atol)


# --- dtypes, layouts, memory ----------------------------------------------------------------------------------------

NEAR = {"float16": 3e-2, "float32": 2e-5}


@pytest.mark.parametrize("row, sample", CASES)
def test_dtype_stays(row: OpInfo, sample: SampleInput) -> None:
    exact = Call(row, sample)
    outs, leaves = exact.run()
    vs = cotangents(floating(outs))
    grads = gradients(floating(outs), leaves, vs) if row.order else []
    for dtype in {*row.dtypes} - {"float64"}:
        call = Call(row, sample, dtype)
        low, twins = call.run()
        for a, b in zip(low, outs, strict=True):
            if isinstance(a, Tensor):
                assert a.dtype == (dtype if b.is_floating_point() and takes_floats(sample) else b.dtype)
                if b.is_floating_point():
                    close(a.detach().numpy(), b.detach().numpy(), NEAR[dtype], NEAR[dtype] * scale(b))
        lower = gradients(floating(low), twins, [v.astype(dtype) for v in vs]) if row.order else []
        for g, exactly in zip(lower, grads, strict=True):
            assert g.dtype == dtype
            close(g.numpy(), exactly.numpy(), 2 * NEAR[dtype], 2 * NEAR[dtype] * scale(exactly))


def takes_floats(sample: SampleInput) -> bool:
    return any(d.kind == "float" for d in sample.arrays())


def scale(t: Tensor) -> float:
    return max(1.0, float(np.abs(t.detach().numpy()).max(initial=0)))


def layouts(x: Any) -> dict[str, Any]:
    """The same values, lying otherwise in memory."""
    wide = np.zeros((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)
    wide[..., ::2] = x
    return {"strided": wide[..., ::2], "reversed": x[..., ::-1].copy()[..., ::-1], "fortran": np.asfortranarray(x)}


@pytest.mark.parametrize("row, sample", [p for p in CASES if p.values[0].layouts])
def test_any_layout_will_do(row: OpInfo, sample: SampleInput) -> None:
    call = Call(row, sample)
    outs, leaves = call.run()
    vs = cotangents(floating(outs))
    grads = gradients(floating(outs), leaves, vs) if row.order else []
    stay = constants(sample)
    for kind in ("strided", "reversed", "fortran"):
        arrays = [a if not a.ndim or any(a is c for c in stay) else layouts(a)[kind] for a in call.arrays]
        others, twins = call.run(arrays)
        for a, b in zip(others, outs, strict=True):
            close(a.detach().numpy(), b.detach().numpy(), 1e-12, 1e-13) if isinstance(a, Tensor) else None
        again = gradients(floating(others), twins, vs) if row.order else []
        for g, h in zip(again, grads, strict=True):
            close(g.numpy(), h.numpy(), 1e-12, 1e-13)
    assert call.arrays is not None


@pytest.mark.parametrize("row, sample", CASES)
def test_inputs_and_upstream_gradients_are_left_alone(row: OpInfo, sample: SampleInput) -> None:
    call = Call(row, sample)
    before = [a.copy() for a in call.arrays]
    for a in call.arrays:
        a.flags.writeable = False
    outs, leaves = call.run()
    vs = cotangents(floating(outs))
    for v in vs:
        v.flags.writeable = False
    if row.order:
        gradients(floating(outs), leaves, vs)
        again, twins = call.run()
        gradients(floating(again), twins, vs, create=True)
    for a, b in zip(call.arrays, before, strict=True):
        np.testing.assert_array_equal(a, b)
    assert len(before) == len(call.arrays)


@pytest.mark.parametrize("row, sample", CASES)
def test_results_and_gradients_share_no_memory(row: OpInfo, sample: SampleInput) -> None:
    call = Call(row, sample)
    outs, leaves = call.run()
    if not row.alias:
        for o in outs:
            assert not any(np.shares_memory(o._array, a) for a in call.arrays if isinstance(o, Tensor))
    if row.order == 0 or not leaves or not floating(outs):
        return
    vs = cotangents(floating(outs))
    autograd.backward([o for o in floating(outs) if o.requires_grad],
                      [wrap(v) for o, v in zip(floating(outs), vs) if o.requires_grad])  # fmt: skip
    grads = [x.grad._array for x in leaves if x.grad is not None]
    for i, g in enumerate(grads):
        assert g.flags.writeable
        others = [*vs, *call.arrays, *grads[:i], *[o._array for o in outs if isinstance(o, Tensor)]]
        assert not any(np.shares_memory(g, other) for other in others)


# --- what is kept, and what is run ----------------------------------------------------------------------------------


def nodes_of(outs: list[Tensor]) -> list[Any]:
    found, stack = [], [o._current() for o in outs if isinstance(o, Tensor)]
    while stack:
        node = stack.pop()
        if node is not None and node.parents and node not in found:
            found.append(node)
            stack += node.parents
    return found


@pytest.mark.parametrize("row, sample", SMOOTH)
def test_kept_is_what_the_rules_name(row: OpInfo, sample: SampleInput) -> None:
    outs, _ = Call(row, sample).run()
    for node in nodes_of(outs):
        if isinstance(node.plan, JointPlan):  # of a composite: all arguments, the execution's residuals, the settings
            arrays, residuals, settings = node.kept
            op = COMPOSITES[node.plan.name]
            assert len(arrays) == len(op.arguments) and isinstance(residuals, tuple) and set(settings) == {*op.static}
            assert not any(isinstance(x, Tensor) for x in (*arrays, *residuals))
            continue
        op = REGISTRY[node.plan.name]
        needed = [a for a, need in zip(op.arguments or range(len(node.plan.mask)), node.plan.mask) if need]
        assert len(node.kept) == len(needed) == len(node.parents)
        for argument, values in zip(needed, node.kept):
            names = list(inspect.signature(op.rules[op.variadic or argument]).parameters)[1:]
            assert len(values) == len(names)
            for name, value in zip(names, values):
                if name.endswith("_shape"):
                    assert isinstance(value, tuple)
                elif name == "out":
                    assert value.shape == node.shape and value.dtype == node.dtype
                elif name in op.static:
                    assert not isinstance(value, Tensor)


@pytest.mark.parametrize("row, sample", [p for p in SMOOTH if sum(d.differentiable for d in p.values[1].arrays()) > 1])
def test_rules_of_arguments_that_need_no_gradient_are_not_run(row: OpInfo, sample: SampleInput) -> None:
    total = sum(d.differentiable for d in sample.arrays())
    for only in range(total):
        call = Call(row, sample, only=only)
        outs, leaves = call.run()
        assert len(leaves) == 1
        for node in nodes_of(outs):
            rules = node.plan.needed if isinstance(node.plan, JointPlan) else node.plan.rules
            assert len(rules) == sum(node.plan.mask) == len(node.parents)
        alone = gradients(floating(outs), leaves, cotangents(floating(outs)))
        outs, leaves = Call(row, sample).run()
        together = gradients(floating(outs), leaves, cotangents(floating(outs)))
        np.testing.assert_array_equal(alone[0].numpy(), together[only].numpy())


FORBIDDEN = {"np", "xp", "numpy", "cupy", "array_module", "array_function", "module_on"}


def array_library_in(function: Any, seen: set[Any]) -> set[str]:
    """Which names of an array library a rule mentions, itself or in the helpers it calls. Ops are trusted: they
    record."""
    if hasattr(function, "primitive") or not isinstance(function, types.FunctionType) or function in seen:
        return set()
    if not function.__module__.startswith("minigrad.ops") or function.__module__ == "minigrad.ops.array.creation":
        return set()
    seen.add(function)
    found, codes = set(), [function.__code__]
    while codes:
        code = codes.pop()
        names = {*code.co_names, *code.co_freevars}
        found |= names & FORBIDDEN
        codes += [c for c in code.co_consts if isinstance(c, types.CodeType)]
        for name in names:
            found |= array_library_in(function.__globals__.get(name), seen)
    return found


@pytest.mark.parametrize("name", sorted(n for n, op in primitives().items() if op.rules))
def test_no_array_library_inside_a_rule(name: str) -> None:
    for argument, rule in REGISTRY[name].rules.items():
        assert not array_library_in(rule, set()), f"{name}: the rule for `{argument}` must work on Tensors too"


# --- both backends --------------------------------------------------------------------------------------------------

SOURCE = Path(minigrad.__file__).parent
# what the library may ask NumPy itself for: types, facts about dtypes, host-side lists of places, the host's generator
ON_THE_HOST = {
    "ops": {"asarray", "dtype", "finfo", "logaddexp.accumulate", "ndarray"},
    "engine": {"asarray", "linalg.LinAlgError"},
    "autograd": set(),
    "optim": {"empty", "finfo", "integer", "ndarray", "random.Generator", "random.Philox"},
}
KERNELS = {"ElementwiseKernel", "RawKernel", "RawModule", "ReductionKernel", "fuse"}


def dotted(node: ast.AST) -> str:
    """`np.linalg.inv` as text, where a node is such a chain of names."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


@pytest.mark.parametrize("folder", ON_THE_HOST)
def test_numpy_is_asked_for_nothing_that_an_array_s_own_library_should_do(folder: str) -> None:
    used = set()
    for path in (SOURCE / folder).rglob("*.py"):
        if path.name in ("random.py", "bernoulli.py"):
            continue  # it draws on the host, where the generator is
        tree = ast.parse(path.read_text(encoding="utf-8"))
        inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        chains = (dotted(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute) and id(node) not in inner)
        used |= {c.removeprefix("np.") for c in chains if c.startswith(("np.", "numpy."))}
    assert {name for name in used if name.split(".")[0] != "ndarray"} <= ON_THE_HOST[folder]


def test_no_kernel_is_made_inside_a_function() -> None:
    """One that is would be made at every call."""
    wrong = []
    for path in SOURCE.rglob("*.py"):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, (ast.FunctionDef, ast.Lambda)) and not cached(function):
                calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
                wrong += [f"{path.name}:{c.lineno}" for c in calls if dotted(c.func).rpartition(".")[2] in KERNELS]
    assert wrong == []


def cached(function: ast.FunctionDef | ast.Lambda) -> bool:
    """Does it run once, its result kept? (CuPy is imported late, so a kernel may be made at its first use.)"""
    return any(dotted(d).rpartition(".")[2] == "cache" for d in getattr(function, "decorator_list", []))


def test_cupy_is_imported_in_the_backend_alone() -> None:
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else (
                [node.module or ""] if isinstance(node, ast.ImportFrom) else [])  # fmt: skip
            if any(name.partition(".")[0] in ("cupy", "cupyx") for name in names):
                assert path.parent.name == "backend", f"{path.name}: CuPy is the backend's to know"
