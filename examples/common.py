"""What the examples share: images as rows of a matrix, checked options, a printed table, and a saved figure."""

import argparse
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import minigrad as mg
from minigrad import datasets

try:
    import matplotlib

    matplotlib.use("Agg")  # figures are saved, not shown: no display is needed
    from matplotlib import pyplot as plt
    from matplotlib import ticker
except ImportError:
    raise SystemExit(
        'examples: matplotlib is not installed; from a checkout, run `pip install -e ".[examples]"`'
    ) from None

BLUE, ORANGE, GREEN = "#0072b2", "#d55e00", "#009e73"  # told apart by the colour-blind as well
plt.rcParams.update(
    {
        "figure.dpi": 110, "figure.constrained_layout.use": True, "font.size": 11, "axes.grid": True,
        "grid.alpha": 0.3, "axes.spines.top": False, "axes.spines.right": False, "legend.frameon": False,
    }
)  # fmt: skip


class Images(NamedTuple):
    """Training and test images, one in each row, with the column of ones of the bias trick."""

    x: mg.Tensor
    y: mg.Tensor
    test_x: mg.Tensor
    test_y: mg.Tensor
    names: tuple[str, ...]
    shape: tuple[int, ...]  # of one image: channels, height, width


def load(data: str = "digits", root: str = "", download: bool = False) -> Images:
    """The digits that come with scikit-learn, or CIFAR-10 from the folder `root`, centred and scaled."""
    try:
        images = datasets.digits() if data == "digits" else datasets.cifar10(root, download)
    except (ImportError, OSError, ValueError) as error:
        raise SystemExit(f"examples: {error}") from None
    unit = 4.0 if data == "digits" else 64.0  # about the standard deviation of a pixel
    mean = images.train.images.mean(0).ravel()
    x, test_x = (rows(split.images, mean, unit) for split in (images.train, images.test))
    y, test_y = (mg.tensor(split.labels) for split in (images.train, images.test))
    return Images(x, y, test_x, test_y, images.names, images.train.images.shape[1:])


def rows(images: np.ndarray, mean: np.ndarray, unit: float) -> mg.Tensor:
    """(N, C, H, W) pixels -> (N, C·H·W + 1): (pixel - mean) / unit, and a 1, so that the bias is one more weight.

    In place: of CIFAR-10's 50,000 x 3,073 numbers a second copy would be another 614 MB.
    """
    x = np.empty((len(images), mean.size + 1), np.float32)
    pixels = x[:, :-1]
    pixels[:] = images.reshape(len(images), -1)
    pixels -= mean.astype(np.float32)
    pixels /= unit
    x[:, -1] = 1
    return mg.from_numpy(x)


def accuracy(scores: mg.Tensor, y: mg.Tensor) -> float:
    """The share of rows whose highest score is that of the right class."""
    return (scores.argmax(1) == y).float().mean().item()


# --- options -------------------------------------------------------------------------------------------------------


def options(description: str) -> argparse.ArgumentParser:
    """A parser with the options that every example has."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--seed", type=integer(0), default=0, help="same seed, same numbers")
    parser.add_argument("--out", type=folder, default="out", help="folder for the figures")
    return parser


def folder(text: str) -> Path:
    """An option's type: a folder to write to. It is created when it is first needed, but checked at the start."""
    path = Path(text)
    there = next(p for p in (path, *path.absolute().parents) if p.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise argparse.ArgumentTypeError(f"expected a folder that can be written to, got {text!r}: {there} cannot")
    return path


def number(low: float, exclusive: bool = False) -> Callable[[str], float]:
    """An option's type: a finite number >= `low` (> if exclusive)."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value < float("inf") or (exclusive and value == low):
            where = "above" if exclusive else "from"
            raise argparse.ArgumentTypeError(f"expected a number {where} {low:g}, got {text!r}")
        return value

    return parse


def integer(low: int) -> Callable[[str], int]:
    """An option's type: an integer >= `low`."""

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if value < low:
            raise argparse.ArgumentTypeError(f"expected an integer from {low}, got {text!r}")
        return value

    return parse


# --- what is printed and saved ---------------------------------------------------------------------------------------


class Stopwatch:
    """`with Stopwatch() as watch:` ... `watch.seconds`."""

    def __enter__(self) -> "Stopwatch":
        self._start = time.perf_counter()
        return self

    def __exit__(self, *error: Any) -> None:
        self.seconds = time.perf_counter() - self._start


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Lines of text in columns: the first flush left, the others flush right."""
    widths = [max(len(line[i]) for line in (head, *lines)) for i in range(len(head))]

    def laid_out(line: Sequence[str]) -> str:
        cells = [cell.rjust(width) for cell, width in zip(line, widths)]
        return "  ".join([line[0].ljust(widths[0]), *cells[1:]])

    return "\n".join([laid_out(head), "  ".join("-" * width for width in widths), *map(laid_out, lines)])


def log_scale(axis: Any) -> None:
    """A logarithmic axis whose ticks read 0.1, 0.2, 0.3, 0.5, 1 and not powers of ten."""
    axis.axes.set(**{f"{axis.axis_name}scale": "log"})
    axis.set_major_locator(ticker.LogLocator(subs=(1, 2, 3, 5)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(ticker.NullFormatter())


def save(figure: Any, path: Path) -> None:
    """Write the figure and say where."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    plt.close(figure)
    print(f"figure: {path}")
