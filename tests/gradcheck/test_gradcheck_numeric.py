"""numerical_gradient: the lecture's number, each method's accuracy, and x put back whatever happens."""

import numpy as np
import pytest

import minigrad
from minigrad.gradcheck import numerical_gradient

EXACT = {"forward": 1e-6, "backward": 1e-6, "central": 1e-8, "richardson": 1e-11, "complex": 1e-14}


def f(t):
    return (t.exp() * t).sum()


def slope(x):
    return np.exp(x) * (1 + x)


def test_lecture_number_one_sided():
    losses = iter([1.25347, 1.25353])
    w = minigrad.tensor([0.34], dtype=minigrad.float64)
    assert numerical_gradient(lambda _: next(losses), w, h=1e-4, method="forward").item() == pytest.approx(0.6)


@pytest.mark.parametrize("method", EXACT)
def test_methods_on_tensors_and_arrays(method):
    x = np.random.default_rng(0).normal(size=(3, 4))
    found = numerical_gradient(f, minigrad.tensor(x), method=method)
    assert isinstance(found, minigrad.Tensor) and found.shape == (3, 4) and found.dtype == minigrad.float64
    assert np.abs(found.numpy() - slope(x)).max() < EXACT[method]
    raw = numerical_gradient(lambda a: (np.exp(a) * a).sum(), x, method=method)
    assert isinstance(raw, np.ndarray) and np.abs(raw - slope(x)).max() < EXACT[method]


@pytest.mark.parametrize("dtype, error", [("float32", 1e-3), ("float16", 0.15)])
def test_low_precision_takes_bigger_steps(dtype, error):
    x = np.linspace(-1, 1, 5).astype(dtype)
    found = numerical_gradient(f, minigrad.tensor(x))
    assert found.dtype == np.dtype(dtype) and np.abs(found.numpy() - slope(x.astype("float64"))).max() < error


@pytest.mark.parametrize("size", [1e-9, 1.0, 1e9])
def test_step_follows_the_size_of_x(size):
    x = minigrad.tensor([size], dtype=minigrad.float64)
    assert numerical_gradient(lambda t: t.log().sum(), x).item() * size == pytest.approx(1, rel=1e-9)


def test_step_given():
    x = minigrad.tensor([1.0], dtype=minigrad.float64)
    assert numerical_gradient(lambda t: (t**2).sum(), x, h=0.5, method="forward").item() == 2.5


def test_indices_choose_coordinates():
    x = minigrad.tensor(np.arange(12.0).reshape(3, 4) / 10)
    calls = []
    found = numerical_gradient(lambda t: calls.append(1) or f(t), x, indices=[0, 7, -1])
    assert found.shape == (3,) and len(calls) == 6
    assert np.allclose(found.numpy(), slope(np.array([0, 0.7, 1.1])), atol=1e-8)


def test_several_inputs_and_zero_dimensions():
    a, b = minigrad.tensor(2.0, dtype=minigrad.float64), minigrad.tensor([3.0, 4.0], dtype=minigrad.float64)
    da, db = numerical_gradient(lambda a, b: (a * b).sum(), [a, b])
    assert da.shape == () and da.item() == pytest.approx(7) and db.tolist() == pytest.approx([2, 2])


def test_x_is_moved_in_place_and_nothing_is_recorded():
    w = minigrad.tensor([1.0, 2.0], dtype=minigrad.float64, requires_grad=True)
    seen = []
    found = numerical_gradient(lambda _: seen.append((w * w).requires_grad) or (w * w).sum(), w)
    assert found.tolist() == pytest.approx([2, 4]) and not any(seen) and w.tolist() == [1, 2]


def test_x_is_restored_when_f_raises():
    x = np.array([1.0, 2.0])

    def fails(a):
        if a[1] != 2.0:
            raise ArithmeticError("no")
        return a.sum()

    with pytest.raises(ArithmeticError):
        numerical_gradient(fails, x)
    assert x.tolist() == [1.0, 2.0]


def test_non_contiguous_input():
    x = minigrad.tensor(np.arange(6.0).reshape(2, 3)).T
    assert np.allclose(numerical_gradient(lambda t: (t * t).sum(), x).numpy(), 2 * x.numpy(), atol=1e-8)


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda x: numerical_gradient(f, x, method="newton"), ValueError, "expected one of forward, backward, central"),
        (lambda x: numerical_gradient(f, x, h=0.0), ValueError, "h: expected a positive step, got 0.0"),
        (lambda x: numerical_gradient(f, minigrad.tensor([1, 2])), TypeError, "a floating dtype, got int64"),
        (lambda x: numerical_gradient(f, 3.0), TypeError, "a floating dtype, got float"),
        (lambda x: numerical_gradient(lambda t: t, x), ValueError, r"expected one number, got shape \(2,\)"),
        (lambda x: numerical_gradient(f, x, indices=[2]), IndexError, r"expected 0 to 1 for shape \(2,\), got 2"),
        (lambda x: numerical_gradient(f, [x], indices=[0]), ValueError, "expected a single x, got a list"),
        (lambda x: numerical_gradient(lambda t: 1.0, x, method="complex"), TypeError, "came out real"),
    ],
)
def test_refused_in_words(call, error, text):
    with pytest.raises(error, match=text):
        call(minigrad.tensor([1.0, 2.0], dtype=minigrad.float64))
