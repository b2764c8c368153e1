"""How tensors print. The texts were taken from PyTorch 2.13; `test_oracle_engine.py` compares many more with it."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.methods import printing

INF, NAN = float("inf"), float("nan")


@pytest.fixture(autouse=True)
def options() -> Iterator[None]:
    before = dict(printing._options)
    yield
    printing._options.update(before)


TEXTS: list[tuple[Any, str]] = [
    (mg.tensor([1.0, 2.0]), "tensor([1., 2.])"),
    (mg.tensor([1.5, -2.25]), "tensor([ 1.5000, -2.2500])"),
    (mg.tensor(3.0), "tensor(3.)"),
    (mg.tensor(2), "tensor(2)"),
    (mg.tensor([1, -200]), "tensor([   1, -200])"),
    (mg.tensor([True, False]), "tensor([ True, False])"),
    (mg.tensor([]), "tensor([])"),
    (mg.zeros(2, 0, 3), "tensor([], size=(2, 0, 3))"),
    (mg.zeros(0, dtype=mg.int64), "tensor([], dtype=minigrad.int64)"),
    (mg.tensor([1e-8, 1.0]), "tensor([1.0000e-08, 1.0000e+00])"),
    (mg.tensor([100.0, 1e7]), "tensor([1.0000e+02, 1.0000e+07])"),
    (mg.tensor([1e8]), "tensor([100000000.])"),
    (mg.tensor([0.00001]), "tensor([1.0000e-05])"),
    (mg.tensor([NAN, 1.0]), "tensor([nan, 1.])"),
    (mg.tensor([-1.5, -INF]), "tensor([-1.5000,    -inf])"),
    (mg.tensor([-0.0]), "tensor([-0.])"),
    (mg.tensor([1.0], dtype=mg.float64), "tensor([1.], dtype=minigrad.float64)"),
    (mg.tensor([1], dtype=mg.uint8), "tensor([1], dtype=minigrad.uint8)"),
    (mg.tensor([1 + 2j, -1.5 - 3j]), "tensor([ 1.0000+2.j, -1.5000-3.j])"),
    (mg.ones(2, 2), "tensor([[1., 1.],\n        [1., 1.]])"),
    (mg.ones(2, 1, 2), "tensor([[[1., 1.]],\n\n        [[1., 1.]]])"),
    (mg.tensor([1.0], requires_grad=True), "tensor([1.], requires_grad=True)"),
    (mg.tensor([1.0], requires_grad=True) * 2, "tensor([2.], grad_fn=<MulBackward>)"),
    (mg.arange(2000), "tensor([   0,    1,    2,  ..., 1997, 1998, 1999])"),
    (mg.ones(20), "tensor([1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1.,\n        1., 1.])"),
    (
        mg.zeros(40, 40),
        "tensor([[0., 0., 0.,  ..., 0., 0., 0.],\n"
        "        [0., 0., 0.,  ..., 0., 0., 0.],\n"
        "        [0., 0., 0.,  ..., 0., 0., 0.],\n"
        "        ...,\n"
        "        [0., 0., 0.,  ..., 0., 0., 0.],\n"
        "        [0., 0., 0.,  ..., 0., 0., 0.],\n"
        "        [0., 0., 0.,  ..., 0., 0., 0.]])",
    ),
]


@pytest.mark.parametrize(
    ("tensor", "text"), TEXTS, ids=lambda x: x.replace("\n", " ")[:30] if isinstance(x, str) else ""
)
def test_tensors_print_as_in_pytorch(tensor: Any, text: str) -> None:
    assert repr(tensor) == str(tensor) == text


def test_a_long_line_puts_what_follows_on_the_next() -> None:
    text = repr(mg.arange(17.0).add(0.5).requires_grad_() * 1e-6)
    assert text.endswith(",\n       grad_fn=<MulBackward>)") and max(map(len, text.split("\n"))) <= 80


def test_options() -> None:
    mg.set_printoptions(precision=2)
    assert repr(mg.tensor([1.23456])) == "tensor([1.23])"
    mg.set_printoptions(sci_mode=True)
    assert repr(mg.tensor([100.0])) == "tensor([1.00e+02])"
    mg.set_printoptions(sci_mode=False, threshold=4, edgeitems=1)
    assert repr(mg.tensor([1e-9, 1.0])) == "tensor([0.00, 1.00])" and repr(mg.arange(9)) == "tensor([0,  ..., 8])"
    mg.set_printoptions(linewidth=20, threshold=1000)
    assert max(map(len, repr(mg.arange(30)).split("\n"))) <= 20
    with pytest.raises(
        TypeError, match="set_printoptions: expected precision, threshold, edgeitems, linewidth, sci_mode, got"
    ):
        mg.set_printoptions(digits=3)


def test_a_changed_view_prints_its_new_place() -> None:
    x = mg.ones(2, requires_grad=True)
    base = x * 1
    view = base[:1]
    base.mul_(3)
    assert repr(view) == "tensor([3.], grad_fn=<GetitemBackward>)"


def test_printing_is_silent_about_infinities() -> None:
    with np.errstate(all="raise"):
        assert repr(mg.tensor([INF, 1e-45, 3e38, NAN])).startswith("tensor([")
