"""Full-batch, mini-batch and single-sample gradient descent: fewer pictures a step are more, and noisier, steps.

python examples/batch_size.py
"""

import math
import time

from common import BLUE, GREEN, ORANGE, Pictures, load, log_scale, options, plt, save, table, whole

import minigrad as mg
from minigrad import nn, optim
from minigrad.nn import functional as F

# pictures a step (0: all of them), the step size each can bear, epochs, colour
KINDS = {"full batch": (0, 1.0, 60, BLUE), "mini-batch": (64, 0.3, 12, GREEN), "single sample": (1, 0.03, 2, ORANGE)}


def descend(data: Pictures, batch_size: int, lr: float, epochs: int, seed: int) -> tuple[list[float], list[float]]:
    """The seconds trained, and the loss over all pictures, after each step (the clock stops while that is computed)."""
    mg.manual_seed(seed)
    model = nn.Linear(data.x.shape[1], len(data.names), bias=False)
    optimizer = optim.SGD(model.parameters(), lr=lr)
    n, trained, seconds, losses = len(data.x), 0.0, [], []
    for _ in range(epochs):
        start = time.perf_counter()
        for batch in mg.randperm(n).split(batch_size or n):  # shuffled anew each epoch
            loss = F.cross_entropy(model(data.x[batch]), data.y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            trained += time.perf_counter() - start
            seconds.append(trained)
            with mg.no_grad():
                losses.append(F.cross_entropy(model(data.x), data.y).item())
            start = time.perf_counter()
    return seconds, losses


def main() -> None:
    parser = options(__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=whole(1), help="passes over the pictures (default: as suits each kind)")
    args = parser.parse_args()
    data = load()
    runs = {
        name: descend(data, size, lr, args.epochs or epochs, args.seed) for name, (size, lr, epochs, _) in KINDS.items()
    }

    head = ("gradient descent", "pictures a step", "step size", "epochs", "steps", "loss", "rising steps", "time")
    lines = []
    for name, (seconds, losses) in runs.items():
        size, lr, epochs, _ = KINDS[name]
        size, raised = size or len(data.x), sum(b > a for a, b in zip(losses, losses[1:])) / max(len(losses) - 1, 1)
        lines.append(
            (name, f"{size:,}", f"{lr:g}", str(args.epochs or epochs), f"{len(losses):,}", f"{losses[-1]:.3f}",
             f"{raised:.0%}", f"{seconds[-1]:.2f} s")
        )  # fmt: skip
    print(table(head, lines))

    figure, (by_time, by_epoch) = plt.subplots(1, 2, figsize=(11, 4.5), sharey=True)
    for name, (seconds, losses) in runs.items():
        size, _, _, colour = KINDS[name]
        per_epoch = math.ceil(len(data.x) / size) if size else 1
        for axes, x in ((by_time, seconds), (by_epoch, [(i + 1) / per_epoch for i in range(len(losses))])):
            axes.plot(x, losses, color=colour, label=name, linewidth=0.8 if size == 1 else 1.6)
    by_time.set(xlabel="seconds of training", ylabel="loss over all pictures", xscale="log")
    by_epoch.set(xlabel="epochs (passes over the pictures)", xscale="log")
    log_scale(by_time.yaxis)
    by_epoch.legend()
    figure.suptitle("Fewer pictures a step: a noisier way down, and a faster one")
    save(figure, args.out / "batch_size.png")


if __name__ == "__main__":
    main()
