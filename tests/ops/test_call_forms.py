"""The forms in which PyTorch's functions can be called: sizes by name, arguments left out, numbers for tensors. `m` is
minigrad, and PyTorch where it is installed."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import GraphError, ShapeError

Call = Callable[[Any], Any]
SHAPES: list[tuple[Call, tuple[int, ...]]] = [
    *((lambda m, name=name: getattr(m, name)(size=(2, 3)), (2, 3)) for name in ("empty", "zeros", "ones", "rand",
                                                                               "randn")),
    (lambda m: m.full(size=(2,), fill_value=1), (2,)),
    (lambda m: m.zeros(2, layout=m.strided, pin_memory=False, device="cpu"), (2,)),
    (lambda m: m.empty(2, 3, memory_format=m.contiguous_format), (2, 3)),
    (lambda m: m.zeros_like(m.zeros(2), memory_format=m.preserve_format, layout=m.strided), (2,)),
    (lambda m: m.randperm(3, layout=m.strided, requires_grad=False), (3,)),
    *((lambda m, name=name: getattr(m.ones(1), name)(size=(2,)), (2,)) for name in ("new_zeros", "new_ones",
                                                                                   "new_empty")),
    (lambda m: m.arange(6).view(size=(2, 3)), (2, 3)),
    (lambda m: m.arange(3).expand(size=(2, 3)), (2, 3)),
    (lambda m: m.broadcast_to(input=m.arange(3), size=(2, 3)), (2, 3)),
    (lambda m: m.arange(3).repeat(repeats=(2, 1)), (2, 3)),
    (lambda m: m.tile(m.arange(3), dims=(2,)), (6,)),
    (lambda m: m.arange(6).sum_to_size(size=(1,)), (1,)),
    (lambda m: m.arange(6).resize_(size=(2,)), (2,)),
    (lambda m: m.normal(m.zeros(3)), (3,)),
    (lambda m: m.normal(mean=m.zeros(3)), (3,)),
    (lambda m: m.normal(0, 1, (2, 3), dtype=m.float64, requires_grad=True), (2, 3)),
    (lambda m: m.randint(3, size=(1,)), (1,)),
    (lambda m: m.randint(high=3, size=(1,)), (1,)),
    (lambda m: m.randint(1, high=3, size=(1,)), (1,)),
    (lambda m: m.randint_like(m.zeros(2), high=3), (2,)),
    (lambda m: m.zeros(2).random_(to=3), (2,)),
    (lambda m: m.multinomial(m.zeros(0, 3), 2), (0, 2)),
    (lambda m: m.multinomial(m.zeros(0, 3), 4, replacement=True), (0, 4)),
    (lambda m: m.swapaxes(m.zeros(1, 2), axis0=0, axis1=1), (2, 1)),
    (lambda m: m.ones(2).clone(memory_format=m.preserve_format), (2,)),
]  # fmt: skip
VALUES: list[tuple[Call, Any]] = [
    (lambda m: [t.tolist() for t in m.arange(6).split(split_size=[2, 4])], [[0, 1], [2, 3, 4, 5]]),
    (lambda m: [t.tolist() for t in m.arange(4).split(split_size=3)], [[0, 1, 2], [3]]),
    (lambda m: [t.tolist() for t in m.arange(4).hsplit(sections=2)], [[0, 1], [2, 3]]),
    (lambda m: [t.tolist() for t in m.arange(4).tensor_split(indices=(1,))], [[0], [1, 2, 3]]),
    (lambda m: [t.tolist() for t in m.arange(0).chunk(2)], [[], []]),
    (lambda m: [t.tolist() for t in m.where(m.tensor([[True, False], [False, True]]))], [[0, 1], [0, 1]]),
    (lambda m: [t.tolist() for t in m.where(m.tensor([0, 2, 1]))], [[1, 2]]),
    (lambda m: m.tensor([0, 2, 1]).nonzero().tolist(), [[1], [2]]),
    (lambda m: [t.tolist() for t in m.tensor(3).nonzero(as_tuple=True)], [[0]]),
    (lambda m: m.tensor([[0], [2]]).argwhere().tolist(), [[1, 0]]),
    (lambda m: m.take_along_dim(m.tensor([[1, 2], [3, 4]]), m.tensor([[1]]), dim=1).tolist(), [[2], [4]]),
    (lambda m: m.take_along_dim(m.tensor([[1, 2], [3, 4]]), m.tensor([3, 0])).tolist(), [4, 1]),
    (lambda m: m.isin(m.tensor([1, 2]), 2).tolist(), [False, True]),
    (lambda m: m.isin(2, m.tensor([1, 2])).tolist(), True),
    (lambda m: m.isin(element=2, test_elements=m.tensor([1])).tolist(), False),
    (lambda m: m.isin(m.tensor([1, 2]), m.tensor([2]), assume_unique=True).tolist(), [False, True]),
    (lambda m: m.searchsorted(m.arange(3), 1).tolist(), 1),
    (lambda m: m.bucketize(1.5, m.arange(3)).tolist(), 2),
    (lambda m: m.pow(m.tensor([3.0]), exponent=2).tolist(), [9]),
    (lambda m: m.sub(m.ones(1), 2, alpha=3).tolist(), [-5]),
    (lambda m: m.arange(end=3).tolist(), [0, 1, 2]),
    (lambda m: m.tensor([1.0, 3.0]).var(0, False).tolist(), 1),
    (lambda m: m.std(m.tensor([[1.0, 3.0]]), 1, False, True).tolist(), [[1]]),
    (lambda m: m.gather(m.arange(3), 0, m.tensor([1]), sparse_grad=True).tolist(), [1]),
    (lambda m: m.zeros(2, 3).bernoulli_(m.tensor([0.0, 1.0, 1.0])).tolist(), [[0, 1, 1]] * 2),
    (lambda m: m.zeros(2, dtype=m.int64).bernoulli_(m.tensor(1.0)).tolist(), [1, 1]),
    (lambda m: m.bernoulli(m.zeros(2), 1.0).tolist(), [1, 1]),
    (lambda m: m.tensor(1.0).view(m.int32).tolist(), 1065353216),
    (lambda m: m.tensor([1.0]).view(dtype=m.uint8).tolist(), [0, 0, 128, 63]),
    (lambda m: m.arange(4, dtype=m.int32).view(m.int64).tolist(), [1 << 32, (3 << 32) + 2]),
    (lambda m: m.tensor([True, False]).view(m.uint8).tolist(), [1, 0]),
    (lambda m: m.zeros(1, 2).expand(3, 2).fill_(1.0).tolist(), [[1, 1]] * 3),
    (lambda m: m.ones(1).expand(3).zero_().tolist(), [0, 0, 0]),
]  # fmt: skip
MODULES = ["minigrad", "torch"]


@pytest.fixture(params=MODULES)
def m(request: pytest.FixtureRequest) -> Any:
    return pytest.importorskip(request.param, reason="compares with PyTorch")


@pytest.mark.parametrize("call, shape", [pytest.param(*row, id=f"{n}") for n, row in enumerate(SHAPES)])
def test_shape(m: Any, call: Call, shape: tuple[int, ...]) -> None:
    assert tuple(call(m).shape) == shape


@pytest.mark.parametrize("call, value", [pytest.param(*row, id=f"{n}") for n, row in enumerate(VALUES)])
def test_value(m: Any, call: Call, value: Any) -> None:
    assert call(m) == value


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda: mg.zeros(), TypeError, r"zeros: size: expected integers, got none"),
        (lambda: mg.randint(3), TypeError, r"randint: size: expected integers, got none; randint\(high, size\)"),
        (lambda: mg.normal(0.0, 1.0), TypeError, "normal: size: expected integers where mean and std are numbers"),
        (lambda: mg.zeros(2, layout="sparse_coo"), NotImplementedError, "zeros: layout: expected strided"),
        (lambda: mg.zeros(2, colour=1), TypeError, "unexpected keyword argument 'colour'"),
        (lambda: mg.where(mg.tensor([True]), mg.ones(1)), TypeError, "where: .* or a condition alone"),
        (lambda: mg.arange(3, dtype=mg.int32).view(mg.int64), ShapeError, "view: int32 as int64"),
        (lambda: mg.ones(2).view(object), TypeError, "view: dtype: expected one such as"),
        (lambda: mg.ones(1).expand(3).copy_(mg.ones(3)), GraphError, "copy_: this memory is read-only"),
        (lambda: mg.ones(1).expand(3).__setitem__(mg.tensor([0]), 2.0), GraphError, "setitem: this memory is read-o"),
        (lambda: (mg.ones(1, requires_grad=True) * 2).expand(3).fill_(1.0), GraphError, "fill_: this memory"),
    ],
)  # fmt: skip
def test_is_refused_in_words(call: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        call()


def test_a_view_in_another_dtype_shares_memory_and_records_nothing() -> None:
    x = mg.zeros(2, requires_grad=True)
    bits = x.view(mg.int32)
    bits[0] = 1065353216
    assert x.tolist() == [1, 0] and not bits.requires_grad


def test_filling_an_expanded_tensor_fills_what_it_shows() -> None:
    x = mg.ones(2, 1)
    x.expand(2, 3)[0].fill_(2.0)
    assert x.tolist() == [[2], [1]]
    y = mg.ones(3)[:, None].expand(3, 2)
    y[1] = 5.0
    assert y.tolist() == [[1, 1], [5, 5], [1, 1]]


def test_where_of_a_condition_alone_is_nonzero() -> None:
    (places,) = mg.where(np.array([0, 2]))
    assert isinstance(places, np.ndarray) and places.tolist() == [1]


def test_normal_draws_in_the_dtype_of_its_mean() -> None:
    assert mg.normal(mg.zeros(3).half()).dtype == mg.float16
    drawn = mg.normal(mg.zeros(3, dtype=mg.float64), 2.0)
    assert drawn.dtype == mg.float64 and (drawn != drawn.float().double()).any()
