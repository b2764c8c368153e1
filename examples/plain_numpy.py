"""The same loss and the same steps in plain NumPy, gradient by hand: softmax_classifier.py is timed against it."""

import math
from argparse import Namespace
from collections.abc import Iterator, Sequence
from itertools import islice
from statistics import median
from typing import Any

import numpy as np
from common import Images, Stopwatch, table
from tqdm import tqdm


def search(x: np.ndarray, y: np.ndarray, args: Namespace) -> Iterator[float]:
    """Random search, one attempt after another: the best loss so far."""
    rng, best, rows = np.random.default_rng(args.seed), np.inf, np.arange(len(x))
    while True:
        w = rng.standard_normal((10, x.shape[1]), dtype=np.float32) * np.float32(args.scale)
        s = x @ w.T
        s -= s.max(axis=1, keepdims=True)
        loss = (np.log(np.exp(s).sum(axis=1)) - s[rows, y]).mean() + args.strength * (w * w).sum()
        best = min(best, loss)
        yield best


def descend(x: np.ndarray, y: np.ndarray, args: Namespace) -> Iterator[float]:
    """Mini-batch gradient descent with a step size that falls along half a cosine: the loss at each step."""
    rng, w = np.random.default_rng(args.seed), np.zeros((10, x.shape[1]), np.float32)
    done, steps = 0, args.epochs * math.ceil(len(x) / args.batch_size)
    for _ in range(args.epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(x), args.batch_size):
            batch = order[start : start + args.batch_size]
            xb, yb, rows = x[batch], y[batch], np.arange(len(batch))
            s = xb @ w.T
            s -= s.max(axis=1, keepdims=True)
            p = np.exp(s)
            total = p.sum(axis=1, keepdims=True)
            loss = (np.log(total[:, 0]) - s[rows, yb]).mean() + args.strength * (w * w).sum()
            p /= total
            p[rows, yb] -= 1
            p /= len(batch)
            lr = args.lr * (1 + math.cos(math.pi * done / steps)) / 2
            w -= np.float32(lr) * (p.T @ xb + np.float32(2 * args.strength) * w)
            done += 1
            yield float(loss)


def seconds(steps: Iterator[float], count: int) -> float:
    """The mean time of the next `count` steps (or of as many as are left)."""
    with Stopwatch() as watch:
        done = sum(1 for _ in islice(steps, count))
    return watch.seconds / done


def comparison(runs: Sequence[Any], data: Images, args: Namespace, ours: Iterator[float]) -> str:
    """A table: the time of one evaluation here and in plain NumPy. `ours` are steps of SGD, timed in turns with
    NumPy's, so that other load on the machine slows down both."""
    x, y = data.x.numpy(force=True), data.y.numpy(force=True)
    lines = []
    for run in tqdm(runs, "plain NumPy", unit=" strategies"):
        if run.name == "mini-batch SGD":
            plain = descend(x, y, args)
            turns = [(seconds(ours, 40), seconds(plain, 40)) for _ in range(0, min(len(run.losses), 440), 40)]
            here, there = (median(times) for times in zip(*turns))
        else:
            here, there = run.seconds / len(run.losses), seconds(search(x, y, args), 20)
        lines.append((run.name, f"{here * 1e3:.3f} ms", f"{there * 1e3:.3f} ms", f"{here / there:.2f}"))
    return table(("time of one evaluation", "minigrad", "plain NumPy", "ratio"), lines)
