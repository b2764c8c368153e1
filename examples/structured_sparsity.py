"""Structured sparsity: a convolutional net without a penalty, under L1, and under group lasso over filters, channels
and filter shapes (SSL), at about equal test error: how sparse each convolution is, and how much faster it runs.

In the form of table 4 of Wen et al., Learning Structured Sparsity in Deep Neural Networks, NeurIPS 2016: the sparser
net of L1 need not be the faster one, for scattered zeros are multiplied like any number, or looked up one by one.

Run: python examples/structured_sparsity.py
     python examples/structured_sparsity.py --data cifar10 --root DIR    # about seven minutes on one core
     MINIGRAD_DEVICE=cuda python examples/structured_sparsity.py         # the same on a GPU
"""

import copy
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from common import BLUE, GREEN, ORANGE, Images, integer, load, number, options, plt, save, table
from tqdm import tqdm

import minigrad as mg
from minigrad import nn, optim
from minigrad.nn import functional as F
from minigrad.nn.regularizers import L1, GroupLasso, Regularizer
from minigrad.nn.utils import compact, sparsity_report
from minigrad.nn.utils.pruned import PrunedConv

CONVOLUTIONS = ("0.weight", "2.weight", "5.weight")
DEFAULTS = {
    "digits": {"train": 1438, "pretrain": 12, "epochs": 15, "l1": 3e-3, "group": 8e-3},
    "cifar10": {"train": 50000, "pretrain": 3, "epochs": 4, "l1": 2e-3, "group": 5e-3},
}


def net(side: int, channels: int) -> nn.Sequential:
    """Three convolutions and a linear layer; the first convolution halves the size of large images by its stride.

    The convolutions have no bias: the output of a filter of zeros is then zero everywhere, as the next layer's padding
    is, so that the filter can be removed.
    """
    kernel, stride = (5, 2) if side > 16 else (3, 1)
    return nn.Sequential(
        nn.Conv2d(channels, 32, kernel, stride, padding=kernel // 2, bias=False), nn.ReLU(),
        nn.Conv2d(32, 32, 3, padding=1, bias=False), nn.MaxPool2d(2), nn.ReLU(),
        nn.Conv2d(32, 64, 3, padding=1, bias=False), nn.MaxPool2d(2), nn.ReLU(),
        nn.Flatten(), nn.Linear(64 * (side // stride // 4) ** 2, 10),
    )  # fmt: skip


# --- training --------------------------------------------------------------------------------------------------------


def batches(x: mg.Tensor, y: mg.Tensor, epochs: int, size: int) -> Iterator[tuple[mg.Tensor, mg.Tensor]]:
    """Mini-batches for all epochs, shuffled anew in each."""
    for _ in range(epochs):
        for batch in mg.randperm(len(x)).split(size):
            yield x[batch], y[batch]


def train(
    name: str, model: nn.Sequential, data: tuple[mg.Tensor, mg.Tensor], R: list[Regularizer], epochs: int,
    args: Namespace,
) -> nn.Sequential:  # fmt: skip
    """Follow the gradient of the loss; penalties act by their proximal steps, which make weights exactly zero.

    After two thirds of the steps the penalties end: zeros stay zero, and the other weights are trained without them,
    since a lasso also shrinks the weights that it keeps (Meinshausen, Relaxed Lasso, 2007).
    """
    mg.manual_seed(args.seed)
    steps = epochs * -(-len(data[0]) // args.batch_size)
    plain = optim.SGD(model.train().parameters(), lr=args.lr, momentum=0.9)
    schedule = optim.lr_scheduler.CosineAnnealingLR(plain, steps)
    optimizer: Any = optim.Proximal(plain, R, model) if R else plain
    kept: list[tuple[mg.Tensor, mg.Tensor]] = []
    turns = tqdm(batches(*data, epochs, args.batch_size), name, total=steps, unit=" steps", leave=False)
    for step, (x, y) in enumerate(turns):
        if R and step == 2 * steps // 3:
            weights = map(model.get_parameter, CONVOLUTIONS)
            optimizer, kept = plain, [(w, (w != 0).float()) for w in weights]
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
        schedule.step()
        with mg.no_grad():
            for w, mask in kept:
                w.mul_(mask)
    return model.eval()


def penalties(args: Namespace) -> dict[str, list[Regularizer]]:
    """The penalties of each fine-tuning. Filters, channels and columns overlap: their proximal steps take turns."""
    inner = CONVOLUTIONS[1:]  # the first layer's channels are the image's
    return {
        "l1": [L1(args.l1, CONVOLUTIONS)],
        "SSL": [
            GroupLasso(args.group, "filters", parameters=CONVOLUTIONS),
            GroupLasso(args.group, "channels", parameters=inner),
            GroupLasso(args.group / 2, "columns", parameters=CONVOLUTIONS),
        ],
    }


def error(model: nn.Module, x: mg.Tensor, y: mg.Tensor) -> float:
    """The share of images that are classified wrongly."""
    with mg.no_grad():
        wrong = [(model(a).argmax(1) != b).float().sum().item() for a, b in zip(x.split(500), y.split(500))]
    return sum(wrong) / len(x)


# --- how long a layer takes ------------------------------------------------------------------------------------------


def quickest(ways: dict[str, Callable[[], Any]], on_gpu: bool, turns: int = 30) -> dict[str, float]:
    """Seconds of the quickest call of each. They take turns, so that other load on the machine slows all of them."""
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(turns):
        for name, call in ways.items():
            start = time.perf_counter()
            call()
            if on_gpu:  # kernels run asynchronously
                mg.cuda.synchronize()
            best[name] = min(best[name], time.perf_counter() - start)
    return best


def convolutions(model: nn.Sequential, x: mg.Tensor) -> list[tuple[Any, mg.Tensor]]:
    """(layer, its input) for each convolution."""
    found = []
    for layer in model:
        if isinstance(layer, (nn.Conv2d, PrunedConv)):
            found.append((layer, x.contiguous()))
        x = layer(x)
    return found


def as_csr(layer: Any, x: mg.Tensor) -> Callable[[], Any]:
    """The convolution as a product of its weight, a sparse matrix, with the windows of its input as columns."""
    package = ("cupy", "cupyx.scipy.sparse") if x.is_cuda else ("numpy", "scipy.sparse")
    library, sparse = (import_module(name) for name in package)
    w = sparse.csr_matrix(library.from_dlpack(layer.weight.detach().reshape(layer.out_channels, -1)))
    (k, _), (stride, _), (p, _) = layer.kernel_size, layer.stride, layer.padding

    def run() -> Any:
        windows = F.pad(x, (p, p, p, p)).unfold(2, k, stride).unfold(3, k, stride)  # (N, C, *output size, *kernel)
        return w @ library.from_dlpack(windows.permute(1, 4, 5, 0, 2, 3).reshape(w.shape[1], -1))

    return run


def measure(models: dict[str, nn.Sequential], x: mg.Tensor) -> list[dict[str, float]]:
    """Seconds of each convolution's forward, and last of the whole net's, by net and format."""
    nets = {**models, "SSL": compact(models["SSL"])}
    inside = {name: convolutions(net, x) for name, net in nets.items()}
    found = []
    for i in range(len(CONVOLUTIONS)):
        ways = {name: partial(*layers[i]) for name, layers in inside.items()}
        found.append(quickest({**ways, "CSR": as_csr(*inside["l1"][i])}, x.is_cuda))
    return [*found, quickest({name: partial(net, x) for name, net in nets.items()}, x.is_cuda)]


# --- the table and the figure ----------------------------------------------------------------------------------------


def compare(models: dict[str, nn.Sequential], x: mg.Tensor) -> dict[tuple[str, str], list[float]]:
    """The table's numbers: by net and statistic, for each convolution (and the whole net)."""
    with mg.no_grad():
        seconds = measure(models, x)
    zeros = {name: [r for r in sparsity_report(model) if len(r.shape) == 4] for name, model in models.items()}
    base = [s["baseline"] for s in seconds]

    def times(way: str) -> list[float]:
        return [b / s[way] for b, s in zip(base, seconds) if way in s]

    return {
        ("baseline", "time, ms"): [1e3 * b for b in base],
        ("l1", "sparsity"): [r.elements for r in zeros["l1"]],
        ("l1", "speed-up, dense"): times("l1"),
        ("l1", "speed-up, CSR"): times("CSR"),
        ("SSL", "sparsity"): [r.elements for r in zeros["SSL"]],
        ("SSL", "column sparsity"): [r.columns for r in zeros["SSL"]],
        ("SSL", "row sparsity"): [r.rows for r in zeros["SSL"]],
        ("SSL", "speed-up, compacted"): times("SSL"),
    }


def show(found: dict[tuple[str, str], list[float]], errors: dict[str, float]) -> str:
    """The numbers as the paper lays them out."""
    names = list(errors)
    lines, last = [], None
    for (name, statistic), values in found.items():
        head = ("", "", "") if name == last else (str(names.index(name) + 1), name, f"{errors[name]:.2%}")
        cells = [f"{v:.1%}" if "sparsity" in statistic else f"{v:.2f}" for v in values]
        lines.append((*head, statistic, *cells, *[""] * (len(CONVOLUTIONS) + 1 - len(cells))))
        last = name
    layers = [f"conv{i + 1}" for i in range(len(CONVOLUTIONS))]
    return table(("#", "method", "test error", "statistic", *layers, "whole net"), lines)


def draw(found: dict[tuple[str, str], list[float]], path: Path) -> None:
    """Sparsity and speed-up of each convolution, net by net."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.8))
    positions = np.arange(len(CONVOLUTIONS))
    sparsity = [("l1", "sparsity", BLUE), ("SSL", "sparsity", GREEN)]
    speed = [("l1", "speed-up, dense", BLUE), ("l1", "speed-up, CSR", ORANGE), ("SSL", "speed-up, compacted", GREEN)]
    for axes, bars in ((left, sparsity), (right, speed)):
        for k, (name, statistic, color) in enumerate(bars):
            label = f"{name}: {statistic.removeprefix('speed-up, ')}"
            shift = 0.27 * (k - (len(bars) - 1) / 2)
            axes.bar(positions + shift, found[name, statistic][: len(positions)], 0.25, label=label, color=color)
        axes.set_xticks(positions, [f"conv{i + 1}" for i in positions])
        axes.legend()
    left.set(ylabel="share of zero weights", ylim=(0, 1), title="sparsity")
    right.set(ylabel="times as fast as the baseline", title="speed-up of the forward pass")
    right.axhline(1.0, color="gray", linewidth=1)
    save(figure, path)


def images(data: Images) -> tuple[mg.Tensor, mg.Tensor, mg.Tensor, mg.Tensor]:
    """Rows as images again, without the bias trick's column."""
    x, test_x = (rows[:, :-1].reshape(-1, *data.shape) for rows in (data.x, data.test_x))
    return x, data.y, test_x, data.test_y


def arguments() -> Namespace:
    """The options; their defaults depend on the data."""
    parser = options(__doc__.partition("\n\n")[0].replace("\n", " "))
    parser.add_argument("--data", choices=tuple(DEFAULTS), default="digits", help="what to learn from")
    parser.add_argument("--root", default="", help="the folder that holds CIFAR-10")
    parser.add_argument("--train", type=integer(1), help="how many training images")
    parser.add_argument("--pretrain", type=integer(1), help="epochs of the baseline")
    parser.add_argument("--epochs", type=integer(1), help="epochs of each fine-tuning of the baseline")
    parser.add_argument("--batch-size", type=integer(1), default=64, help="images in a mini-batch")
    parser.add_argument("--lr", type=number(0, exclusive=True), default=0.04, help="the first step size")
    parser.add_argument("--l1", type=number(0), help="strength of L1")
    parser.add_argument("--group", type=number(0), help="strength of the group lasso; half of it for filter shapes")
    parser.set_defaults(**DEFAULTS["digits"])
    parser.set_defaults(**DEFAULTS[parser.parse_known_args()[0].data])
    return parser.parse_args()


def main() -> None:
    """Train a net, fine-tune it under each penalty, compare, print the table and draw it."""
    args = arguments()
    x, y, x_test, y_test = images(load(args.data, args.root))
    data = x[: args.train], y[: args.train]
    mg.manual_seed(args.seed)
    models = {"baseline": train("baseline", net(x.shape[-1], x.shape[1]), data, [], args.pretrain, args)}
    for name, R in penalties(args).items():
        models[name] = train(name, copy.deepcopy(models["baseline"]), data, R, args.epochs, args)
    errors = {name: error(model, x_test, y_test) for name, model in models.items()}
    found = compare(models, x_test[:64])
    print(show(found, errors), end="\n\n")
    small = compact(models["SSL"])
    with mg.no_grad():
        gap = (small(x_test[:256]) - models["SSL"](x_test[:256])).abs().max().item()
    print(f"the compacted net's outputs differ by {gap:.1e} at most; " + "; ".join(small.compaction))
    draw(found, args.out / "structured_sparsity.png")


if __name__ == "__main__":
    main()
