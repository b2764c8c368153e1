"""What a tensor tells of its memory, changes of its shape in place, and PyTorch's names at the top level."""

from typing import Any

import numpy as np
import pytest

import minigrad as mg


def test_what_a_tensor_tells() -> None:
    x = mg.zeros(3, 4)
    v = x[1:, ::2]
    assert x.stride() == (4, 1) and v.stride() == (4, 2) and v.stride(1) == 2 and v.storage_offset() == 4
    assert x.nbytes == 48 and x.itemsize == 4 and x.get_device() == -1 and x.is_cpu and not x.is_sparse
    assert x.is_signed() and not x.bool().is_signed() and not x.is_complex() and not x.is_inference()
    assert mg.tensor([2.0]).is_nonzero() and x.is_same_size(mg.ones(3, 4)) and x.real is x and x.conj() is x
    assert x.H.shape == (4, 3) and x.mH.shape == x.adjoint().shape == (4, 3)
    assert x.byte().dtype == mg.uint8 and x.char().dtype == mg.int8
    assert mg.ones(2, 3).sum_to_size(1, 3).tolist() == [[2, 2, 2]]
    assert [p.shape[1] for p in x.split_with_sizes([1, 3], 1)] == [1, 3]
    assert mg.arange(6).reshape_as(mg.zeros(2, 3)).shape == (2, 3)
    assert x.where(x > 0, 1.0).sum() == 12
    with pytest.raises(mg.ShapeError, match=r"sum_to_size: \(2,\) does not broadcast to \(2, 3\)"):
        mg.ones(2, 3).sum_to_size(2)
    with pytest.raises(NotImplementedError, match="share_memory_: processes share no tensors here"):
        x.share_memory_()


def test_the_shape_changes_in_place() -> None:
    x = mg.arange(6.0)
    assert x.unsqueeze_(0) is x and x.shape == (1, 6)
    x.squeeze_()
    x.resize_(2, 3).t_()
    assert x.tolist() == [[0, 3], [1, 4], [2, 5]]
    x.transpose_(0, 1).swapaxes_(0, 1)
    assert x.shape == (3, 2)
    big = mg.ones(2).resize_(2, 2)
    assert big.shape == (2, 2) and big[0].tolist() == [1, 1]
    assert mg.zeros(4).resize_as_(big).copy_(big).shape == (2, 2)
    assert mg.zeros(1).set_(big).data_ptr() == big.data_ptr()
    assert mg.tensor([1.0, 4.0]).apply_(lambda v: v**0.5).tolist() == [1, 2]


def test_a_view_may_change_its_shape_in_place_too() -> None:
    x = mg.zeros(2, 3)
    row = x[1]
    row.unsqueeze_(1)
    row += 1
    assert row.shape == (3, 1) and x.tolist() == [[0, 0, 0], [1, 1, 1]]
    w = mg.tensor([2.0, 3.0, 4.0], requires_grad=True)
    row.mul_(w.reshape(3, 1))
    (x * mg.arange(6.0).reshape(2, 3)).sum().backward()
    assert w.grad.tolist() == [3, 4, 5]


@pytest.mark.parametrize("change", ["unsqueeze_", "squeeze_", "t_", "resize_"])
def test_a_recorded_tensor_may_not(change: str) -> None:
    x = mg.ones(2, 2, requires_grad=True)
    args = {"unsqueeze_": (0,), "resize_": (4,)}.get(change, ())
    for t in (x, x * 2):
        with pytest.raises(mg.GraphError, match=f"{change}: a recorded tensor cannot change its shape in place; use"):
            getattr(t, change)(*args)
        assert t.shape == (2, 2)


NAMES: list[tuple[Any, Any]] = [
    (lambda m: m.is_tensor(m.zeros(1)), True),
    (lambda m: m.is_floating_point(m.zeros(1)), True),
    (lambda m: m.numel(m.zeros(2, 3)), 6),
    (lambda m: m.exp_(m.zeros(2)).tolist(), [1, 1]),
    (lambda m: m.relu_(m.tensor([-1.0, 2.0])).tolist(), [0, 2]),
    (lambda m: m.detach(m.ones(1)).item(), 1),
    (lambda m: m.conv2d(m.ones(1, 1, 3, 3), m.ones(1, 1, 2, 2)).shape, (1, 1, 2, 2)),
    (lambda m: m.layer_norm(m.ones(2, 3), (3,)).tolist(), [[0, 0, 0], [0, 0, 0]]),
    (lambda m: tuple(m.broadcast_shapes((2, 1), (3,), 1)), (2, 3)),
    (lambda m: m.logspace(0, 2, 3).tolist(), [1, 10, 100]),
    (lambda m: m.tril_indices(3, 3, -1).tolist(), [[1, 2, 2], [0, 0, 1]]),
    (lambda m: m.triu_indices(2, 3).tolist(), [[0, 0, 0, 1, 1], [0, 1, 2, 1, 2]]),
    (lambda m: str(m.scalar_tensor(2).dtype).rpartition(".")[2], "float32"),
    (lambda m: m.asarray([1, 2]).tolist(), [1, 2]),
    (lambda m: tuple(m.randint_like(m.zeros(2, 3), 5).shape), (2, 3)),
    (lambda m: m.poisson(m.zeros(2)).tolist(), [0, 0]),
    (lambda m: m.trapz(m.tensor([1.0, 2.0, 3.0])).item(), 4),
    (lambda m: [t.item() for t in m.aminmax(m.tensor([3.0, 1.0]))], [1, 3]),
    (lambda m: [tuple(t.shape) for t in m.svd(m.ones(4, 2))], [(4, 2), (2,), (2, 2)]),
    (lambda m: m.ones(2, 2).addmm_(m.eye(2), m.eye(2)).tolist(), [[2, 1], [1, 2]]),
    (lambda m: m.tensor([1, 2]).eq_(1).tolist(), [1, 0]),
    (lambda m: m.tensor([True]).logical_not_().tolist(), [False]),
    (lambda m: m.get_float32_matmul_precision(), "highest"),
]


@pytest.mark.parametrize("number", range(len(NAMES)))
def test_names_are_where_pytorch_has_them(number: int) -> None:
    call, expected = NAMES[number]
    assert call(mg) == expected
    try:
        import torch
    except ImportError:
        return
    assert call(torch) == expected


def test_random_fills_have_their_means() -> None:
    mg.manual_seed(0)
    x = mg.empty(20000, dtype=mg.float64)
    assert x.exponential_(2.0).mean().item() == pytest.approx(0.5, rel=0.05)
    assert x.geometric_(0.25).mean().item() == pytest.approx(4, rel=0.05) and x.min().item() == 1
    assert x.log_normal_(0.0, 0.5).log().std().item() == pytest.approx(0.5, rel=0.05)
    assert x.cauchy_(1.0, 0.1).median().item() == pytest.approx(1, abs=0.02)
    assert mg.poisson(mg.full((20000,), 3.0)).mean().item() == pytest.approx(3, rel=0.05)
    for call, text in ((lambda: x.exponential_(0), "exponential_: lambd"), (lambda: x.geometric_(1), "geometric_: p"),
                       (lambda: x.cauchy_(0, 0), "cauchy_: sigma"), (lambda: x.log_normal_(0, 0), "log_normal_: std"),
                       (lambda: mg.poisson(-x), "poisson: input")):  # fmt: skip
        with pytest.raises(ValueError, match=text):
            call()


def test_switches_of_old() -> None:
    try:
        mg.set_default_tensor_type(mg.DoubleTensor)
        assert mg.zeros(1).dtype == mg.float64
        mg.set_default_tensor_type("torch.FloatTensor")
        assert mg.zeros(1).dtype == mg.float32
    finally:
        mg.set_default_dtype(mg.float32)
    mg.set_float32_matmul_precision("high")
    with pytest.raises(ValueError, match='expected "highest", "high" or "medium"'):
        mg.set_float32_matmul_precision("fast")
    with pytest.raises(TypeError, match="set_default_tensor_type: expected a type such as minigrad.DoubleTensor"):
        mg.set_default_tensor_type("Double")
    for name in ("fft", "sparse", "vmap", "complex", "jagged", "hub", "_logging", "onnx"):
        with pytest.raises(AttributeError, match=f"minigrad.{name}: "):
            getattr(mg, name)
    with pytest.raises(AttributeError, match="autograd.graph: what an operation keeps stays in memory"):
        _ = mg.autograd.graph
    with pytest.raises(NotImplementedError, match="to_sparse: every tensor here is dense"):
        mg.ones(2).to_sparse()
    with pytest.warns(UserWarning, match="resize: deprecated; use reshape"):
        assert mg.ones(2).resize(1, 2).shape == (1, 2)
    with pytest.warns(UserWarning, match="resize_as"), pytest.raises(RuntimeError, match="resize_as: expected as many"):
        mg.ones(2).resize_as(mg.ones(3))


def test_asarray_shares_or_copies_as_told() -> None:
    a = np.ones(2, "float32")
    assert mg.asarray(a).data_ptr() == a.ctypes.data and mg.asarray(a, copy=True).data_ptr() != a.ctypes.data
    with pytest.raises(ValueError, match="asarray: copy=False, but this needs a copy"):
        mg.asarray([1.0], copy=False)
