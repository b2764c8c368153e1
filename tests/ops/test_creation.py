"""Making tensors: from data of every kind, filled, counted, as others are."""

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import DtypeError

CASES: list[tuple[Any, list[Any] | Any, str]] = [
    (1, 1, "int64"),
    (1.5, 1.5, "float32"),
    (True, True, "bool"),
    (2**62, 2**62, "int64"),
    ([1, 2], [1, 2], "int64"),
    ([1, 2.5], [1, 2.5], "float32"),
    ([True, 2], [1, 2], "int64"),
    ([True, 2.5], [1, 2.5], "float32"),
    ([True, False], [True, False], "bool"),
    ((1, 2), [1, 2], "int64"),
    ([(1, 2), [3, 4]], [[1, 2], [3, 4]], "int64"),
    (range(3), [0, 1, 2], "int64"),
    ([], [], "float32"),
    ([[], []], [[], []], "float32"),
    (np.float64(2), 2.0, "float64"),
    (np.int32(2), 2, "int32"),
    (np.bool_(True), True, "bool"),
    ([np.float64(1), 2], [1, 2], "float64"),
    ([np.float32(1)], [1], "float32"),
    (np.array([1, 2], "int32"), [1, 2], "int32"),
    (np.array([1, 2], "uint16"), [1, 2], "uint16"),
    (np.array([1.5], "float16"), [1.5], "float16"),
    (np.array([1.5], ">f4"), [1.5], "float32"),
    (np.array(3.0), 3.0, "float64"),
    ([np.array([1, 2]), np.array([3, 4])], [[1, 2], [3, 4]], "int64"),
    (mg.tensor([1, 2]), [1, 2], "int64"),
    ([mg.tensor(1.0), mg.tensor(2.0)], [1, 2], "float32"),
    ([[mg.tensor(1), 2.5]], [[1, 2.5]], "float32"),
    ([mg.tensor([1.0]), mg.tensor([2.0])], [[1], [2]], "float32"),
    (1j, 1j, "complex64"),
    ([1, 2j], [1, 2j], "complex64"),
]


@pytest.mark.parametrize(("data", "values", "dtype"), CASES, ids=lambda x: repr(x).replace("\n", "")[:40])
def test_tensor_of_data(data: Any, values: Any, dtype: str) -> None:
    t = mg.tensor(data)
    assert t.tolist() == values and t.dtype == dtype and not t.requires_grad and t.is_leaf
    assert mg.tensor(data, dtype=mg.float64 if t.dtype.kind != "c" else mg.complex128).element_size() in (8, 16)


def test_tensor_copies_and_as_tensor_does_not() -> None:
    array, t = np.ones(2), mg.ones(2)
    assert not np.shares_memory(mg.tensor(array).numpy(), array) and not np.shares_memory(
        mg.tensor(t).numpy(), t.numpy()
    )
    assert mg.as_tensor(t) is t and np.shares_memory(mg.as_tensor(array).numpy(), array)
    assert mg.as_tensor(t, dtype=mg.float64).dtype == mg.float64 and mg.as_tensor([1, 2]).tolist() == [1, 2]
    assert mg.as_tensor(array, dtype=mg.float32).dtype == mg.float32
    x = mg.ones(2, requires_grad=True)
    assert not mg.tensor(x).requires_grad and mg.as_tensor(x, dtype=mg.float64).requires_grad


@pytest.mark.parametrize(
    "data", ["a", b"ab", None, [1, "a"], [None], {}, {1}, np.array(["a"]), np.array([1, "a"], dtype=object)], ids=str
)
def test_what_no_tensor_can_hold(data: Any) -> None:
    with pytest.raises(TypeError, match="a tensor holds bool, integer, floating or complex numbers, not NumPy's"):
        mg.tensor(data)


def test_ragged_data_is_refused_with_a_look_at_it() -> None:
    with pytest.raises(TypeError, match=r"tensor: cannot make a tensor of \[\[1, 2\], \[3\]\]: .*inhomogeneous"):
        mg.tensor([[1, 2], [3]])
    with pytest.raises(TypeError, match=r"tensor: cannot make a tensor of \[\[0, 1, .*\.\.\.: "):
        mg.tensor([list(range(50)), [1]])


def test_requires_grad_at_birth() -> None:
    makers = [mg.zeros, mg.ones, mg.empty, mg.rand, mg.randn, lambda n, **k: mg.full((n,), 1.0, **k),
              lambda n, **k: mg.eye(n, **k), lambda n, **k: mg.linspace(0, 1, n, **k),
              lambda n, **k: mg.arange(0.0, n, **k), lambda n, **k: mg.zeros_like(mg.ones(n), **k)]  # fmt: skip
    assert all(make(3, requires_grad=True).requires_grad and not make(3).requires_grad for make in makers)
    with pytest.raises(DtypeError, match="only floating tensors can require gradients, got int64"):
        mg.arange(3, requires_grad=True)


# --- filled -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [mg.zeros, mg.ones, mg.empty, mg.rand, mg.randn], ids=lambda f: f.__name__)
def test_sizes_in_every_form(make: Any) -> None:
    for sizes in ((2, 3), ((2, 3),), ([2, 3],), (mg.Size((2, 3)),), (np.int64(2), mg.tensor(3))):
        assert make(*sizes).shape == (2, 3) and make(*sizes).dtype == mg.float32
    assert make(()).shape == () and make(0).shape == (0,) and make(2, dtype=mg.float16).dtype == mg.float16
    for wrong in ((), (2.5,), ("a",), (2, None)):
        with pytest.raises(TypeError, match="size: expected integers, got"):
            make(*wrong)


def test_negative_sizes() -> None:
    for make in (mg.zeros, mg.ones, mg.empty):
        with pytest.raises(ValueError, match=rf"{make.__name__}: size: expected 0 or more, got \(2, -1\)"):
            make(2, -1)


def test_full() -> None:
    assert mg.full((2,), 7).tolist() == [7, 7] and mg.full((2,), 7).dtype == mg.int64
    assert (mg.full(2, 0.5).dtype, mg.full((1,), True).dtype, mg.full((1,), 7, dtype=mg.float64).dtype) == (
        mg.float32, mg.bool, mg.float64)  # fmt: skip
    assert mg.full((2,), mg.tensor(3.0)).tolist() == [3, 3]


def test_arange() -> None:
    assert mg.arange(3).tolist() == [0, 1, 2] and mg.arange(3).dtype == mg.int64
    assert mg.arange(1, 4).tolist() == [1, 2, 3] and mg.arange(5, 0, -2).tolist() == [5, 3, 1]
    assert mg.arange(3.5).tolist() == [0, 1, 2, 3] and mg.arange(0, 1, 0.25).dtype == mg.float32
    assert mg.arange(3, dtype=mg.float64).dtype == mg.float64 and mg.arange(mg.tensor(2)).tolist() == [0, 1]
    with pytest.raises(ValueError, match="arange: expected finite numbers, a step other than 0"):
        mg.arange(0, 3, 0)


def test_linspace_and_eye() -> None:
    assert np.allclose(mg.linspace(0, 1, 5).tolist(), [0, 0.25, 0.5, 0.75, 1]) and mg.linspace(0, 1, 0).shape == (0,)
    assert mg.linspace(3, 1, 1).tolist() == [3] and mg.linspace(0, 1, 2, dtype=mg.float64).dtype == mg.float64
    with pytest.raises(ValueError, match="linspace: steps: expected 0 or more, got -1"):
        mg.linspace(0, 1, -1)
    assert mg.eye(2).tolist() == [[1, 0], [0, 1]] and mg.eye(1, 3).tolist() == [[1, 0, 0]] and mg.eye(0).shape == (0, 0)


def test_likes_have_size_and_dtype_of_the_input() -> None:
    x = mg.ones(2, 3, dtype=mg.float64, requires_grad=True)
    for like, value in ((mg.zeros_like, 0), (mg.ones_like, 1), (lambda t, **k: mg.full_like(t, 5, **k), 5)):
        y = like(x)
        assert (y.shape, y.dtype, y.requires_grad) == (x.shape, x.dtype, False) and (y == value).all()
        assert like(x, dtype=mg.float16).dtype == mg.float16
        assert isinstance(like(np.ones(2)), np.ndarray)  # a raw array gives a raw array
    assert mg.empty_like(x).shape == mg.rand_like(x).shape == mg.randn_like(x).shape == (2, 3)
    with pytest.raises(DtypeError, match="zeros: expected a Tensor or an array, got list"):
        mg.zeros_like([1])
