"""Kernels beside their twins, the same calculations by functions of arrays: values, gradients, edges; and where they
are made. (All ops, layers and optimizers run by them in test_cuda_*.py; test_kernels_compile.py compiles them.)"""

import ast
import importlib
import pkgutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import autograd, nn, optim
from minigrad.backend.cuda_kernel import KERNELS, elementwise
from minigrad.engine.executions import only
from minigrad.executors import cupy as kernels

F: Any = nn.functional
PACKAGE = Path(mg.__file__).parent
INF, NAN = float("inf"), float("nan")


for module in pkgutil.iter_modules(kernels.__path__):
    importlib.import_module(f"{kernels.__name__}.{module.name}")  # else a kernel is known once its op has met a GPU


def both(run: Any) -> tuple[Any, Any]:
    """What `run` gives by kernels, and without them."""
    with only("cupy"):
        ours = run()
    with only():
        return ours, run()


def alike(pair: tuple[Any, Any], tolerance: float) -> None:
    ours, plain = pair
    assert len(ours) == len(plain) > 0
    for a, b in zip(ours, plain):
        assert a.dtype == b.dtype and a.shape == b.shape
        np.testing.assert_allclose(a.detach().cpu().numpy(), b.detach().cpu().numpy(), tolerance, tolerance)


NEAR = {"float16": 4e-3, "float32": 3e-6, "float64": 1e-13}
ROWS = np.array([[1.0, 2.0, 3.0], [-4.0, 0.5, 0.25], [30.0, -30.0, 0.0], [0.0, 0.0, 0.0]])


def test_kernels_are_made_once_at_the_top_of_a_module() -> None:
    makers, inside = {"elementwise", "reduction", "update_kernel", "kernels", "vjp_kernel", "Kernel"}, []
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name not in makers:
                called = {getattr(n.func, "id", "") for n in ast.walk(node)
                          if isinstance(n, ast.Call)}  # fmt: skip
                inside += [f"{path.name}:{node.name}"] * bool(called & makers)
    assert len(KERNELS) > 15 and inside == []


def test_a_name_is_taken_once() -> None:
    with pytest.raises(ValueError, match="a kernel named 'softmax' is there already"):
        elementwise("softmax", "T x", "T y", "y = x")


def test_they_can_be_left_out(cupy: Any) -> None:
    x = mg.tensor(ROWS, device="cuda")

    def launches() -> int:
        before = cupy.launches
        F.softmax(x, 1)
        return cupy.launches - before

    by_kernels, without = both(launches)
    assert by_kernels == 2 and without > 4


@pytest.mark.parametrize("row", [[-INF, 0.0, 1.0], [-INF, -INF, 2.0], [-INF] * 3, [INF, 0.0, 1.0], [NAN, 0.0, 1.0],
                                 [1e4, -1e4, 0.0], [0.0, -INF, NAN]])  # fmt: skip
def test_softmax_at_the_edges(row: list[float], cupy: Any) -> None:
    alike(both(lambda: [op(mg.tensor(row, device="cuda"), 0) for op in (F.softmax, F.log_softmax)]), 1e-6)


@pytest.mark.parametrize("dtype", NEAR)
@pytest.mark.parametrize("ignored", [-100, 2])
@pytest.mark.parametrize("kind", ["int64", "int32", "uint8"])
def test_cross_entropy(dtype: str, ignored: int, kind: str, cupy: Any) -> None:
    def run() -> list[Any]:
        x = mg.tensor(ROWS, dtype=dtype, device="cuda", requires_grad=True)
        y = mg.tensor(np.array([0, 2, 1, 2], kind), device="cuda")
        loss = F.cross_entropy(x, y, ignore_index=ignored)
        (first,) = autograd.grad(loss * 3, [x], create_graph=True)
        (second,) = autograd.grad((first * first).sum(), [x])
        return [loss, first, second]

    alike(both(run), NEAR[dtype])


def test_a_class_out_of_range_is_told_at_the_next_wait(cupy: Any) -> None:
    loss = F.cross_entropy(mg.tensor(ROWS, device="cuda"), mg.tensor([0, 3, 1, 1], device="cuda"))
    with pytest.raises(IndexError, match="cross_entropy: expected indices from 0 to 2 .classes., got others too"):
        loss.item()
    assert np.isfinite(F.cross_entropy(mg.tensor(ROWS, device="cuda"), mg.tensor([0, 2, 1, 1], device="cuda")).item())


def test_the_gpu_draws_what_the_cpu_would_have_drawn(cupy: Any) -> None:
    far = mg.Generator().manual_seed(3)
    state = far.get_state()
    state["state"]["state"]["counter"][:] = [2**64 - 2, 2**64 - 1, 2**64 - 1, 5]  # carries all the way
    far.set_state(state)
    for kept in (mg.default_generator.get_state(), far.get_state()):
        drawn: dict[str, list[Any]] = {"cpu": [], "cuda": []}
        for device, out in drawn.items():
            generator = mg.Generator().set_state(kept)
            for size in (1, 2, 5, 0, 8, 1, 3, 40, 4, 4):
                out.append(mg.empty(size, dtype="float64", device=device).bernoulli_(0.4, generator=generator).cpu())
            out.append(mg.rand(7, generator=generator))
        assert all((a == b).all() for a, b in zip(drawn["cpu"], drawn["cuda"])) and len(drawn["cpu"]) == 11


def test_dropout_copies_nothing_to_the_gpu(cupy: Any) -> None:
    x = mg.ones(4, 5, device="cuda")
    mg.manual_seed(1)
    before = cupy.uploads
    there = F.dropout(x, 0.3)
    assert cupy.uploads == before
    mg.manual_seed(1)
    assert (F.dropout(x.cpu(), 0.3) == there.cpu()).all() and 0 < float((there == 0).float().mean()) < 1


OPTIMIZERS: dict[str, Any] = {
    "SGD": lambda p: optim.SGD(p, lr=0.1, weight_decay=0.01),
    "SGD, momentum": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, dampening=0.2, maximize=True),
    "SGD, nesterov": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.1),
    "Adam": lambda p: optim.Adam(p, lr=0.1, weight_decay=0.1),
    "Adam, amsgrad": lambda p: optim.Adam(p, lr=0.1, amsgrad=True),
    "AdamW": lambda p: optim.AdamW(p, lr=0.1, weight_decay=0.1, maximize=True),
    "Adamax": lambda p: optim.Adamax(p, lr=0.1),
    "NAdam": lambda p: optim.NAdam(p, lr=0.1, weight_decay=0.1, decoupled_weight_decay=True),
    "RAdam": lambda p: optim.RAdam(p, lr=0.1, betas=(0.9, 0.8)),
    "Adagrad": lambda p: optim.Adagrad(p, lr=0.1, lr_decay=0.1),
    "Adadelta": lambda p: optim.Adadelta(p, lr=0.1),
    "RMSprop": lambda p: optim.RMSprop(p, lr=0.1),
    "RMSprop, centered": lambda p: optim.RMSprop(p, lr=0.1, centered=True),
    "RMSprop, momentum": lambda p: optim.RMSprop(p, lr=0.1, momentum=0.9),
    "RMSprop, both": lambda p: optim.RMSprop(p, lr=0.1, momentum=0.9, centered=True),
    "Rprop": lambda p: optim.Rprop(p, lr=0.1),
    "ASGD": lambda p: optim.ASGD(p, lr=0.1, t0=3),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("what", OPTIMIZERS)
def test_updates(what: str, dtype: str, cupy: Any) -> None:
    def run() -> list[Any]:
        p = mg.tensor(ROWS, dtype=dtype, device="cuda", requires_grad=True)
        optimizer = OPTIMIZERS[what]([p])
        for k in range(8):
            p.grad = mg.tensor(np.cos(ROWS + k), dtype=dtype, device="cuda")
            optimizer.step()
        return [p, *(s for s in optimizer.state[p].values() if isinstance(s, mg.Tensor))]

    alike(both(run), 20 * NEAR[dtype])


@pytest.mark.parametrize("what", OPTIMIZERS)
def test_an_update_is_one_launch_and_gives_float16_what_float32_gives(what: str, cupy: Any) -> None:
    ends = {}
    for dtype in ("float16", "float32"):
        p = mg.tensor(ROWS, dtype=dtype, device="cuda", requires_grad=True)
        optimizer = OPTIMIZERS[what]([p])
        for k in range(4):
            p.grad = mg.tensor(np.cos(ROWS + k), dtype=dtype, device="cuda")
            before = cupy.launches
            optimizer.step()
            assert k == 0 or cupy.launches - before == 1
        ends[dtype] = p.detach().cpu().numpy().astype("float64")
    np.testing.assert_allclose(ends["float16"], ends["float32"], 2e-2, 2e-2)
