"""Optimizers that remember arrays of a parameter's shape, step for step beside PyTorch's."""

import copy
import math
import pickle
import tracemalloc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import optim
from minigrad.ops.workspace import BLOCK
from tests.optim.test_optim import leaf, quadratic, with_grad

# what each remembers, and settings to try; the empty ones are the defaults
KINDS: dict[str, tuple[list[str], list[dict[str, Any]]]] = {
    "Adam": (["exp_avg", "exp_avg_sq"], [
        {}, {"betas": (0.5, 0.9), "eps": 1e-3}, {"weight_decay": 0.1, "maximize": True}, {"betas": (0.0, 0.0)},
        {"amsgrad": True, "lr": 0.1}, {"decoupled_weight_decay": True, "weight_decay": 0.3, "lr": 0.1},
    ]),
    "AdamW": (["exp_avg", "exp_avg_sq"], [
        {}, {"lr": 0.1, "weight_decay": 0.5}, {"amsgrad": True, "maximize": True, "eps": 1e-3}, {"weight_decay": 0},
    ]),
    "Adamax": (["exp_avg", "exp_inf"], [
        {}, {"betas": (0.5, 0.9), "weight_decay": 0.1}, {"maximize": True, "eps": 0.1, "lr": 0.05},
    ]),
    "NAdam": (["exp_avg", "exp_avg_sq"], [
        {}, {"momentum_decay": 0.1, "weight_decay": 0.1}, {"betas": (0.5, 0.9), "maximize": True, "lr": 0.05},
        {"decoupled_weight_decay": True, "weight_decay": 0.3, "eps": 0.1},
    ]),
    "RAdam": (["exp_avg", "exp_avg_sq"], [
        {}, {"weight_decay": 0.1, "lr": 0.1}, {"betas": (0.5, 0.9), "maximize": True, "eps": 0.1},
        {"betas": (0.9, 0.3)}, {"decoupled_weight_decay": True, "weight_decay": 0.3},
    ]),
    "Adagrad": (["sum"], [
        {}, {"lr_decay": 0.1, "weight_decay": 0.1, "lr": 0.1}, {"initial_accumulator_value": 0.5, "maximize": True},
        {"eps": 0.1},
    ]),
    "Adadelta": (["square_avg", "acc_delta"], [
        {}, {"rho": 0.5, "eps": 1e-2, "weight_decay": 0.1}, {"maximize": True, "lr": 3.0}, {"rho": 1.0},
    ]),
    "RMSprop": (["square_avg"], [
        {}, {"momentum": 0.9}, {"centered": True, "eps": 1e-3}, {"maximize": True, "weight_decay": 0.1, "alpha": 0.5},
        {"centered": True, "momentum": 0.5, "alpha": 0.9, "weight_decay": 0.1, "eps": 1e-3},
    ]),
    "Rprop": (["prev", "step_size"], [
        {}, {"etas": (0.1, 3.0), "step_sizes": (0.01, 0.05)}, {"maximize": True, "lr": 0.3},
    ]),
    "ASGD": (["ax"], [
        {}, {"lambd": 0.1, "alpha": 0.5, "weight_decay": 0.1}, {"t0": 10, "lr": 0.03}, {"t0": 0, "maximize": True},
    ]),
}  # fmt: skip
CASES = [(name, settings) for name, (_, several) in KINDS.items() for settings in several]
IDS = [f"{name}-" + (",".join(f"{k}={v}" for k, v in settings.items()) or "plain") for name, settings in CASES]


@pytest.fixture
def torch() -> Iterator[Any]:
    """PyTorch; some of its optimizers keep numbers in the default dtype, which is to be as exact as Python's."""
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield torch
    torch.set_default_dtype(before)


def train(lib: Any, name: str, settings: dict[str, Any], steps: int = 50) -> Any:
    """The parameters and the optimizer after so many steps, where now and then a parameter has no gradient."""
    rng = np.random.default_rng(0)
    shapes = ((4, 3), (3,), (), (2, 1, 2))
    params = [lib.tensor(rng.standard_normal(s), dtype=lib.float64, requires_grad=True) for s in shapes]
    targets = [lib.tensor(rng.standard_normal(s), dtype=lib.float64) for s in shapes]
    groups = [{"params": params[:2]}, {"params": params[2:], "lr": 0.002}]
    optimizer = getattr(lib.optim, name)(groups, **settings)
    for step in range(steps):
        optimizer.zero_grad(set_to_none=step % 2 == 0)
        seen = params if step % 7 != 3 else params[1:]
        quadratic(seen, targets[-len(seen) :]).backward()
        optimizer.step()
    return params, optimizer


@pytest.mark.parametrize("name, settings", CASES, ids=IDS)
def test_fifty_steps_equal_pytorch_s(torch: Any, name: str, settings: dict[str, Any]) -> None:
    (ours, mine), (theirs, its) = train(mg, name, settings), train(torch, name, settings)
    for a, b in zip(ours, theirs):
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-10, atol=1e-13)
    assert repr(mine) == repr(its)
    for p, q in zip(ours, theirs):
        assert mine.state[p].keys() == its.state[q].keys()
        for entry, value in its.state[q].items():
            np.testing.assert_allclose(np.asarray(mine.state[p][entry]), value.numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", KINDS)
def test_pytorch_s_state_dict_goes_on_here(torch: Any, name: str) -> None:
    (start, _), (theirs, its) = train(mg, name, {}), train(torch, name, {})
    saved = copy.deepcopy(its.state_dict())
    saved["state"] = {k: {n: mg.tensor(v.numpy()) for n, v in s.items()} for k, s in saved["state"].items()}
    mine = getattr(optim, name)([{"params": start[:2]}, {"params": start[2:]}])
    mine.load_state_dict(saved)
    for p, q in zip(start, theirs):
        p.data, p.grad, q.grad = mg.tensor(q.detach().numpy()), mg.ones_like(p), torch.ones_like(q)
    mine.step(), its.step()
    for p, q in zip(start, theirs):
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), rtol=1e-12)
    assert mine.state_dict()["param_groups"] == its.state_dict()["param_groups"]


# --- by hand ---------------------------------------------------------------------------------------------------------

# two steps from 1, with the gradients 0.5 and -0.25, lr = 0.1
M2, V2 = 0.9 * 0.05 + 0.1 * -0.25, 0.999 * 0.00025 + 0.001 * 0.0625
RHO_R = 2 / 0.001 - 1
HAND: dict[str, tuple[dict[str, Any], list[float]]] = {
    "Adam": ({}, [-1, -(M2 / 0.19) / math.sqrt(V2 / (1 - 0.999**2))]),
    "AdamW": ({"weight_decay": 0}, [-1, -(M2 / 0.19) / math.sqrt(V2 / (1 - 0.999**2))]),
    "Adamax": ({}, [-1, -(M2 / 0.19) / (0.999 * 0.5)]),
    "RAdam": ({}, [-0.5, -(M2 / 0.19)]),
    "Adagrad": ({}, [-1, 0.25 / math.sqrt(0.3125)]),
    "RMSprop": ({}, [-0.5 / math.sqrt(0.0025), 0.25 / math.sqrt(0.99 * 0.0025 + 0.01 * 0.0625)]),
    "Rprop": ({}, [-1, 0]),
    "ASGD": ({"lambd": 0}, [-0.5, 0.25]),
}


@pytest.mark.parametrize("name", HAND)
def test_two_steps_by_hand(name: str) -> None:
    settings, moves = HAND[name]
    p, expected = leaf(1.0, dtype="float64"), 1.0
    optimizer = getattr(optim, name)([p], lr=0.1, **settings)
    for grad, move in zip((0.5, -0.25), moves):
        p.grad, expected = mg.tensor([grad], dtype="float64"), expected + 0.1 * move
        optimizer.step()
        assert p.tolist() == pytest.approx([expected], rel=1e-6, abs=1e-6)


def test_first_steps_of_nadam_and_adadelta_by_hand() -> None:
    p, q = leaf(1.0, dtype="float64"), leaf(1.0, dtype="float64")
    p.grad = q.grad = mg.tensor([0.5], dtype="float64")
    optim.NAdam([p], lr=0.1).step()
    mu1, mu2 = (0.9 * (1 - 0.5 * 0.96 ** (t * 0.004)) for t in (1, 2))
    assert p.tolist() == pytest.approx([1 - 0.1 * (1 + mu2 * 0.1 / (1 - mu1 * mu2))], rel=1e-6)
    optim.Adadelta([q], lr=2.0).step()
    assert q.tolist() == pytest.approx([1 - 2 * math.sqrt(1e-6 / (0.1 * 0.25 + 1e-6)) * 0.5], rel=1e-12)


def test_decoupled_decay_shrinks_what_has_no_slope() -> None:
    p = leaf(2.0, dtype="float64")
    p.grad = mg.zeros(1, dtype="float64")
    optim.AdamW([p], lr=0.1, weight_decay=0.5).step()
    assert p.tolist() == pytest.approx([2 * (1 - 0.05)], rel=1e-14)


def test_asgd_averages_the_weights_after_t0() -> None:
    p, seen = leaf(1.0, dtype="float64"), []
    optimizer = optim.ASGD([p], lr=0.1, lambd=0, t0=2)
    for _ in range(7):
        p.grad = mg.ones(1, dtype="float64")
        optimizer.step()
        seen.append(p.item())
    assert optimizer.state[p]["ax"].item() == pytest.approx(sum(seen[3:]) / 4, rel=1e-12)


def test_rprop_goes_by_the_sign_of_an_infinite_gradient_and_forgets_it() -> None:
    p = leaf(0.0, 0.0)
    optimizer = optim.Rprop([p], lr=0.5)
    for grad, expected in ((math.inf, -0.5), (-1.0, -0.5), (-math.inf, -0.25), (-1.0, 0.05)):
        p.grad = mg.tensor([grad, -grad])
        optimizer.step()
        assert p.tolist() == pytest.approx([expected, -expected])


# --- what they share -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name, settings", CASES, ids=IDS)
def test_a_saved_state_resumes_exactly(name: str, settings: dict[str, Any]) -> None:
    def run(stop: int) -> list[Any]:
        params = with_grad((3, 2), (), (4,))
        optimizer = getattr(optim, name)(params, **settings)
        for step in range(9):
            if step == stop:
                saved = pickle.loads(pickle.dumps(optimizer.state_dict()))
                optimizer = getattr(optim, name)(params)
                optimizer.load_state_dict(saved)
            for p in params:
                p.grad = p.detach().sin() - 0.3
            optimizer.step()
        return [p.tolist() for p in params]

    assert run(stop=4) == run(stop=-1)


@pytest.mark.parametrize("name", KINDS)
def test_what_is_remembered_has_pytorch_s_names(name: str) -> None:
    (p, frozen), names = with_grad((3,), (2,)), KINDS[name][0]
    frozen.grad = None
    before = frozen.tolist()
    optimizer = getattr(optim, name)([p, frozen])
    optimizer.step()
    assert list(optimizer.state) == [p] and frozen.tolist() == before
    assert optimizer.state[p]["step"] == 1 and all(optimizer.state[p][n].shape == p.shape for n in names)
    assert set(optimizer.state_dict()["state"][0]) >= {"step", *names}


def test_switches_bring_their_arrays() -> None:
    (p,) = with_grad((3,))
    for made, names in (
        (optim.Adam([p], amsgrad=True), {"exp_avg", "exp_avg_sq", "max_exp_avg_sq"}),
        (optim.RMSprop([p], momentum=0.9), {"square_avg", "momentum_buffer"}),
        (optim.RMSprop([p], centered=True), {"square_avg", "grad_avg"}),
        (optim.NAdam([p]), {"exp_avg", "exp_avg_sq", "mu_product"}),
        (optim.ASGD([p]), {"ax", "eta", "mu"}),
    ):
        made.step()
        assert set(made.state[p]) == {"step", *names}
    (adam := optim.Adam([p])).step()
    adam.param_groups[0]["amsgrad"] = True  # from now on
    adam.step()
    assert adam.state[p]["max_exp_avg_sq"].tolist() == adam.state[p]["exp_avg_sq"].tolist()


@pytest.mark.parametrize("name, settings", CASES, ids=IDS)
def test_no_step_allocates_once_warm(name: str, settings: dict[str, Any]) -> None:
    params = with_grad((300, 300), (300,), (), (1000, 200), dtype="float32")
    optimizer = getattr(optim, name)(params, **settings)
    for _ in range(2):
        optimizer.step()
    tracemalloc.start()
    try:
        for _ in range(2):
            optimizer.step()
        now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20_000 and now < 6_000  # bytes; the largest parameter has 800,000
    assert all(p.dtype == mg.float32 and np.isfinite(p.detach().numpy()).all() for p in params)


@pytest.mark.parametrize("name, settings", CASES, ids=IDS)
def test_large_parameters_are_changed_in_pieces_as_small_ones_are(name: str, settings: dict[str, Any]) -> None:
    numbers, slopes = np.random.default_rng(0).standard_normal((2, BLOCK // 3000 + 3, 3000))
    whole = mg.tensor(numbers, requires_grad=True)
    rows = [mg.tensor(row, requires_grad=True) for row in numbers]
    a, b = (getattr(optim, name)(params, **settings) for params in ([whole], rows))
    for sign in (1, -1):
        whole.grad = mg.tensor(sign * slopes)
        for row, slope in zip(rows, slopes):
            row.grad = mg.tensor(sign * slope)
        a.step(), b.step()
    np.testing.assert_array_equal(whole.detach().numpy(), np.stack([row.detach().numpy() for row in rows]))


@pytest.mark.parametrize("name", ["SGD", *KINDS])
def test_copies_and_pickles_go_on_alike(name: str) -> None:
    (p,) = with_grad((3,))
    optimizer = getattr(optim, name)([p])
    optimizer.step()
    ends = []
    for other in (copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer)), optimizer):
        (q,) = other.param_groups[0]["params"]
        q.grad = mg.full_like(q, 0.5)  # pickles have none
        other.step()
        ends.append(q.tolist())
    assert ends[0] == ends[1] == ends[2]


@pytest.mark.parametrize("name", KINDS)
def test_dtypes_stay_and_gradients_too(name: str) -> None:
    for dtype in ("float16", "float32", "float64"):
        p = leaf(1.0, -2.0, dtype=dtype)
        p.grad, memory = mg.tensor([0.5, -1.0], dtype=dtype), p._array
        optimizer = getattr(optim, name)([p], maximize=True)
        optimizer.step()
        assert p._array is memory and p.dtype == dtype and p.grad.tolist() == [0.5, -1.0]
        assert all(v.dtype == dtype for v in optimizer.state[p].values() if isinstance(v, mg.Tensor))


@pytest.mark.parametrize("name", KINDS)
def test_a_rate_may_be_a_function_of_the_step(name: str) -> None:
    def run(rate: Any, change: bool) -> list[float]:
        p = leaf(1.0, 2.0, dtype="float64")
        optimizer = getattr(optim, name)([p], lr=rate)
        for step in range(4):
            if change:
                optimizer.param_groups[0]["lr"] = 0.1 / (step + 1)
            p.grad = p.detach().cos()
            optimizer.step()
        return p.tolist()

    assert run(lambda step: 0.1 / (step + 1), False) == run(mg.tensor(0.1), True)


def test_adamw_goes_on_from_adam_with_its_own_decay() -> None:
    p, q = with_grad((3,), (3,))
    adam, adamw = optim.Adam([p], weight_decay=0.1), optim.AdamW([q])
    adam.step()
    adamw.load_state_dict(adam.state_dict())
    assert adamw.param_groups[0]["decoupled_weight_decay"] is True and adamw.param_groups[0]["weight_decay"] == 0.1
    assert adamw.state[q]["exp_avg"].tolist() == adam.state[p]["exp_avg"].tolist()


def test_a_change_before_backward_is_found_and_named() -> None:
    p = leaf(1.0, 2.0)
    p.grad = mg.ones(2)
    loss = (p * p).sum()
    optim.Adam([p]).step()
    with pytest.raises(mg.GraphError, match=r"was changed in place by `Adam.step` before backward\(\) came to it"):
        loss.backward()


@pytest.mark.parametrize("name", KINDS)
def test_it_trains_on_the_gpu_as_on_the_cpu(cupy: Any, name: str) -> None:
    def run(device: str) -> list[Any]:
        p = mg.tensor([[1.0, -2.0], [3.0, 0.5]], device=device, requires_grad=True)
        optimizer = getattr(optim, name)([p], lr=0.1)
        for _ in range(4):
            optimizer.zero_grad()
            (p * p).sum().backward()
            optimizer.step()
        optimizer.load_state_dict(optimizer.state_dict())
        assert optimizer.state[p][KINDS[name][0][0]].device.type == device
        syncs = cupy.syncs
        optimizer.step()
        assert cupy.syncs == syncs  # nothing waits for the GPU
        return p.detach().cpu().tolist()

    np.testing.assert_allclose(run("cuda"), run("cpu"), rtol=1e-5)


# --- what they refuse ------------------------------------------------------------------------------------------------

REFUSED: list[tuple[str, dict[str, Any], type[Exception], str]] = [
    *((name, {"lr": -1}, ValueError, f"{name}: lr: expected a finite number from 0 on, got -1.0") for name in KINDS),
    *((name, {"foreach": True}, ValueError, f"{name}: foreach: minigrad has one implementation") for name in KINDS),
    *((n, {"weight_decay": -1}, ValueError, f"{n}: weight_decay: expected a finite") for n in KINDS if n != "Rprop"),
    *((n, {"capturable": True}, ValueError, f"{n}: capturable: minigrad has") for n in KINDS if n != "Adagrad"),
    ("Adam", {"fused": True}, ValueError, r"Adam: fused: minigrad has one implementation and no such switch"),
    ("Adam", {"betas": (0.9, 1.0)}, ValueError, r"Adam: betas\[1\]: expected a number from 0 on and below 1, got 1"),
    ("AdamW", {"betas": (-0.1, 0.9)}, ValueError, r"AdamW: betas\[0\]: expected a finite number from 0 on, got -0.1"),
    ("NAdam", {"betas": 0.9}, TypeError, r"NAdam: betas: expected 2 numbers, got 0.9"),
    ("RAdam", {"betas": (0.9,)}, ValueError, r"RAdam: betas: expected 2 numbers, got 1: \(0.9,\)"),
    ("Adamax", {"betas": ("a", 0.9)}, TypeError, r"Adamax: betas\[0\]: expected a number, got 'a'"),
    ("Adam", {"eps": -1e-8}, ValueError, r"Adam: eps: expected a finite number from 0 on, got -1e-08"),
    ("NAdam", {"momentum_decay": -1}, ValueError, r"NAdam: momentum_decay: expected a finite number from 0 on"),
    ("Adagrad", {"lr_decay": None}, TypeError, r"Adagrad: lr_decay: expected a number, got None"),
    ("Adagrad", {"initial_accumulator_value": -1}, ValueError, r"Adagrad: initial_accumulator_value: expected a fin"),
    ("Adadelta", {"rho": 1.5}, ValueError, r"Adadelta: rho: expected a number from 0 to 1, got 1.5"),
    ("RMSprop", {"alpha": -1}, ValueError, r"RMSprop: alpha: expected a finite number from 0 on, got -1"),
    ("RMSprop", {"momentum": math.nan}, ValueError, r"RMSprop: momentum: expected a finite number from 0 on, got nan"),
    ("Rprop", {"etas": (1.2, 0.5)}, ValueError, r"Rprop: etas: expected 0 < etas\[0\] < 1 < etas\[1\], got \(1.2, 0"),
    ("Rprop", {"step_sizes": (2, 1)}, ValueError, r"Rprop: step_sizes: expected the least and the largest, got \(2.0"),
    ("ASGD", {"lambd": -1}, ValueError, r"ASGD: lambd: expected a finite number from 0 on, got -1.0"),
    ("ASGD", {"alpha": "x"}, TypeError, r"ASGD: alpha: expected a number, got 'x'"),
]  # fmt: skip


@pytest.mark.parametrize("name, settings, error, text", REFUSED, ids=lambda v: v if isinstance(v, str) else None)
def test_settings_that_make_no_sense(name: str, settings: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        getattr(optim, name)([leaf(1.0)], **settings)


@pytest.mark.parametrize("name", KINDS)
def test_nothing_moves_where_one_gradient_is_refused(name: str) -> None:
    p, q = with_grad((3,), (2,))
    before = p.tolist()
    optimizer = getattr(optim, name)([p, q])
    q._grad = mg.ones(4, dtype="float64")
    with pytest.raises(mg.ShapeError, match=rf"{name}.step: params\[1\]: expected a gradient of the parameter's shape"):
        optimizer.step()
    assert p.tolist() == before and not optimizer.state
