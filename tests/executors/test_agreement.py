"""Every execution is equal to its definition: in value, gradients and second order, on the samples of its operation and
at sizes at which it is chosen, however the arrays lie in memory. One that no sample reaches fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.backend import array_module
from minigrad.engine import composite, dispatch, elementwise, executions
from minigrad.engine.composite import COMPOSITES
from minigrad.engine.executions import EXECUTORS, Execution, lacks, load_all, only
from minigrad.engine.primitive import wrap
from minigrad.ops import primitives
from minigrad.testing.opinfo import OpInfo, SampleInput, large_samples, op_db
from minigrad.testing.opinfo.call import Call, cotangents, floating, gradients

TOLERANCE = {"float16": 4e-3, "float32": 3e-6, "float64": 1e-12}
MODULES = (executions, dispatch, elementwise, composite)  # those that choose
ELEMENTS_OF_SECOND_ORDER = 2**16  # of larger arrays only the first is compared


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    """Some executions are chosen only where there are several."""
    before = mg.get_num_threads()
    mg.set_num_threads(2)
    yield
    mg.set_num_threads(before)


def every_execution() -> list[Execution]:
    ops = [*primitives().values(), *COMPOSITES.values()]
    return [e for op in ops if op.family.startswith("minigrad.ops") for e in load_all(op)]


EXECUTIONS = every_execution()
NAMES = [f"{e.op.name}-{e.executor}-{i}" for i, e in enumerate(EXECUTIONS)]


@contextmanager
def chosen() -> Iterator[list[Execution]]:
    """The executions that are chosen within the block."""
    found: list[Execution] = []
    select = executions.select

    def watched(*args: Any) -> Any:
        execution = select(*args)
        if execution is not None:
            found.append(execution)
        return execution

    with pytest.MonkeyPatch.context() as patch:
        for module in MODULES:
            for name in {"choose", "select"} & set(vars(module)):
                patch.setattr(module, name, watched)
        yield found


def candidates(execution: Execution) -> list[tuple[OpInfo, SampleInput]]:
    """Samples that may reach it: of the op of its name, and of the public functions of its file."""
    own = [op for op in op_db.values() if op.name == execution.op.name]
    beside = [op for op in op_db.values() if op not in own and of_family(op, execution.op.family)]
    found = [(op, s) for op in (*own, *beside) for s in (*op.samples, *large_samples(op))]
    return sorted(found, key=lambda case: case[0] not in own)


def of_family(op: OpInfo, family: str) -> bool:
    try:
        function = op.function()
    except KeyError:
        return False
    return getattr(function, "__module__", "") == family or getattr(op, "reaches", "") == family


class Layouts:
    """The same values in arrays that lie in memory in another way."""

    @staticmethod
    def contiguous(x: Any) -> Any:
        return x

    @staticmethod
    def strided(x: Any) -> Any:
        """Every second element of a larger array, in reverse order."""
        if not x.ndim:
            return x
        wide = np.zeros((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)
        view = wide[..., ::-1][..., ::2]
        view[...] = x
        return view

    @staticmethod
    def transposed(x: Any) -> Any:
        return np.asfortranarray(x) if x.ndim else x


@pytest.mark.parametrize("layout", ["contiguous", "strided", "transposed"])
@pytest.mark.parametrize("execution", EXECUTIONS, ids=NAMES)
def test_it_agrees_with_the_definition(execution: Execution, layout: str, request: pytest.FixtureRequest) -> None:
    place = getattr(Layouts, layout)
    if EXECUTORS[execution.executor].arrays == "cupy":
        if layout != "contiguous":
            pytest.skip("CuPy's kernels take strides by themselves")
        cupy = request.getfixturevalue("cupy")
        place = cupy.array
    reached = 0
    for op, sample in candidates(execution):
        for dtype in op.dtypes:
            reached += compare(execution, op, sample, dtype, place)
    assert reached or layout != "contiguous", f"no sample of its operation reaches {execution}"


def compare(execution: Execution, op: OpInfo, sample: SampleInput, dtype: str, place: Any) -> bool:
    """Was it chosen for this sample? Then it has given what the definition gives."""
    call = Call(op, sample, dtype)
    with only(execution.executor), chosen() as seen:
        ours, leaves = call.run(place=place)
        vs = cotangents(floating(ours))
        order = min(op.order, 2 if sum(a.size for a in call.arrays) <= ELEMENTS_OF_SECOND_ORDER else 1)
        raised = [wrap(match(v, o)) for v, o in zip(vs, floating(ours))]
        first = gradients(floating(ours), leaves, raised, create=order == 2) if order else []
        second = second_order(first, leaves) if order == 2 else []
    if execution not in seen:
        return False
    with only():
        theirs, twins = call.run(place=place)
        expected = gradients(floating(theirs), twins, raised, create=order == 2) if order else []
        twice = second_order(expected, twins) if order == 2 else []
    assert len(ours) == len(theirs)
    for what, a, b in chain(
        (("value", a, b) for a, b in zip(ours, theirs)),
        (("gradient", a, b) for a, b in zip(first, expected, strict=True)),
        (("second order", a, b) for a, b in zip(second, twice, strict=True)),
    ):
        same(f"{op.name}({sample.name}), {dtype}, {what}", a, b, dtype)
    return True


def match(v: Any, out: Any) -> Any:
    """A cotangent on the device of a result."""
    return array_module(out._array).asarray(v)


def second_order(first: list[Any], leaves: list[Any]) -> list[Any]:
    total = [g for g in first if g.requires_grad]
    if not total:
        return []
    vs = [wrap(match(v, g)) for v, g in zip(cotangents(total, 2), total)]
    return gradients(total, leaves, vs)


def same(what: str, ours: Any, theirs: Any, dtype: str) -> None:
    if not hasattr(ours, "_array"):
        assert ours == theirs, what
        return
    assert (ours.dtype, ours.shape, ours.device) == (theirs.dtype, theirs.shape, theirs.device), what
    a, b = (t.numpy(force=True) for t in (ours, theirs))
    if a.dtype.kind != "f":
        np.testing.assert_array_equal(a, b, what)
        return
    reach = float(np.abs(b[np.isfinite(b)]).max(initial=1.0))
    np.testing.assert_allclose(a, b, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype] * reach, err_msg=what)


def test_executors_are_known_and_have_executions() -> None:
    assert list(EXECUTORS) == ["numba", "onednn", "numpy", "cupy"]
    assert {e.executor for e in EXECUTIONS} >= {"numpy", "cupy"}


@pytest.mark.parametrize("executor", sorted(EXECUTORS))
def test_every_file_of_an_executor_registers_something(executor: str) -> None:
    if why := lacks(EXECUTORS[executor]):
        pytest.skip(f"{executor}: {why}")
    assert any(e.executor == executor for e in EXECUTIONS)
