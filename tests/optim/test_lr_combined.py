"""Schedules of schedules, by hand: nested, PyTorch applies first rates twice, and counts a step too many."""

from collections.abc import Callable
from typing import Any

import pytest

import minigrad as mg
from minigrad import optim
from minigrad.optim import lr_scheduler
from tests.optim.test_lr_scheduler import groups
from tests.optim.test_optim import leaf

Nested = Callable[[Any, Any, int], Any]


@pytest.mark.parametrize("build, rates", [
    (lambda k, o, n: k.SequentialLR(o, [k.ChainedScheduler([k.ConstantLR(o, 0.5, 9), k.MultiStepLR(o, [1], 0.5)]),
                                        k.ExponentialLR(o, 0.5)], [3], n), [0.5, 0.25, 0.25, 1, 0.5]),
    (lambda k, o, n: k.SequentialLR(o, [k.ExponentialLR(o, 0.5), k.ChainedScheduler(
        [k.ConstantLR(o, 0.5, 2), k.ExponentialLR(o, 0.5)])], [2], n), [1, 0.5, 0.5, 0.25, 0.25, 0.125]),
    (lambda k, o, n: k.SequentialLR(o, [k.SequentialLR(o, [k.ConstantLR(o, 0.5), k.ConstantLR(o, 0.25)], [2]),
                                        k.ConstantLR(o, 0.125)], [4], n), [0.5, 0.5, 0.25, 0.25, 0.125]),
    (lambda k, o, n: k.SequentialLR(o, [k.ExponentialLR(o, 0.5), k.SequentialLR(
        o, [k.ExponentialLR(o, 0.5), k.ConstantLR(o, 0.25)], [2])], [2], n), [1, 0.5, 1, 0.5, 0.25, 0.25]),
    (lambda k, o, n: k.ChainedScheduler([k.ConstantLR(o, 0.5, 3, n), k.SequentialLR(
        o, [k.ExponentialLR(o, 0.5), k.ConstantLR(o, 0.25)], [5], n)]), [0.5, 0.25, 0.125, 0.125, 0.0625, 0.25]),
    (lambda k, o, n: k.ChainedScheduler([k.ChainedScheduler([k.ConstantLR(o, 0.5, 2, n), k.ExponentialLR(o, 0.5, n)]),
                                         k.StepLR(o, 2, 0.1, n)]), [0.5, 0.25, 0.025, 0.0125, 0.000625]),
    (lambda k, o, n: k.SequentialLR(o, [k.LinearLR(o, 0.5, total_iters=2), k.StepLR(o, 1, 0.5)], [2], n),
     [0.5, 0.75, 1, 0.5, 0.25]),
])  # fmt: skip
def test_schedules_within_schedules_by_hand(build: Nested, rates: list[float]) -> None:
    """Each begins once, at its first rate; and last_epoch goes on after any step."""

    def optimizer() -> Any:
        return optim.SGD([leaf(1.0)], lr=1.0)

    scheduler = build(lr_scheduler, optimizer(), -1)
    for step, rate in enumerate(rates):
        assert scheduler.get_last_lr() == pytest.approx([rate]) and scheduler.optimizer.param_groups[0]["lr"] == (
            pytest.approx(rate)), step  # fmt: skip
        scheduler.optimizer.step(), scheduler.step()
        resumed = optimizer()
        resumed.load_state_dict(scheduler.optimizer.state_dict())
        second = build(lr_scheduler, resumed, step)
        for later in rates[step + 1 :]:
            assert second.get_last_lr() == pytest.approx([later])
            resumed.step(), second.step()


def test_what_schedules_of_schedules_refuse() -> None:
    optimizer, other = groups(mg), groups(mg)
    step, strange = lr_scheduler.StepLR(optimizer, 3), lr_scheduler.StepLR(other, 3)
    with pytest.raises(ValueError, match=r"ChainedScheduler: schedulers: expected a list with at least one, got \[\]"):
        lr_scheduler.ChainedScheduler([])
    with pytest.raises(TypeError, match=r"SequentialLR: schedulers\[1\]: expected a scheduler, got int"):
        lr_scheduler.SequentialLR(optimizer, [step, 3], [2])  # type: ignore[list-item]
    with pytest.raises(
        ValueError, match=r"ChainedScheduler: schedulers\[1\]: expected one of the same optimizer, got an"
    ):
        lr_scheduler.ChainedScheduler([step, strange])
    with pytest.raises(ValueError, match=r"SequentialLR: milestones: expected 0, one less than schedulers, got 1"):
        lr_scheduler.SequentialLR(optimizer, [step], [2])
    with pytest.raises(
        ValueError, match=r"ChainedScheduler: schedulers\[0\]: got a ReduceLROnPlateau, whose step needs"
    ):
        lr_scheduler.ChainedScheduler([lr_scheduler.ReduceLROnPlateau(optimizer)])
    chain = lr_scheduler.ChainedScheduler([step])
    with pytest.raises(
        ValueError, match=r"ChainedScheduler.load_state_dict: expected the states of 1 schedulers, got none"
    ):
        chain.load_state_dict({})
    text = r"ChainedScheduler.step: epoch: expected None \(a step goes on by one\), got 4"
    with pytest.raises(TypeError, match=text):
        chain.step(4)
