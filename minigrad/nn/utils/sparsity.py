"""A report on how sparse the weights of a model are: elements, rows, columns and channels that are zero, by layer."""

from dataclasses import dataclass
from typing import Any

from minigrad.backend import to_numpy
from minigrad.nn.modules.module import Module


@dataclass
class LayerSparsity:
    """The fractions of one weight's elements, rows, columns and input channels that are zero. As a matrix
    (outputs, inputs), each row gives one output and each column takes one input; of a convolution, a row is a filter
    and a column one element of all filters."""

    name: str
    kind: str
    shape: tuple[int, ...]
    elements: float
    rows: float
    columns: float
    channels: float | None  # input channels of a convolution


class SparsityReport(list[LayerSparsity]):
    """A LayerSparsity for each layer; str() gives a table."""

    def __str__(self) -> str:
        header = ("layer", "kind", "weight", "elements", "rows", "columns", "channels")
        lines: list[tuple[str, ...]] = [header]
        for x in self:
            fractions = (x.elements, x.rows, x.columns, x.channels)
            lines.append((x.name, x.kind, " x ".join(map(str, x.shape)), *map(_percent, fractions)))
        widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
        rows = ["  ".join(c.ljust(w) if i < 3 else c.rjust(w) for i, (c, w) in enumerate(zip(line, widths)))
                for line in lines]  # fmt: skip
        return "\n".join([rows[0], "  ".join("-" * w for w in widths), *rows[1:]])


def _percent(fraction: float | None) -> str:
    return "" if fraction is None else f"{100 * fraction:.1f}%"


def sparsity_report(model: Module) -> SparsityReport:
    """The fractions of each weight (a parameter called `weight` of two or more dimensions) that are exactly zero: of
    elements, whole rows, whole columns, and a convolution's input channels. Raises TypeError unless model is a
    Module."""
    if not isinstance(model, Module):
        raise TypeError(f"sparsity_report: model: expected a Module, got {type(model).__name__}")
    report = SparsityReport()
    for path, module in model.named_modules():
        weight: Any = module._parameters.get("weight")
        if weight is None or weight.ndim < 2:
            continue
        w = to_numpy(weight._array) == 0
        matrix = w.reshape(w.shape[0], -1)
        channels = float(w.swapaxes(0, 1).reshape(w.shape[1], -1).all(1).mean()) if w.ndim > 2 else None
        report.append(LayerSparsity(path or "(itself)", type(module).__name__, tuple(weight.shape), float(w.mean()),
                                    float(matrix.all(1).mean()), float(matrix.all(0).mean()), channels))  # fmt: skip
    return report
