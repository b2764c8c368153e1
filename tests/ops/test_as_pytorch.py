"""Calls whose value or dtype is PyTorch's to the letter, and calls that it refuses and that are refused here. `m` is
minigrad, and PyTorch where it is installed."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import DtypeError, ShapeError

INF, NAN = float("inf"), float("nan")
Call = Callable[[Any], Any]


def i(m: Any, *values: Any, dtype: str = "int64") -> Any:
    return m.tensor(values, dtype=getattr(m, dtype))


def same(out: Any, dtype: str, value: Any) -> None:
    assert str(out.dtype).removeprefix("torch.") == dtype
    np.testing.assert_array_equal(np.array(out.tolist()), np.array(value))


DTYPES: list[tuple[Call, str, Any]] = [
    (lambda m: m.bincount(i(m, 0, 1, 1), m.tensor([1.0, 2.0, 3.0])), "float32", [1, 5]),
    (lambda m: m.bincount(i(m, 0, 1, 1), i(m, 1, 2, 3)), "float64", [1, 5]),
    (lambda m: i(m, 0, 2, dtype="uint8").any(), "uint8", 1),
    (lambda m: i(m, 0, 2, dtype="uint8").all(0, keepdim=True), "uint8", [0]),
    (lambda m: i(m, 0, 2, dtype="int8").any(), "bool", True),
    (lambda m: m.clamp(m.tensor([1.0, 2.0]), 0.0, m.tensor(1.5, dtype=m.float64)), "float32", [1, 1.5]),
    (lambda m: m.clamp(m.tensor(1.0), 0.0, m.tensor(1.5, dtype=m.float64)), "float32", 1),
    (lambda m: m.clamp(i(m, 1, 2), max=m.tensor(1.5, dtype=m.float64)), "float64", [1, 1.5]),
    (lambda m: m.ones(2).int().type(m.Tensor), "float32", [1, 1]),
    (lambda m: m.linspace(5, -5, 7, dtype=m.int32), "int32", [5, 3, 1, 0, -1, -3, -5]),
    (lambda m: m.linspace(-2.5, 10.5, 5, dtype=m.int32), "int32", [-2, 1, 4, 7, 10]),
    (lambda m: m.linspace(3.7, 7, 1, dtype=m.int32), "int32", [3]),
    (lambda m: m.logspace(0, -1, 4, dtype=m.int32), "int32", [1, 0, 0, 0]),
    (lambda m: m.arange(5, -5, -1.5, dtype=m.int32), "int32", [5, 4, 3, 2, 1, 0, -1]),
    (lambda m: m.arange(-0.5, 5.5, dtype=m.int64), "int64", [0, 1, 2, 3, 4]),
    (lambda m: m.ones(3, dtype=m.int16).sum(dtype=m.int32), "int32", 3),
    (lambda m: m.ones(2, 300, dtype=m.int16).sum(1, dtype=m.int8), "int8", [44, 44]),
    (lambda m: m.full((3,), 0.5).sum(dtype=m.int32), "int32", 0),
    (lambda m: m.nansum(i(m, 1, 2)), "int64", 3),
    (lambda m: m.nansum(m.tensor([1.0, NAN]), dtype=m.float64), "float64", 1),
    (lambda m: m.cat([m.zeros(0, dtype=m.float64), m.zeros(2)]), "float64", [0, 0]),
    (lambda m: m.cat([m.zeros(0), m.zeros(1, dtype=m.int32)]), "float32", [0]),
    (lambda m: m.diag(m.eye(2, dtype=m.bool)), "bool", [True, True]),
    (lambda m: m.eye(2, dtype=m.bool).rot90(0), "bool", [[True, False], [False, True]]),
    (lambda m: m.tensor([True]).repeat(2), "bool", [True, True]),
    (lambda m: m.tensor([True]).nan_to_num(), "bool", [True]),
    (lambda m: m.nn.functional.relu6(i(m, -1, 9)), "int64", [0, 6]),
    (lambda m: m.nn.functional.rrelu(m.tensor([-8.0]).half(), 0.25, 0.25), "float16", [-2]),
    (lambda m: m.repeat_interleave(i(m, 1, 2)), "int64", [0, 1, 1]),
]  # fmt: skip
VALUES: list[tuple[Call, str, Any]] = [
    (lambda m: m.clamp(m.tensor([1.0, 2.0]), m.tensor(NAN)), "float32", [NAN, NAN]),
    (lambda m: m.clamp(m.tensor([1.0, 2.0]), max=m.tensor([NAN, 1.0])), "float32", [NAN, 1]),
    (lambda m: m.clamp(m.tensor([1.0, 2.0]), 0, NAN), "float32", [NAN, NAN]),
    (lambda m: m.div(m.tensor(-1.0), INF, rounding_mode="floor"), "float32", -1),
    (lambda m: m.div(m.tensor(INF), 2, rounding_mode="floor"), "float32", NAN),
    (lambda m: m.div(m.tensor([1.0]), 0.1, rounding_mode="floor"), "float32", [9]),
    (lambda m: m.div(m.tensor([1.0, -1.0, 0.0]), 0.0, rounding_mode="floor"), "float32", [INF, -INF, NAN]),
    (lambda m: m.unique(m.tensor([NAN, NAN, 1.0])), "float32", [1, NAN, NAN]),
    (lambda m: m.unique(m.tensor([NAN, NAN, 1.0]), return_inverse=True, return_counts=True)[2], "int64", [1, 1, 1]),
    (lambda m: m.arange(6).view(2, 3)[[i(m, 0), i(m, 1)]], "int64", [1]),
    (lambda m: m.arange(6).view(2, 3)[[[0, 1], [1, 2]]], "int64", [1, 5]),
    (lambda m: m.arange(6).view(2, 3)[[slice(None), 1]], "int64", [1, 4]),
    (lambda m: m.arange(6).view(2, 3)[[..., i(m, 1)]], "int64", [[1], [4]]),
    (lambda m: m.arange(6).view(2, 3)[[1, 0]], "int64", [[3, 4, 5], [0, 1, 2]]),
    (lambda m: m.zeros(2, 3).index_put([i(m, 0), i(m, 1)], m.tensor(1.0)), "float32", [[0, 1, 0], [0, 0, 0]]),
    (lambda m: m.arange(4).view(2, 2).roll(1, ()), "int64", [[3, 0], [1, 2]]),
    (lambda m: i(m, 3, -5) << 1, "int64", [6, -10]),
    (lambda m: i(m, 3, -5) >> 1, "int64", [1, -3]),
    (lambda m: 1 << i(m, 3, 70), "int64", [8, 0]),
]  # fmt: skip
REFUSED: list[tuple[Call, type[Exception], str]] = [
    (lambda m: m.arange(9)[1:9:-1], ValueError, "a step above 0, got slice.1, 9, -1.; flip.. reverses"),
    (lambda m: m.arange(9).view(3, 3)[0, ::-1], ValueError, "a step above 0"),
    (lambda m: m.arange(9).__setitem__(slice(None, None, -1), 0), ValueError, "a step above 0"),
    (lambda m: m.arange(3).flip(), TypeError, "flip: expected integers, got none"),
    (lambda m: m.tensor([3]).view(), TypeError, "reshape: expected integers, got none"),
    (lambda m: m.tensor([3]).reshape(), TypeError, "reshape: expected integers, got none"),
    (lambda m: m.tensor(3).expand(), TypeError, "expand: expected integers, got none"),
    (lambda m: m.tensor(3).permute(), TypeError, "permute: expected integers, got none"),
    (lambda m: m.tensor(3).repeat(), TypeError, "repeat: expected integers, got none"),
    (lambda m: m.arange(3).tile(), TypeError, "tile: expected integers, got none"),
    (lambda m: m.arange(6).expand(-1, 6), ShapeError, "expand: only dimensions of size 1"),
    (lambda m: m.meshgrid(m.zeros(1, 2, 1, 1), m.zeros(2)), ShapeError, "meshgrid: expected vectors of one dtype"),
    (lambda m: m.meshgrid(m.zeros(2), m.arange(2)), ShapeError, r"one dtype, got float32\[2\], int64\[2\]"),
    (lambda m: m.cartesian_prod(m.zeros(2, 2), m.zeros(2)), ShapeError, "cartesian_prod: expected vectors, which num"),
    (lambda m: m.block_diag(m.zeros(2, 2, 2)), ShapeError, "block_diag: expected tensors of at most 2 dimensions"),
    (lambda m: m.ones(2).masked_fill(i(m, 1, 0, dtype="uint8"), 0), DtypeError, "masked_fill: `mask`: expected bool"),
    (lambda m: m.ones(2).masked_fill_(i(m, 1, 0), 0), DtypeError, "masked_fill: `mask`: expected bool, got int64"),
    (lambda m: m.where(i(m, 1, 0), 1, 2), DtypeError, "where: `condition`: expected bool, got int64"),
    (lambda m: m.ones(2).where(m.ones(2), m.ones(2)), DtypeError, "where: `condition`: expected bool, got float32"),
    (lambda m: m.arange(5).hsplit(2), ShapeError, "hsplit: expected a divisor of the 5 of dimension 0, got 2"),
    (lambda m: m.arange(10).view(5, 2).vsplit(2), ShapeError, "vsplit: expected a divisor"),
    (lambda m: m.arange(4).vsplit(2), ShapeError, "vsplit: expected at least 2 dimensions"),
    (lambda m: m.arange(10).view(1, 2, 5).dsplit(2), ShapeError, "dsplit: expected a divisor"),
    (lambda m: m.arange(5).split(2.5), TypeError, "split: "),
    (lambda m: m.arange(5).chunk(2.5), TypeError, "chunk: "),
    (lambda m: m.repeat_interleave(m.arange(3), 2.5), TypeError, "repeat_interleave: "),
    (lambda m: m.repeat_interleave(m.arange(3), m.ones(3)), DtypeError, "`repeats`: expected integers, got float32"),
    (lambda m: m.repeat_interleave(m.arange(2), i(m, 1, 2), output_size=5), ShapeError, "output_size: expected 3"),
    (lambda m: m.bucketize(i(m, 1), m.zeros(2, 2)), ShapeError, "bucketize: `boundaries`: expected a vector"),
    (lambda m: m.searchsorted(m.zeros(2, 2), m.zeros(2)), ShapeError, "searchsorted: expected one sequence, or one"),
    (lambda m: m.zeros(2).__setitem__(0, None), TypeError, "setitem: expected a number"),
    (lambda m: m.ones(1).to(object), TypeError, "to: dtype: expected one such as minigrad.float32"),
    (lambda m: m.zeros(2, dtype=m.Tensor), TypeError, "zeros: dtype: expected one such as"),
    (lambda m: m.tensor(2**63), (OverflowError, ValueError, RuntimeError), "tensor: integers are int64"),
    (lambda m: m.linspace(0, 300, 3, dtype=m.uint8), (OverflowError, RuntimeError), "linspace: 300 is out of range"),
    (lambda m: m.linspace(0, 1, 3, dtype=m.bool), DtypeError, "linspace: dtype: expected numbers, got bool"),
    (lambda m: m.arange(0, 1, 0.25, dtype=m.int64), ValueError, "arange: step: expected 1 or more"),
    (lambda m: m.add(i(m, 1), i(m, 2), alpha=2.5), DtypeError, "add: alpha: expected an integer for integers"),
    (lambda m: m.tensor([True]) // True, DtypeError, "floor_divide: expected numbers, got bool and bool"),
    (lambda m: m.tensor([True]) % True, DtypeError, "remainder: expected numbers, got bool and bool"),
    (lambda m: m.nn.Conv1d(1, 1, 3, stride=2, padding="same"), ValueError, '"same" needs a stride of 1'),
    (lambda m: m.nn.GroupNorm(2, 2)(m.zeros(1, 2)), ValueError, "group_norm: expected more than one value for each"),
    (lambda m: m.ones(2, 3).sum(0, 1), TypeError, "sum: keepdim: expected True or False, got 1; several dimensions"),
    (lambda m: m.ones(2, 3).mean(0, 1), TypeError, "mean: keepdim: expected True or False"),
    (lambda m: m.ones(2, 3).amax(0, 1), TypeError, "amax: keepdim: expected True or False"),
    (lambda m: m.ones(2, 3).max(0, 1), TypeError, "max: keepdim: expected True or False"),
    (lambda m: m.ones(2, 3).prod(0, 1), TypeError, "prod: keepdim: expected True or False"),
    (lambda m: m.tensor([True]).__ior__(2), DtypeError, "bitwise_or_: a result of int64"),
]  # fmt: skip


def numbered(rows: list[Any]) -> list[Any]:
    return [pytest.param(*row, id=f"{n}") for n, row in enumerate(rows)]


@pytest.mark.parametrize("call, dtype, value", numbered(DTYPES + VALUES))
def test_value_and_dtype(call: Call, dtype: str, value: Any) -> None:
    same(call(mg), dtype, value)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("call, dtype, value", numbered(DTYPES + VALUES))
def test_they_are_pytorch_s(call: Call, dtype: str, value: Any) -> None:
    same(call(pytest.importorskip("torch", reason="compares with PyTorch")), dtype, value)


@pytest.mark.parametrize("call, error, text", numbered(REFUSED))
def test_is_refused_in_words(call: Call, error: Any, text: str) -> None:
    with pytest.raises(error, match=text):
        call(mg)


@pytest.mark.parametrize("call, error, text", numbered(REFUSED))
def test_pytorch_refuses_it_too(call: Call, error: Any, text: str) -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    with pytest.raises((TypeError, ValueError, RuntimeError, IndexError)):
        call(torch)


@pytest.mark.parametrize(
    "change, value",
    [
        (lambda a: a.__iand__(1), [1, 1]), (lambda a: a.__ior__(mg.tensor([8])), [11, 13]),
        (lambda a: a.__ixor__(1), [2, 4]), (lambda a: a.__ilshift__(1), [6, 10]), (lambda a: a.__irshift__(1), [1, 2]),
    ],
    ids=["&=", "|=", "^=", "<<=", ">>="],
)  # fmt: skip
def test_bits_change_in_place(change: Any, value: Any) -> None:
    base = mg.tensor([3, 5])
    assert change(base[:]).tolist() == base.tolist() == value


def test_a_list_chooses_elements_to_write_to() -> None:
    a = mg.zeros(2, 3)
    a[[mg.tensor([0]), mg.tensor([1])]] = 1
    a[[[1, 1], [0, 2]]] = 2
    assert a.tolist() == [[0, 1, 0], [2, 0, 2]]


def test_a_shallow_copy_is_a_leaf_on_the_same_memory() -> None:
    p = mg.nn.Parameter(mg.ones(2))
    p.tag = 1
    c = copy.copy(p)
    c.data[0] = 5
    assert (type(c), c.requires_grad, c.tag, p.tolist()) == (mg.nn.Parameter, True, 1, [5, 1])
    assert copy.copy(mg.ones(1, requires_grad=True) * 2).is_leaf


def test_floor_division_has_gradient_zero() -> None:
    x = mg.tensor([5.0, 7.0], requires_grad=True)
    mg.div(x, 2, rounding_mode="floor").sum().backward()
    assert x.grad.tolist() == [0, 0]
