"""What the engine records: nodes, what they keep, what it refuses to register."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.engine.dispatch import primitive
from minigrad.engine.graph import FREED, AccumulateGrad, Node
from minigrad.engine.primitive import REGISTRY
from minigrad.errors import GraphError

DIFFERENTIABLE = sorted(name for name, op in REGISTRY.items() if op.rules)


@pytest.fixture
def scratch() -> Iterator[None]:
    """Primitives registered in the test are forgotten after it."""
    before = dict(REGISTRY)
    yield
    REGISTRY.clear()
    REGISTRY.update(before)


def leaf(*values: float, dtype: Any = mg.float64) -> Any:
    return mg.tensor(list(values), dtype=dtype, requires_grad=True)


class Stand:
    """Stands for an array: has a shape of its own and nothing else."""

    def __init__(self, name: str) -> None:
        self.name, self.shape = name, (name, "shape")


def named(op: Any, name: str, argument: Any, values: dict[str, Any]) -> Any:
    """What a rule's parameter `name` stands for."""
    if name in values:
        return values[name]
    if op.variadic and name == "index":
        return argument
    return values[name.removesuffix("_shape")].shape


# --- retention is declared by the rules' signatures ---------------------------------------------------------------


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_a_node_keeps_what_its_rules_parameters_name_and_nothing_else(name: str) -> None:
    op = REGISTRY[name]
    arguments = [Stand("t0"), Stand("t1"), Stand("t2")] if op.variadic else [Stand(a) for a in op.arguments]
    out, static, also = Stand("out"), {s: object() for s in op.static}, {a: Stand(a) for a in op.also}
    values: dict[str, Any] = dict(zip(op.arguments, arguments, strict=False)) | static | also | {"out": out}
    if op.variadic:
        values[op.variadic] = tuple(arguments)
    ruled = [bool(op.variadic) or a in op.rules for a in (op.arguments or "ttt")]
    masks = [tuple(ruled), *(tuple(j == i for j in range(len(ruled))) for i, yes in enumerate(ruled) if yes)]
    for mask in masks:
        plan = op.plan(mask)
        kept = plan.keep(*arguments, out, static, *also.values())
        wanted = [i if op.variadic else op.arguments[i] for i, need in enumerate(mask) if need]
        names = [op.names[op.variadic or str(a)] for a in wanted]
        assert kept == tuple(tuple(named(op, n, a, values) for n in row) for row, a in zip(names, wanted, strict=True))
        assert len(plan.rules) == sum(mask)


def test_add_keeps_nothing_and_mul_the_other_operand() -> None:
    x, y = leaf(1, 2), leaf(3, 4)
    assert (x + y)._node.kept == ((), ())
    assert (x - y)._node.kept == ((), ())
    (for_x,), (for_y,) = (x * y)._node.kept
    assert for_x is y._array and for_y is x._array
    assert (x * 3.0)._node.kept == ((3.0,),)
    assert (x * y.detach())._node.kept == ((y._array,),)  # nobody asks for y's gradient, so x is not kept


def test_exp_keeps_its_result_and_sum_only_a_shape() -> None:
    x = leaf(1, 2)
    y = x.exp()
    assert y._node.kept[0][0] is y._array
    assert x.sum()._node.kept == (((2,),),)
    assert x.reshape(2, 1)._node.kept == (((2,),),)


def test_a_node_knows_shape_and_dtype_and_its_result_is_not_in_it() -> None:
    y = leaf(1, 2) * 2
    assert (y._node.shape, y._node.dtype) == ((2,), mg.float64)
    assert set(Node.__slots__) == {"plan", "parents", "kept", "shape", "dtype", "clock", "hooks", "__weakref__"}


def test_nothing_is_recorded_where_nobody_requires_grad() -> None:
    x = mg.ones(3)
    assert (x * 2).exp().sum().grad_fn is None
    with mg.no_grad():
        assert (leaf(1.0) * 2)._node is None


def test_what_is_kept_goes_as_the_walk_passes_and_stays_with_retain_graph() -> None:
    x = leaf(1, 2)
    y = x.exp()
    y.sum().backward(retain_graph=True)
    assert y._node.kept[0][0] is y._array
    y.sum().backward()
    assert y._node.kept is FREED


# --- the graph as users see it ------------------------------------------------------------------------------------


def test_grad_fn_and_next_functions() -> None:
    x, c = leaf(1, 2), mg.ones(2, dtype=mg.float64)
    y = x * c
    assert x.grad_fn is None and x.is_leaf and not y.is_leaf
    assert repr(y.grad_fn) == "<MulBackward>" and y.grad_fn.name() == "MulBackward"
    (first, _), (second, _) = y.grad_fn.next_functions
    assert isinstance(first, AccumulateGrad) and first.variable is x and first.name() == "AccumulateGrad"
    assert second is None and first.next_functions == ()
    assert y.log_softmax(0).grad_fn.name() == "LogSoftmaxBackward"
    assert [f.name() for f, _ in mg.cat([x, y]).grad_fn.next_functions] == ["AccumulateGrad", "MulBackward"]
    assert (y.sum().grad_fn.next_functions[0][0]) is y.grad_fn


def test_a_leaf_that_is_gone_gets_no_gradient() -> None:
    x = leaf(1, 2)
    y = (x * 2).sum()
    node = x._node
    del x
    y.backward()
    assert node.variable is None


def test_requires_grad_spreads() -> None:
    x, c = leaf(1.0), mg.ones(1, dtype=mg.float64)
    assert (x + c).requires_grad and (c + x).requires_grad and not (c + c).requires_grad
    assert not (x > 0).requires_grad and not x.argmax().requires_grad and not x.detach().requires_grad
    assert x.float().requires_grad and not x.detach().long().requires_grad


# --- registering --------------------------------------------------------------------------------------------------


def test_a_registered_primitive_differentiates_to_any_order(scratch: None) -> None:
    @primitive(input=lambda g, input, power: g * power * input ** (power - 1))
    def raised(input: Any, *, power: int) -> Any:
        return input**power

    x = leaf(2, 3)
    first = mg.autograd.grad(raised(x, power=3).sum(), x, create_graph=True)[0]
    second = mg.autograd.grad(first.sum(), x, create_graph=True)[0]
    third = mg.autograd.grad(second.sum(), x)[0]
    assert (first.tolist(), second.tolist(), third.tolist()) == ([12, 27], [12, 18], [6, 6])
    assert raised(np.array([2.0]), power=2).tolist() == [4.0]  # raw arrays: just computes
    assert raised.primitive is REGISTRY["raised"] and repr(raised.primitive) == "<primitive raised>"


def test_a_rule_that_asks_for_an_unknown_name_is_refused(scratch: None) -> None:
    with pytest.raises(
        TypeError, match=r"primitive 'wrong': the rule for `input` asks for \['sqrt'\]; known are g, out"
    ):

        @primitive(input=lambda g, sqrt: g)
        def wrong(input: Any) -> Any:
            return input


def test_a_rule_for_an_unknown_argument_is_refused(scratch: None) -> None:
    with pytest.raises(TypeError, match="primitive 'wrong': the rule for `x`"):

        @primitive(x=lambda g: g)
        def wrong(input: Any) -> Any:
            return input


def test_a_name_is_registered_once(scratch: None) -> None:
    with pytest.raises(ValueError, match="primitive 'exp' is registered twice"):
        primitive(name="exp")(lambda input: input)


def test_an_argument_without_a_rule_cannot_require_grad(scratch: None) -> None:
    @primitive(input=lambda g: g)
    def first_only(input: Any, weight: Any) -> Any:
        return input + weight

    x, w = leaf(1.0), leaf(2.0)
    assert first_only(x, w.detach()).tolist() == [3.0]
    with pytest.raises(
        GraphError, match=r"first_only: no gradient is defined with respect to `weight`; pass it `.detach"
    ):
        first_only(x, w)


def test_a_primitive_without_rules_is_not_recorded(scratch: None) -> None:
    @primitive()
    def flat(input: Any) -> Any:
        return np.zeros_like(input)

    assert not flat(leaf(1.0)).requires_grad


def test_a_wrong_rule_is_named_by_the_walk(scratch: None) -> None:
    @primitive(input=lambda g: g[:1])
    def crooked(input: Any) -> Any:
        return input * 1

    with pytest.raises(
        ValueError, match=r"crooked: its backward gave a gradient of shape \(1,\) for an argument of shape"
    ):
        crooked(leaf(1, 2, 3)).sum().backward()


def test_a_rule_that_returns_none_gives_no_gradient(scratch: None) -> None:
    @primitive(input=lambda g: None, other=lambda g: g)
    def half(input: Any, other: Any) -> Any:
        return input + other

    x, y = leaf(1.0), leaf(2.0)
    half(x.exp(), y).sum().backward()
    assert x.grad is None and y.grad.tolist() == [1.0]


def test_the_engine_unbroadcasts_once_for_all_rules() -> None:
    x, y, z = mg.ones(3, 1, requires_grad=True), mg.ones(4, requires_grad=True), mg.tensor(2.0, requires_grad=True)
    (x * y + z).sum().backward()
    assert (x.grad.shape, y.grad.shape, z.grad.shape) == ((3, 1), (4,), ())
    assert x.grad.tolist() == [[4.0]] * 3 and y.grad.tolist() == [3.0] * 4 and z.grad.item() == 12
