"""Structured sparsity: a convolutional net without a penalty, under L1, and under group lasso (structured sparsity
learning), at about equal test error; how sparse each layer is, and how much faster it runs.

Wen et al., Learning Structured Sparsity in Deep Neural Networks, NeurIPS 2016, table 4: the sparser net of L1 need not
be the faster one, for scattered zeros are multiplied like any number, or looked up one by one.
"""

import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from common import Pictures, load, number, options, plt, save, table, whole
from scipy import sparse
from tqdm import tqdm

import minigrad as mg
from minigrad import nn, optim
from minigrad.nn import functional as F
from minigrad.nn.regularizers import L1, GroupLasso, Regularizer
from minigrad.nn.utils import compact, sparsity_report

WEIGHTED = (nn.Conv2d, nn.Linear)
HIDDEN = ("0.weight", "3.weight", "7.weight")  # the last layer's rows are the classes: they stay


def net(side: int, channels: int) -> nn.Sequential:
    """Two convolutions and two linear layers."""
    flat = 32 * (side // 4) ** 2
    return nn.Sequential(
        nn.Conv2d(channels, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(flat, 64), nn.ReLU(), nn.Linear(64, 10),
    )  # fmt: skip


def batches(x: mg.Tensor, y: mg.Tensor, args: Namespace) -> Iterator[tuple[mg.Tensor, mg.Tensor]]:
    """Mini-batches for all epochs, shuffled anew in each."""
    for _ in range(args.epochs):
        for batch in mg.randperm(len(x)).split(args.batch_size):
            yield x[batch], y[batch]


def train(x: mg.Tensor, y: mg.Tensor, R: Regularizer | None, args: Namespace, name: str) -> nn.Sequential:
    """Follow the gradient of the loss; the penalty acts by its proximal step, which makes weights exactly zero."""
    mg.manual_seed(args.seed)
    model = net(x.shape[-1], x.shape[1])
    steps = args.epochs * -(-len(x) // args.batch_size)
    optimizer: Any = optim.SGD(model.parameters(), lr=args.lr, momentum=0.9)
    schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    if R is not None:
        optimizer = optim.Proximal(optimizer, R, model)
    for xb, yb in tqdm(batches(x, y, args), name, total=steps, unit=" steps", leave=False):
        optimizer.zero_grad()
        F.cross_entropy(model(xb), yb).backward()
        optimizer.step()
        schedule.step()
    return model.eval()


def error(model: nn.Module, x: mg.Tensor, y: mg.Tensor) -> float:
    """The share of pictures that are put into a wrong class."""
    with mg.no_grad():
        wrong = [(model(a).argmax(1) != b).float().sum().item() for a, b in zip(x.split(500), y.split(500))]
    return sum(wrong) / len(x)


# --- how long a layer takes ------------------------------------------------------------------------------------------


def seconds(run: Callable[[], Any], turns: int = 15) -> float:
    """The median time of a call."""
    run()
    times = []
    for _ in range(turns):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return median(times)


def as_csr(layer: Any, x: mg.Tensor) -> Callable[[], Any]:
    """The layer's product with its weight as a sparse matrix: of a convolution, over its windows as columns."""
    w = sparse.csr_matrix(layer.weight.detach().numpy().reshape(layer.weight.shape[0], -1))
    if isinstance(layer, nn.Linear):
        return lambda: w @ x.numpy().T

    def run() -> Any:
        columns = F.unfold(x, layer.kernel_size, padding=layer.padding).transpose(0, 1)
        return w @ columns.reshape(w.shape[1], -1).numpy()

    return run


def inputs_of(model: nn.Sequential, x: mg.Tensor) -> list[tuple[Any, mg.Tensor]]:
    """(layer, what comes into it) for each layer with weights."""
    found = []
    with mg.no_grad():
        for layer in model:
            if isinstance(layer, WEIGHTED) or "Fewer" in type(layer).__name__:
                found.append((layer, x.contiguous()))
            x = layer(x)
    return found


def compare(models: dict[str, nn.Sequential], x: mg.Tensor) -> list[tuple[str, ...]]:
    """Rows of the table: for each net and layer what is zero, and the speed-up against the dense baseline."""
    dense = [seconds(lambda a=a, b=b: a(b)) for a, b in inputs_of(models["baseline"], x)]
    rows = []
    for name, model in models.items():
        small = compact(model) if name == "SSL" else model
        runs = list(zip(sparsity_report(model), inputs_of(model, x), inputs_of(small, x), dense))
        for i, (zero, (layer, a), (less, b), base) in enumerate(runs, 1):
            shown = [f"{100 * share:.1f}%" for share in (zero.elements, zero.rows, zero.columns)]
            times = ["1.00", "", ""]
            if name == "L1":
                csr = as_csr(layer, a)
                times = [f"{base / seconds(lambda f=layer, a=a: f(a)):.2f}", f"{base / seconds(csr):.2f}", ""]
            elif name == "SSL":
                times = ["", "", f"{base / seconds(lambda f=less, b=b: f(b)):.2f}"]
            rows.append((name, f"{type(layer).__name__.lower()} {i}", *shown, *times))
    return rows


def draw(rows: list[tuple[str, ...]], path: Path) -> None:
    """Sparsity and speed-up of each layer, net by net."""
    layers = [row[1] for row in rows if row[0] == "baseline"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6))
    for k, name in enumerate(("L1", "SSL")):
        mine = [row for row in rows if row[0] == name]
        places = np.arange(len(layers)) + 0.35 * (k - 0.5)
        left.bar(places, [float(row[2][:-1]) for row in mine], 0.33, label=name)
        best = [max(float(cell) for cell in row[5:] if cell) for row in mine]
        right.bar(places, best, 0.33, label=name)
    left.set(ylabel="zero weights, %", title="sparsity")
    right.set(ylabel="times as fast as dense", title="speed-up (L1: the better of dense and CSR)")
    right.axhline(1.0, color="gray", linewidth=1)
    for axis in (left, right):
        axis.set_xticks(range(len(layers)), layers)
        axis.legend()
    save(figure, path)


def pictures(data: Pictures) -> tuple[mg.Tensor, mg.Tensor, mg.Tensor, mg.Tensor]:
    """Rows as pictures again, without the bias trick's column."""
    x, test_x = (rows[:, :-1].reshape(-1, *data.shape) for rows in (data.x, data.test_x))
    return x, data.y, test_x, data.test_y


def main() -> None:
    """Train the three, compare, print the table, draw it."""
    parser = options(__doc__.partition("\n\n")[0].replace("\n", " "))
    parser.add_argument("--data", choices=("digits", "cifar10"), default="digits", help="what to learn from")
    parser.add_argument("--root", default="", help="the folder that holds CIFAR-10")
    parser.add_argument("--epochs", type=whole(1), default=20, help="passes over the pictures")
    parser.add_argument("--batch-size", type=whole(1), default=64, help="pictures in a step")
    parser.add_argument("--lr", type=number(0, exclusive=True), default=0.02, help="the first step size")
    parser.add_argument("--l1", type=number(0), default=2e-3, help="strength of L1")
    parser.add_argument("--group", type=number(0), default=2e-2, help="strength of the group lasso")
    args = parser.parse_args()
    x, y, x_test, y_test = pictures(load(args.data, args.root))
    kinds = {"baseline": None, "L1": L1(args.l1), "SSL": GroupLasso(args.group, "rows", parameters=HIDDEN)}
    models = {name: train(x, y, R, args, name) for name, R in kinds.items()}
    lines = [(name, f"{100 * error(model, x_test, y_test):.2f}%") for name, model in models.items()]
    print(table(("net", "test error"), lines), end="\n\n")
    with mg.no_grad():
        rows = compare(models, x_test[:256])
    print(table(("net", "layer", "zeros", "rows", "columns", "dense", "as CSR", "compacted"), rows), end="\n\n")
    small = compact(models["SSL"])
    gap = (small(x_test[:256]) - models["SSL"](x_test[:256])).abs().max().item()
    print(f"the compacted net's outputs differ by {gap:.1e} at most; " + "; ".join(small.compaction))
    draw(rows, args.out / "structured_sparsity.png")


if __name__ == "__main__":
    main()
