"""Averages of weights: AveragedModel, the schedule SWALR, update_bn."""

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import optim
from tests.optim.test_lr_scheduler import TORCH_REASON, go, groups


@pytest.mark.filterwarnings("ignore::UserWarning:torch")
@pytest.mark.parametrize("settings", [
    {"swa_lr": 0.05}, {"swa_lr": [0.05, 0.5], "anneal_strategy": "linear", "anneal_epochs": 20},
    {"swa_lr": 0.05, "anneal_epochs": 0}, {"swa_lr": 1.0, "anneal_epochs": 1},
])  # fmt: skip
def test_swalr_equals_pytorch_s(settings: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch", reason=TORCH_REASON)
    ours, theirs = (lib.optim.swa_utils.SWALR(groups(lib), **settings) for lib in (mg, torch))
    np.testing.assert_allclose(go(ours, 60), go(theirs, 60), rtol=1e-13)
    assert ours.get_last_lr() == pytest.approx([g["swa_lr"] for g in ours.optimizer.param_groups])
    resumed = optim.swa_utils.SWALR(ours.optimizer, swa_lr=9.0)
    resumed.load_state_dict(theirs.state_dict())
    assert resumed.state_dict() == ours.state_dict()


@pytest.mark.parametrize("kind", ["mean", "ema", "many means", "many emas", "buffers"])
def test_averaged_models_hold_the_average(kind: str) -> None:
    utils, model = optim.swa_utils, mg.nn.Linear(1, 2).double()
    model.register_buffer("seen", mg.zeros(2, dtype="float64"))
    settings: dict[str, Any] = {
        "mean": {"avg_fn": utils.get_swa_avg_fn()},
        "ema": {"avg_fn": utils.get_ema_avg_fn(0.75)},
        "many means": {"multi_avg_fn": utils.get_swa_multi_avg_fn()},
        "many emas": {"multi_avg_fn": utils.get_ema_multi_avg_fn(0.75)},
        "buffers": {"use_buffers": True},
    }[kind]
    averaged, before = utils.AveragedModel(model, **settings), model.weight
    for value in (2.0, 4.0, 9.0):
        with mg.no_grad():
            for t in (*model.parameters(), model.seen):
                t.copy_(mg.full_like(t, value))
        averaged.update_parameters(model)
    expected = 0.75 * (0.75 * 2 + 0.25 * 4) + 0.25 * 9 if "ema" in kind else 5.0
    assert averaged.module.weight.flatten().tolist() == pytest.approx([expected] * 2)
    assert averaged.module.bias.tolist() == pytest.approx([expected] * 2)
    assert averaged.module.seen.tolist() == pytest.approx([expected if kind == "buffers" else 9.0] * 2)
    assert averaged(mg.ones(1, 1, dtype="float64")).tolist() == [pytest.approx([2 * expected] * 2)]
    assert model.weight is before and model.bias.tolist() == [9.0, 9.0] and averaged.n_averaged.item() == 3
    other = utils.AveragedModel(model)
    other.load_state_dict(averaged.state_dict())
    assert other.n_averaged.item() == 3 and other.module.bias.tolist() == averaged.module.bias.tolist()


def test_update_bn_takes_the_mean_over_the_batches() -> None:
    class Norm(mg.nn.Module):
        """What update_bn needs to know of a batch normalization."""

        def __init__(self) -> None:
            super().__init__()
            self.momentum, self.batches = 0.1, [5.0]

        def reset_running_stats(self) -> None:
            self.batches.clear()

        def forward(self, x: mg.Tensor) -> mg.Tensor:
            assert self.training and self.momentum is None and not mg.is_grad_enabled()
            self.batches.append(x.mean().item())
            return x

    norm = Norm()
    model = mg.nn.Sequential(norm, mg.nn.Linear(2, 1)).eval()
    optim.swa_utils.update_bn([mg.ones(3, 2), (mg.zeros(3, 2), "label")], model)
    assert norm.batches == [1.0, 0.0] and norm.momentum == 0.1 and not norm.training
    optim.swa_utils.update_bn(iter("never read"), mg.nn.Linear(2, 1))


def test_what_averages_refuse() -> None:
    utils, model = optim.swa_utils, mg.nn.Linear(1, 2)
    with pytest.raises(ValueError, match=r"AveragedModel: avg_fn: expected it or multi_avg_fn, got both"):
        utils.AveragedModel(model, avg_fn=utils.get_swa_avg_fn(), multi_avg_fn=utils.get_swa_multi_avg_fn())
    with pytest.raises(TypeError, match=r"AveragedModel: model: expected a Module, got list"):
        utils.AveragedModel([model])  # type: ignore[arg-type]
    with pytest.raises(mg.ShapeError, match=r"AveragedModel.update_parameters: weight: expected .*2, 1.*, got .*3, 1"):
        utils.AveragedModel(model).update_parameters(mg.nn.Linear(1, 3))
    with pytest.raises(ValueError, match=r"update_parameters: model: expected \['bias', 'weight'\], got \['weight'\]"):
        utils.AveragedModel(model).update_parameters(mg.nn.Linear(1, 2, bias=False))
    with pytest.raises(ValueError, match=r"get_ema_avg_fn: decay: expected a number from 0 to 1, got 1.5"):
        utils.get_ema_avg_fn(1.5)
    with pytest.raises(ValueError, match=r"SWALR: anneal_strategy: expected 'cos' or 'linear', got 'x'"):
        utils.SWALR(groups(mg), 0.1, anneal_strategy="x")
    with pytest.raises(ValueError, match=r"SWALR: anneal_epochs: expected an integer from 0 on, got -1"):
        utils.SWALR(groups(mg), 0.1, anneal_epochs=-1)
