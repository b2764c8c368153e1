"""The checker on minigrad's own operations: every one, on every sample of op_db, at first and second order."""

import warnings
from dataclasses import dataclass
from typing import Any

from minigrad.backend import array_on
from minigrad.engine.primitive import wrap
from minigrad.gradcheck.check import gradcheck, gradgradcheck
from minigrad.testing.opinfo import OpInfo, SampleInput, op_db
from minigrad.testing.opinfo.call import Call, floating
from minigrad.testing.parallel import spread


@dataclass
class Verdict:
    """What became of one operation on one sample at one order."""

    name: str
    sample: str
    order: int
    outcome: str  # "pass", "fail", "inconclusive", or "vacuous": nothing to differentiate by or in this sample
    text: str


Case = tuple[str, int, int]


class NothingToCheck(ValueError):
    """No case has the name that was given."""


def cases(only: str = "", order: int = 2) -> list[Case]:
    """(op, number of the sample, order) for all that can be differentiated, up to that order.

    only: those with this in their name; NothingToCheck if there are none.
    """
    found = [
        (op.name, i, k)
        for op in op_db.values()
        for i, sample in enumerate(op.samples)
        for k in range(1, min(op.order, order) + 1)
        if only in op.name and any(d.differentiable for d in sample.arrays())
    ]
    if not found:
        raise NothingToCheck(f"expected a part of the name of a differentiable operation, got {only!r}")
    return found


def check_sample(
    op: OpInfo, sample: SampleInput, order: int = 1, fast: bool = True, seed: int = 0, device: str = "cpu"
) -> Verdict:
    """Gradcheck one operation on one sample, on a device.

    Ops that jump, or whose derivative is zero everywhere (staircases), are checked near their samples only.
    """
    call = Call(op, sample)

    def function(*xs: Any) -> tuple[Any, ...]:
        arrays = list(call.arrays)
        for i, x in zip(call.places, xs):
            arrays[i] = x
        return tuple(floating(call.run(arrays, grad=False, place=place)[0]))

    def place(array: Any) -> Any:
        return array if device == "cpu" else array_on(device, array)

    inputs = [wrap(place(call.arrays[i].copy())).requires_grad_() for i in call.places]
    options: dict[str, Any] = {"fast_mode": fast, "seed": seed, "raise_exception": False}
    if op.zero is True:
        options |= {"allow_zero": True, "samples": 0}
    elif op.zero:
        options |= {"allow_zero": op.zero}
    if any("jump" in str(kink) for kink in op.kinks):
        options |= {"kinks": "skip", "samples": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if order == 2:
            options |= {"allow_zero": True, "check_first": False}
        report = (gradcheck if order == 1 else gradgradcheck)(function, inputs, **options)
    vacuous = report.outcome == "inconclusive" and all(
        "no influence" in doubt or "nothing to check" in doubt for doubt in report.reasons
    )
    return Verdict(op.name, sample.name, order, "vacuous" if vacuous else report.outcome, str(report))


def _one(case: tuple[Case, bool, int]) -> Verdict:
    (name, i, order), fast, seed = case
    op = op_db[name]
    return check_sample(op, op.samples[i], order, fast, seed)


def check_registry(
    chosen: list[Case] | None = None, fast: bool = True, seed: int = 0, processes: int | None = None
) -> list[Verdict]:
    """Verdicts on these cases (default: on all); see `missing` for what they come to."""
    work = [(case, fast, seed) for case in (cases() if chosen is None else chosen)]
    return spread(_one, work, "operations x samples", processes)


def missing(verdicts: list[Verdict]) -> list[str]:
    """What is wrong, in words: samples that failed, and operations of which no sample proved anything."""
    wrong = [
        f"{v.name}({v.sample}), order {v.order}: {v.text}" for v in verdicts if v.outcome in ("fail", "inconclusive")
    ]
    for name in dict.fromkeys(v.name for v in verdicts):
        if not any(v.outcome == "pass" for v in verdicts if v.name == name):
            wrong.append(f"{name}: none of its samples has a gradient to check")
    return wrong
