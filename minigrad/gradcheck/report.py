"""What a check found, in words: the verdict, the worst element, the diagnosis, and all that was checked."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minigrad.gradcheck.compare import Block
from minigrad.gradcheck.kinks import Kink
from minigrad.gradcheck.probe import Probe


class GradcheckError(RuntimeError):
    """The analytic gradient is not the numerical one, or it could not be told. `.report` holds all that was found."""

    def __init__(self, report: "Report") -> None:
        super().__init__(str(report))
        self.report = report


@dataclass
class Worst:
    """The element that is wrong by the most error bars."""

    output: tuple[int, tuple[int, ...]]
    input: tuple[int, tuple[int, ...]]
    analytic: float
    numeric: float
    error: float
    x: float

    def __str__(self) -> str:
        gap = abs(self.analytic - self.numeric)
        bars = f"{gap / self.error:.3g} times" if self.error > 0 and np.isfinite(gap) else "beyond"
        return (
            f"worst: d output {self.output[0]}{list(self.output[1])} / d input {self.input[0]}{list(self.input[1])} at "
            f"x = {self.x:.6g}: analytic {self.analytic:.10g}, numeric {self.numeric:.10g} +- {self.error:.1e} ({bars} "
            "the numeric error)"
        )


@dataclass
class Report:
    """The outcome: "pass", "fail" or "inconclusive". True only where it passed; str() of it says why."""

    outcome: str = "pass"
    reasons: list[str] = field(default_factory=list)
    diagnosis: list[str] = field(default_factory=list)
    worst: Worst | None = None
    wrong: int = 0
    of: int = 0
    sample: str = ""
    kinks: list[Kink] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    samples: list[str] = field(default_factory=list)
    seed: int = 0
    name: str = "gradcheck"
    error: Exception | None = None

    def __bool__(self) -> bool:
        return self.outcome == "pass"

    def fail(self, reason: str) -> "Report":
        """Note a reason to fail."""
        self.outcome = "fail"
        self.reasons.append(reason)
        return self

    def doubt(self, reason: str) -> "Report":
        """Note a reason for which nothing could be concluded."""
        if self.outcome == "pass":
            self.outcome = "inconclusive"
        self.reasons.append(reason)
        return self

    def show(self, probe: Probe, block: Block) -> "Report":
        """Take the worst element and the counts from a block."""
        r, c = block.worst()
        s = block.numeric
        i = int(block.columns[c])
        kinked = bool(block.kinked[r, c])
        numeric = s.value[r, c] if np.isfinite(s.error[r, c]) or not kinked else s.right[r, c]
        self.worst = Worst(
            probe.out_place(int(block.rows[r])), probe.place(i), float(block.analytic[r, c]), float(numeric),
            float(s.error[r, c]), float(block.point.x[i]),
        )  # fmt: skip
        self.wrong, self.of, self.sample = int(block.wrong.sum()), block.wrong.size, block.point.name
        return self

    def __str__(self) -> str:
        lines = [f"{self.name}: {self.outcome}" + (f" on the inputs {self.sample}" if self.sample else "")]
        lines += self.reasons
        if self.worst is not None:
            lines += [f"{self.wrong} of {self.of} elements of the Jacobian are wrong", str(self.worst)]
        lines += [f"diagnosis: {text}" for text in self.diagnosis]
        rejected = [k for k in self.kinks if not k.accepted]
        lines += [str(k) for k in (rejected or self.kinks)[:3]]
        lines += [f"note: {text}" for text in self.notes]
        lines.append(f"checked {len(self.samples)} sets of inputs; seed={self.seed}")
        return "\n".join(lines)

    def settle(self, raise_exception: bool) -> Any:
        """Raise unless it passed."""
        if raise_exception and not self:
            raise GradcheckError(self)
        return self
