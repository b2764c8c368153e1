"""Every operation on the pretended GPU, in lockstep with the CPU: the same values, dtypes, shapes and gradients,
results where the operands are, and no wait for the GPU but by those that are named here."""

from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest

from minigrad import Tensor
from minigrad.engine.primitive import wrap
from minigrad.ops import primitives
from minigrad.testing.op_coverage import check_sample
from minigrad.testing.opinfo import OpInfo, SampleInput, op_db
from minigrad.testing.opinfo.call import Call, cotangents, floating, gradients

CASES = [pytest.param(row, s, id=f"{row.name}-{s.name}") for row in op_db.values() for s in row.samples]

SIZE = "the size of the result depends on values"
FAILURE = "whether it failed (a singular matrix, say) is known when the solver is done; PyTorch waits too"
WAITS = {
    "allclose": "a Python bool",
    "equal": "a Python bool",
    "move": "to the CPU",
    **dict.fromkeys(("argwhere", "bincount", "masked_select", "nonzero", "unique", "unique_consecutive"), SIZE),
    "histc": "the bounds are values",
    "embedding_bag": "bags of different lengths are filled up to the longest",
    **dict.fromkeys(("getitem-mask", "getitem-rows", "setitem-mask", "repeat_interleave-3x4,counts"), SIZE),
    "masked_scatter": "as many elements are taken as the mask holds",
    **dict.fromkeys(("cholesky", "inv", "matrix_power-3x3,-2", "solve", "solve_triangular"), FAILURE),
    **dict.fromkeys(("logabsdet", "logdet", "qr", "slogdet"), f"the gradient solves: {FAILURE}"),
    "linalg.lstsq-4x3,4x2": "residuals are there where the rank is full",
    "det-2x4x4": "the gradient of a determinant of 4 x 4 or more asks whether one is 0",
}


def same(here: Any, there: Any, place: str = "cuda:0") -> None:
    """Is a result of the GPU that of the CPU?"""
    if not isinstance(here, Tensor):
        assert here == there and type(here) is type(there)
        return
    assert str(there.device) == place
    assert there.dtype == here.dtype and there.shape == here.shape
    assert there.requires_grad == here.requires_grad
    eps = float(np.finfo(here.dtype).eps) if here.is_floating_point() else 0.0
    np.testing.assert_allclose(there.numpy(force=True), here.detach().numpy(), rtol=8 * eps, atol=8 * eps)


def test_every_wait_is_a_row_s() -> None:
    names = set(op_db) | {f"{row.name}-{s.name}" for row in op_db.values() for s in row.samples}
    assert set(WAITS) <= names and all(WAITS.values())


@pytest.mark.parametrize("row, sample", CASES)
def test_gpu_and_cpu_agree(row: OpInfo, sample: SampleInput, cupy: Any) -> None:
    for dtype in row.dtypes:
        call = Call(row, sample, dtype)
        ours, leaves = call.run()
        where = "cpu" if row.name == "move" else "cuda:0"
        quick = nullcontext if {row.name, f"{row.name}-{sample.name}"} & set(WAITS) else cupy.no_waits
        with quick():
            theirs, twins = call.run(place=cupy.array)
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs):
            same(a, b, where)
        if not row.order:
            continue
        vs = cotangents(floating(ours))
        for create in (False, True):
            raised = [cupy.array(v) for v in vs]
            with quick():
                found = gradients(floating(theirs), twins, [wrap(v) for v in raised], create=create)
            for g, h in zip(gradients(floating(ours), leaves, vs, create=create), found, strict=True):
                same(g, h, where)
            ours, leaves = call.run()
            theirs, twins = call.run(place=cupy.array)


@pytest.mark.parametrize("name", sorted(name for name, op in primitives().items() if op.rules))
def test_the_checker_proves_every_primitive_on_the_gpu(name: str, cupy: Any) -> None:
    row = op_db[name]
    sample = next(s for s in row.samples if any(d.differentiable for d in s.arrays()))
    verdict = check_sample(row, sample, device="cuda")
    assert verdict.outcome in ("pass", "vacuous"), verdict.text
