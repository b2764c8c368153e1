"""SGD, step for step beside PyTorch's."""

import copy
import itertools
import math
import pickle
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import optim
from minigrad.ops.workspace import BLOCK, Workspace, blocks
from tests.optim.test_optim import leaf, quadratic, with_grad

# --- beside PyTorch --------------------------------------------------------------------------------------------------

SETTINGS = [
    dict(zip(("momentum", "dampening", "weight_decay", "nesterov", "maximize"), row))
    for row in itertools.product((0, 0.9), (0, 0.5), (0, 0.01), (False, True), (False, True))
    if not row[3] or (row[0] and not row[1])  # nesterov needs a momentum, and no dampening
]


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda s: ",".join(f"{k}={v}" for k, v in s.items() if v) or "plain")
def test_fifty_steps_of_sgd_equal_pytorch_s(settings: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch")

    def run(lib: Any) -> tuple[list[Any], list[float], str]:
        rng = np.random.default_rng(0)
        shapes = ((4, 3), (3,), (), (2, 1, 2))
        params = [lib.tensor(rng.standard_normal(s), dtype=lib.float64, requires_grad=True) for s in shapes]
        targets = [lib.tensor(rng.standard_normal(s), dtype=lib.float64) for s in shapes]
        groups = [{"params": params[:2]}, {"params": params[2:], "lr": 0.002}]
        optimizer = lib.optim.SGD(groups, lr=0.01, **settings)
        losses = []
        for step in range(50):
            optimizer.zero_grad(set_to_none=step % 2 == 0)
            seen = params if step % 7 != 3 else params[1:]  # now and then a parameter has no gradient

            def closure(seen: Any = seen) -> Any:
                loss = quadratic(seen, targets[-len(seen) :])
                loss.backward()
                return loss

            losses.append(optimizer.step(closure).item())
        return [p.detach().numpy() for p in params], losses, repr(optimizer)

    ours, theirs = run(mg), run(torch)
    for a, b in zip(ours[0], theirs[0]):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-11)
    assert ours[2] == theirs[2]  # the repr, too


def test_pytorch_s_state_dict_goes_on_here() -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    ours, theirs = leaf(1, 2, 3, dtype="float64"), torch.tensor([1.0, 2, 3], dtype=torch.float64, requires_grad=True)
    settings = {"lr": 0.1, "momentum": 0.9}
    a, b = optim.SGD([ours], lr=5.0), torch.optim.SGD([theirs], **settings)
    for step in range(6):
        theirs.grad = torch.arange(3.0, dtype=torch.float64)
        if step < 3:
            b.step()
            continue
        if step == 3:
            saved = copy.deepcopy(b.state_dict())
            saved["state"][0]["momentum_buffer"] = mg.tensor(saved["state"][0]["momentum_buffer"].numpy())
            a.load_state_dict(saved)
            ours.data = mg.tensor(theirs.detach().numpy())
        ours.grad = mg.arange(3.0, dtype="float64")
        a.step(), b.step()
        np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-14)
    assert a.state_dict().keys() == b.state_dict().keys()
    assert a.state_dict()["param_groups"] == b.state_dict()["param_groups"]


# --- by itself -------------------------------------------------------------------------------------------------------


@given(
    st.lists(st.floats(-100, 100, width=32), min_size=1, max_size=8),
    st.floats(0, 10, width=32),
    st.sampled_from(["float16", "float32", "float64"]),
)
def test_a_plain_step_is_p_minus_lr_times_g(numbers: list[float], lr: float, dtype: str) -> None:
    p = mg.tensor(numbers, dtype=dtype, requires_grad=True)
    before, memory = p.detach().numpy().copy(), p._array
    p.grad = mg.tensor(numbers[::-1], dtype=dtype)
    optim.SGD([p], lr=lr).step()
    np.testing.assert_array_equal(p.detach().numpy(), before - p.grad.numpy() * lr)
    assert p._array is memory and p.dtype == dtype and p.grad.tolist() == mg.tensor(numbers[::-1], dtype=dtype).tolist()


def test_weight_decay_is_the_gradient_of_the_square_penalty() -> None:
    def run(decay: float, strength: float) -> list[float]:
        p = leaf(1.0, -2.0, 3.0, dtype="float64")
        optimizer = optim.SGD([p], lr=0.1, momentum=0.9, weight_decay=decay)
        for _ in range(10):
            optimizer.zero_grad()
            (p.sin().sum() + strength * (p * p).sum()).backward()
            optimizer.step()
        return p.tolist()

    assert run(0.02, 0.0) == pytest.approx(run(0.0, 0.01), rel=1e-12)


def test_large_parameters_are_changed_in_pieces_as_small_ones_are() -> None:
    rng = np.random.default_rng(0)
    numbers, slopes = rng.standard_normal((2, BLOCK // 100 + 3, 250))
    assert len(blocks(numbers)) == 3 and sum(piece.size for (piece,) in blocks(numbers)) == numbers.size
    whole = mg.tensor(numbers, requires_grad=True)
    rows = [mg.tensor(row, requires_grad=True) for row in numbers]
    settings = {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.1, "nesterov": True, "maximize": True}
    a, b = optim.SGD([whole], **settings), optim.SGD(rows, **settings)
    for _ in range(3):
        whole.grad = mg.tensor(slopes)
        for row, slope in zip(rows, slopes):
            row.grad = mg.tensor(slope)
        a.step(), b.step()
    np.testing.assert_array_equal(whole.detach().numpy(), np.stack([row.detach().numpy() for row in rows]))


def test_memory_that_does_not_lie_in_order() -> None:
    rng = np.random.default_rng(0)
    numbers, slopes = rng.standard_normal((2, 300, 300))
    p = mg.from_numpy(numbers.copy()).T.detach().requires_grad_()
    p.grad = mg.from_numpy(slopes)
    optim.SGD([p], lr=0.5, momentum=0.9, weight_decay=0.1).step()
    np.testing.assert_array_equal(p.detach().numpy(), numbers.T - (slopes + numbers.T * 0.1) * 0.5)


def test_no_step_allocates_once_warm() -> None:
    params = with_grad((300, 300), (300,), (), (1000, 200), dtype="float32")
    optimizer = optim.SGD(params, lr=1e-3, momentum=0.9, weight_decay=1e-4, nesterov=True, maximize=True)
    for _ in range(2):
        optimizer.step()
    tracemalloc.start()
    try:
        for _ in range(5):
            optimizer.step()
        now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20_000  # bytes; the largest parameter has 800,000
    assert now < 5_000


def test_scratch_memory_is_one_array_for_all_shapes_of_a_dtype() -> None:
    workspace = Workspace()
    small, large = workspace.scratch(np.zeros((2, 3)), 0), workspace.scratch(np.zeros((5, 5)), 0)
    other, again = workspace.scratch(np.zeros((2, 3)), 1), workspace.scratch(np.zeros((2, 3)), 0)
    assert small.shape == again.shape == (2, 3) and large.shape == (5, 5)
    assert np.shares_memory(again, large) and not np.shares_memory(again, other)
    assert workspace.scratch(np.zeros((2, 3)), 0) is again
    assert workspace.scratch(np.zeros((2, 3), "float32"), 0).dtype == "float32"


def test_a_rate_that_is_a_function_of_the_step_goes_on_where_it_stood() -> None:
    def run(stop: int) -> list[float]:
        p = leaf(1.0, dtype="float64")
        optimizer = optim.SGD([p], lr=lambda step: 0.1 / (step + 1))
        for step in range(8):
            if step == stop:
                saved = pickle.loads(pickle.dumps(optimizer.state_dict()))
                optimizer = optim.SGD([p], lr=lambda step: 0.1 / (step + 1))
                optimizer.load_state_dict(saved)
            p.grad = mg.ones(1, dtype="float64")
            optimizer.step()
        return p.tolist()

    assert run(stop=5) == run(stop=-1) == pytest.approx([1 - sum(0.1 / k for k in range(1, 9))], rel=1e-14)


def test_a_rate_may_be_a_tensor_or_change_between_steps() -> None:
    p = leaf(0.0)
    optimizer = optim.SGD(p, lr=mg.tensor(0.5))
    p.grad = mg.ones(1)
    optimizer.step()
    assert p.tolist() == [-0.5]
    optimizer.param_groups[0]["lr"] = 2
    optimizer.step()
    assert p.tolist() == [-2.5]


def test_a_change_before_backward_is_found_and_named() -> None:
    p = leaf(1.0, 2.0)
    p.grad = mg.ones(2)
    loss = (p * p).sum()
    optim.SGD([p], lr=0.1).step()
    with pytest.raises(mg.GraphError, match=r"was changed in place by `SGD.step` before backward\(\) came to it"):
        loss.backward()


def test_infinite_gradients_pass_without_a_warning() -> None:
    p = leaf(1.0, 2.0)
    p.grad = mg.tensor([math.inf, math.nan])
    optim.SGD([p], lr=0.0, momentum=0.9, weight_decay=0.1).step()
    assert all(math.isnan(x) for x in p.tolist())


def test_a_gradient_that_was_recorded() -> None:
    p = leaf(3.0)
    (p**2).sum().backward(create_graph=True)
    assert p.grad.requires_grad
    optimizer = optim.SGD([p], lr=0.1)
    optimizer.step()
    assert p.tolist() == pytest.approx([2.4]) and p.is_leaf and p.requires_grad
    optimizer.zero_grad(set_to_none=False)
    assert p.grad.tolist() == [0.0] and not p.grad.requires_grad


def test_it_trains_on_the_gpu_as_on_the_cpu(cupy: Any) -> None:
    def run(device: str) -> list[Any]:
        p = mg.tensor([[1.0, -2.0], [3.0, 0.5]], device=device, requires_grad=True)
        optimizer = optim.SGD([p], lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01, maximize=True)
        for _ in range(4):
            optimizer.zero_grad()
            (p * p).sum().backward()
            optimizer.step()
        optimizer.load_state_dict(optimizer.state_dict())
        assert optimizer.state[p]["momentum_buffer"].device.type == device
        syncs = cupy.syncs
        optimizer.step()
        assert cupy.syncs == syncs  # nothing waits for the GPU
        return p.detach().cpu().tolist()

    np.testing.assert_allclose(run("cuda"), run("cpu"), rtol=1e-6)
