"""The lecture's main job: a linear softmax classifier of images, trained in three ways.

    python examples/softmax_classifier.py                              # scikit-learn's digits: seconds, no download
    python examples/softmax_classifier.py --data cifar10 --root DIR    # the lecture's size: 50,000 x 3,073

Random search, random local search and mini-batch gradient descent look for weights W that make the same loss small,

    loss(W) = mean over the images x and their classes y of  -log softmax(W x)[y]   +   R(W)

Before that the analytic gradient is compared with the numerical one, and both are timed.
"""

import math
from argparse import Namespace
from collections.abc import Callable, Iterator
from typing import NamedTuple

import plain_numpy
import softmax_figures
from common import Images, Stopwatch, accuracy, integer, load, number, options, table
from tqdm import tqdm

import minigrad as mg
from minigrad import Tensor, nn, optim
from minigrad.gradcheck import numerical_gradient
from minigrad.nn import functional as F
from minigrad.nn.regularizers import L1, L2, ElasticNet, GroupLasso, Regularizer

REGULARIZERS: dict[str, Callable[[float], Regularizer]] = {
    "l1": L1,
    "l2": L2,
    "elastic": lambda strength: ElasticNet(strength / 2, strength / 2),
    "group": lambda strength: GroupLasso(strength, groups="columns"),  # one group: all the weights that read a pixel
}

# The lecture draws weights of 1e-4 for pixels of 0 to 255: for pixels / 64 that is 64e-4. The gradient is checked on
# check_images, for check_weights (None: for all).
SETTINGS = {
    "digits": Namespace(
        scale=0.1, start=0.1, step=0.03, lr=0.3, epochs=30, batch_size=64, check_images=None, check_weights=None
    ),
    "cifar10": Namespace(
        scale=64e-4, start=64e-3, step=64e-4, lr=0.01, epochs=12, batch_size=256, check_images=256, check_weights=200
    ),
}


def classifier(data: Images) -> nn.Linear:
    """W: a row of weights for each class. The bias is the weight of x's last column, which holds ones."""
    return nn.Linear(data.x.shape[1], len(data.names), bias=False)


# --- is the gradient right? ----------------------------------------------------------------------------------------


def check_gradient(data: Images, R: Regularizer, args: Namespace) -> None:
    """Compare the analytic gradient with the numerical one, in float64, and time both."""
    model = classifier(data).double()
    images = mg.randperm(len(data.x))[: args.check_images]
    weights = mg.randperm(model.weight.numel())[: args.check_weights]
    x, y = data.x[images].double(), data.y[images]

    def loss(_: object = None) -> Tensor:
        bar.update()
        return F.cross_entropy(model(x), y) + R(model.weight)

    with tqdm(total=2 * len(weights) + 1, desc="gradient check", unit=" losses") as bar:
        with Stopwatch() as slow:
            numerical = numerical_gradient(loss, model.weight, indices=weights)  # moves each weight both ways
        with Stopwatch() as fast:
            loss().backward()
    analytic = model.weight.grad.flatten()[weights]
    difference = ((numerical - analytic).abs().max() / analytic.abs().max()).item()

    tried, total = len(weights), model.weight.numel()
    faster = slow.seconds / tried * total / fast.seconds
    print(f"the gradient, on {len(y):,} images:")
    print(f"  numerical  {slow.seconds:8.4f} s  for {tried:,} of the {total:,} weights")
    print(f"  analytic   {fast.seconds:8.4f} s  for all of them: {faster:,.0f} times as fast")
    print(f"  they differ by {difference:.1e} of the gradient's largest component\n")
    if not difference < 1e-5:
        raise SystemExit("softmax_classifier: the analytic gradient is not the numerical one")


# --- three strategies: each yields its losses one by one, and leaves the weights it found in the model ------------


def random_search(model: nn.Linear, data: Images, R: Regularizer, args: Namespace) -> Iterator[float]:
    """Strategy 1: draw W anew each time, keep the best."""
    optimizer = optim.RandomSearch(model.parameters(), scale=args.scale, seed=args.seed)
    return attempts(optimizer, model, data, R, args.attempts)


def local_search(model: nn.Linear, data: Images, R: Regularizer, args: Namespace) -> Iterator[float]:
    """Strategy 2: take a random step from the best W so far, and stay there if the loss is smaller."""
    nn.init.normal_(model.weight, std=args.start)
    optimizer = optim.RandomLocalSearch(model.parameters(), step_size=args.step, seed=args.seed)
    return attempts(optimizer, model, data, R, args.attempts)


def attempts(
    optimizer: optim.Optimizer, model: nn.Linear, data: Images, R: Regularizer, total: int, at_once: int = 20
) -> Iterator[float]:
    """A search. Scores are linear in W: those of 20 attempts come from one product, which reads the images once."""

    def scores(weights: Tensor) -> Tensor:
        """W of k attempts, (k, classes, d) -> the scores they give to N images, (k, N, classes)."""
        k, classes, d = weights.shape
        return (weights.reshape(-1, d) @ data.x.T).reshape(k, classes, -1).transpose(1, 2)

    def loss(scores: Tensor) -> Tensor:
        return F.cross_entropy(scores, data.y) + R(model.weight)

    for done in range(0, total, at_once):
        yield from optimizer.step(loss, linear=scores, candidates=min(at_once, total - done))


def sgd(model: nn.Linear, data: Images, R: Regularizer, args: Namespace) -> Iterator[float]:
    """Strategy 3: follow the gradient of the loss on a mini-batch. The step size falls to zero along half a cosine."""
    nn.init.zeros_(model.weight)
    total = steps(data, args)
    optimizer = optim.SGD(model.parameters(), lr=lambda step: args.lr * (1 + math.cos(math.pi * step / total)) / 2)
    for _ in range(args.epochs):
        for batch in mg.randperm(len(data.x)).split(args.batch_size):  # shuffled anew each epoch
            x, y = data.x[batch], data.y[batch]
            loss = F.cross_entropy(model(x), y) + R(model.weight)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            yield loss.item()


def steps(data: Images, args: Namespace) -> int:
    """The number of mini-batches in all epochs."""
    return args.epochs * math.ceil(len(data.x) / args.batch_size)


STRATEGIES = {
    "random": ("random search", random_search),
    "local": ("local search", local_search),
    "sgd": ("mini-batch SGD", sgd),
}


class Run(NamedTuple):
    """What a strategy found, and what that took."""

    name: str
    model: nn.Linear
    losses: list[float]  # of each evaluation
    images: int  # that an evaluation looks at
    seconds: float


def run(strategy: str, data: Images, R: Regularizer, args: Namespace) -> Run:
    """Run a strategy to its end, with a progress bar, and with the lecture's line for each attempt if `verbose`."""
    name, evaluations = STRATEGIES[strategy]
    batch, total = (args.batch_size, steps(data, args)) if strategy == "sgd" else (len(data.x), args.attempts)
    mg.manual_seed(args.seed)  # the result does not depend on which strategies ran before
    model, losses = classifier(data), []
    with Stopwatch() as watch:
        for loss in tqdm(evaluations(model, data, R, args), name, total, unit=" losses"):
            losses.append(loss)
            if args.verbose:
                tqdm.write(f"in attempt {len(losses) - 1} the loss was {loss:.6f}, best {min(losses):.6f}")
    return Run(name, model, losses, min(batch, len(data.x)), watch.seconds)


# --- the whole job -------------------------------------------------------------------------------------------------


def arguments() -> Namespace:
    """The command line; the defaults of some options depend on the data."""
    parser = options(__doc__.partition("\n")[0])
    parser.add_argument("--data", choices=tuple(SETTINGS), default="digits", help="what to learn from")
    parser.add_argument("--root", help="the folder that holds (or gets) CIFAR-10")
    parser.add_argument("--download", action="store_true", help="fetch CIFAR-10 (170 MB) if it is not there")
    parser.add_argument("--optimizer", choices=("all", *STRATEGIES), default="all", help="which strategies to run")
    parser.add_argument("--regularizer", choices=tuple(REGULARIZERS), default="l2", help="which R")
    parser.add_argument("--strength", type=number(0), default=1e-3, help="of R (elastic: half of it for each part)")
    parser.add_argument("--attempts", type=integer(1), default=1000, help="of each search")
    parser.add_argument("--lr", type=number(0, exclusive=True), help="step size of SGD (default: by data)")
    parser.add_argument("--epochs", type=integer(1), help="epochs of SGD (default: by data)")
    parser.add_argument("--batch-size", type=integer(1), help="images in a mini-batch of SGD (default: by data)")
    parser.add_argument("--check-weights", type=integer(1), help="weights to check the gradient for (default: by data)")
    parser.add_argument("--device", default="cpu", help="cpu, cuda, cuda:1")
    parser.add_argument("--compare-numpy", action="store_true", help="time plain NumPy beside each strategy")
    parser.add_argument("-v", "--verbose", action="store_true", help="print the loss of every attempt")
    args = parser.parse_args()
    for name, value in vars(SETTINGS[args.data]).items():
        if getattr(args, name, None) is None:
            setattr(args, name, value)
    if args.data == "cifar10" and args.root is None:
        parser.error("--data cifar10: expected --root DIR as well, the folder that holds cifar-10-batches-bin")
    if args.compare_numpy and args.regularizer != "l2":
        parser.error(f"--compare-numpy: expected --regularizer l2, which is all it knows, got {args.regularizer}")
    try:
        mg.set_default_device(args.device)
    except (mg.DeviceError, TypeError) as error:
        parser.error(f"--device: {error}")
    return args


def summary(found: Run, data: Images, R: Regularizer) -> tuple[str, ...]:
    """A line of the table: the loss on all training images, both accuracies, and the cost."""
    with mg.no_grad():
        scores = found.model(data.x)
        loss = F.cross_entropy(scores, data.y) + R(found.model.weight)
        train, test = accuracy(scores, data.y), accuracy(found.model(data.test_x), data.test_y)
    cost = f"{len(found.losses):,} x {found.images:,} images"
    return found.name, f"{loss.item():.4f}", f"{train:.2%}", f"{test:.2%}", f"{found.seconds:.2f} s", cost


def main() -> None:
    args = arguments()
    mg.manual_seed(args.seed)
    data = load(args.data, args.root, args.download)
    R = REGULARIZERS[args.regularizer](args.strength)
    n, d = data.x.shape
    print(f"{args.data}: {n:,} x {d:,} to learn from, {len(data.test_x):,} to test on; R = {R}, seed {args.seed}\n")
    check_gradient(data, R, args)

    runs = [run(name, data, R, args) for name in (STRATEGIES if args.optimizer == "all" else [args.optimizer])]
    head = ("strategy", "loss", "train acc.", "test acc.", "time", "loss evaluations")
    print(table(head, [summary(found, data, R) for found in runs]), end="\n\n")
    if args.compare_numpy:
        print(plain_numpy.comparison(runs, data, args, sgd(classifier(data), data, R, args)), end="\n\n")

    softmax_figures.losses(runs, data, args.out / "loss.png")
    softmax_figures.templates(runs, data, args.out / "templates.png")


if __name__ == "__main__":
    main()
