"""Is anything recorded? `no_grad`, `enable_grad`, `set_grad_enabled`, `inference_mode`: blocks, decorators, threads."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import minigrad as mg

MODES: dict[str, tuple[Callable[[], Any], bool]] = {
    "no_grad": (mg.no_grad, False),
    "enable_grad": (mg.enable_grad, True),
    "set_grad_enabled(False)": (lambda: mg.set_grad_enabled(False), False),
    "set_grad_enabled(True)": (lambda: mg.set_grad_enabled(True), True),
    "inference_mode": (mg.inference_mode, False),
}


@pytest.fixture(autouse=True)
def recording() -> Iterator[None]:
    assert mg.is_grad_enabled() and not mg.is_inference_mode_enabled()
    yield
    assert mg.is_grad_enabled() and not mg.is_inference_mode_enabled()


@pytest.mark.parametrize("outer", [True, False])
@pytest.mark.parametrize("name", MODES)
def test_as_a_block(name: str, outer: bool) -> None:
    make, inside = MODES[name]
    x = mg.ones(2, requires_grad=True)
    with mg.enable_grad() if outer else mg.no_grad():
        with make():
            assert mg.is_grad_enabled() is inside and (x * 2).requires_grad is inside
        assert mg.is_grad_enabled() is outer


@pytest.mark.parametrize("name", MODES)
def test_an_exception_leaves_the_mode_as_it_was(name: str) -> None:
    with pytest.raises(KeyError), MODES[name][0]():
        raise KeyError
    assert mg.is_grad_enabled()


@pytest.mark.parametrize("name", MODES)
def test_as_a_decorator(name: str) -> None:
    make, inside = MODES[name]

    @make()
    def f(x: int, *, y: int = 2) -> tuple[bool, int]:
        """Says whether it is recorded."""
        return mg.is_grad_enabled(), x + y

    assert mg.is_grad_enabled()  # decorating changes nothing here
    with mg.set_grad_enabled(not inside):
        assert f(1, y=3) == (inside, 4)
        assert mg.is_grad_enabled() is not inside
    assert f.__name__ == "f" and f.__doc__ == "Says whether it is recorded."


@pytest.mark.parametrize("mode", [mg.no_grad, mg.inference_mode, mg.enable_grad])
def test_as_a_decorator_without_brackets(mode: Any) -> None:
    @mode
    def f() -> bool:
        return mg.is_grad_enabled()

    assert f() is (mode is mg.enable_grad)


def test_a_decorated_function_may_call_itself_and_may_fail() -> None:
    @mg.no_grad()
    def down(n: int) -> int:
        assert not mg.is_grad_enabled()
        if n == 0:
            raise ValueError("ground")
        return down(n - 1)

    with pytest.raises(ValueError, match="ground"):
        down(3)
    assert mg.is_grad_enabled()


def test_one_mode_object_may_be_entered_again_within_itself() -> None:
    mode = mg.no_grad()
    with mode:
        with mg.enable_grad(), mode:
            assert not mg.is_grad_enabled()
        assert not mg.is_grad_enabled()
    with mode:
        assert not mg.is_grad_enabled()


def test_nesting() -> None:
    with mg.no_grad():
        with mg.enable_grad():
            with mg.no_grad():
                assert not mg.is_grad_enabled()
            assert mg.is_grad_enabled()
        assert not mg.is_grad_enabled()


def test_set_grad_enabled_as_a_plain_call_lasts() -> None:
    mg.set_grad_enabled(False)
    try:
        assert not mg.is_grad_enabled()
    finally:
        mg.set_grad_enabled(True)
    assert mg.is_grad_enabled()


def test_inference_mode_says_so_and_false_changes_nothing() -> None:
    with mg.inference_mode():
        assert mg.is_inference_mode_enabled() and not mg.is_grad_enabled()
        with mg.enable_grad():
            assert mg.is_grad_enabled() and mg.is_inference_mode_enabled()
    with mg.inference_mode(False):
        assert mg.is_grad_enabled() and not mg.is_inference_mode_enabled()
    with mg.no_grad(), mg.inference_mode(False):
        assert not mg.is_grad_enabled()


def test_a_generator_runs_in_the_mode_and_its_user_does_not() -> None:
    closed = []

    @mg.no_grad()
    def numbers(n: int) -> Iterator[Any]:
        try:
            for _ in range(n):
                answer = yield mg.is_grad_enabled()
                closed.append((answer, mg.is_grad_enabled()))
        except KeyError:
            yield "caught"
        finally:
            closed.append(("closed", mg.is_grad_enabled()))
        return "end"

    for recorded in numbers(2):
        assert recorded is False and mg.is_grad_enabled()
    assert closed == [(None, False), (None, False), ("closed", False)]

    def passed_on() -> Iterator[Any]:
        assert (yield from numbers(1)) == "end"

    assert list(passed_on()) == [False]
    closed.clear()
    steps = numbers(3)
    assert next(steps) is False and steps.send("hello") is False and closed == [("hello", False)]
    assert steps.throw(KeyError()) == "caught"
    steps.close()
    assert closed[-1] == ("closed", False) and mg.is_grad_enabled()


def test_every_thread_has_a_mode_of_its_own() -> None:
    seen: dict[str, Any] = {}
    entered, looked = threading.Event(), threading.Event()

    def off() -> None:
        with mg.no_grad():
            entered.set()
            assert looked.wait(10)
            seen["inside"] = mg.is_grad_enabled()
        seen["after"] = mg.is_grad_enabled()

    with mg.inference_mode():
        thread = threading.Thread(target=off)
        thread.start()
        assert entered.wait(10)
    seen["here"] = mg.is_grad_enabled(), (mg.ones(1, requires_grad=True) * 2).requires_grad
    looked.set()
    thread.join(10)
    assert seen == {"inside": False, "after": True, "here": (True, True)}


def test_a_new_thread_records() -> None:
    seen = []
    with mg.no_grad():
        thread = threading.Thread(target=lambda: seen.append((mg.is_grad_enabled(), mg.is_inference_mode_enabled())))
        thread.start()
        thread.join(10)
    assert seen == [(True, False)]


def test_threads_differentiate_side_by_side() -> None:
    results: dict[int, Any] = {}
    start = threading.Barrier(4)

    def work(i: int) -> None:
        start.wait(10)
        total = 0.0
        for n in range(60):
            x = mg.full((50, 50), 1.0 + i, requires_grad=True)
            with mg.no_grad() if n % 3 == 0 else mg.enable_grad():
                frozen = x * 2
            assert frozen.requires_grad is bool(n % 3)
            (x @ x).sum().backward()
            total += x.grad[0, 0].item()
        results[i] = total

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(30)
    assert results == {i: 60 * 100.0 * (1 + i) for i in range(4)}
