"""Hooks of modules: what they see, what they may replace, when they are called."""

import copy
import math
import pickle
from collections import OrderedDict, namedtuple
from fractions import Fraction
from typing import Any

import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn


def test_forward_hooks_see_and_replace() -> None:
    net, seen = nn.Linear(2, 2), []
    before = net.register_forward_pre_hook(lambda m, args: (args[0] * 2,))
    after = net.register_forward_hook(lambda m, args, out: seen.append(args[0].sum().item()) or out + 1)
    x = mg.ones(1, 2)
    twice = F.linear(x * 2, net.weight, net.bias) + 1
    assert (net(x) == twice).all() and seen == [4.0]
    before.remove()
    after.remove()
    assert (net(x) == F.linear(x, net.weight, net.bias)).all() and seen == [4.0]


def test_order_keywords_and_calls_after_a_failure() -> None:
    class Scale(nn.Module):
        def forward(self, x: Any, by: float = 1.0) -> Any:
            return x * by

    net, seen = Scale(), []
    net.register_forward_hook(lambda m, args, out: seen.append("second"))
    net.register_forward_hook(lambda m, args, out: seen.append("first"), prepend=True)
    net.register_forward_hook(lambda m, args, kwargs, out: seen.append(kwargs), with_kwargs=True)
    net.register_forward_pre_hook(lambda m, args, kwargs: (args, {"by": 3.0}), with_kwargs=True)
    assert net(mg.ones(1), by=2.0).item() == 3.0 and seen == ["first", "second", {"by": 3.0}]
    net.register_forward_hook(lambda m, args, out: seen.append(out), always_call=True)
    with pytest.raises(TypeError):
        net(None)
    assert seen[3:] == [None]


def backward_hooks(lib: Any) -> list[Any]:
    """What the backward hooks of a module of two inputs and two outputs see, and the gradients they leave."""

    class Two(lib.nn.Module):
        def forward(self, a: Any, scale: float, b: Any) -> Any:
            return a * b * scale, b * 2

    net, seen = Two(), []
    a, b, c = lib.tensor([1.0, 2.0], requires_grad=True), lib.tensor([3.0, 4.0], requires_grad=True), lib.ones(2)

    def note(kind: str, *gradients: Any) -> None:
        seen.append((kind, *[[None if g is None else g.tolist() for g in gs] for gs in gradients]))

    net.register_full_backward_pre_hook(lambda m, out: note("before", out))
    net.register_full_backward_hook(lambda m, inp, out: note("after", inp, out))
    first, second = net(a, 10.0, b)
    (first.sum() + (second * c).sum() + a.sum()).backward()
    seen.append([a.grad.tolist(), b.grad.tolist()])
    a.grad = b.grad = None
    halved = net.register_full_backward_hook(lambda m, inp, out: tuple(g if g is None else g / 2 for g in inp))
    doubled = net.register_full_backward_pre_hook(lambda m, out: tuple(g * 4 for g in out))
    first, second = net(a, 1.0, b)
    (first.sum() + second.sum()).backward()
    seen.append([a.grad.tolist(), b.grad.tolist()])
    halved.remove()
    doubled.remove()
    net(a, 1.0, c)[0].sum().backward()
    return seen


def test_backward_hooks() -> None:
    seen = backward_hooks(mg)
    assert seen[0] == ("before", [[1.0, 1.0], [1.0, 1.0]])
    assert seen[1] == ("after", [[30.0, 40.0], None, [12.0, 22.0]], [[1.0, 1.0], [1.0, 1.0]])
    assert seen[2] == [[31.0, 41.0], [12.0, 22.0]] and seen[5] == [[6.0, 8.0], [6.0, 8.0]]


def test_backward_hooks_against_pytorch() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    ours, theirs = backward_hooks(mg), backward_hooks(torch)
    assert ours[:3] == theirs[:3] and ours[5] == theirs[5]


def test_backward_hooks_without_an_input_that_requires_grad() -> None:
    net, seen = nn.Linear(2, 1), []
    net.register_full_backward_hook(lambda m, inp, out: seen.append((inp, [g.tolist() for g in out])))
    net(mg.ones(1, 2)).sum().backward()
    assert seen == [((None,), [[[1.0]]])] and net.bias.grad.tolist() == [1.0]
    with mg.no_grad():
        assert not net(mg.ones(1, 2)).requires_grad and len(seen) == 1


def hooked_twice(lib: Any) -> tuple[float, float]:
    net = lib.nn.Tanh()
    net.register_full_backward_hook(lambda m, inp, out: (inp[0] * 2,))
    x = lib.tensor([0.5], dtype=lib.float64, requires_grad=True)
    (g,) = lib.autograd.grad(net(x), x, create_graph=True)
    (h,) = lib.autograd.grad(g, x)
    return g.item(), h.item()


def test_second_order_knows_what_a_hook_did_and_does_not_repeat_it() -> None:
    t = math.tanh(0.5)
    assert hooked_twice(mg) == pytest.approx((2 * (1 - t * t), 2 * -2 * t * (1 - t * t)))


def test_second_order_through_hooks_against_pytorch() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    assert hooked_twice(mg) == pytest.approx(hooked_twice(torch))


class Calls(nn.Module):
    def __init__(self, f: Any) -> None:
        super().__init__()
        self.forward = f


Pair = namedtuple("Pair", "first second")


@pytest.mark.parametrize("kind", ["register_full_backward_hook", "register_backward_hook"])
@pytest.mark.parametrize("f, due", [
    (lambda x: {"a": x * 2, "n": 3, "b": x * 3}, [[1, 1], None, [1, 1]]), (lambda x: [x * 2, x * 3], [[1, 1], [1, 1]]),
    (lambda x: OrderedDict(a=x * 2, b=x * 3), [[1, 1], [1, 1]]), (lambda x: Pair(x * 2, x * 3), [[1, 1], [1, 1]]),
    (lambda x: (x * 5, [x]), [[1, 1], None]),
])  # fmt: skip
def test_backward_hooks_of_outputs_of_every_kind(kind: str, f: Any, due: list[Any]) -> None:
    net, seen, x = Calls(f), [], mg.ones(2, requires_grad=True)
    getattr(net, kind)(lambda m, inp, out: seen.append([[None if g is None else g.tolist() for g in gs]
                                                        for gs in (inp, out)]))  # fmt: skip
    out = net(x)
    assert type(out) is type(f(x)) and getattr(out, "keys", list)() == getattr(f(x), "keys", list)()
    sum(t.sum() for t in (out.values() if isinstance(out, dict) else out) if isinstance(t, mg.Tensor)).backward()
    assert seen == [[[[5, 5]], due]] and x.grad.tolist() == [5, 5]


@pytest.mark.parametrize("f", [lambda x: Fraction(1, 2), lambda x: {"all": {"out": x}}, lambda x: ([x],)])
def test_an_output_without_tensors_is_told(f: Any) -> None:
    net = Calls(f)
    net.register_full_backward_hook(lambda *seen: None)
    with pytest.warns(UserWarning, match="Calls: backward hooks need an output that is a Tensor or a tuple, list or d"):
        net(mg.ones(1, requires_grad=True))


def doubled(module: nn.Module, args: Any, out: Any) -> Any:
    return out * 2


def test_hooks_are_copied_and_pickled_with_their_module() -> None:
    net = nn.ReLU()
    net.register_forward_hook(doubled)
    for twin in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert twin(mg.ones(1)).item() == 2.0
