"""The parts of a large array are done by several threads: each once, with the same results, however many there are."""

import os
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController

import minigrad as mg
import minigrad.nn.functional as F
from minigrad.backend import malloc as memory
from minigrad.backend import product, threads


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = mg.get_num_threads()
    yield
    mg.set_num_threads(before)


def blas_threads() -> set[int]:
    """Of NumPy's own BLAS; SciPy's may be loaded later, and is nothing of ours."""
    libraries = ThreadpoolController().select(user_api="blas").lib_controllers
    return {library.num_threads for library in libraries if "numpy" in library.filepath} or {1}


@pytest.mark.parametrize("n", [1, 2, 5])
def test_each_part_is_done_once(n: int) -> None:
    mg.set_num_threads(n)
    done: list[int] = []
    threads.parallel_for(done.append, 100)
    assert sorted(done) == list(range(100))


def test_several_threads_are_at_work_and_blas_has_one() -> None:
    mg.set_num_threads(2)
    seen, blas, both = set(), set(), threading.Barrier(2)

    def work(i: int) -> None:
        both.wait(timeout=10)  # passes only if two are here at once
        seen.add(threading.get_ident())
        blas.update(blas_threads())

    threads.parallel_for(work, 2)
    assert len(seen) == 2 and blas == {1}


@pytest.mark.parametrize("shapes", [((300, 200), (200, 100)), ((6, 900), (900, 1000)), ((9, 80, 90), (9, 90, 70))])
def test_large_products_are_done_in_parts(shapes: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    mg.set_num_threads(2)
    counts, by_team = [], product.parallel_for
    monkeypatch.setattr(product, "parallel_for", lambda work, count: counts.append(count) or by_team(work, count))
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal(s) for s in shapes)
    np.testing.assert_allclose(product.product(a, b), a @ b, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(product.product(a.mT.copy().mT, b[..., ::-1]), a @ b[..., ::-1], rtol=1e-12, atol=1e-12)
    assert counts == [2, 2] and blas_threads() == {1}


def test_what_a_part_raises_is_raised_and_later_work_is_done() -> None:
    mg.set_num_threads(2)

    def work(i: int) -> None:
        if i == 3:
            raise IndexError("part 3")

    with pytest.raises(IndexError, match="part 3"):
        threads.parallel_for(work, 8)
    assert blas_threads() == {1}
    done: list[int] = []
    threads.parallel_for(done.append, 4)
    assert len(done) == 4


@pytest.mark.parametrize("ended", [False, True])
def test_without_openmp_python_has_threads_and_without_those_this_one_does_it_all(
    monkeypatch: pytest.MonkeyPatch, ended: bool
) -> None:
    mg.set_num_threads(2)
    monkeypatch.setattr(threads, "run_in_team", lambda work, threads: False)

    def fail(thread: threading.Thread) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    if ended:
        monkeypatch.setattr(threading.Thread, "start", fail)
    done: list[int] = []
    threads.parallel_for(done.append, 5)
    assert sorted(done) == [0, 1, 2, 3, 4] and blas_threads() == {1}


def test_parts_within_parts_stay_on_their_thread() -> None:
    mg.set_num_threads(2)
    done: list[tuple[int, int]] = []

    def work(i: int) -> None:
        here = threading.get_ident()
        threads.parallel_for(lambda k: done.append((i, k)) or threading.get_ident() == here or pytest.fail("moved"), 3)

    threads.parallel_for(work, 4)
    assert sorted(done) == [(i, k) for i in range(4) for k in range(3)]


def test_calls_from_several_threads_at_once() -> None:
    mg.set_num_threads(2)
    sums = [0] * 4

    def user(which: int) -> None:
        def work(i: int) -> None:
            time.sleep(0.001)
            counts[i] += 1

        counts = [0] * 20
        threads.parallel_for(work, 20)
        sums[which] = sum(counts)

    users = [threading.Thread(target=user, args=(i,)) for i in range(4)]
    for u in users:
        u.start()
    for u in users:
        u.join()
    assert sums == [20] * 4 and blas_threads() == {1}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork.*:DeprecationWarning")
def test_a_forked_process_has_threads_of_its_own() -> None:
    mg.set_num_threads(2)
    threads.parallel_for(lambda i: None, 4)
    child = os.fork()
    if not child:
        done: list[int] = []
        threads.parallel_for(done.append, 50)
        os._exit(0 if sorted(done) == list(range(50)) else 1)
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.parametrize("bad", [0, -1, 1.5, True, "2", None])
def test_a_number_of_threads_is_positive(bad: Any) -> None:
    with pytest.raises(ValueError, match="set_num_threads: expected a positive number of threads, got"):
        mg.set_num_threads(bad)


def step(x: Any, w: Any) -> list[Any]:
    """Values and gradients of operations on arrays large enough to be cut up."""
    x, w = mg.tensor(x, requires_grad=True), mg.tensor(w, requires_grad=True)
    out = F.max_pool2d(F.relu(F.conv2d(x, w, padding=1)), 2)
    F.gelu(F.layer_norm(out, out.shape[-1:])).tanh().square().sum().backward()
    return [out.detach().numpy(), x.grad.numpy(), w.grad.numpy()]


def test_results_do_not_depend_on_the_number_of_threads() -> None:
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((40, 8, 32, 32)).astype("float32"), rng.standard_normal((16, 8, 3, 3)).astype("float32")
    mg.set_num_threads(1)
    expected = step(x, w)
    for n in (2, 3):
        mg.set_num_threads(n)
        assert all(np.array_equal(a, b) for a, b in zip(step(x, w), expected, strict=True))


def test_warnings_stay_off_in_every_thread() -> None:
    mg.set_num_threads(2)
    x = mg.full((64, 8, 64, 64), float("inf"), requires_grad=True)
    y = F.gelu(x * 0.0)  # nan, and no warning, which would be an error here
    y.sum().backward()
    assert bool(y.isnan().all()) and bool(x.grad.isnan().all())


def test_glibc_is_asked_to_keep_memory_unless_told_not_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIGRAD_MALLOC", "0")
    assert not memory.keep_memory()
    monkeypatch.delenv("MINIGRAD_MALLOC")
    monkeypatch.setattr(memory.sys, "platform", "darwin")
    assert not memory.keep_memory()
