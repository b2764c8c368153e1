"""Hooks and retained gradients: who sees a gradient, in which order, and what they may do with it."""

from typing import Any

import pytest

import minigrad as mg
from minigrad import autograd
from minigrad.errors import GraphError, ShapeError


def leaf(*values: float) -> Any:
    return mg.tensor(list(values), dtype=mg.float64, requires_grad=True)


def test_hooks_run_in_order_and_replace_the_gradient() -> None:
    x, seen = leaf(1, 2), []
    h = x * 2
    h.register_hook(lambda g: seen.append(("first", g.tolist())))
    h.register_hook(lambda g: g * 10)
    h.register_hook(lambda g: seen.append(("third", g.tolist())))
    h.sum().backward()
    assert seen == [("first", [1, 1]), ("third", [10, 10])] and x.grad.tolist() == [20, 20]


def test_a_hook_sees_the_complete_gradient_once() -> None:
    x, seen = leaf(1, 2), []
    h = x * 2
    h.register_hook(lambda g: seen.append(g.tolist()))
    (h * 3 + h).sum().backward()
    assert seen == [[4, 4]]


def test_a_hook_is_removed_by_its_handle_or_by_a_block() -> None:
    x, seen = leaf(1, 2), []
    handle = x.register_hook(lambda g: seen.append("a"))
    with x.register_hook(lambda g: seen.append("b")):
        (x * 2).sum().backward()
    (x * 2).sum().backward()
    handle.remove()
    handle.remove()
    (x * 2).sum().backward()
    assert seen == ["a", "b", "a"]


def test_a_hook_may_remove_itself_while_it_runs() -> None:
    x, seen = leaf(1, 2), []
    handle = x.register_hook(lambda g: (seen.append(1), handle.remove())[1])
    (x * 2).sum().backward()
    (x * 2).sum().backward()
    assert seen == [1]


def test_hooks_also_run_for_autograd_grad() -> None:
    x = leaf(1, 2)
    x.register_hook(lambda g: g * 10)
    assert autograd.grad((x * 2).sum(), x)[0].tolist() == [20, 20] and x.grad is None


def test_a_hooks_gradient_is_brought_to_the_tensors_dtype() -> None:
    x = leaf(1, 2)
    x.register_hook(lambda g: g.float())
    (x * 2).sum().backward()
    assert x.grad.dtype == mg.float64


def test_a_hook_that_returns_something_else_is_refused() -> None:
    x = leaf(1, 2)
    with (
        x.register_hook(lambda g: 3.0),
        pytest.raises(TypeError, match="register_hook: expected the hook to return None or a Tensor, got 3.0"),
    ):
        (x * 2).sum().backward()
    with (
        x.register_hook(lambda g: g.sum()),
        pytest.raises(
            ShapeError, match=r"register_hook: expected the hook to return None or float64\[2\], got float64\[\]"
        ),
    ):
        (x * 2).sum().backward()


def test_hooks_under_create_graph_are_differentiated() -> None:
    x = leaf(1, 2)
    h = x * x
    h.register_hook(lambda g: g * x)
    (g,) = autograd.grad(h.sum(), x, create_graph=True)
    assert g.tolist() == [2, 8]
    assert autograd.grad(g.sum(), x)[0].tolist() == [4, 8]


def test_post_accumulate_hooks_see_the_tensor_with_its_gradient() -> None:
    x, seen = leaf(1, 2), []

    def step(t: Any) -> None:
        seen.append(t.grad.tolist())
        t.grad = None

    handle = x.register_post_accumulate_grad_hook(step)
    (x * 2).sum().backward()
    assert seen == [[2, 2]] and x.grad is None
    handle.remove()
    (x * 2).sum().backward()
    assert len(seen) == 1
    autograd.grad((x * 2).sum(), x)
    assert len(seen) == 1
    with pytest.raises(GraphError, match="register_post_accumulate_grad_hook: expected a leaf that requires grad"):
        (x * 2).register_post_accumulate_grad_hook(step)


def test_retain_grad_keeps_the_gradient_of_an_intermediate() -> None:
    x = leaf(1, 2)
    h = x * 2
    assert not h.retains_grad
    h.retain_grad()
    h.retain_grad()
    x.retain_grad()  # a leaf needs none
    assert h.retains_grad and not x.retains_grad
    loss = (h * h).sum()
    loss.backward(retain_graph=True)
    assert h.grad.tolist() == [4, 8]
    loss.backward()
    assert h.grad.tolist() == [8, 16]


def test_retain_grad_sees_what_hooks_gave() -> None:
    x = leaf(1, 2)
    h = x * 2
    h.retain_grad()
    h.register_hook(lambda g: g * 10)
    h.sum().backward()
    assert h.grad.tolist() == [10, 10]


def test_the_grad_of_an_intermediate_warns_unless_it_is_retained() -> None:
    h = leaf(1, 2) * 2
    with pytest.warns(
        UserWarning, match=r"the .grad of a tensor that is not a leaf is not kept; call t.retain_grad\(\)"
    ):
        assert h.grad is None
    h.retain_grad()
    assert h.grad is None


def test_hooks_need_a_graph() -> None:
    with pytest.raises(GraphError, match="register_hook: this tensor does not require grad"):
        mg.ones(2).register_hook(print)
    with pytest.raises(GraphError, match="retain_grad: this tensor does not require grad"):
        mg.ones(2).retain_grad()
