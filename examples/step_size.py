"""The step size of gradient descent: too small crawls, right arrives, too big overshoots and never settles.

Run: python examples/step_size.py
"""

from common import BLUE, GREEN, ORANGE, Images, integer, load, log_scale, options, plt, save, table

import minigrad as mg
from minigrad import nn, optim
from minigrad.nn import functional as F
from minigrad.nn.regularizers import L2

SIZES = {"too small": (0.003, BLUE), "right": (1.0, GREEN), "too big": (10.0, ORANGE)}


def descend(data: Images, lr: float, steps: int, seed: int) -> list[float]:
    """The loss before each step of full-batch gradient descent, and after the last; every call starts alike."""
    mg.manual_seed(seed)
    model, R = nn.Linear(data.x.shape[1], len(data.names), bias=False), L2(1e-2)
    optimizer = optim.SGD(model.parameters(), lr=lr)
    losses = []
    for _ in range(steps + 1):
        loss = F.cross_entropy(model(data.x), data.y) + R(model)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses


def main() -> None:
    parser = options(__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=integer(1), default=60, help="steps of gradient descent")
    args = parser.parse_args()
    data = load()
    losses = {name: descend(data, lr, args.steps, args.seed) for name, (lr, _) in SIZES.items()}

    head = ("step size", "", "first loss", "last loss", "rising steps")
    lines = [
        (name, f"{SIZES[name][0]:g}", f"{curve[0]:.3f}", f"{curve[-1]:.3f}", str(rises(curve)))
        for name, curve in losses.items()
    ]
    print(table(head, lines))

    figure, axes = plt.subplots(figsize=(7, 4.5))
    for name, curve in losses.items():
        lr, colour = SIZES[name]
        axes.plot(curve, color=colour, label=f"{name}: {lr:g}")
    axes.set(xlabel="step", ylabel="loss (cross-entropy + R)", title="The same descent, three step sizes")
    log_scale(axes.yaxis)
    axes.legend(title="step size")
    save(figure, args.out / "step_size.png")


def rises(curve: list[float]) -> int:
    """How many steps made the loss larger."""
    return sum(after > before for before, after in zip(curve, curve[1:]))


if __name__ == "__main__":
    main()
