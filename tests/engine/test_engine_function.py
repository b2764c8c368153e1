"""What `autograd.Function` refuses, and in what words."""

from typing import Any

import pytest

import minigrad as mg
from minigrad import autograd
from minigrad.errors import GraphError, ShapeError

Function = autograd.Function


def leaf(*values: float) -> Any:
    return mg.tensor(list(values), dtype=mg.float64, requires_grad=True)


def returning(value: Any) -> type[Function]:
    class F(Function):
        @staticmethod
        def forward(ctx: Any, x: Any, k: int) -> Any:
            return x * k

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return value(g) if callable(value) else value

    return F


@pytest.mark.parametrize("value", [lambda g: g, lambda g: (g,), lambda g: (g, None, g), None, 2.0, lambda g: [g, None]])
def test_a_wrong_number_of_gradients_is_refused(value: Any) -> None:
    with pytest.raises(
        GraphError, match=r"F.backward: expected 2 gradients, one for each argument of forward \(None for"
    ):
        returning(value).apply(leaf(1, 2), 3).sum().backward()


def test_surplus_nones_are_let_pass_and_gradients_may_be_absent() -> None:
    x = leaf(1, 2)
    returning(lambda g: (g * 3, None, None)).apply(x, 3).sum().backward()
    assert x.grad.tolist() == [3, 3]
    returning((None, None)).apply(x, 3).sum().backward()
    assert x.grad.tolist() == [3, 3]


def test_gradients_are_brought_to_dtype_and_shape_or_refused() -> None:
    x = leaf(1, 2)
    returning(lambda g: (g.float(), None)).apply(x, 3).sum().backward()
    assert x.grad.dtype == mg.float64
    x.grad = None
    returning(lambda g: (mg.ones(2, 2), None)).apply(x, 3).sum().backward()
    assert x.grad.tolist() == [2, 2]
    with pytest.raises(
        ShapeError, match=r"F: its backward gave a gradient of shape \(1,\) for an argument of shape \(2,\)"
    ):
        returning(lambda g: (g[:1], None)).apply(x, 3).sum().backward()
    with pytest.raises(TypeError, match="F.backward: gradient 1: expected a Tensor or None, got float"):
        returning(lambda g: (g, 1.0)).apply(x, 3).sum().backward()


def test_forward_and_backward_must_be_defined() -> None:
    class Empty(Function):
        pass

    class Forward(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 2

    with pytest.raises(NotImplementedError, match=r"Function: a subclass must define forward\(ctx, ...\)"):
        Empty.apply(leaf(1.0))
    with pytest.raises(NotImplementedError, match=r"Function: a subclass must define backward\(ctx, \*gradients\)"):
        Forward.apply(leaf(1.0)).backward()


def test_what_forward_may_return_and_save() -> None:
    class Lost(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return None

    class Number(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x, 3)
            return x

    with pytest.raises(TypeError, match="Lost.forward: expected a Tensor or a tuple with one, got None"):
        Lost.apply(leaf(1.0))
    with pytest.raises(
        TypeError, match="save_for_backward: expected tensors or None, got int; keep other values as attr"
    ):
        Number.apply(leaf(1.0))
