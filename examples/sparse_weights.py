"""Weights trained under L1 and under L2, side by side: L1 makes most of them exactly zero, L2 spreads them out.

Run: python examples/sparse_weights.py
"""

from pathlib import Path

from common import BLUE, ORANGE, Images, accuracy, integer, load, number, options, plt, save, table

import minigrad as mg
from minigrad import nn, optim
from minigrad.nn import functional as F
from minigrad.nn.regularizers import L1, L2

LR = 0.3


def train(data: Images, R: L1 | L2, steps: int, seed: int) -> nn.Module:
    """Gradient descent on the data loss, and after each step the regularizer's exact proximal step.

    The gradient of |w| is ±1 however small w is, so following it jumps back and forth across zero; the proximal step,
    argmin_v R(v) + |v - w|² / 2 lr, stops there: under L1 it moves each weight towards zero by lr·λ, and not past zero.
    """
    mg.manual_seed(seed)
    model = nn.Linear(data.x.shape[1], len(data.names), bias=False)
    optimizer = optim.SGD(model.parameters(), lr=LR)
    for _ in range(steps):
        optimizer.zero_grad()
        F.cross_entropy(model(data.x), data.y).backward()
        optimizer.step()
        R.prox_(model, LR)
    return model


def main() -> None:
    parser = options(__doc__.partition("\n")[0])
    parser.add_argument("--strength", type=number(0), default=0.003, help="of either regularizer")
    parser.add_argument("--steps", type=integer(1), default=500, help="steps of gradient descent")
    args = parser.parse_args()
    data = load()
    models = {"L1": train(data, L1(args.strength), args.steps, args.seed),
              "L2": train(data, L2(args.strength), args.steps, args.seed)}  # fmt: skip

    lines = []
    for name, model in models.items():
        w, test = model.weight.detach(), accuracy(model(data.test_x), data.test_y)
        zero, unread = (w == 0).float().mean().item(), (w[:, :-1] == 0).all(0).sum().item()
        lines.append(
            (name, f"{zero:.1%}", str(unread), f"{w.abs().sum().item():.1f}", f"{(w * w).sum().item():.2f}",
             f"{accuracy(model(data.x), data.y):.1%}", f"{test:.1%}")
        )  # fmt: skip
    print(table(("", "weights = 0", "pixels unread", "sum of |W|", "sum of W²", "train acc.", "test acc."), lines))
    draw(models, data, args.out / "sparse_weights.png")


def draw(models: dict[str, nn.Module], data: Images, path: Path) -> None:
    """The ten templates of each model (white: a weight of zero), and how many weights there are of each size."""
    figure = plt.figure(figsize=(12, 5.5))
    left, right = figure.subfigures(1, 2, width_ratios=(1.7, 1))
    size = max(model.weight.abs().max().item() for model in models.values())
    rows = left.subfigures(len(models), 1)
    for row, (name, model) in zip(rows, models.items()):
        row.suptitle(f"{name}: {(model.weight == 0).float().mean().item():.0%} of the weights are zero")
        templates = model.weight.detach()[:, :-1].reshape(-1, *data.shape[1:]).cpu().numpy()
        for axes, template, label in zip(row.subplots(2, 5).flat, templates, data.names):
            axes.imshow(template, cmap="RdBu", vmin=-size, vmax=size)
            axes.set(title=label, xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
            axes.grid(False)
    axes = right.subplots()
    weights = [model.weight.detach().flatten().cpu().numpy() for model in models.values()]
    axes.hist(weights, bins=31, range=(-size, size), color=(BLUE, ORANGE), label=list(models))
    axes.set(xlabel="weight", ylabel="how many", yscale="log")
    axes.legend()
    save(figure, path)


if __name__ == "__main__":
    main()
