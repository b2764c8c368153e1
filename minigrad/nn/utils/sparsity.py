"""How sparse the weights of a model are, layer by layer: elements, rows, columns and channels that are zero."""

from dataclasses import dataclass
from typing import Any

from minigrad.backend import to_numpy
from minigrad.nn.modules.module import Module


@dataclass
class LayerSparsity:
    """The shares of one weight's parts that are all zero. As a matrix, its rows feed an output each and its columns
    read an input each (of a convolution: a filter, and a place of the filters' window)."""

    name: str
    kind: str
    shape: tuple[int, ...]
    elements: float
    rows: float
    columns: float
    channels: float | None  # input channels of a convolution


class SparsityReport(list[LayerSparsity]):
    """A row for each layer; str() is a table of them."""

    def __str__(self) -> str:
        head = ("layer", "kind", "weight", "elements", "rows", "columns", "channels")
        lines: list[tuple[str, ...]] = [head]
        for x in self:
            shares = (x.elements, x.rows, x.columns, x.channels)
            lines.append((x.name, x.kind, " x ".join(map(str, x.shape)), *map(_percent, shares)))
        widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
        laid = ["  ".join(c.ljust(w) if i < 3 else c.rjust(w) for i, (c, w) in enumerate(zip(line, widths)))
                for line in lines]  # fmt: skip
        return "\n".join([laid[0], "  ".join("-" * w for w in widths), *laid[1:]])


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f}%"


def sparsity_report(model: Module) -> SparsityReport:
    """What share of each weight (a parameter called `weight` of two or more dimensions) is exactly zero: of elements,
    whole rows, whole columns, and of a convolution's input channels."""
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
