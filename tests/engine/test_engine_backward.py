"""`backward` and `autograd.grad`: what they give, what they refuse and in what words."""

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import autograd
from minigrad.errors import GraphError, ShapeError


def leaf(*values: float) -> Any:
    return mg.tensor(list(values), dtype=mg.float64, requires_grad=True)


# --- backward -----------------------------------------------------------------------------------------------------


def test_gradients_accumulate_in_place_until_they_are_dropped() -> None:
    x = leaf(1, 2)
    (x * x).sum().backward()
    first = x.grad
    (x * 3).sum().backward()
    assert x.grad is first and first.tolist() == [5, 7]
    x.grad = None
    (x * 3).sum().backward()
    assert x.grad.tolist() == [3, 3] and first.tolist() == [5, 7]


def test_under_create_graph_accumulation_gives_a_new_tensor() -> None:
    x = leaf(1, 2)
    (x * x).sum().backward(create_graph=True)
    first = x.grad
    (x * x).sum().backward(create_graph=True)
    assert x.grad is not first and x.grad.requires_grad and first.tolist() == [2, 4]
    x.grad.sum().backward(inputs=x)  # d(4x)/dx, added to the 4x that is there
    assert x.grad.tolist() == [8, 12]


def test_a_plain_backward_does_not_write_into_a_recorded_gradient() -> None:
    x = leaf(1, 2)
    (x * x).sum().backward(create_graph=True)
    recorded = x.grad
    (x * 3).sum().backward()
    assert recorded.tolist() == [2, 4] and x.grad.tolist() == [5, 7]


def test_a_second_backward_is_refused_with_advice() -> None:
    x = leaf(1, 2)
    y = (x * x).sum()
    y.backward()
    advice = (
        r"^mul: backward\(\) came here a second time, and what the op had kept was freed the first time. "
        r"Call the first backward\(\) \(or autograd.grad\(\)\) with retain_graph=True to keep it$"
    )
    with pytest.raises(GraphError, match=advice):
        y.backward()
    with pytest.raises(RuntimeError, match="retain_graph=True"):
        autograd.grad(y, x)


def changed(x: Any, change: Any) -> Any:
    y = x + 0
    change(y)
    return y


INDEX, MASK = mg.tensor([0, 2, 0]), mg.tensor([True, False, True])
ONCE: list[Any] = [
    lambda x: changed(x, lambda y: y.__setitem__(0, 5.0)),
    lambda x: changed(x, lambda y: y.__setitem__(..., 5.0)),
    lambda x: changed(x, lambda y: y.__setitem__(INDEX, 5.0)),
    lambda x: changed(x, lambda y: y.__setitem__(MASK, x[:2])),
    lambda x: changed(x, lambda y: y[1:].add_(1)),
    lambda x: changed(x, lambda y: y[0].fill_(3)),
    lambda x: changed(x, lambda y: y.index_put_((INDEX,), x)),
    lambda x: mg.zeros(3).index_copy(0, INDEX, x),
    lambda x: x[INDEX],
    lambda x: x[MASK],
    lambda x: x.index_select(0, INDEX),
    lambda x: x.index_add(0, INDEX, x),
    lambda x: x.take(INDEX),
    lambda x: x.masked_select(MASK),
    lambda x: x.put(INDEX, x),
    lambda x: mg.nn.functional.nll_loss(x[None], mg.tensor([1])),
    lambda x: mg.nn.functional.embedding(INDEX, x[:, None]),
]


@pytest.mark.parametrize("f", ONCE)
def test_what_keeps_an_index_or_was_assigned_to_goes_backward_once(f: Any) -> None:
    x = mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = f(x).sum()
    y.backward(retain_graph=True)
    y.backward()
    with pytest.raises(GraphError, match="second time"):
        y.backward()


@pytest.mark.parametrize("f", [lambda x: x[1:], lambda x: x[None, 0], lambda x: x + 1, lambda x: changed(
    x, lambda y: y.add_(1)), lambda x: changed(x, lambda y: y.fill_(1)) + x])  # fmt: skip
def test_what_keeps_nothing_may_go_backward_again(f: Any) -> None:
    x = mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = f(x).sum()
    y.backward()
    once = x.grad.clone()
    y.backward()
    assert once.any() and mg.equal(x.grad, 2 * once)


def test_retain_graph_allows_a_second_backward_and_create_graph_implies_it() -> None:
    x = leaf(1, 2)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward(create_graph=True)
    y.backward()
    assert x.grad.tolist() == [6, 12]
    with pytest.raises(GraphError, match="second time"):
        y.backward()


def test_what_keeps_nothing_can_be_walked_again() -> None:
    x = leaf(1, 2)
    y = (x + 1).sum()
    y.backward()
    y.backward()
    assert x.grad.tolist() == [2, 2]


def test_backward_with_a_gradient() -> None:
    x = leaf(1, 2)
    (x * x).backward(mg.tensor([1.0, 10.0]))  # float32: brought to the tensor's float64
    assert x.grad.tolist() == [2, 40] and x.grad.dtype == mg.float64
    leaf(1.0).backward()  # one element needs none
    y = leaf(1, 2)
    y.backward(mg.ones(2, dtype=mg.float64))
    assert y.grad.tolist() == [1, 1]


def test_what_backward_refuses() -> None:
    x = leaf(1, 2)
    with pytest.raises(
        ShapeError,
        match=r"backward: a gradient can be implied only for a tensor of one element, got "
        r"float64\[2\]; reduce it with .sum\(\) or .mean\(\), or pass gradient=",
    ):
        (x * 2).backward()
    with pytest.raises(ShapeError, match=r"backward: gradient: expected the tensor's shape \(2,\), got float64\[3\]"):
        (x * 2).backward(mg.ones(3, dtype=mg.float64))
    with pytest.raises(TypeError, match="backward: gradient: expected a Tensor, got ndarray"):
        (x * 2).backward(np.ones(2))
    with pytest.raises(
        GraphError, match=r"backward: the tensor \(float32\[\]\) does not require grad and was not recor"
    ):
        mg.ones(2).sum().backward()
    with pytest.raises(TypeError, match="backward: expected a Tensor, got ndarray"):
        autograd.backward([np.ones(2)])
    with pytest.raises(ShapeError, match="backward: expected one gradient for each of 2 tensors, got 1"):
        autograd.backward([x * 2, x * 3], [mg.ones(2)])


def test_backward_of_several_tensors_at_once() -> None:
    x = leaf(1, 2)
    y = x * x
    autograd.backward([y.sum(), y], [None, mg.tensor([1.0, 10.0])])
    assert x.grad.tolist() == [4, 44]
    x.grad = None
    z = (x * 2).sum()
    autograd.backward((z, z))
    assert x.grad.tolist() == [4, 4]


def test_inputs_get_gradients_and_nobody_else_does() -> None:
    x, y = leaf(1, 2), leaf(3, 4)
    h = x * y
    loss = (h * h).sum()
    loss.backward(inputs=[x, h], retain_graph=True)
    assert x.grad.tolist() == [18, 64] and y.grad is None
    assert h.grad.tolist() == [6, 16]
    loss.backward(inputs=y)
    assert y.grad.tolist() == [6, 32] and x.grad.tolist() == [18, 64]


def test_inputs_accumulate_in_place_and_run_hooks_as_ever() -> None:
    x, after = leaf(1, 2), []
    x.register_post_accumulate_grad_hook(lambda t: after.append(t.grad.tolist()))
    (x * 2).sum().backward()
    first = x.grad
    (x * 2).sum().backward(inputs=[x, x])
    assert x.grad is first and after == [[2, 2], [4, 4]]


def test_an_intermediate_input_that_retains_its_gradient_gets_it_once() -> None:
    x = leaf(1, 2)
    h = x * 2
    h.retain_grad()
    (h * h).sum().backward(inputs=[h])
    assert h.grad.tolist() == [4, 8] and x.grad is None


def test_inputs_that_are_refused() -> None:
    x = leaf(1, 2)
    with pytest.raises(ValueError, match="backward: inputs: expected at least one tensor, got none"):
        (x * 2).sum().backward(inputs=[])
    with pytest.raises(
        GraphError, match=r"backward: input 1 \(float32\[3\]\) does not require grad; call requires_grad_\(\)"
    ):
        (x * 2).sum().backward(inputs=[x, mg.ones(3)])
    with pytest.raises(TypeError, match="backward: input 0: expected a Tensor, got float"):
        (x * 2).sum().backward(inputs=[2.0])


def test_an_unused_input_of_backward_stays_without() -> None:
    x, y = leaf(1, 2), leaf(3, 4)
    (x * 2).sum().backward(inputs=[x, y])
    assert x.grad.tolist() == [2, 2] and y.grad is None


# --- autograd.grad ------------------------------------------------------------------------------------------------


def test_grad_returns_a_tuple_and_touches_no_grad() -> None:
    x, y = leaf(1, 2), leaf(3, 4)
    gx, gy = autograd.grad((x * y).sum(), [x, y])
    assert (gx.tolist(), gy.tolist()) == ([3, 4], [1, 2])
    assert x.grad is None and y.grad is None and not gx.requires_grad
    assert autograd.grad((x * y).sum(), x)[0].tolist() == [3, 4]


def test_grad_of_the_output_itself_and_of_intermediates() -> None:
    x = leaf(1, 2)
    h = x * 2
    y = (h * h).sum()
    gy, gh, gx = autograd.grad(y, (y, h, x))
    assert (gy.item(), gh.tolist(), gx.tolist()) == (1, [4, 8], [8, 16])
    assert autograd.grad(x, x, mg.tensor([5.0, 6.0]))[0].tolist() == [5, 6]


def test_the_same_input_twice_gets_two_gradients() -> None:
    x = leaf(1, 2)
    a, b = autograd.grad((x * 2).sum(), (x, x))
    assert a is not b and a.tolist() == b.tolist() == [2, 2]


def test_unused_inputs() -> None:
    x, y = leaf(1, 2), leaf(3, 4, 5)
    loss = (x * x).sum()
    with pytest.raises(
        GraphError,
        match=r"grad: the outputs do not depend on input 1 \(float64\[3\]\); pass "
        r"allow_unused=True to get None for it, or materialize_grads=True for zeros",
    ):
        autograd.grad(loss, (x, y), retain_graph=True)
    assert autograd.grad(loss, (x, y), allow_unused=True, retain_graph=True)[1] is None
    zeros = autograd.grad(loss, (x, y), materialize_grads=True)[1]
    assert zeros.tolist() == [0, 0, 0] and zeros.dtype == mg.float64
    with pytest.raises(
        ValueError, match="grad: expected allow_unused to be True or not given with materialize_grads=True"
    ):
        autograd.grad(loss, x, allow_unused=False, materialize_grads=True)


def test_what_grad_refuses() -> None:
    x = leaf(1, 2)
    with pytest.raises(ValueError, match="grad: inputs: expected at least one tensor, got none"):
        autograd.grad((x * x).sum(), [])
    with pytest.raises(ValueError, match="grad: only_inputs=False is not supported"):
        autograd.grad((x * x).sum(), x, only_inputs=False)
    with pytest.raises(ShapeError, match=r"grad: gradient: expected the tensor's shape \(\), got float32\[2\]"):
        autograd.grad((x * x).sum(), x, mg.ones(2))
    with pytest.raises(GraphError, match="grad: input 0 .* does not require grad"):
        autograd.grad((x * x).sum(), x.detach())


def test_several_outputs_and_their_weights() -> None:
    x = leaf(1, 2)
    (g,) = autograd.grad([(x * x).sum(), x * 3], x, [None, mg.tensor([1.0, 2.0])])
    assert g.tolist() == [5, 10]


def test_batched_gradients_are_the_rows_of_the_jacobian() -> None:
    x, y = leaf(1, 2, 3), leaf(1.0)
    out = x * x * y
    jacobian, gy = autograd.grad(out, (x, y), mg.eye(3, dtype=mg.float64), is_grads_batched=True, retain_graph=True)
    assert jacobian.tolist() == [[2, 0, 0], [0, 4, 0], [0, 0, 6]] and gy.tolist() == [[1], [4], [9]]
    unused = leaf(1, 2)
    assert (
        autograd.grad(out, (x, unused), mg.eye(3), is_grads_batched=True, allow_unused=True, retain_graph=True)[1]
        is None
    )
    rows = autograd.grad(out, x, mg.eye(3), is_grads_batched=True, create_graph=True)[0]
    assert autograd.grad(rows.sum(), x)[0].tolist() == [2, 2, 2]


def test_third_order() -> None:
    x = leaf(0.3, 0.7)
    y = (x**4).sum()
    for factor, power in ((4, 3), (12, 2), (24, 1)):
        (y,) = autograd.grad(y.sum(), x, create_graph=True)
        assert np.allclose(y.detach().numpy(), factor * x.detach().numpy() ** power, rtol=1e-12)
        assert y.requires_grad
    (last,) = autograd.grad(y.sum(), x)
    assert last.tolist() == [24, 24] and not last.requires_grad


def test_gradients_through_grad_outputs() -> None:
    x, v = leaf(1, 2), leaf(3, 4)
    (g,) = autograd.grad(x * x, x, v, create_graph=True)
    gx, gv = autograd.grad(g.sum(), (x, v))
    assert (gx.tolist(), gv.tolist()) == ([6, 8], [2, 4])


@pytest.mark.parametrize("exponent", [2, 3])
def test_a_gradient_that_happens_to_be_zero_behind_a_where_has_derivatives(exponent: int) -> None:
    x = leaf(0.0, 1.0)
    y = mg.where(mg.tensor([True, True]), x.sin(), 0.0) ** exponent
    (g,) = autograd.grad(y.sum(), x, create_graph=True)
    (h,) = autograd.grad(g.sum(), x, create_graph=True)
    (k,) = autograd.grad(h.sum(), x)
    at_0 = {2: [0, 2, 0], 3: [0, 0, 6]}[exponent]  # sin(x)**2 = x**2 - ..., sin(x)**3 = x**3 - ...
    assert [t[0].item() for t in (g, h, k)] == at_0


def test_zeros_that_a_where_put_there_stay_zero_at_any_order() -> None:
    x = leaf(0.0, 4.0)
    y = mg.where(x > 0, x.sqrt(), 0.0)
    for expected in (0.25, -1 / 32, 3 / 256):
        (y,) = autograd.grad(y.sum(), x, create_graph=True)
        assert np.allclose(y.tolist(), [0, expected])


def test_mixed_second_derivatives_are_symmetric() -> None:
    x, y = leaf(0.5), leaf(1.5)
    z = (x.sin() * y.exp() + x * y * y).sum()
    gx, gy = autograd.grad(z, (x, y), create_graph=True)
    (gxy,) = autograd.grad(gx, y, retain_graph=True)
    (gyx,) = autograd.grad(gy, x)
    assert np.allclose(gxy.numpy(), gyx.numpy()) and np.allclose(gxy.numpy(), np.cos(0.5) * np.exp(1.5) + 3)


def test_a_plain_backward_records_nothing_and_restores_the_mode_also_after_an_error() -> None:
    x, modes = leaf(1, 2), []
    x.register_hook(lambda g: modes.append(mg.is_grad_enabled()))
    (x * x).sum().backward()
    (x * x).sum().backward(create_graph=True)
    assert modes == [False, True] and mg.is_grad_enabled()
    y = (x * x).sum()
    y.register_hook(lambda g: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        y.backward()
    assert mg.is_grad_enabled()


def test_backward_inside_backward() -> None:
    x, w = leaf(1, 2), leaf(5.0)

    def another(g: Any) -> None:
        with mg.enable_grad():  # hooks run with recording as backward has it: off
            (w * w).sum().backward()

    x.register_hook(another)
    (x * x).sum().backward()
    assert x.grad.tolist() == [2, 4] and w.grad.tolist() == [10]
