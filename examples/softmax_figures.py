"""The two figures of softmax_classifier.py: loss against evaluations, and the learned templates as images."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from common import BLUE, GREEN, ORANGE, Images, log_scale, plt, save

COLOURS = {"random search": ORANGE, "local search": BLUE, "mini-batch SGD": GREEN}


def losses(runs: Sequence[Any], data: Images, path: Path) -> None:
    """The best loss so far of a search, the running mean of SGD's, against epochs.

    Each single loss is a faint point behind them.
    """
    figure, axes = plt.subplots(figsize=(8, 5))
    for run in runs:
        colour = COLOURS[run.name]
        each = np.array(run.losses)
        passes = np.arange(1, len(each) + 1) * run.images / len(data.x)
        descends = run.images < len(data.x)
        line = running_mean(each, 50) if descends else np.minimum.accumulate(each)
        axes.plot(passes, each, ".", color=colour, alpha=0.12, markersize=3)
        axes.plot(passes, line, color=colour, label=f"{run.name} ({'running mean' if descends else 'best so far'})")
    axes.set(xscale="log", xlabel="loss evaluations, in passes over the training images (epochs)", ylabel="loss")
    log_scale(axes.yaxis)
    axes.set_title("The loss that each strategy reaches")
    axes.legend()
    save(figure, path)


def running_mean(values: np.ndarray, width: int) -> np.ndarray:
    """The mean of each value and those before it: up to `width` of them, and no more than a quarter of all so far."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    starts = ends - np.minimum(ends // 4 + 1, width)
    return (total[ends] - total[starts]) / (ends - starts)


def templates(runs: Sequence[Any], data: Images, path: Path) -> None:
    """Each row of W, without the bias, as an image: the template of its class."""
    channels, height, width = data.shape
    figure, panels = plt.subplots(
        len(runs), len(data.names), figsize=(1.25 * len(data.names), 1.5 * len(runs)), squeeze=False
    )
    for line, run in zip(panels, runs):
        line[0].set_ylabel(run.name)
        images = run.model.weight.detach().numpy(force=True)[:, :-1].reshape(-1, channels, height, width)
        for axes, image in zip(line, images):
            low, high = image.min(), image.max()
            shown = ((image - low) / max(high - low, 1e-12)).transpose(1, 2, 0)
            axes.imshow(shown if channels == 3 else shown[..., 0], cmap="gray_r" if channels == 1 else None)
            axes.set(xticks=[], yticks=[])
            axes.grid(False)
            axes.spines[:].set_visible(False)
    for axes, name in zip(panels[0], data.names):
        axes.set_title(name)
    save(figure, path)
