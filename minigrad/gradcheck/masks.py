"""Masks in the recorded graph: which of them took only one side at every input tried, and inputs that flip them."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from minigrad.autograd.function import Context
from minigrad.backend import is_array, to_numpy
from minigrad.gradcheck.derivative import Array
from minigrad.gradcheck.probe import Probe, Tape, nodes_of

FACTORS = (-1.0, 10.0, -10.0, 100.0, -100.0, 0.1, -0.1, 1e-2, 1e-3)


def masks_of(tape: Tape) -> list[tuple[str, Array]]:
    """Every bool array that an op kept for backward (the condition of a where, a Function's saved mask), in the graph's
    order."""
    return [(node.plan.name, to_numpy(a)) for node in nodes_of(tape) if node.parents for a in _bools(node.kept)]


def _bools(kept: Any) -> Iterator[Any]:
    if isinstance(kept, Context):
        kept = tuple(kept.kept_arrays())
    if isinstance(kept, (tuple, list)):
        for x in kept:
            yield from _bools(x)
    elif is_array(kept) and kept.dtype.kind == "b":
        yield kept


class Masks:
    """For each mask of the graph: has it been true anywhere, has it been false anywhere?"""

    def __init__(self) -> None:
        self.sides: dict[tuple[int, str], list[bool]] = {}

    def see(self, tape: Tape) -> bool:
        """Note the masks of a run. True if one of them showed a side for the first time."""
        news = False
        for number, (name, mask) in enumerate(masks_of(tape)):
            sides = self.sides.setdefault((number, name), [False, False])
            now = [sides[0] or not mask.all(), sides[1] or bool(mask.any())]
            news, self.sides[number, name] = news or now != sides, now
        return news

    def other_sides(self, probe: Probe, rng: np.random.Generator) -> Iterator[tuple[str, Array]]:
        """Rescaled inputs at which a mask that has been one-sided so far flips."""
        for factor in FACTORS:
            if all(all(sides) for sides in self.sides.values()):
                return
            x = probe.x * factor * (1 + 0.1 * rng.normal(size=probe.n))
            try:
                tape = probe.record(x)
            except (ValueError, ArithmeticError, RuntimeError):
                continue
            if self.see(tape):
                yield f"times {factor:g}, where a mask flips", x

    def one_sided(self) -> list[str]:
        """Words for those that never flipped."""
        return [
            f"the mask of {name} was {'true' if sides[1] else 'false'} at every input tried: its other "
            "side is unchecked"
            for (_, name), sides in self.sides.items()
            if not all(sides)
        ]
