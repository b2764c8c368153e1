"""Schedules of the step size, value for value beside PyTorch's."""

import copy
import math
import pickle
import warnings
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import optim
from minigrad.optim import lr_scheduler
from tests.optim.test_optim import leaf

# name, settings; "optimizer" is which one it goes with
CASES: list[tuple[str, dict[str, Any]]] = [
    ("LambdaLR", {"lr_lambda": lambda t: 0.95**t}),
    ("LambdaLR", {"lr_lambda": [lambda t: 1 / (t + 1), lambda t: 2.0]}),
    ("MultiplicativeLR", {"lr_lambda": lambda t: 0.95 + 0.01 * (t % 2)}),
    ("StepLR", {"step_size": 7}), ("StepLR", {"step_size": 1, "gamma": 0.9}),
    ("MultiStepLR", {"milestones": [3, 20, 20, 41]}), ("MultiStepLR", {"milestones": (0, 5), "gamma": 3.0}),
    ("ConstantLR", {}), ("ConstantLR", {"factor": 0.5, "total_iters": 30}), ("ConstantLR", {"total_iters": 0}),
    ("LinearLR", {}), ("LinearLR", {"start_factor": 1.0, "end_factor": 0.0, "total_iters": 40}),
    ("LinearLR", {"start_factor": 0.1, "total_iters": 70}),
    ("ExponentialLR", {"gamma": 0.9}), ("PolynomialLR", {}), ("PolynomialLR", {"total_iters": 45, "power": 2.5}),
    ("CosineAnnealingLR", {"T_max": 60}), ("CosineAnnealingLR", {"T_max": 7, "eta_min": 0.01}),
    ("CosineAnnealingLR", {"T_max": 1}),
    ("CosineAnnealingWarmRestarts", {"T_0": 9}),
    ("CosineAnnealingWarmRestarts", {"T_0": 4, "T_mult": 2, "eta_min": 0.1}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.5, "step_size_up": 4}),
    ("CyclicLR", {"base_lr": [0.1, 0.2], "max_lr": [1, 2], "step_size_up": 5, "step_size_down": 9,
                  "mode": "triangular2"}),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 1.0, "step_size_up": 6, "mode": "exp_range", "gamma": 0.97}),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 1.0, "step_size_up": 6, "scale_fn": lambda x: 1 / (1 + x),
                  "scale_mode": "iterations", "base_momentum": [0.1, 0.2], "max_momentum": 0.7}),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 1.0, "step_size_up": 6, "optimizer": "Adam"}),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 1.0, "step_size_up": 6, "cycle_momentum": False, "optimizer": "Adagrad"}),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 60}),
    ("OneCycleLR", {"max_lr": [0.5, 1], "epochs": 7, "steps_per_epoch": 10}),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 61, "three_phase": True, "pct_start": 0.4,
                    "anneal_strategy": "linear"}),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 60, "optimizer": "AdamW", "div_factor": 3.0,
                    "final_div_factor": 7.0}),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 60, "cycle_momentum": False, "optimizer": "Adagrad",
                    "pct_start": 0.0}),
    ("SequentialLR", {}), ("ChainedScheduler", {}), ("nested", {}),
]  # fmt: skip
IDS = [f"{i}-{name}" for i, (name, _) in enumerate(CASES)]
TORCH_REASON = "compares with PyTorch"


def groups(lib: Any, kind: str = "SGD") -> Any:
    p, q = (lib.tensor([1.0], requires_grad=True) for _ in range(2))
    more = {"momentum": 0.9} if kind == "SGD" else {}
    return getattr(lib.optim, kind)([{"params": [p]}, {"params": [q], "lr": 0.3}], lr=0.8, **more)


def schedule(lib: Any, name: str, settings: dict[str, Any]) -> Any:
    """A schedule on two groups of a new optimizer."""
    settings = dict(settings)
    optimizer, kinds = groups(lib, settings.pop("optimizer", "SGD")), lib.optim.lr_scheduler
    if name == "SequentialLR":
        parts = [kinds.LinearLR(optimizer, 0.1, total_iters=8), kinds.StepLR(optimizer, 4, 0.5),
                 kinds.CosineAnnealingLR(optimizer, 20), kinds.ExponentialLR(optimizer, 0.8),
                 kinds.LambdaLR(optimizer, lambda t: 1 / (t + 2))]  # fmt: skip
        return kinds.SequentialLR(optimizer, parts, milestones=[8, 20, 40, 50])
    if name == "ChainedScheduler":
        return kinds.ChainedScheduler(
            [
                kinds.ConstantLR(optimizer, 0.1, 5),
                kinds.ExponentialLR(optimizer, 0.9),
                kinds.CosineAnnealingLR(optimizer, 9),
            ]
        )
    if name == "nested":
        chain = kinds.ChainedScheduler([kinds.LinearLR(optimizer), kinds.PolynomialLR(optimizer, 30)])
        inner = kinds.SequentialLR(optimizer, [chain, kinds.CosineAnnealingWarmRestarts(optimizer, 4, 2)], [15])
        return kinds.SequentialLR(optimizer, [inner, kinds.MultiplicativeLR(optimizer, lambda t: 0.9)], [32])
    return getattr(kinds, name)(optimizer, **settings)


def go(scheduler: Any, steps: int, start: int = 0) -> list[Any]:
    """Rates and momenta of both groups, before the first step and after each."""
    seen = []
    for step in range(steps):
        if step or start:
            scheduler.optimizer.step()
            scheduler.step()
        found = scheduler.optimizer.param_groups
        momenta = [group.get("momentum", 0) or group.get("betas", [0])[0] for group in found]
        seen.append([group["lr"] for group in found] + momenta + list(scheduler.get_last_lr()))
    return seen


@pytest.mark.filterwarnings("ignore::UserWarning:torch")
@pytest.mark.parametrize("name, settings", CASES[:-1], ids=IDS[:-1])  # nested, PyTorch's are wrong: see below
def test_sixty_steps_equal_pytorch_s(name: str, settings: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch", reason=TORCH_REASON)
    ours, theirs = schedule(mg, name, settings), schedule(torch, name, settings)
    np.testing.assert_allclose(go(ours, 60), go(theirs, 60), rtol=1e-13, atol=1e-17)
    assert getattr(ours, "last_epoch", None) == getattr(theirs, "last_epoch", None)
    mine = ours.state_dict().keys() - {"_step_count", "_is_initial"}
    assert mine <= theirs.state_dict().keys()


@pytest.mark.filterwarnings("ignore::UserWarning:torch")
@pytest.mark.parametrize("name, settings", CASES, ids=IDS)
def test_pytorch_s_state_goes_on_here(name: str, settings: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch", reason=TORCH_REASON)
    ours, theirs = schedule(mg, name, settings), schedule(torch, name, settings)
    go(theirs, 23)
    ours.load_state_dict(copy.deepcopy(theirs.state_dict()))
    for mine, other in zip(ours.optimizer.param_groups, theirs.optimizer.param_groups):
        mine.update({k: v for k, v in other.items() if k not in ("params", "foreach")})
    np.testing.assert_allclose(go(ours, 30, start=23), go(theirs, 30, start=23), rtol=1e-13, atol=1e-17)


@pytest.mark.parametrize("name, settings", CASES, ids=IDS)
def test_a_saved_schedule_resumes_exactly(name: str, settings: dict[str, Any]) -> None:
    straight = schedule(mg, name, settings)
    expected = go(straight, 50)
    first = schedule(mg, name, settings)
    begun = go(first, 20)
    saved = pickle.loads(pickle.dumps((first.optimizer.state_dict(), first.state_dict())))
    second = schedule(mg, name, settings)
    second.optimizer.load_state_dict(saved[0])
    second.load_state_dict(saved[1])
    assert begun + go(second, 30, start=20) == expected


@pytest.mark.filterwarnings("ignore::UserWarning:torch")
@pytest.mark.parametrize(
    "name, settings", [c for c in CASES if c[0] not in ("SequentialLR", "ChainedScheduler", "nested")]
)
def test_a_jump_to_a_step_equals_pytorch_s(name: str, settings: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch", reason=TORCH_REASON)
    ours, theirs = schedule(mg, name, settings), schedule(torch, name, settings)
    for scheduler in (ours, theirs):
        scheduler.optimizer.step()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's, that this will go
        for epoch in (3, 17, 2, 0, 58):
            ours.step(epoch), theirs.step(epoch)
            np.testing.assert_allclose(ours.get_last_lr(), theirs.get_last_lr(), rtol=1e-13, atol=1e-17)
            assert ours.last_epoch == theirs.last_epoch == epoch


@pytest.mark.parametrize("settings", [
    {}, {"patience": 2, "factor": 0.5, "cooldown": 3}, {"mode": "max", "patience": 1, "threshold": 0.1},
    {"threshold_mode": "abs", "threshold": 0.05, "patience": 3, "min_lr": [0.1, 0.01]}, {"patience": 0, "eps": 0.1},
    {"mode": "max", "threshold_mode": "abs", "patience": 0, "min_lr": 0.2},
])  # fmt: skip
def test_reduce_lr_on_plateau_equals_pytorch_s(settings: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch", reason=TORCH_REASON)
    measures = np.round(1 / np.arange(1, 61) + 0.1 * np.random.default_rng(0).standard_normal(60), 2)
    measures[30] = math.nan
    ours, theirs = (lib.optim.lr_scheduler.ReduceLROnPlateau(groups(lib), **settings) for lib in (mg, torch))
    for i, measure in enumerate(measures.tolist()):
        ours.step(mg.tensor(measure) if i % 2 else measure), theirs.step(torch.tensor(measure) if i % 2 else measure)
        assert ours.get_last_lr() == theirs.get_last_lr()
        assert (ours.num_bad_epochs, ours.in_cooldown) == (theirs.num_bad_epochs, theirs.in_cooldown)
    other = lr_scheduler.ReduceLROnPlateau(groups(mg))
    other.load_state_dict(theirs.state_dict())
    assert other.best == ours.best and other.state_dict() == ours.state_dict()


# --- by itself -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name, settings, rates", [
    ("LambdaLR", {"lr_lambda": lambda t: t + 1}, [1, 2, 3, 4, 5]),
    ("MultiplicativeLR", {"lr_lambda": lambda t: 2}, [1, 2, 4, 8, 16]),
    ("StepLR", {"step_size": 2, "gamma": 0.5}, [1, 1, 0.5, 0.5, 0.25]),
    ("MultiStepLR", {"milestones": [1, 4], "gamma": 0.5}, [1, 0.5, 0.5, 0.5, 0.25]),
    ("ConstantLR", {"factor": 0.5, "total_iters": 2}, [0.5, 0.5, 1, 1, 1]),
    ("ConstantLR", {"factor": 0.0, "total_iters": 2}, [0, 0, 1, 1, 1]),  # PyTorch divides by 0 there
    ("LinearLR", {"start_factor": 0.25, "total_iters": 3}, [0.25, 0.5, 0.75, 1, 1]),
    ("ExponentialLR", {"gamma": 0.5}, [1, 0.5, 0.25, 0.125, 0.0625]),
    ("PolynomialLR", {"total_iters": 4, "power": 2}, [1, 9 / 16, 4 / 16, 1 / 16, 0]),
    ("CosineAnnealingLR", {"T_max": 2}, [1, 0.5, 0, 0.5, 1]),
    ("CosineAnnealingWarmRestarts", {"T_0": 2}, [1, 0.5, 1, 0.5, 1]),
    ("CyclicLR", {"base_lr": 1, "max_lr": 2, "step_size_up": 2}, [1, 1.5, 2, 1.5, 1]),
    ("OneCycleLR", {"max_lr": 8, "total_steps": 5, "pct_start": 0.6, "div_factor": 4, "final_div_factor": 2,
                    "anneal_strategy": "linear"}, [2, 5, 8, 4.5, 1]),
])  # fmt: skip
def test_the_first_rates_by_hand(name: str, settings: dict[str, Any], rates: list[float]) -> None:
    optimizer = optim.SGD([leaf(1.0)], lr=1.0, momentum=0.5)
    scheduler, seen = getattr(lr_scheduler, name)(optimizer, **settings), []
    for _ in rates:
        seen += scheduler.get_last_lr()
        assert optimizer.param_groups[0]["lr"] == seen[-1]
        optimizer.step(), scheduler.step()
    assert seen == pytest.approx(rates, abs=1e-12)
    assert isinstance(scheduler, lr_scheduler.LRScheduler) and scheduler.last_epoch == 5


def test_it_goes_on_from_the_optimizer_s_rates() -> None:
    first = schedule(mg, "StepLR", {"step_size": 7})
    expected = go(first, 31)
    resumed = lr_scheduler.StepLR(first.optimizer, step_size=7, last_epoch=30)
    assert resumed.last_epoch == 31 and resumed.base_lrs == [0.8, 0.3] and resumed.get_last_lr() == expected[-1][:2]
    with pytest.raises(
        KeyError, match=r"StepLR: last_epoch: to go on at 3, expected an 'initial_lr' in param_groups\[0\]"
    ):
        lr_scheduler.StepLR(groups(mg), step_size=7, last_epoch=3)


@pytest.mark.parametrize("name, settings", CASES[:-3], ids=IDS[:-3])
@pytest.mark.parametrize("steps", [1, 2, 3, 5, 7, 13, 20, 30])  # among them those at which a rate changes
def test_last_epoch_goes_on_after_any_step(name: str, settings: dict[str, Any], steps: int) -> None:
    first = schedule(mg, name, settings)
    go(first, steps + 1)
    optimizer = groups(mg, settings.get("optimizer", "SGD"))
    optimizer.load_state_dict(first.optimizer.state_dict())
    settings = {k: v for k, v in settings.items() if k != "optimizer"}
    second = getattr(lr_scheduler, name)(optimizer, **settings, last_epoch=steps - 1)
    assert second.last_epoch == steps and second.get_last_lr() == pytest.approx(first.get_last_lr(), abs=1e-15)
    np.testing.assert_allclose(go(second, 9, start=steps), go(first, 9, start=steps), rtol=1e-12, atol=1e-15)


def test_swalr_goes_on_with_last_epoch() -> None:
    optimizer = optim.SGD([leaf(1.0)], lr=1.0)
    scheduler = optim.swa_utils.SWALR(optimizer, 0.5, 4, "linear")
    for step in (1, 2, 3):
        optimizer.step(), scheduler.step()
        scheduler = optim.swa_utils.SWALR(optimizer, 0.5, 4, "linear", last_epoch=step - 1)
        assert scheduler.get_last_lr() == pytest.approx([1 - step / 8])


def test_a_schedule_of_one_s_own() -> None:
    class Root(lr_scheduler.LRScheduler):
        def get_lr(self) -> list[float]:
            return [base / math.sqrt(self.last_epoch + 1) for base in self.base_lrs]

    scheduler = Root(groups(mg))
    assert [row[0] for row in go(scheduler, 4)] == pytest.approx([0.8, 0.8 / 2**0.5, 0.8 / 3**0.5, 0.4])
    with pytest.raises(NotImplementedError, match=r"LRScheduler: define get_lr\(\)"):
        lr_scheduler.LRScheduler(groups(mg))


def test_functions_with_a_state_are_saved_by_it() -> None:
    class Scaled:
        def __init__(self, factor: float) -> None:
            self.factor = factor

        def __call__(self, t: float) -> float:
            return self.factor / (t + 1)

    for name, settings in (
        ("LambdaLR", {"lr_lambda": Scaled(2.0)}),
        ("CyclicLR", {"base_lr": 0.1, "max_lr": 1, "step_size_up": 3, "scale_fn": Scaled(2.0)}),
    ):
        saved = schedule(mg, name, settings).state_dict()
        fresh = {k: Scaled(9.0) if isinstance(v, Scaled) else v for k, v in settings.items()}
        resumed = schedule(mg, name, fresh)
        resumed.load_state_dict(saved)
        assert [v.factor for v in fresh.values() if isinstance(v, Scaled)] == [2.0]
        assert pickle.loads(pickle.dumps(saved)) == saved


def test_fractions_of_a_period() -> None:
    scheduler = lr_scheduler.CosineAnnealingWarmRestarts(optim.SGD([leaf(1.0)], lr=1.0), T_0=2, T_mult=2)
    for epoch, height in ((0.5, 0.25), (1.5, 0.75), (2.0, 0.0), (4.0, 0.5), (6.0, 0.0), (10.0, 0.5), (1.0, 0.5)):
        scheduler.step(epoch)
        assert scheduler.get_last_lr() == pytest.approx([(1 + math.cos(math.pi * height)) / 2])
        assert scheduler.last_epoch == int(epoch)


def test_the_order_of_steps_is_watched() -> None:
    scheduler = schedule(mg, "StepLR", {"step_size": 7})
    with pytest.warns(UserWarning, match=r"StepLR.step: call optimizer.step\(\) before it, or the first rate"):
        scheduler.step()
    scheduler.step()
    assert scheduler.last_epoch == 2


def test_training_follows_the_schedule() -> None:
    p = leaf(0.0, dtype="float64")
    optimizer = optim.Adagrad([p], lr=mg.tensor(1.0))
    scheduler = lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    for step in range(4):
        p.grad = mg.ones(1, dtype="float64")
        optimizer.state.clear()  # so that each step is as long as lr
        optimizer.step(), scheduler.step()
        assert p.item() == pytest.approx(-sum(0.5**k for k in range(step + 1)))


REFUSED: list[tuple[str, dict[str, Any], type[Exception], str]] = [
    ("StepLR", {"step_size": 0}, ValueError, r"StepLR: step_size: expected an integer from 1 on, got 0"),
    ("StepLR", {"step_size": 2, "gamma": "x"}, TypeError, r"StepLR: gamma: expected a number, got 'x'"),
    ("LambdaLR", {"lr_lambda": [abs]}, ValueError, r"LambdaLR: lr_lambda: expected one for each of 2 groups, got 1"),
    ("MultiplicativeLR", {"lr_lambda": 0.5}, TypeError, r"MultiplicativeLR: lr_lambda: expected functions, got float"),
    ("MultiStepLR", {"milestones": 3}, TypeError, r"MultiStepLR: milestones: expected numbers of steps, got 3"),
    ("ConstantLR", {"factor": 1.5}, ValueError, r"ConstantLR: factor: expected a number from 0 to 1, got 1.5"),
    ("LinearLR", {"start_factor": 0}, ValueError, r"LinearLR: start_factor: expected a number above 0, got 0"),
    ("LinearLR", {"end_factor": -1}, ValueError, r"LinearLR: end_factor: expected a number from 0 to 1, got -1"),
    ("ExponentialLR", {"gamma": math.nan}, ValueError, r"ExponentialLR: gamma: expected a finite number, got nan"),
    ("PolynomialLR", {"total_iters": 0}, ValueError,
     r"PolynomialLR: total_iters: expected an integer from 1 on, got 0"),
    ("CosineAnnealingLR", {"T_max": 0}, ValueError, r"CosineAnnealingLR: T_max: expected an integer from 1 on, got 0"),
    ("CosineAnnealingWarmRestarts", {"T_0": 1.5}, ValueError, r"Restarts: T_0: expected an integer from 1 on, got 1.5"),
    ("CyclicLR", {"base_lr": [1], "max_lr": 2}, ValueError,
     r"CyclicLR: base_lr: expected one for each of 2 groups, got 1"),
    ("CyclicLR", {"base_lr": 1, "max_lr": 2, "mode": "square"}, ValueError,
     r"CyclicLR: mode: expected 'triangular', 'tria"),
    ("CyclicLR", {"base_lr": 1, "max_lr": 2, "optimizer": "Adagrad"}, ValueError,
     r"CyclicLR: cycle_momentum: expected an optimizer with momentum or betas, got Adagrad; pass cycle_momentum=False"),
    ("CyclicLR", {"base_lr": 1, "max_lr": 2, "scale_mode": "t"}, ValueError,
     r"CyclicLR: scale_mode: expected 'cycle' or"),
    ("OneCycleLR", {"max_lr": 1}, ValueError, r"OneCycleLR: total_steps: expected it, or epochs and steps_per_epoch"),
    ("OneCycleLR", {"max_lr": 1, "total_steps": 9, "pct_start": 2}, ValueError,
     r"OneCycleLR: pct_start: expected a number"),
    ("OneCycleLR", {"max_lr": 1, "total_steps": 9, "anneal_strategy": "x"}, ValueError,
     r"anneal_strategy: expected 'cos'"),
    ("OneCycleLR", {"max_lr": 1, "total_steps": 9, "div_factor": 0}, ValueError,
     r"div_factor: expected a number above 0"),
    ("ReduceLROnPlateau", {"mode": "most"}, ValueError,
     r"ReduceLROnPlateau: mode: expected 'min' or 'max', got 'most'"),
    ("ReduceLROnPlateau", {"factor": 1.0}, ValueError,
     r"Plateau: factor: expected a number from 0 on and below 1, got 1"),
    ("ReduceLROnPlateau", {"min_lr": [1]}, ValueError, r"Plateau: min_lr: expected one for each of 2 groups, got 1"),
    ("ReduceLROnPlateau", {"patience": -1}, ValueError, r"Plateau: patience: expected an integer from 0 on, got -1"),
]  # fmt: skip


@pytest.mark.parametrize("name, settings, error, text", REFUSED)
def test_settings_that_make_no_sense(name: str, settings: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        schedule(mg, name, settings)


def test_what_schedules_refuse() -> None:
    with pytest.raises(TypeError, match=r"StepLR: optimizer: expected an Optimizer, got float"):
        lr_scheduler.StepLR(0.1, 3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"StepLR: optimizer: its lr is a function of the step, a schedule already"):
        lr_scheduler.StepLR(optim.SGD([leaf(1.0)], lr=lambda step: 0.1), 3)
    scheduler = schedule(mg, "StepLR", {"step_size": 7})
    with pytest.raises(
        ValueError, match=r"StepLR.load_state_dict: expected a dict with \['_is_initial',.*\], got \['mine'\]"
    ):
        scheduler.load_state_dict({"mine": 1})
    cycle = schedule(mg, "OneCycleLR", {"max_lr": 1, "total_steps": 2})
    cycle.optimizer.step(), cycle.step(), cycle.step()
    with pytest.raises(ValueError, match=r"OneCycleLR.step: expected up to total_steps=2 steps, got step 3"):
        cycle.step()
    plateau = lr_scheduler.ReduceLROnPlateau(groups(mg))
    with pytest.raises(
        mg.ShapeError, match=r"ReduceLROnPlateau.step: metrics: expected the loss, a number or a tensor"
    ):
        plateau.step(mg.ones(3))
