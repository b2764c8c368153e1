"""Full-batch, mini-batch and single-sample gradient descent: fewer images in a step make more, and noisier, steps.

Run: python examples/batch_size.py
"""

import time
from pathlib import Path
from typing import NamedTuple

from common import BLUE, GREEN, ORANGE, Images, integer, load, log_scale, options, plt, save, table

import minigrad as mg
from minigrad import nn, optim
from minigrad.nn import functional as F


class Kind(NamedTuple):
    """A kind of gradient descent: images in a step (None: all), a step size with which it converges, epochs, colour."""

    batch_size: int | None
    lr: float
    epochs: int
    colour: str


KINDS = {
    "full batch": Kind(None, 1.0, 60, BLUE),
    "mini-batch": Kind(64, 0.3, 12, GREEN),
    "single sample": Kind(1, 0.03, 2, ORANGE),
}


class Course(NamedTuple):
    """How a descent went: after each step the epochs and the seconds so far, and the loss over all images."""

    epochs: list[float]
    seconds: list[float]
    losses: list[float]


def descend(data: Images, kind: Kind, epochs: int, seed: int) -> Course:
    """Train; the clock stops while the loss over all images is computed."""
    mg.manual_seed(seed)
    model = nn.Linear(data.x.shape[1], len(data.names), bias=False)
    optimizer = optim.SGD(model.parameters(), lr=kind.lr)
    course, n, seen, trained = Course([], [], []), len(data.x), 0, 0.0
    for _ in range(epochs):
        for batch in mg.randperm(n).split(kind.batch_size or n):  # shuffled anew each epoch
            start = time.perf_counter()
            loss = F.cross_entropy(model(data.x[batch]), data.y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            trained, seen = trained + time.perf_counter() - start, seen + len(batch)
            with mg.no_grad():
                everywhere = F.cross_entropy(model(data.x), data.y).item()
            for record, value in zip(course, (seen / n, trained, everywhere)):
                record.append(value)
    return course


def main() -> None:
    parser = options(__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=integer(1), help="epochs (default: different for each kind)")
    args = parser.parse_args()
    data = load()
    courses = {name: descend(data, kind, args.epochs or kind.epochs, args.seed) for name, kind in KINDS.items()}

    lines = []
    for name, (epochs, seconds, losses) in courses.items():
        size, rising = KINDS[name].batch_size or len(data.x), sum(b > a for a, b in zip(losses, losses[1:]))
        lines.append((name, f"{size:,}", f"{KINDS[name].lr:g}", f"{epochs[-1]:g}", f"{len(losses):,}", f"{rising:,}",
                      f"{losses[-1]:.3f}", f"{seconds[-1]:.2f} s"))  # fmt: skip
    head = ("gradient descent", "images in a step", "step size", "epochs", "steps", "rising steps", "loss", "time")
    print(table(head, lines))
    draw(courses, args.out / "batch_size.png")


def draw(courses: dict[str, Course], path: Path) -> None:
    """The loss against time, and against the images seen."""
    figure, (by_time, by_epoch) = plt.subplots(1, 2, figsize=(11, 4.5), sharey=True)
    for name, (epochs, seconds, losses) in courses.items():
        for axes, x in ((by_time, seconds), (by_epoch, epochs)):
            axes.plot(x, losses, color=KINDS[name].colour, label=name, linewidth=1.2)
    by_time.set(xlabel="seconds of training", ylabel="loss over all images", xscale="log")
    by_epoch.set(xlabel="epochs", xscale="log")
    log_scale(by_time.yaxis)
    by_epoch.legend()
    figure.suptitle("Fewer images in a step: more steps for the same work, and noisier ones")
    save(figure, path)


if __name__ == "__main__":
    main()
