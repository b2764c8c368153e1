"""The mutation score: how many mutants the checker catches and how many originals it fails, beside PyTorch's."""

import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minigrad.gradcheck.check import gradcheck, gradgradcheck
from minigrad.ops.array.creation import tensor
from minigrad.testing.mutants import LARGE, MUTANTS, SMALL, Mutant, function_of, minigrad_function
from minigrad.testing.op_coverage import NothingToCheck
from minigrad.testing.parallel import spread

Judge = Callable[[Mutant, bool, int, tuple[int, int]], bool]


@dataclass
class Score:
    """What a checker did: (mutants caught, originals failed) of how many, and which it got wrong."""

    name: str
    caught: int = 0
    failed: int = 0
    of: int = 0
    seconds: float = 0.0
    missed: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.name:24} caught {self.caught:5} of {self.of:5} mutants   wrongly failed {self.failed:4} "
            f"of {self.of:5} originals   {self.seconds:6.1f} s"
        )


def ours(fast: bool = False) -> Judge:
    """This checker. Anything but a pass fails an op, inconclusive too."""

    def passes(mutant: Mutant, wrong: bool, seed: int, shape: tuple[int, int]) -> bool:
        inputs = [tensor(a, requires_grad=True) for a in mutant.arrays(seed, shape)]
        check = gradcheck if mutant.order == 1 else gradgradcheck
        return bool(check(minigrad_function(mutant, wrong), inputs, raise_exception=False, fast_mode=fast, seed=seed))

    return passes


def pytorchs(fast: bool) -> Judge | None:
    """PyTorch's checker on the same NumPy code, if torch is installed."""
    try:
        import torch
    except ImportError:
        return None

    def tensor(array: Any) -> Any:
        return torch.as_tensor(np.array(array))  # a copy: an array may have negative strides, or be g itself

    def passes(mutant: Mutant, wrong: bool, seed: int, shape: tuple[int, int]) -> bool:
        inputs = [torch.tensor(a, requires_grad=True) for a in mutant.arrays(seed, shape)]
        check = torch.autograd.gradcheck if mutant.order == 1 else torch.autograd.gradgradcheck
        try:
            function = function_of(mutant, wrong, torch.autograd.Function, lambda t: t.detach().numpy(), tensor)
            return bool(check(function, inputs, raise_exception=False, fast_mode=fast))
        except Exception:  # it may refuse a mutant in another way: that is caught, too
            return False

    return passes


JUDGES: dict[str, Callable[[], Judge | None]] = {
    "minigrad gradcheck": ours,
    "minigrad gradcheck fast": lambda: ours(fast=True),
    "torch gradcheck": lambda: pytorchs(fast=False),
    "torch gradcheck fast": lambda: pytorchs(fast=True),
}


def _trial(work: tuple[str, int, int, tuple[int, int]]) -> tuple[bool, bool]:
    """(did the mutant pass, did its original)"""
    name, number, seed, shape = work
    passes, mutant = JUDGES[name](), MUTANTS[number]
    assert passes is not None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return passes(mutant, True, seed, shape), passes(mutant, False, seed, shape)


def score(
    name: str, mutants: Iterable[Mutant], seeds: Iterable[int], shape: tuple[int, int], processes: int | None = None
) -> Score:
    """Run one checker (a name of JUDGES) over mutants and originals at one shape."""
    result, start = Score(name), time.perf_counter()
    numbers = {mutant.name: i for i, mutant in enumerate(MUTANTS)}
    work = [(name, numbers[mutant.name], seed, shape) for seed in seeds for mutant in mutants]
    for (_, number, seed, _), (missed, right) in zip(work, spread(_trial, work, "mutants", processes)):
        what = f"{MUTANTS[number].name} (seed {seed})"
        result.of += 1
        result.caught += not missed
        result.failed += not right
        result.missed += [what] * missed
        result.false += [what] * (not right)
    result.seconds = time.perf_counter() - start
    return result


def mutation_score(
    seeds: int = 20, family: str = "", against: bool = True, show: Callable[[str], Any] = print,
    processes: int | None = None,
) -> bool:  # fmt: skip
    """Print the scores. True if every mutant was caught at both sizes and no original failed.

    seeds: how many. family: only mutants whose family, kind or name holds this. against: PyTorch's checker too, and
    this one's fast mode, on one seed. processes: default one for each CPU. NothingToCheck if that leaves none.
    """
    mutants = [b for b in MUTANTS if family in f"{b.family} {b.kind} {b.name}"]
    if not mutants or seeds < 1:
        raise NothingToCheck(
            f"expected a part of a mutant's family, kind or name and at least one seed, got {family!r} and {seeds}; "
            f"families are {', '.join(sorted({b.family for b in MUTANTS}))}"
        )
    kinds = {b.kind for b in mutants}
    families = {b.family for b in mutants}
    show(f"{len(mutants)} mutants of {len(kinds)} kinds in {len(families)} op families, {seeds} seeds")
    perfect = True
    for shape in (SMALL, LARGE):
        show(f"\ninputs {shape[0]} x {shape[1]}")
        result = score("minigrad gradcheck", mutants, range(seeds), shape, processes)
        perfect &= not result.missed and not result.false
        show(str(result))
        for words, names in (("missed", result.missed), ("wrongly failed", result.false)):
            if names:
                show(f"    {words}: {', '.join(names)}")
        for name in list(JUDGES)[1:] if against else ():
            if JUDGES[name]() is None:
                show(f"{name:24} not installed")
                continue
            result = score(name, mutants, range(1), shape, processes)
            show(f"{result}   (1 seed)")
            missed = [n.partition(" (seed")[0] for n in result.missed]
            show(f"    missed: {', '.join(missed) or 'none'}")
    show(f"\n{'passed' if perfect else 'NOT passed'}: every mutant must be caught, no original may fail")
    return perfect
