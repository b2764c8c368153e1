"""Floating-point warnings: silent, as in PyTorch, whatever NumPy was told, in every thread and however deep."""

import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import autograd
from minigrad.backend import ignore_fp_warnings, run_quiet
from minigrad.engine.dispatch import primitive
from minigrad.engine.primitive import REGISTRY

INF, NAN = float("inf"), float("nan")


@pytest.fixture(autouse=True, params=["warnings are errors", "NumPy raises"])
def strict(request: Any) -> Iterator[None]:
    """Both ways in which NumPy could speak up are errors here."""
    with warnings.catch_warnings(), np.errstate(all="raise" if request.param == "NumPy raises" else "warn"):
        warnings.simplefilter("error")
        yield


def t(*values: float, dtype: Any = mg.float32) -> Any:
    return mg.tensor(list(values), dtype=dtype)


def assigned(x: Any, value: Any) -> Any:
    x[0] = value
    return x


FORWARDS: dict[str, tuple[Callable[[], Any], list[float]]] = {
    "log of 0 and below": (lambda: t(0, -1).log(), [-INF, NAN]),
    "1 / 0": (lambda: 1 / t(0.0, -0.0), [INF, -INF]),
    "0 / 0": (lambda: t(0.0) / t(0.0), [NAN]),
    "0-d 1 / 0": (lambda: (mg.tensor(1.0) / mg.tensor(0.0)).reshape(1), [INF]),
    "overflow of exp": (lambda: t(1000, -1000).exp(), [INF, 0]),
    "inf - inf": (lambda: t(INF) - t(INF), [NAN]),
    "inf * 0": (lambda: t(INF) * 0.0, [NAN]),
    "float16 overflow": (lambda: t(60000, dtype=mg.float16) * 2, [INF]),
    "float16 underflow": (lambda: t(1e-7, dtype=mg.float16) * 1e-3, [0]),
    "a sum that overflows": (lambda: t(60000, 60000, dtype=mg.float16).sum(0, keepdim=True), [INF]),
    "sqrt below 0": (lambda: t(-1).sqrt(), [NAN]),
    "power": (lambda: t(-1, 0, 1e30) ** t(0.5, -1, 2), [NAN, INF, INF]),
    "number power": (lambda: t(0.0) ** -1, [INF]),
    "reflected power": (lambda: 10.0 ** t(100), [INF]),
    "matmul": (lambda: (t(1e30, 1e30).reshape(1, 2) @ t(1e30, 1e30).reshape(2, 1)).reshape(1), [INF]),
    "mean of nothing": (lambda: t().mean().reshape(1), [NAN]),
    "variance of one": (lambda: t(1).var().reshape(1), [NAN]),
    "softmax of infinities": (lambda: t(INF, 0).softmax(0), [NAN, NAN]),
    "logsumexp of -inf": (lambda: t(-INF, -INF).logsumexp(0).reshape(1), [-INF]),
    "a large number": (lambda: t(1) * 1e300, [INF]),
    "a large 0-d tensor": (lambda: t(1) * mg.tensor(1e300, dtype=mg.float64), [INF]),
    "a cast down": (lambda: t(1e300, dtype=mg.float64).float(), [INF]),
    "a cast to half": (lambda: t(1e6).half(), [INF]),
    "making a tensor": (lambda: mg.tensor([1e300]), [INF]),
    "making a Tensor": (lambda: mg.Tensor([1e300]), [INF]),
    "full": (lambda: mg.full((1,), 1e300), [INF]),
    "comparison with nan": (lambda: (t(NAN) < 1).float(), [0]),
    "maximum with nan": (lambda: mg.maximum(t(NAN), t(1)), [NAN]),
    "in place": (lambda: t(3e38).mul_(10), [INF]),
    "in place by a wider one": (lambda: t(1).add_(t(1e300, dtype=mg.float64)), [INF]),
    "in place division": (lambda: t(1).div_(t(0)), [INF]),
    "in place, by the long road": (lambda: t(1000).exp_(), [INF]),
    "augmented": (lambda: t(1).__imul__(1e300), [INF]),
    "item assignment": (lambda: assigned(t(1), 1e300), [INF]),
    "item assignment of a tensor": (lambda: assigned(t(1), t(1e300, dtype=mg.float64)[0]), [INF]),
    "copy_": (lambda: t(1).copy_(t(1e300, dtype=mg.float64)), [INF]),
    "fill_": (lambda: t(1).fill_(1e300), [INF]),
    "where": (lambda: mg.where(t(1) > 0, t(1), 1e300) * 1e300, [INF]),
    "floor of inf": (lambda: t(INF, NAN).floor(), [INF, NAN]),
    "tan and tanh": (lambda: t(INF, -INF).tanh(), [1, -1]),
}


@pytest.mark.parametrize("name", FORWARDS)
def test_forwards_are_silent_and_give_what_ieee_754_says(name: str) -> None:
    call, expected = FORWARDS[name]
    assert np.array_equal(call().detach().numpy().astype("float64"), np.array(expected, "float64"), equal_nan=True)


def test_nan_to_integer_is_silent() -> None:
    assert t(NAN).long().dtype == mg.int64
    assert assigned(mg.tensor([1]), mg.tensor(NAN)).dtype == mg.int64


BACKWARDS: dict[str, tuple[Callable[[Any], Any], list[float], list[float]]] = {
    "log": (lambda x: x.log(), [0.0], [INF]),
    "sqrt": (lambda x: x.sqrt(), [0.0], [INF]),
    "reciprocal": (lambda x: 1 / x, [0.0], [-INF]),
    "division": (lambda x: x / (x * 0), [1.0], [NAN]),
    "exp": (lambda x: x.exp(), [1000.0], [INF]),
    "overflow on the way": (lambda x: x * 1e30 * 1e30, [1.0], [INF]),
    "power": (lambda x: x**-2, [0.0], [-INF]),
    "norm": (lambda x: x.norm(), [0.0], [0.0]),
}


@pytest.mark.parametrize("create", [False, True], ids=["plain", "create_graph"])
@pytest.mark.parametrize("name", BACKWARDS)
def test_backward_passes_are_silent(name: str, create: bool) -> None:
    f, at, expected = BACKWARDS[name]
    x = mg.tensor(at, requires_grad=True)
    f(x).sum().backward(create_graph=create)
    assert np.array_equal(x.grad.detach().numpy(), np.array(expected, "float32"), equal_nan=True)
    if x.grad.requires_grad:
        x.grad.sum().backward()


def test_accumulating_and_casting_gradients_is_silent() -> None:
    x = mg.tensor([3e38], requires_grad=True)
    for _ in range(2):
        (x * 3e38).sum().backward()
    assert x.grad.item() == INF
    h = mg.tensor([1.0], dtype=mg.float16, requires_grad=True)
    (h.float() * 1e6).sum().backward()
    assert h.grad.item() == INF and h.grad.dtype == mg.float16


def test_numpys_own_setting_is_left_as_it_was() -> None:
    before = np.geterr()
    t(0).log()
    x = mg.tensor([0.0], requires_grad=True)
    x.log().sum().backward()
    assert np.geterr() == before
    if before["over"] == "raise":
        with pytest.raises(FloatingPointError):
            np.float32([3e38]) * np.float32(10)


def test_an_error_inside_leaves_silence_in_order() -> None:
    with pytest.raises(ValueError, match="broadcast"):
        t(1, 2) + t(1, 2, 3)
    assert t(0).log().item() == -INF


def test_nested_calls_are_silent() -> None:
    before = dict(REGISTRY)
    try:

        @primitive(input=lambda g: g)
        def outer(input: Any) -> Any:
            return (mg.tensor(input).exp() * 1e30).log()._array  # tensor operations inside a forward

        @primitive(input=lambda g: g)
        def outermost(input: Any) -> Any:
            return outer(mg.tensor(input))._array

        assert outermost(t(1000)).item() == INF
        x = mg.tensor([1000.0], requires_grad=True)
        autograd.grad(outermost(x).sum(), x)
    finally:
        REGISTRY.clear()
        REGISTRY.update(before)


def test_a_function_with_effects_is_run_once_however_deep() -> None:
    calls: list[int] = []

    def effect() -> int:
        calls.append(1)
        return len(calls)

    assert run_quiet(ignore_fp_warnings, effect) == 1
    assert calls == [1]
    with pytest.raises(RuntimeError, match="its own"):
        ignore_fp_warnings(lambda: (_ for _ in ()).throw(RuntimeError("its own")))


def test_several_threads_at_once_are_silent() -> None:
    """One thread's long product holds the shared silent context while others compute."""
    failures: list[BaseException] = []
    start = threading.Barrier(4)
    large = mg.full((400, 400), 1e30)

    def work(i: int) -> None:
        try:
            start.wait(10)
            for _ in range(8 if i < 2 else 200):
                if i < 2:
                    assert (large @ large)[0, 0].item() == INF
                else:
                    x = mg.tensor([0.0, 1000.0], requires_grad=True)
                    y = x.exp().log() + 1 / x
                    y.mul_(1e30).sum().backward()
                    assert t(3e38).mul_(10).item() == INF
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
