"""Operators and protocols of Tensor: both sides, comparisons, indexing, iteration, truth, conversion, formatting."""

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import DtypeError, ShapeError

BINARY: list[Callable[[Any, Any], Any]] = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]
COMPARE: list[Callable[[Any, Any], Any]] = [
    operator.eq,
    operator.ne,
    operator.lt,
    operator.le,
    operator.gt,
    operator.ge,
]
OTHERS: dict[str, Any] = {
    "int": 2, "float": 0.5, "bool": True, "array": np.array([0.5, 2.0], "float32"), "0-d array": np.array(2.0),
    "NumPy float": np.float64(0.5), "NumPy int": np.int64(2), "column": np.array([[1.0], [2.0]], "float32"),
}  # fmt: skip


@pytest.mark.parametrize("op", BINARY, ids=lambda op: op.__name__)
@pytest.mark.parametrize("name", OTHERS)
def test_operators_on_both_sides_agree_with_numpy_and_are_recorded(name: str, op: Any) -> None:
    other, x = OTHERS[name], mg.tensor([1.5, 3.0], requires_grad=True)
    array = x.detach().numpy()
    for result, expected in ((op(x, other), op(array, other)), (op(other, x), op(other, array))):
        assert type(result) is mg.Tensor and result.requires_grad
        assert np.allclose(result.detach().numpy(), expected, rtol=1e-6)
    (op(x, other).sum() + op(other, x).sum()).backward()
    assert x.grad.shape == x.shape


@pytest.mark.parametrize("op", COMPARE, ids=lambda op: op.__name__)
@pytest.mark.parametrize("name", OTHERS)
def test_comparisons_on_both_sides(name: str, op: Any) -> None:
    other, x = OTHERS[name], mg.tensor([0.5, 2.0])
    for result, expected in ((op(x, other), op(x.numpy(), other)), (op(other, x), op(other, x.numpy()))):
        assert type(result) is mg.Tensor and result.dtype == mg.bool
        assert np.array_equal(result.numpy(), expected)


def test_comparison_with_what_is_no_operand_is_left_to_python() -> None:
    t = mg.ones(2)
    assert (t == None, t != None, t == "a", t != object(), None == t) == (False, True, False, True, False)  # noqa: E711
    for compare in (operator.lt, operator.ge):
        with pytest.raises(TypeError, match="not supported between instances of 'Tensor' and 'NoneType'"):
            compare(t, None)


def test_operands_that_are_refused() -> None:
    t = mg.ones(2)
    with pytest.raises(TypeError, match="add: `other`: expected a Tensor, an array or a number, got str"):
        t + "a"
    with pytest.raises(DtypeError, match="mul: `other`: expected a Tensor, an array or a number, got None"):
        t * None
    for wrong in (lambda: None + t, lambda: "a" + t, lambda: [1, 2] - t, lambda: t @ 3, lambda: 3 @ t, lambda: t & "a"):
        with pytest.raises(TypeError):
            wrong()
    with pytest.raises(DtypeError, match=r"bitwise_and: .*; got float32\[2\]"):
        t & t
    with pytest.raises(DtypeError, match=r"sub: .*; got bool\[1\], bool\[1\]"):
        mg.tensor([True]) - mg.tensor([True])


def test_unary_and_bitwise_operators() -> None:
    t, b = mg.tensor([1.5, -2.0]), mg.tensor([True, False])
    assert (-t).tolist() == [-1.5, 2] and abs(t).tolist() == [1.5, 2] and (+t) is t
    assert (~b).tolist() == [False, True] and (~mg.tensor([0, 5])).tolist() == [-1, -6]
    assert (b & True).tolist() == [True, False] and (True ^ b).tolist() == [False, True] and (b | ~b).all()
    assert (mg.tensor([6, 5]) & 3).tolist() == [2, 1] and (8 | mg.tensor([6])).tolist() == [14]


def test_matrix_products_with_arrays_on_both_sides() -> None:
    x = mg.ones(2, 2, requires_grad=True)
    for y in (x @ x, np.eye(2, dtype="float32") @ x, x @ np.eye(2, dtype="float32")):
        assert type(y) is mg.Tensor and y.requires_grad and y.shape == (2, 2)
    with pytest.raises(DtypeError, match=r"matmul: expected one dtype, got float32 and float64; cast one with .to\(\)"):
        x @ np.eye(2)


def test_a_power_of_integers() -> None:
    assert (2 ** mg.tensor([2, 3])).tolist() == [4, 8] and (mg.tensor([2]) ** 3).dtype == mg.int64
    with pytest.raises(ValueError, match="pow: Integers to negative integer powers are not allowed.; got int64"):
        mg.tensor([2]) ** -1


# --- membership, iteration, unpacking -----------------------------------------------------------------------------


def test_membership() -> None:
    t = mg.tensor([1.0, 2.0])
    assert 2 in t and 2.0 in t and mg.tensor(1.0) in t and np.float64(2) in t and 3 not in t
    for wrong in ("a", None):
        with pytest.raises(TypeError, match="`in` a tensor: expected a Tensor or a number, got"):
            wrong in t  # noqa: B015


def test_iteration_and_unpacking_are_recorded_views() -> None:
    x = mg.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    a, b = x
    assert (a.tolist(), b.tolist()) == ([1, 2], [3, 4]) and [r.sum().item() for r in reversed(x)] == [7, 3]
    (a * b).sum().backward()
    assert x.grad.tolist() == [[3, 4], [1, 2]]
    assert list(mg.zeros(0)) == [] and [*zip(mg.tensor([1, 2]), "ab", strict=True)][1][1] == "b"
    with pytest.raises(TypeError, match="iteration over a 0-d tensor"):
        iter(mg.tensor(1.0))


# --- truth and conversion -----------------------------------------------------------------------------------------


def test_truth() -> None:
    assert mg.tensor([2.0]) and mg.tensor(True) and not mg.tensor([[0]]) and mg.tensor(float("nan"))
    for t, n in ((mg.ones(2), 2), (mg.zeros(0), 0)):
        with pytest.raises(
            RuntimeError, match=rf"the truth of a tensor with {n} elements is ambiguous; use .any\(\) or .all"
        ):
            bool(t)
    assert (not mg.tensor(False)) is True


def test_conversion_to_python_numbers() -> None:
    assert float(mg.tensor(2)) == 2.0 and int(mg.tensor([2.7])) == 2 and complex(mg.tensor(1.5)) == 1.5 + 0j
    assert type(float(mg.tensor(2))) is float and type(int(mg.tensor(2.0))) is int
    assert math.sqrt(mg.tensor(4.0)) == 2 and float(mg.tensor(2.0, requires_grad=True)) == 2.0
    with pytest.raises(RuntimeError, match="item: expected a tensor of one element"):
        float(mg.ones(2))


def test_an_integer_tensor_is_an_index() -> None:
    i = mg.tensor(1)
    assert [10, 20, 30][i] == 20 and list(range(mg.tensor(3))) == [0, 1, 2] and "ab" * mg.tensor(2) == "abab"
    assert [1, 2, 3][mg.tensor(1) : mg.tensor(3)] == [2, 3] and operator.index(mg.tensor([4])) == 4
    with pytest.raises(TypeError, match=r"only an integer tensor of one element can be an index, got float32\[\]"):
        [1, 2][mg.tensor(1.0)]
    with pytest.raises(TypeError, match=r"only an integer tensor of one element can be an index, got int64\[2\]"):
        [1, 2][mg.tensor([0, 1])]


def test_formatting() -> None:
    t = mg.tensor(1.2345)
    assert f"{t:.2f}" == "1.23" and f"{mg.tensor(1.5)}" == "1.5" and f"{mg.tensor([2.0]):.1f}" == "2.0"
    assert f"{mg.tensor([1.0, 2.0])}" == "tensor([1., 2.])" and f"{mg.tensor(3):03d}" == "003"
    with pytest.raises(RuntimeError, match="item: expected a tensor of one element"):
        f"{mg.ones(2):.2f}"


# --- indexing -----------------------------------------------------------------------------------------------------

CUBE = np.arange(24.0).reshape(2, 3, 4)
INDICES: dict[str, Any] = {
    "int": 1, "negative": -1, "slice": slice(1, 3), "step": (slice(None), slice(None, None, 2)),
    "ellipsis": (..., 2), "None": (None, 0, ..., None), "all ints": (1, 2, 3),
    "list": [1, 0, 1], "array": np.array([0, 1]), "two arrays": ([0, 1], [2, 0]),
    "array and slice": (slice(None), [2, 0], slice(1)),
    "apart": ([1, 0], slice(None), [3, 1]), "grid": (np.array([[0], [1]]), np.array([[0, 2]])), "bool": CUBE > 11,
    "row bool": np.array([False, True]), "bool list": [True, False], "middle bool": (slice(None), [True, False, True]),
    "True": True, "NumPy int": np.int64(1), "empty list": [], "tuple in list": [0], "range": range(1, 2),
}  # fmt: skip


@pytest.mark.parametrize("name", INDICES)
def test_indexing_is_numpys_and_its_gradient_counts(name: str) -> None:
    index = INDICES[name]
    plain = list(index) if isinstance(index, range) else index
    plain = np.array(plain, dtype="int64") if isinstance(plain, list) and not plain else plain
    x = mg.tensor(CUBE, requires_grad=True)
    y = x[index]
    assert np.array_equal(y.detach().numpy(), CUBE[plain]) and y.ndim == CUBE[plain].ndim
    y.sum().backward()
    counts = np.zeros_like(CUBE)
    np.add.at(counts, plain, 1)
    assert np.array_equal(x.grad.numpy(), counts)


@pytest.mark.parametrize(
    "index",
    [mg.tensor(1), mg.tensor([1, 0]), (0, mg.tensor([2, 0])), mg.tensor([True, False]), mg.tensor(CUBE > 11),
     [mg.tensor(1), 0], (mg.tensor(0), mg.tensor(1)), mg.tensor([1, 0], dtype=mg.uint8),
     slice(mg.tensor(0), mg.tensor(1))],
    ids=lambda i: repr(i).replace("\n", "")[:30],
)  # fmt: skip
def test_tensors_as_indices(index: Any) -> None:
    def plain(i: Any) -> Any:
        if isinstance(i, tuple):
            return tuple(plain(j) for j in i)
        if isinstance(i, list):  # with a tensor in it, what a tuple is, as in PyTorch
            return tuple(plain(j) for j in i)
        if isinstance(i, slice):
            return slice(int(i.start), int(i.stop))
        array = i.numpy() if isinstance(i, mg.Tensor) else i
        return array.astype(bool) if getattr(array, "dtype", None) == "uint8" else array

    assert np.array_equal(mg.tensor(CUBE)[index].numpy(), CUBE[plain(index)])


def test_basic_indices_are_views_and_others_copies() -> None:
    t = mg.tensor(CUBE)
    assert all(np.shares_memory(t[i].numpy(), t.numpy()) for i in (0, (0, 1, 2), slice(1), (..., None), mg.tensor(1)))
    assert not any(np.shares_memory(t[i].numpy(), t.numpy()) for i in ([0], t > 3, mg.tensor([0]), True))


@pytest.mark.parametrize(
    ("index", "text"),
    [
        (5, r"getitem: index 5 is out of bounds for axis 0 with size 2; got a tensor of shape \(2, 3, 4\)"),
        ((0, 0, 0, 0), "getitem: too many indices"),
        (1.0, "getitem: only integers, slices"),
        ("a", "getitem: only integers, slices"),
        (mg.tensor([0.5]), "getitem: expected integer or bool indices, got a tensor of float32; got a tensor of shape"),
        (mg.tensor([0, 7]), "getitem: index 7 is out of bounds for axis 0 with size 2"),
        (mg.tensor([True]), "getitem: boolean index did not match"),
    ],
)
def test_wrong_indices(index: Any, text: str) -> None:
    with pytest.raises(IndexError, match=text):
        mg.tensor(CUBE)[index]
    with pytest.raises(IndexError, match=text.replace("getitem", "setitem")):
        mg.tensor(CUBE)[index] = 0


def test_broadcasting_errors_name_op_and_shapes() -> None:
    for op, name in ((operator.add, "add"), (operator.mul, "mul"), (operator.lt, "lt"), (mg.maximum, "maximum")):
        with pytest.raises(ShapeError, match=rf"^{name}: expected shapes that broadcast together \(equal sizes or 1, "
                           r"compared from the last dimension\); got float32\[2, 3\], float32\[2\]"):  # fmt: skip
            op(mg.ones(2, 3), mg.ones(2))
