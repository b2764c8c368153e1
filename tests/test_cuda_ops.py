"""Every operation on the pretended GPU, in lockstep with the CPU: the same values, dtypes, shapes and gradients, results
where the operands are, and no wait for the GPU but by those that are named here."""

from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest

from minigrad import Tensor
from minigrad.engine.primitive import wrap
from minigrad.samples import Row, Sample, table
from minigrad.samples.call import Call, cotangents, floating, gradients

CASES = [pytest.param(row, s, id=f"{row.name}-{s.called}") for row in table().values() for s in row.samples]

WAITS: dict[str, str] = {}


def same(here: Any, there: Any) -> None:
    """Is a result of the GPU that of the CPU?"""
    if not isinstance(here, Tensor):
        assert here == there and type(here) is type(there)
        return
    assert str(there.device) == "cuda:0"
    assert there.dtype == here.dtype and there.shape == here.shape
    assert there.requires_grad == here.requires_grad
    eps = float(np.finfo(here.dtype).eps) if here.is_floating_point() else 0.0
    np.testing.assert_allclose(there.numpy(force=True), here.detach().numpy(), rtol=8 * eps, atol=8 * eps)


@pytest.mark.parametrize("row, sample", CASES)
def test_gpu_and_cpu_agree(row: Row, sample: Sample, cupy: Any) -> None:
    for dtype in row.dtypes:
        call = Call(row, sample, dtype)
        ours, leaves = call.run()
        quick = nullcontext if row.name in WAITS else cupy.no_waits
        with quick():
            theirs, twins = call.run(place=cupy.array)
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs):
            same(a, b)
        if not row.order:
            continue
        vs = cotangents(floating(ours))
        for create in (False, True):
            raised = [cupy.array(v) for v in vs]
            with quick():
                found = gradients(floating(theirs), twins, [wrap(v) for v in raised], create=create)
            for g, h in zip(gradients(floating(ours), leaves, vs, create=create), found, strict=True):
                same(g, h)
            ours, leaves = call.run()
            theirs, twins = call.run(place=cupy.array)
