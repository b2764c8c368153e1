"""Views that alias their base, changes in place that are recorded, and the clock that finds kept arrays changed."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import autograd
from minigrad.engine import versions
from minigrad.errors import DtypeError, GraphError, ShapeError


def leaf(*values: float) -> Any:
    return mg.tensor(list(values), dtype=mg.float64, requires_grad=True)


def table(rows: int = 2, columns: int = 3) -> Any:
    return mg.arange(rows * columns, dtype=mg.float64).reshape(rows, columns).clone().requires_grad_()


# --- values -------------------------------------------------------------------------------------------------------

VIEWS: dict[str, Callable[[Any], Any]] = {
    "getitem": lambda x: x[0],
    "slice": lambda x: x[:, ::2],
    "ellipsis": lambda x: x[..., None, 1],
    "element": lambda x: x[1, 2],
    "transpose": lambda x: x.T,
    "permute": lambda x: x.permute(1, 0),
    "view": lambda x: x.view(3, 2),
    "reshape": lambda x: x.reshape(6),
    "flatten": lambda x: x.flatten(),
    "unsqueeze": lambda x: x.unsqueeze(1),
    "squeeze": lambda x: x[:1].squeeze(),
    "narrow": lambda x: x.narrow(1, 1, 2),
    "unbind": lambda x: x.unbind(1)[1],
    "split": lambda x: x.split(2, 1)[0],
    "chunk": lambda x: x.chunk(2)[1],
    "chain": lambda x: x.T[1:][0].unsqueeze(0),
}


@pytest.mark.parametrize("name", VIEWS)
def test_a_change_of_a_view_reaches_base_and_gradients(name: str) -> None:
    x = table()
    base = x * 1
    view = VIEWS[name](base)
    view.mul_(10)
    expected, weights = np.arange(6.0).reshape(2, 3), np.ones((2, 3))
    VIEWS[name](mg.from_numpy(expected)).mul_(10)
    VIEWS[name](mg.from_numpy(weights)).mul_(20)  # what the view shows counts twice
    assert np.array_equal(base.detach().numpy(), expected)
    (base.sum() + view.sum()).backward()
    assert np.array_equal(x.grad.numpy(), weights)


@pytest.mark.parametrize("name", VIEWS)
def test_a_change_of_the_base_reaches_a_view_and_its_gradients(name: str) -> None:
    x = table()
    base = x * 1
    view = VIEWS[name](base)
    base.mul_(10)
    assert np.array_equal(view.detach().numpy(), VIEWS[name](base).detach().numpy())
    view.sum().backward()
    weights = np.zeros((2, 3))
    VIEWS[name](mg.from_numpy(weights)).fill_(10)
    assert np.array_equal(x.grad.numpy(), weights)


def test_views_of_views_see_each_others_changes() -> None:
    x = table()
    base = x * 1
    row, column = base[0], base.T[1]
    row.mul_(2)
    column.add_(row[0])  # base[0, 1], doubled, and base[1, 1] get base[0, 0], doubled
    assert base.tolist() == [[0, 2, 4], [3, 4, 5]]
    (row.sum() + column.sum() * 10).backward()
    assert x.grad.tolist() == [[44, 22, 2], [0, 10, 0]]


def test_a_view_of_a_constant_base_starts_to_require_grad() -> None:
    w = leaf(5.0, 6.0)
    base = mg.zeros(2, 2, dtype=mg.float64)
    row, other = base[0], base[1]
    row.copy_(w)
    assert base.requires_grad and row.requires_grad and other.requires_grad and not base.is_leaf
    (base * 2).sum().backward()
    assert w.grad.tolist() == [2, 2]


def test_in_place_under_no_grad_is_not_recorded() -> None:
    x = leaf(1, 2)
    h = x * 2
    with mg.no_grad():
        h.mul_(10)
        x.add_(1)
    assert h.tolist() == [20, 40] and x.tolist() == [2, 3] and h.grad_fn.name() == "MulBackward" and x.is_leaf
    h.sum().backward()
    assert x.grad.tolist() == [2, 2]


IN_PLACE: dict[str, tuple[Callable[[Any, Any], Any], list[float], list[float]]] = {
    "add_": (lambda t, y: t.add_(y), [4, 6], [1, 1]),
    "sub_": (lambda t, y: t.sub_(y), [-2, -2], [1, 1]),
    "mul_": (lambda t, y: t.mul_(y), [3, 8], [3, 4]),
    "div_": (lambda t, y: t.div_(y * 2), [1 / 6, 0.25], [1 / 6, 1 / 8]),
    "pow_": (lambda t, y: t.pow_(2), [1, 4], [2, 4]),
    "+=": (lambda t, y: t.__iadd__(y), [4, 6], [1, 1]),
    "exp_": (lambda t, y: t.exp_().log_(), [1, 2], [1, 1]),
    "clamp_": (lambda t, y: t.clamp_(max=1.5), [1, 1.5], [1, 0]),
    "relu_": (lambda t, y: t.relu_(), [1, 2], [1, 1]),
    "neg_": (lambda t, y: t.neg_(), [-1, -2], [-1, -1]),
    "zero_": (lambda t, y: t.zero_(), [0, 0], [0, 0]),
    "fill_": (lambda t, y: t.fill_(7), [7, 7], [0, 0]),
    "copy_": (lambda t, y: t.copy_(y), [3, 4], [0, 0]),
    "setitem": (lambda t, y: t.__setitem__(0, y[1]), [4, 2], [0, 1]),
    "masked": (lambda t, y: t.__setitem__(t > 1.5, 0.0), [1, 0], [1, 0]),
    "masked_fill_": (lambda t, y: t.masked_fill_(t > 1.5, 0.0), [1, 0], [1, 0]),
    "fancy": (lambda t, y: t.__setitem__([1, 0], y), [4, 3], [0, 0]),
    "itself": (lambda t, y: t.mul_(t), [1, 4], [2, 4]),
    "alpha": (lambda t, y: t.add_(y, alpha=10), [31, 42], [1, 1]),
}


@pytest.mark.parametrize("recorded", [True, False])
@pytest.mark.parametrize("name", IN_PLACE)
def test_changes_in_place(name: str, recorded: bool) -> None:
    change, value, gradient = IN_PLACE[name]
    x, y = leaf(1, 2), leaf(3, 4)
    t = x * 1 if recorded else x.detach().clone()
    memory, version = t._array, t._version
    change(t, y if recorded else y.detach())
    assert np.allclose(t.tolist(), value) and t._array is memory and t._version > version
    assert t.requires_grad is recorded
    if recorded:
        t.sum().backward()
        assert np.allclose(x.grad.tolist(), gradient)


def test_in_place_gives_the_tensor_itself() -> None:
    t = mg.ones(2)
    assert t.add_(1) is t and t.exp_() is t and t.zero_() is t and t.copy_(t) is t
    u = t
    u += 1
    u *= 2
    u -= 1
    u /= 2
    u **= 2
    assert u is t and t.tolist() == [0.25, 0.25]


def test_second_order_through_changes_in_place() -> None:
    x = leaf(1, 2)
    t = x * x
    v = t[:1]
    v.mul_(x[1:])  # x0^2 x1, x1^2
    t[1] = t[1].clone() * x[0]  # x0^2 x1, x1^2 x0
    (g,) = autograd.grad(t.sum(), x, create_graph=True)
    assert g.tolist() == [2 * 2 + 4, 1 + 4]
    assert autograd.grad(g.sum(), x)[0].tolist() == [2 * 2 + 2 * (1 + 2), 2 * (1 + 2) + 2]


def test_a_value_with_leading_sizes_of_one_and_a_0d_target() -> None:
    x = leaf(5.0)
    t = mg.zeros(2, dtype=mg.float64)
    t[1] = x  # shape (1,) into a place of shape ()
    scalar = (x * 1)[0]
    scalar[...] = x
    (t.sum() + scalar * 10).backward()
    assert x.grad.tolist() == [11]


def test_numpy_functions_and_arrays_on_the_right() -> None:
    t = mg.zeros(3)
    t += np.array([1.0, 2.0, 3.0])
    t[0] = np.float64(9)
    t[1:] = np.array([7, 8])
    assert t.tolist() == [9, 7, 8] and t.dtype == mg.float32


# --- what may not be changed --------------------------------------------------------------------------------------


def test_a_leaf_and_its_views_are_protected_while_operations_are_recorded() -> None:
    x = leaf(1, 2)
    for change, name in ((lambda: x.add_(1), "add_"), (lambda: x.__setitem__(0, 1), "setitem"), (x.zero_, "zero_")):
        with pytest.raises(GraphError, match=f"{name}: a leaf tensor that requires grad cannot be changed in place "
                           "while operations are recorded; do it under `with no_grad"):  # fmt: skip
            change()
    with pytest.raises(GraphError, match="mul_: a view of a leaf tensor that requires grad cannot be changed"):
        x[:1].mul_(2)
    x.data.add_(1)
    assert x.tolist() == [2, 3]


def test_shape_and_dtype_of_the_result_must_fit() -> None:
    with pytest.raises(
        ShapeError, match=r"add_: the result must have the tensor's own shape, float32\[2\]; got float32\[3, 2\]"
    ):
        mg.ones(2).add_(mg.ones(3, 2))
    with pytest.raises(ShapeError, match="add: expected shapes that broadcast together"):
        mg.ones(2).add_(mg.ones(3))
    with pytest.raises(DtypeError, match="div_: a result of float32 cannot be put into a tensor of int64"):
        mg.tensor([1]).div_(2)
    with pytest.raises(DtypeError, match="add_: a result of float32 cannot be put into a tensor of int64"):
        mg.tensor([1]).add_(0.5)
    with pytest.raises(ShapeError, match="setitem: .*float32"):
        mg.ones(3)[:2] = mg.ones(3)
    with pytest.raises(IndexError, match=r"setitem: index 3 is out of bounds.*; got a tensor of shape \(3,\)"):
        mg.ones(3)[3] = 1
    with pytest.raises(DtypeError, match="setitem: Python integer 300 out of bounds for uint8"):
        mg.zeros(2, dtype=mg.uint8)[0] = 300
    with pytest.raises(ShapeError, match=r"fill_: expected a number or a tensor of 0 dimensions, got float32\[2\]"):
        mg.ones(2).fill_(mg.ones(2))


def test_read_only_memory_is_refused_in_words() -> None:
    for change in (lambda t: t.add_(1), lambda t: t.exp_(), lambda t: t.copy_(mg.zeros(3))):
        with pytest.raises(GraphError, match="this memory is read-only: an expanded tensor's elements share it"):
            change(mg.ones(1).expand(3))
    array = np.ones(3)
    array.flags.writeable = False
    with pytest.raises(GraphError, match="add_: this memory is read-only"):
        mg.from_numpy(array).add_(1)


def test_integers_take_values_without_being_recorded() -> None:
    x, t = leaf(1.7, 2.2), mg.zeros(2, dtype=mg.int64)
    t[0] = x[0]
    t[1:].copy_(x[1:])
    assert t.tolist() == [1, 2] and not t.requires_grad


# --- the clock ----------------------------------------------------------------------------------------------------


def test_a_kept_array_that_was_changed_is_found_with_variable_op_line_and_advice() -> None:
    x, factor = leaf(1, 2), mg.ones(2, dtype=mg.float64)
    y = x * factor
    factor[0] = 5.0
    with pytest.raises(GraphError) as error:
        y.sum().backward()
    for part in ("mul: its argument `other` (the variable `factor`), kept for the backward pass (float64, shape (2,)),",
                 "was changed in place by `setitem` at test_inplace.py:", "before backward() came to it",
                 "Change a clone() instead, use the operation that returns a new tensor, or call"):  # fmt: skip
        assert part in str(error.value)


def test_a_changed_result_is_named_as_such() -> None:
    x = leaf(1, 2)
    y = x.exp()
    with mg.no_grad():
        y.mul_(2)
    with pytest.raises(GraphError, match=r"exp: its result \(the variable `y`\), .*was changed in place by `mul_`"):
        y.sum().backward()


def test_recorded_changes_of_a_result_are_no_fault() -> None:
    """PyTorch refuses this one: what exp keeps was overwritten. Here each recorded change works on a copy."""
    x = leaf(1, 2)
    y = x * 1
    y.exp_().mul_(2)
    y.sum().backward()
    assert np.allclose(x.grad.tolist(), 2 * np.exp([1, 2]))


@pytest.mark.parametrize(
    "change",
    [
        lambda p, base: p.add_(1),
        lambda p, base: p[0].add_(1),
        lambda p, base: p.T.zero_(),
        lambda p, base: base.fill_(3),
        lambda p, base: p.detach().mul_(2),
        lambda p, base: mg.from_numpy(p.numpy()).sub_(1),
        lambda p, base: p.__setitem__((0, 0), 4.0),
    ],
    ids=["itself", "a view", "a transposed view", "its base", "detached", "through NumPy", "an element"],
)
def test_a_change_by_any_tensor_on_the_same_memory_is_found(change: Any) -> None:
    base = mg.ones(8, dtype=mg.float64)
    p = base[:4].view(2, 2)
    y = leaf(1.0, 2.0) * p
    change(p, base)
    with pytest.raises(GraphError, match="mul: its argument `other`.*was changed in place"):
        y.sum().backward()


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.mul_(3),
        lambda d: d.fill_(3),
        lambda d: d.view(-1).copy_(mg.tensor([3.0, 3.0])),
        lambda d: d.__setitem__(slice(None), 3.0),
        lambda d: d.detach().add_(2),
        lambda d: d[:1].detach().add_(2) is d[1:].add_(2),
        lambda d: mg.nn.init.constant_(d, 3),
        lambda d: d.copy_(mg.tensor([3.0, 3.0])),
        lambda d: d.__iadd__(2),
    ],
)
def test_changes_by_data_are_not_counted(change: Any) -> None:
    w = mg.ones(2, requires_grad=True)
    loss = (w * w).sum()
    change(w.data)
    assert w.tolist() == [3, 3] and w._version == 0
    loss.backward()  # PyTorch's bargain: the new values stand where the old ones were kept
    assert w.grad.tolist() == [6, 6]
    w.detach().fill_(1)
    assert w._version == 1


def test_what_is_recorded_on_data_stays_recorded() -> None:
    w, v = mg.ones(3), mg.ones(1, requires_grad=True)
    data = w.data
    data[:2].mul_(v * 2)
    (data * 3).sum().backward()
    assert v.grad.tolist() == [12] and w.tolist() == [2, 2, 1]


def test_an_optimizers_step_between_forward_and_backward_is_found() -> None:
    x, w = mg.ones(4, 3, requires_grad=True), mg.ones(3, 2, requires_grad=True)
    loss = (x @ w).sum()
    with mg.no_grad():
        w -= 0.1
    with pytest.raises(
        GraphError, match=r"matmul: its argument `other` \(the variable `w`\).*changed in place by `sub_`"
    ):
        loss.backward()


def test_an_accumulated_gradient_counts_as_changed() -> None:
    x = leaf(1, 2)
    (x * 1).sum().backward()
    y = leaf(3, 4) * x.grad
    (x * 1).sum().backward()
    with pytest.raises(GraphError, match="was changed in place by `backward`"):
        y.sum().backward()


def test_a_changed_index_is_found() -> None:
    x, index = leaf(1, 2, 3), mg.tensor([0, 1])
    y = x[index]
    index += 1
    with pytest.raises(GraphError, match="getitem: its argument `index`.*was changed in place by `add_`"):
        y.sum().backward()


def test_unrelated_and_earlier_changes_are_no_fault() -> None:
    x, w, other = leaf(1, 2), mg.ones(2, dtype=mg.float64), mg.ones(2)
    w.add_(1)  # before it is kept
    y = x * w + (x + 1).sum()
    other.add_(1)
    with mg.no_grad():
        y_shifted = y.detach().clone().add_(5)
        (x + 1).zero_()
    y.add_(1)  # kept by nobody: add and mul do not name their results
    y.sum().backward()
    assert x.grad.tolist() == [4, 4] and y_shifted.shape == (2,)


def test_what_keeps_only_shapes_may_be_changed() -> None:
    x = leaf(1, 2)
    h = x * 2
    loss = h.sum() + h.reshape(2, 1).sum()
    with mg.no_grad():
        h.zero_()
    loss.backward()
    assert x.grad.tolist() == [4, 4]


def test_a_parameter_trained_in_place_is_never_a_fault() -> None:
    w = leaf(1, 2)
    for _ in range(5):
        (w * w).sum().backward()
        with mg.no_grad():
            w -= 0.1 * w.grad
            w.grad.zero_()
    assert np.allclose(w.tolist(), np.array([1, 2]) * 0.8**5) and w.is_leaf and w._version == 5


def test_addresses_that_are_used_again_raise_no_false_alarm() -> None:
    x = leaf(1, 2, 3, 4)
    before = len(versions._versions)
    for _ in range(3000):
        mg.zeros(4, dtype=mg.float64).add_(1)  # dies at once; its address will be used again
        y = x * mg.ones(4, dtype=mg.float64)
        y.sum().backward()
    assert x.grad.tolist() == [3000] * 4 and len(versions._versions) <= before + 2


def test_versions_count_changes_of_the_storage() -> None:
    x = mg.zeros(4)
    view = x[:2]
    assert x._version == 0
    view.add_(1)
    x[3] = 1
    assert x._version == view._version == x.detach()._version == 2
    assert x.clone()._version == 0


# --- gradients that are retained or hooked while the tensor moves on ----------------------------------------------


def test_a_retained_gradient_is_that_of_the_last_value() -> None:
    x = leaf(1, 2)
    for change in (lambda h: h.mul_(3), lambda h: h[:].mul_(3), lambda h: h.__setitem__(0, h[0] * 3)):
        h = x * 2
        h.retain_grad()
        change(h)
        h.sum().backward()
        assert h.grad.tolist() == [1, 1]
    base = x * 2
    view = base[:1]
    view.retain_grad()
    base.mul_(3)
    view.sum().backward()
    assert view.grad.tolist() == [1]


def test_a_hook_stays_with_the_value_it_was_put_on() -> None:
    x = leaf(1, 2)
    h = x * 2
    h.register_hook(lambda g: g * 10)
    h.mul_(3)
    h.register_hook(lambda g: g * 100)
    h.sum().backward()
    assert x.grad.tolist() == [6000, 6000]
