"""`autograd.Function`: a user's own op, in PyTorch's form."""

import gc
import weakref
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import autograd
from minigrad.errors import GraphError

Function = autograd.Function


def leaf(*values: float) -> Any:
    return mg.tensor(list(values), dtype=mg.float64, requires_grad=True)


class Cube(Function):
    """Saves an input and its result, and is differentiable as often as one likes."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        assert not mg.is_grad_enabled()
        out = x * x * x
        ctx.save_for_backward(x, None, out)
        return out

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, nothing, out = ctx.saved_tensors
        assert nothing is None
        return g * (3 * out / x)


class Scaled(Function):
    """Two tensors, a number, an unused keyword of ctx."""

    @staticmethod
    def forward(ctx: Any, x: Any, factor: float, y: Any) -> Any:
        ctx.factor = factor
        ctx.save_for_backward(x, y)
        return x * y * factor

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, y = ctx.saved_tensors
        return g * y * ctx.factor if ctx.needs_input_grad[0] else None, None, g * x * ctx.factor


class Split(Function):
    """Two floating results, one of integers, one marked constant, one that is no tensor."""

    seen: list[Any] = []

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        constant = x * 0
        ctx.mark_non_differentiable(constant)
        return x * 2, x * x, x.argmax(), constant, "text"

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        Split.seen = list(grads)
        (x,) = ctx.saved_tensors
        return grads[0] * 2 + grads[1] * 2 * x


# --- forward ------------------------------------------------------------------------------------------------------


def test_first_to_third_order_through_saved_inputs_and_results() -> None:
    x = leaf(2, 3)
    y = Cube.apply(x)
    assert y.tolist() == [8, 27] and repr(y.grad_fn) == "<CubeBackward>"
    for expected in ([12, 27], [12, 18], [6, 6]):
        (y,) = autograd.grad(y.sum(), x, create_graph=True)
        assert np.allclose(y.detach().numpy(), expected)


def test_arguments_that_are_no_tensors_and_none_gradients() -> None:
    x, y = leaf(1, 2), leaf(3, 4)
    out = Scaled.apply(x, 10.0, y)
    (first, _), (second, _), (third, _) = out.grad_fn.next_functions
    assert (first.variable, second, third.variable) == (x, None, y)
    out.sum().backward()
    assert (x.grad.tolist(), y.grad.tolist()) == ([30, 40], [10, 20])


def test_needs_input_grad_says_who_asks() -> None:
    asked = []

    class Asking(Function):
        @staticmethod
        def forward(ctx: Any, x: Any, y: Any, n: int) -> Any:
            asked.append(ctx.needs_input_grad)
            return x + y

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g, None, None

    x = leaf(1.0)
    Asking.apply(x, mg.ones(1, dtype=mg.float64), 3).sum().backward()
    with mg.no_grad():
        assert not Asking.apply(x, x, 3).requires_grad
    assert asked == [(True, False, False), (True, True, False)] and x.grad.tolist() == [1]


def test_setup_context_apart_from_forward() -> None:
    class Power(Function):
        @staticmethod
        def forward(x: Any, n: int) -> Any:
            return x**n

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            x, ctx.n = inputs
            ctx.save_for_backward(x, output)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            x, out = ctx.saved_tensors
            return g * ctx.n * out / x, None

    x = leaf(2.0)
    (g,) = autograd.grad(Power.apply(x, 3), x, create_graph=True)
    assert g.tolist() == [12] and autograd.grad(g, x)[0].tolist() == [12]


def test_several_results() -> None:
    x = leaf(1, 2)
    a, b, index, constant, text = Split.apply(x)
    assert (a.requires_grad, b.requires_grad, index.requires_grad, constant.requires_grad) == (True, True, False, False)
    assert text == "text" and index.item() == 1
    (a.sum() + (b * 10).sum()).backward()
    assert x.grad.tolist() == [22, 42]
    zeros = [g.tolist() for g in Split.seen[2:4]]
    assert zeros == [0, [0, 0]] and Split.seen[4] is None and Split.seen[2].dtype == mg.int64


def test_a_result_nobody_used_comes_as_zeros_or_as_none() -> None:
    x = leaf(1, 2)
    Split.apply(x)[1].sum().backward()
    assert Split.seen[0].tolist() == [0, 0] and x.grad.tolist() == [2, 4]

    class Unfilled(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.set_materialize_grads(False)
            return x * 2, x * 3

        @staticmethod
        def backward(ctx: Any, a: Any, b: Any) -> Any:
            assert a is None
            return b * 3

    y = leaf(1, 2)
    Unfilled.apply(y)[1].sum().backward()
    assert y.grad.tolist() == [3, 3]


def test_several_results_to_second_order() -> None:
    x = leaf(1, 2)
    a, b, *_ = Split.apply(x)
    (g,) = autograd.grad((a * b).sum(), x, create_graph=True)
    assert g.tolist() == [6, 24]
    assert autograd.grad(g.sum(), x)[0].tolist() == [12, 24]


def test_gradients_of_single_results_and_hooks_on_them() -> None:
    x = leaf(1, 2)
    a, b, *_ = Split.apply(x)
    b.register_hook(lambda g: g * 10)
    a.retain_grad()
    ga, gx = autograd.grad((a * 3 + b).sum(), (a, x), retain_graph=True)
    assert ga.tolist() == [3, 3] and gx.tolist() == [26, 46]
    (a * 3 + b).sum().backward()
    assert a.grad.tolist() == [6, 6]


def test_an_input_that_is_returned_is_another_tensor_on_its_memory() -> None:
    class Through(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * 3

    x = leaf(1, 2)
    y = Through.apply(x)
    assert y is not x and np.shares_memory(y.detach().numpy(), x.detach().numpy()) and x.is_leaf
    y.sum().backward()
    assert x.grad.tolist() == [3, 3]


def test_a_tuple_of_one_stays_a_tuple() -> None:
    class One(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return (x * 2,)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return (g * 2,)

    x = leaf(1.0)
    (y,) = One.apply(x)
    y.backward()
    assert x.grad.tolist() == [2]


def test_without_grad_nothing_is_kept() -> None:
    before = weakref.ref((t := mg.ones(3, dtype=mg.float64))._array)
    y = Cube.apply(t)
    del t
    assert before() is None and not y.requires_grad


# --- in place -----------------------------------------------------------------------------------------------------


class Doubled(Function):
    """Changes its argument in place."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.mark_dirty(x)
        x.mul_(2)
        return x

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return g * 2


def test_a_tensor_marked_dirty_moves_on() -> None:
    x = leaf(1, 2)
    h = x * 1
    assert Doubled.apply(h) is h and h.grad_fn.name() == "DoubledBackward" and h._version == 2
    h.sum().backward()
    assert x.grad.tolist() == [2, 2]


def test_a_view_marked_dirty_takes_its_base_along() -> None:
    x = leaf(1, 2)
    h = x * 1
    Doubled.apply(h[:1])
    h.sum().backward()
    assert h.tolist() == [2, 2] and x.grad.tolist() == [2, 1]


def test_what_may_not_be_marked_dirty() -> None:
    with pytest.raises(GraphError, match="Doubled: a leaf tensor that requires grad cannot be changed in place"):
        Doubled.apply(leaf(1, 2))

    class Lost(Doubled):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.mark_dirty(x)
            return x * 2

    with pytest.raises(GraphError, match="Lost.forward: a tensor was marked dirty and not returned; return it"):
        Lost.apply(leaf(1, 2) * 1)


def test_a_saved_tensor_that_was_changed_is_found_and_named() -> None:
    x, weight = leaf(1, 2), mg.ones(2, dtype=mg.float64)
    y = Scaled.apply(x, 1.0, weight)
    weight.add_(1)
    with pytest.raises(GraphError, match=r"Scaled: .*\(the variable `weight`\).*was changed in place by `add_`"):
        y.sum().backward()


# --- the walk -----------------------------------------------------------------------------------------------------


class Counting(Function):
    runs, recorded = 0, False

    @staticmethod
    def forward(ctx: Any, x: Any, y: Any) -> Any:
        ctx.save_for_backward(x, y)
        return x * y

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        Counting.runs += 1
        Counting.recorded = mg.is_grad_enabled()
        x, y = ctx.saved_tensors
        return g * y, g * x


def test_backward_runs_once_for_all_arguments_of_a_walk_and_again_for_the_next() -> None:
    x, y, v = leaf(1, 2), leaf(3, 4), mg.ones(2, dtype=mg.float64)
    Counting.runs = 0
    z = Counting.apply(x, y)
    z.backward(v, retain_graph=True)
    assert Counting.runs == 1 and not Counting.recorded
    v.mul_(10)  # the same tensor with other values
    z.backward(v, retain_graph=True)
    assert Counting.runs == 2 and x.grad.tolist() == [33, 44]
    assert autograd.grad(z, x, v, retain_graph=True)[0].tolist() == [30, 40]
    v.mul_(10)
    assert autograd.grad(z, y, v, create_graph=True)[0].tolist() == [100, 200] and Counting.recorded


def test_a_second_backward_is_refused() -> None:
    z = Counting.apply(leaf(1, 2), leaf(3, 4)).sum()
    z.backward()
    with pytest.raises(GraphError, match="Counting: .*retain_graph=True"):
        z.backward()


def test_everything_is_freed_by_reference_counts() -> None:
    gc.disable()
    try:
        x = leaf(1, 2)
        for end in (
            lambda z: z.backward(),
            lambda z: z.backward(create_graph=True),
            lambda z: autograd.grad(autograd.grad(z, x, create_graph=True)[0].sum(), x),
            lambda z: autograd.grad(z, x, retain_graph=True),
        ):
            h = x * 1
            z = (Cube.apply(h) + Counting.apply(h, x) + Split.apply(h)[1]).sum()
            alive = [weakref.ref(o) for o in (h._array, h._node, z._node, z._array)]
            end(z)
            x.grad, Split.seen = None, []
            del h, z
            assert [r() for r in alive] == [None] * 4
    finally:
        gc.enable()


def test_once_differentiable() -> None:
    class Once(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        @autograd.function.once_differentiable
        def backward(ctx: Any, g: Any) -> Any:
            (x,) = ctx.saved_tensors
            assert not (3 * x).requires_grad  # nothing is recorded
            return 3 * x**2 * g

    x = leaf(2.0)
    Once.apply(x).sum().backward()
    assert x.grad.tolist() == [12]
    (first,) = autograd.grad(Once.apply(x).sum(), x, create_graph=True)
    assert first.tolist() == [12]
    with pytest.raises(GraphError, match=r"Once.backward is marked @once_differentiable, and was to be"):
        autograd.grad(first.sum(), x)
