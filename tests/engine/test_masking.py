"""Behind a `where`, a gradient that is zero stays zero, whatever the slope there is: 0 * inf is 0."""

import numpy as np
import pytest

import minigrad as mg

CASES = {
    "sqrt": lambda x: mg.where(x > 0, x.sqrt(), 0.0),
    "log": lambda x: mg.where(x > 0, x.log(), 0.0),
    "1/x": lambda x: mg.where(x != 0, 1 / x, 0.0),
    "x log x": lambda x: mg.where(x > 0, x * x.log(), 0.0),
    "masked_fill": lambda x: x.sqrt().masked_fill(x == 0, 0.0),
    "through views": lambda x: mg.where(x > 0, x.sqrt().reshape(3, 1)[:, 0].clone(), 0.0),
    "a chain": lambda x: mg.where(x > 0, (x.sqrt() * 3).log() * 2, 0.0),
    "pow": lambda x: mg.where(x > 0, x**0.5, 0.0),
    "division": lambda x: mg.where(x > 0, x / x, 0.0),
    "two": lambda x: mg.where(x > 0, x.sqrt(), 0.0) + mg.where(x > 1, x.log(), 0.0),
}
SLOPES = {
    "sqrt": [0.25, 0.5], "log": [0.25, 1], "1/x": [-1 / 16, -1], "x log x": [np.log(4) + 1, 1],
    "masked_fill": [0.25, 0.5], "through views": [0.25, 0.5], "a chain": [0.25, 1], "pow": [0.25, 0.5],
    "division": [0, 0], "two": [0.5, 0.5],
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_masked_element_has_gradient_zero(name: str) -> None:
    x = mg.tensor([4.0, 0.0, 1.0], dtype=mg.float64, requires_grad=True)
    CASES[name](x).sum().backward()
    assert x.grad[1].item() == 0.0
    assert np.allclose(x.grad.numpy()[[0, 2]], SLOPES[name])


@pytest.mark.parametrize("name", CASES)
def test_so_it_is_at_second_order(name: str) -> None:
    x = mg.tensor([4.0, 0.0, 1.0], dtype=mg.float64, requires_grad=True)
    (g,) = mg.autograd.grad(CASES[name](x).sum(), x, create_graph=True)
    assert g[1].item() == 0.0
    (h,) = mg.autograd.grad(g.sum(), x)
    assert h[1].item() == 0.0 and np.isfinite(h.numpy()).all()


def test_without_a_where_the_slope_is_what_it_is() -> None:
    x = mg.tensor([0.0], requires_grad=True)
    x.sqrt().sum().backward()
    assert x.grad.item() == float("inf")
    x.grad = None
    (x.sqrt() * 0).sum().backward()
    assert np.isnan(x.grad.item())


def test_a_nan_that_comes_from_an_unmasked_element_is_not_hidden() -> None:
    x = mg.tensor([-1.0, 4.0], requires_grad=True)
    mg.where(x < 9, x.sqrt(), 0.0).sum().backward()
    assert np.isnan(x.grad[0].item()) and x.grad[1].item() == 0.25


def test_anomaly_detection_does_not_stumble_over_it() -> None:
    x = mg.tensor([0.0, 1.0], requires_grad=True)
    with mg.autograd.detect_anomaly():
        mg.where(x > 0, x.sqrt(), 0.0).sum().backward()
    assert x.grad.tolist() == [0.0, 0.5]


MOVES = {
    "transpose": lambda x: x.transpose(0, 1),
    "flip by index": lambda x: x[mg.tensor([2, 1, 0])],
    "reversed rows and columns": lambda x: x.permute(1, 0)[mg.tensor([1, 2, 0])],
    "windows of one": lambda x: x.unfold(0, 1, 1).squeeze(-1).t(),
    "as_strided": lambda x: x.as_strided((3, 3), (1, 3)),
}


@pytest.mark.parametrize("name", MOVES)
def test_a_view_takes_the_zeros_along(name: str) -> None:
    """A view of the same shape puts elements elsewhere: the zeros behind it lie elsewhere too."""
    rng = np.random.default_rng(0)
    mask, w = mg.tensor(rng.random((3, 3)) < 0.5), mg.tensor(rng.standard_normal((3, 3)))
    gradients = []
    for masked in (lambda v: mg.where(mask, v, 0.0), lambda v: v * mask):
        x = mg.tensor(rng.standard_normal((3, 3)), requires_grad=True)
        (masked(MOVES[name](x)) * w).sum().backward()
        gradients.append(x.grad.numpy())
    assert np.array_equal(*gradients) and gradients[0].any()
