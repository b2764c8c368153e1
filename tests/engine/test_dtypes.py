"""dtypes: PyTorch's promotion, and float16/32/64 in, the same out, for values and gradients of every order."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.dtypes import category, number_dtype
from minigrad.engine.primitive import REGISTRY

CODES = {"b": "bool", "u1": "uint8", "i1": "int8", "i2": "int16", "i4": "int32", "i8": "int64",
         "f2": "float16", "f4": "float32", "f8": "float64"}  # fmt: skip
DTYPES = {code: np.dtype(name) for code, name in CODES.items()}
FLOATS = ["float16", "float32", "float64"]

# What PyTorch 2.13 answers: rows and columns in the order of CODES.
ALIKE = """
b  u1 i1 i2 i4 i8 f2 f4 f8
u1 u1 i2 i2 i4 i8 f2 f4 f8
i1 i2 i1 i2 i4 i8 f2 f4 f8
i2 i2 i2 i2 i4 i8 f2 f4 f8
i4 i4 i4 i4 i4 i8 f2 f4 f8
i8 i8 i8 i8 i8 i8 f2 f4 f8
f2 f2 f2 f2 f2 f2 f2 f4 f8
f4 f4 f4 f4 f4 f4 f4 f4 f8
f8 f8 f8 f8 f8 f8 f8 f8 f8
"""  # both with dimensions, or both without
AGAINST_0D = """
b  u1 i1 i2 i4 i8 f2 f4 f8
u1 u1 u1 u1 u1 u1 f2 f4 f8
i1 i1 i1 i1 i1 i1 f2 f4 f8
i2 i2 i2 i2 i2 i2 f2 f4 f8
i4 i4 i4 i4 i4 i4 f2 f4 f8
i8 i8 i8 i8 i8 i8 f2 f4 f8
f2 f2 f2 f2 f2 f2 f2 f2 f2
f4 f4 f4 f4 f4 f4 f4 f4 f4
f8 f8 f8 f8 f8 f8 f8 f8 f8
"""  # the row with dimensions, the column without
AGAINST_NUMBERS = """
b  i8 f4
u1 u1 f4
i1 i1 f4
i2 i2 f4
i4 i4 f4
i8 i8 f4
f2 f2 f2
f4 f4 f4
f8 f8 f8
"""  # the columns are True, 1 and 1.0
NUMBERS: list[Any] = [True, 1, 1.0]


def rows(text: str) -> list[list[Any]]:
    return [[DTYPES[code] for code in line.split()] for line in text.split("\n") if line]


def ones(dtype: Any, ndim: int) -> Any:
    return mg.ones((2,) * ndim, dtype=dtype)


def pairs() -> Iterator[tuple[Any, Any, Any]]:
    """Every pair of operands with the dtype PyTorch gives for them."""
    for (i, a), (j, b) in itertools.product(enumerate(DTYPES.values()), repeat=2):
        for n, m, table in ((1, 1, ALIKE), (0, 0, ALIKE), (1, 0, AGAINST_0D), (2, 0, AGAINST_0D)):
            yield ones(a, n), ones(b, m), rows(table)[i][j]
    for (i, a), (j, number) in itertools.product(enumerate(DTYPES.values()), enumerate(NUMBERS)):
        for n in (0, 1):
            yield ones(a, n), number, rows(AGAINST_NUMBERS)[i][j]


PAIRS = list(pairs())


def names(a: Any, b: Any) -> str:
    return f"{a.dtype}[{a.ndim}], {b.dtype if hasattr(b, 'dtype') else b!r}"


# --- promotion ----------------------------------------------------------------------------------------------------


def test_result_type_is_pytorch_s() -> None:
    for a, b, expected in PAIRS:
        assert mg.result_type(a, b) == expected, names(a, b)
        assert mg.result_type(b, a) == expected, names(a, b)


def test_promote_types_is_pytorch_s() -> None:
    for (i, a), (j, b) in itertools.product(enumerate(DTYPES.values()), repeat=2):
        assert mg.promote_types(a, b) == rows(ALIKE)[i][j]


ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda a, b: a + b,
    "mul": lambda a, b: a * b,
    "maximum": mg.maximum,
    "minimum": mg.minimum,
    "where": lambda a, b: mg.where(mg.tensor([True, False]), a, b),
}


@pytest.mark.parametrize("name", ARITHMETIC)
def test_arithmetic_promotes_as_pytorch_does(name: str) -> None:
    op = ARITHMETIC[name]
    for a, b, expected in PAIRS:
        assert op(a, b).dtype == expected, names(a, b)
        assert op(b, a).dtype == expected, names(a, b)


def test_subtraction_and_powers_promote_as_pytorch_does() -> None:
    for a, b, expected in PAIRS:
        if expected.kind != "b":  # two bools can be subtracted in neither
            assert (a - b).dtype == (b - a).dtype == expected, names(a, b)
            assert (a**b).dtype == (b**a).dtype == expected, names(a, b)


def test_division_gives_a_floating_dtype() -> None:
    for a, b, expected in PAIRS:
        floating = expected if expected.kind == "f" else mg.float32
        assert (a / b).dtype == (b / a).dtype == floating, names(a, b)


def test_comparisons_and_logic_give_bool() -> None:
    for a, b, _ in PAIRS:
        for result in (a == b, a != b, a < b, a <= b, a > b, a >= b, mg.logical_and(a, b), mg.logical_xor(a, b)):
            assert result.dtype == mg.bool, names(a, b)
        assert (a == b).all() and not (a < b).any()


def test_cat_and_stack_promote_and_pay_no_heed_to_dimensions() -> None:
    for (i, a), (j, b) in itertools.product(enumerate(DTYPES.values()), repeat=2):
        assert mg.cat([ones(a, 1), ones(b, 1)]).dtype == rows(ALIKE)[i][j]
        assert mg.stack([ones(a, 0), ones(b, 0)]).dtype == rows(ALIKE)[i][j]


def test_bitwise_operators_promote() -> None:
    whole = {code: d for code, d in DTYPES.items() if d.kind != "f"}
    for (i, a), (j, b) in itertools.product(enumerate(whole.values()), repeat=2):
        for result in (ones(a, 1) & ones(b, 1), ones(a, 1) | ones(b, 1), ones(a, 1) ^ ones(b, 1)):
            assert result.dtype == rows(ALIKE)[i][j]


def test_in_place_keeps_the_dtype_where_the_category_allows() -> None:
    for a, b, _ in PAIRS:
        other = b.dtype if hasattr(b, "dtype") else number_dtype(b)
        if category(other) <= category(a.dtype) and getattr(b, "ndim", 0) <= a.ndim:
            assert a.clone().add_(b).dtype == a.clone().mul_(b).dtype == a.dtype, names(a, b)


def test_numpy_arrays_and_scalars_as_operands() -> None:
    x = mg.ones(2)
    array = np.ones(2)
    for result in (x * array, array * x, x + array, array - x):
        assert isinstance(result, mg.Tensor) and result.dtype == mg.float64
    for scalar in (np.float64(2), np.float32(2), np.int64(2), np.array(2.0)):
        assert (x * scalar).dtype == (scalar * x).dtype == (scalar / x).dtype == mg.float32
    assert (mg.tensor([1, 2]) * np.float64(0.5)).dtype == mg.float32


def test_integers_beyond_a_dtype_wrap_around() -> None:
    x = mg.tensor([1, 2], dtype=mg.uint8)
    assert (x * -1).tolist() == [255, 254] and (300 + x).tolist() == [45, 46]
    assert (mg.tensor([100], dtype=mg.int8) + 100).tolist() == [-56]
    assert (x < 300).all() and not (x == -1).any()


# --- dtype kept by every op ---------------------------------------------------------------------------------------

UNARY = sorted(n for n, op in REGISTRY.items() if op.arguments == ("input",) and not op.static and op.rules)
BINARY = sorted(n for n, op in REGISTRY.items() if op.arguments == ("input", "other") and not op.static and op.rules)
REDUCE = {name: getattr(mg, name) for name in ("sum", "mean", "amax", "amin", "max", "min", "var", "std", "norm")} | {
    "logsumexp": lambda x: mg.logsumexp(x, 1), "softmax": lambda x: mg.softmax(x, 1),
    "log_softmax": lambda x: mg.log_softmax(x, 1), "max(dim)": lambda x: mg.max(x, 1).values,
    "norm 3": lambda x: mg.norm(x, 3), "norm inf": lambda x: mg.norm(x, float("inf")),
    "clamp": lambda x: mg.clamp(x, 0.1, 0.5), "getitem": lambda x: x[[0, 1, 1]], "matmul": lambda x: x @ x,
    "cat": lambda x: mg.cat([x, x]), "masked_fill": lambda x: mg.masked_fill(x, x > 0.5, 0.25),
    "mul by a number": lambda x: x * 0.1 + 2, "number / x": lambda x: 0.1 / x, "number ** x": lambda x: 2**x,
    "by a wider 0-d tensor": lambda x: x * mg.tensor(2.0, dtype=mg.float64),
    "where": lambda x: mg.where(x > 0.5, x, 0.1),
    "in place": lambda x: x.clone().mul_(0.3).exp_(), "item": lambda x: x.clone().__setitem__(0, 1.5) or x * 1,
}  # fmt: skip


def dtypes_of(f: Callable[..., Any], dtype: str, *shapes: tuple[int, ...]) -> set[Any]:
    """The dtypes of f's value, of its gradients of first and second order, and of what backward() leaves."""
    rng = np.random.default_rng(0)
    xs = [mg.tensor(rng.uniform(0.2, 0.8, s).astype(dtype), requires_grad=True) for s in shapes]
    y = f(*xs)
    tensors = [y, *(first := mg.autograd.grad(y.sum(), xs, create_graph=True))]
    if any(g.requires_grad for g in first):
        tensors += mg.autograd.grad(sum(g.sum() for g in first), xs, allow_unused=True)
    f(*xs).sum().backward()
    return {t.dtype for t in [*tensors, *(x.grad for x in xs)] if t is not None}


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", UNARY)
def test_unary_ops_keep_the_dtype(name: str, dtype: str) -> None:
    for shape in ((2, 2), (), (0,)):
        assert dtypes_of(REGISTRY[name].call, dtype, shape) == {np.dtype(dtype)}


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", BINARY)
def test_binary_ops_keep_the_dtype(name: str, dtype: str) -> None:
    for shapes in (((2, 2), (2, 2)),) if name == "matmul" else (((2, 2), (2,)), ((2,), (2, 2)), ((), (2,)), ((), ())):
        assert dtypes_of(REGISTRY[name].call, dtype, *shapes) == {np.dtype(dtype)}


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", REDUCE)
def test_reductions_and_others_keep_the_dtype(name: str, dtype: str) -> None:
    assert dtypes_of(REDUCE[name], dtype, (3, 3)) == {np.dtype(dtype)}


def test_zero_dimensional_results_are_arrays() -> None:
    x = mg.tensor(0.5, requires_grad=True)
    for y in (x + 1, x * x, x.exp(), x.sum(), -x, x / 2, mg.ones(3).sum(), mg.ones(3)[0], mg.ones(3).max()):
        assert isinstance(y._array, np.ndarray) and y.shape == ()
    (x * x + x).exp().backward()
    assert isinstance(x.grad._array, np.ndarray)


# --- names and the default ----------------------------------------------------------------------------------------


def test_names_and_their_aliases() -> None:
    assert (mg.float, mg.double, mg.half, mg.int, mg.long, mg.short) == (
        mg.float32, mg.float64, mg.float16, mg.int32, mg.int64, mg.int16)  # fmt: skip
    assert mg.ones(1).dtype == mg.float32 == "float32" and mg.float32 == np.float32


def test_the_default_dtype_is_what_python_floats_become() -> None:
    assert mg.get_default_dtype() == mg.float32
    mg.set_default_dtype(mg.float64)
    try:
        assert mg.tensor(1.0).dtype == mg.zeros(2).dtype == (mg.tensor([1]) / 2).dtype == mg.rand(2).dtype == mg.float64
        assert mg.tensor([1]).dtype == mg.int64 and (mg.tensor([1]) * 0.5).dtype == mg.float64
        assert mg.Tensor([1, 2]).dtype == mg.float64 and repr(mg.tensor([1.0])) == "tensor([1.])"
    finally:
        mg.set_default_dtype(mg.float32)
    with pytest.raises(TypeError, match=r"set_default_dtype\(\): expected a floating dtype, got int64"):
        mg.set_default_dtype(mg.int64)


def test_categories() -> None:
    assert [category(np.dtype(d)) for d in ("bool", "uint8", "int64", "float16", "complex64")] == [0, 1, 1, 2, 3]
    with pytest.raises(
        TypeError, match="a tensor holds bool, integer, floating or complex numbers, not NumPy's object"
    ):
        category(np.dtype(object))


def test_conversions() -> None:
    x = mg.tensor([0.0, 1.7, -2.2])
    assert x.long().tolist() == [0, 1, -2] and x.bool().tolist() == [False, True, True]
    assert (x.half().dtype, x.double().dtype, x.int().dtype, x.short().dtype) == (
        "float16",
        "float64",
        "int32",
        "int16",
    )
    assert x.float() is x and x.to(mg.float32) is x and x.to("float64").dtype == mg.float64
    assert x.to(mg.ones(1, dtype=mg.float16)).dtype == x.type_as(mg.ones(1, dtype=mg.float16)).dtype == mg.float16
    y = mg.tensor([1.5], requires_grad=True)
    assert y.double().requires_grad and not y.long().requires_grad and not y.bool().requires_grad
    y.double().sum().backward()
    assert y.grad.dtype == mg.float32
