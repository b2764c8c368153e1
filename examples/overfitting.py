"""Overfitting, with and without R(W): with few images the training loss goes to zero and the test loss does not.

Run: python examples/overfitting.py
"""

from collections.abc import Callable
from typing import Any

from common import BLUE, ORANGE, Images, accuracy, integer, load, log_scale, number, options, plt, save, table

import minigrad as mg
from minigrad import nn, optim
from minigrad.nn import functional as F
from minigrad.nn.regularizers import L2


def train(data: Images, R: Callable[[Any], Any], steps: int, seed: int) -> tuple[nn.Module, list[float], list[float]]:
    """A classifier, and its cross-entropy (without R) on the training and the test images before each step."""
    mg.manual_seed(seed)
    model = nn.Linear(data.x.shape[1], len(data.names), bias=False)
    optimizer = optim.SGD(model.parameters(), lr=0.3)
    train_loss, test_loss = [], []
    for _ in range(steps):
        data_loss = F.cross_entropy(model(data.x), data.y)
        train_loss.append(data_loss.item())
        with mg.no_grad():
            test_loss.append(F.cross_entropy(model(data.test_x), data.test_y).item())
        optimizer.zero_grad()
        (data_loss + R(model)).backward()
        optimizer.step()
    return model, train_loss, test_loss


def main() -> None:
    parser = options(__doc__.partition("\n")[0])
    parser.add_argument("--images", type=integer(1), default=40, help="how many images to learn from")
    parser.add_argument("--strength", type=number(0), default=0.015, help="of R(W) = strength * sum of squares")
    parser.add_argument("--steps", type=integer(1), default=1500, help="steps of gradient descent")
    args = parser.parse_args()
    data = load()
    few = data._replace(x=data.x[: args.images], y=data.y[: args.images])

    figure, panels = plt.subplots(1, 2, figsize=(11, 4.5), sharey=True)
    lines = []
    for axes, name, strength in zip(panels, ("without R(W)", "with R(W)"), (0.0, args.strength)):
        model, train_loss, test_loss = train(few, L2(strength), args.steps, args.seed)
        shares = [accuracy(model(x), y) for x, y in ((few.x, few.y), (few.test_x, few.test_y))]
        size = (model.weight**2).sum().item()
        lines.append(
            (name, f"{train_loss[-1]:.3f}", f"{test_loss[-1]:.3f}", f"{min(test_loss):.3f}", f"{shares[0]:.1%}",
             f"{shares[1]:.1%}", f"{size:.2f}")
        )  # fmt: skip
        axes.plot(range(1, args.steps + 1), test_loss, color=ORANGE, label=f"{len(few.test_x)} test images")
        axes.plot(range(1, args.steps + 1), train_loss, color=BLUE, label=f"{len(few.x)} training images")
        axes.set(xscale="log", xlabel="step", title=f"{name}: test accuracy {shares[1]:.1%}")
    print(table(("", "train loss", "test loss", "its lowest", "train acc.", "test acc.", "sum of W²"), lines))
    panels[0].set(ylabel="cross-entropy")
    log_scale(panels[0].yaxis)
    panels[0].legend()
    save(figure, args.out / "overfitting.png")


if __name__ == "__main__":
    main()
