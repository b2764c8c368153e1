"""The workloads that train: each takes whole steps, from zero_grad to the optimizer's, from the same weights."""

import itertools
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from tests.benchmarks.workload import Step, classes, numbers, workload


def seeded(lib: Any, model: Any) -> Any:
    """The module with weights of one seed: 1 / sqrt(fan-in) times standard normal; biases 0, scales of norms 1."""
    with lib.no_grad():
        for i, (name, p) in enumerate(model.named_parameters()):
            if p.ndim == 1:
                p.fill_(float(name.endswith("weight")))
            else:
                p.copy_(lib.from_numpy(numbers(*p.shape, seed=i) / np.float32(np.prod(p.shape[1:]) ** 0.5)))
    return model


def contradicting(y: Any, below: int, made: Callable[[Any], Any]) -> Iterator[Any]:
    """The classes and their successors in turn. A batch that were learnt by heart in these thousands of steps would
    have gradients so small (below 1e-38) that processors take ten times as long for them."""
    return itertools.cycle([made(y), made((y + 1) % below)])


def training(lib: Any, model: Any, optimizer: Any, x: Any, y: Any, below: int = 10) -> Step:
    """A step on the batch (x, y) with the mean cross-entropy over the model's last axis; gives the loss."""
    x, ys = lib.from_numpy(x), contradicting(y.reshape(-1), below, lib.from_numpy)

    def step() -> Any:
        optimizer.zero_grad()
        scores = model(x)
        loss = lib.nn.functional.cross_entropy(scores.reshape(-1, scores.shape[-1]), next(ys))
        loss.backward()
        optimizer.step()
        return loss

    return step


@workload("linear", "linear softmax + L2, 256 x 3,073 -> 10, SGD", goal=0.75)
def linear(lib: Any, small: bool) -> Step:
    """The lecture's classifier on a batch at CIFAR-10's size, with the bias as a last input."""
    n, d = (8, 13) if small else (256, 3073)
    x, y = lib.from_numpy(numbers(n, d)), lib.from_numpy(classes(n))
    w = lib.from_numpy(numbers(d, 10, seed=2) * np.float32(1e-3)).requires_grad_()
    optimizer = lib.optim.SGD([w], lr=0.01)

    def step() -> Any:
        optimizer.zero_grad()
        loss = lib.nn.functional.cross_entropy(x @ w, y) + 1e-3 * (w * w).sum()
        loss.backward()
        optimizer.step()
        return loss

    return step


def perceptron(sizes: tuple[int, ...], batch: int, lib: Any, small: bool) -> Step:
    """Linear layers with ReLU between, SGD with momentum."""
    nn = lib.nn
    if small:
        sizes, batch = tuple(min(n, 16) for n in sizes), min(batch, 8)
    layers = [part for a, b in zip(sizes, sizes[1:]) for part in (nn.Linear(a, b), nn.ReLU())][:-1]
    model = seeded(lib, nn.Sequential(*layers))
    optimizer = lib.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    return training(lib, model, optimizer, numbers(batch, sizes[0]), classes(batch))


MLP = (784, 512, 256, 10)
workload("mlp", "MLP 784-512-256-10, batch 128, SGD momentum", goal=0.95)(partial(perceptron, MLP, 128))


@workload("cnn", "CNN, conv 3->32->64 (3 x 3), max pools, linear; batch 64, 32 x 32, SGD", goal=0.9)
def cnn(lib: Any, small: bool) -> Step:
    """Two convolutions with pools after them, and a linear layer."""
    model, x, y = cnn_of(lib, small)
    return training(lib, model, lib.optim.SGD(model.parameters(), lr=0.01), x, y)


def cnn_of(lib: Any, small: bool) -> tuple[Any, Any, Any]:
    """The model, a batch, and its classes."""
    nn = lib.nn
    n, side, a, b = (2, 8, 2, 3) if small else (64, 32, 32, 64)
    model = nn.Sequential(
        nn.Conv2d(3, a, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(a, b, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(b * (side // 4) ** 2, 10),
    )  # fmt: skip
    return seeded(lib, model), numbers(n, 3, side, side), classes(n)


@workload("conv-bn", "conv-BN net, 3->16->16->32 (3 x 3); batch 64, 32 x 32, Adam", goal=0.95)
def conv_bn(lib: Any, small: bool) -> Step:
    """Three convolutions with batch norm, the second and third with a pool before, and a linear layer on means."""
    nn = lib.nn
    n, side, a, b = (2, 8, 2, 3) if small else (64, 32, 16, 32)

    def block(inputs: int, outputs: int) -> list[Any]:
        return [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU()]

    model = nn.Sequential(
        *block(3, a), *block(a, a), nn.MaxPool2d(2), *block(a, b),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(b, 10),
    )  # fmt: skip
    optimizer = lib.optim.Adam(seeded(lib, model).parameters(), lr=1e-3)
    return training(lib, model, optimizer, numbers(n, 3, side, side), classes(n))


@workload("gpt", "character GPT, 4 layers, width 128, 4 heads; 16 x 64, AdamW", goal=0.95)
def gpt(lib: Any, small: bool) -> Step:
    """A decoder with layer norm before each part, GELU, and learnt positions; 65 characters."""
    model, x, y = gpt_of(lib, small)
    return training(lib, model, lib.optim.AdamW(model.parameters(), lr=1e-3), x, y, 65)


def gpt_of(lib: Any, small: bool) -> tuple[Any, Any, Any]:
    """The model, a batch of texts, and each one's next characters."""
    nn, F = lib.nn, lib.nn.functional
    layers, width, heads, context, n, vocabulary = (1, 8, 2, 4, 2, 65) if small else (4, 128, 4, 64, 16, 65)

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.ln1, self.ln2 = nn.LayerNorm(width), nn.LayerNorm(width)
            self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

        def forward(self, x: Any) -> Any:
            b, t, c = x.shape
            q, k, v = self.qkv(self.ln1(x)).reshape(b, t, 3, heads, c // heads).permute(2, 0, 3, 1, 4)
            mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.proj(mixed.transpose(1, 2).reshape(b, t, c))
            return x + self.down(F.gelu(self.up(self.ln2(x))))

    class GPT(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.token, self.position = nn.Embedding(vocabulary, width), nn.Embedding(context, width)
            self.blocks = nn.Sequential(*(Block() for _ in range(layers)))
            self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, vocabulary)

        def forward(self, tokens: Any) -> Any:
            return self.head(self.norm(self.blocks(self.token(tokens) + self.position(lib.arange(tokens.shape[1])))))

    text = classes(n, context + 1, below=vocabulary)
    return seeded(lib, GPT()), text[:, :-1].copy(), text[:, 1:]


@workload("lstm", "LSTM language model, 65 -> 64 -> 128; 32 x 32, Adam", goal=0.9)
def lstm(lib: Any, small: bool) -> Step:
    """Embedding, one LSTM, and a linear layer at each place."""
    nn = lib.nn
    vocabulary, width, hidden, n, length = (65, 4, 8, 2, 5) if small else (65, 64, 128, 32, 32)

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding, self.lstm = nn.Embedding(vocabulary, width), nn.LSTM(width, hidden, batch_first=True)
            self.head = nn.Linear(hidden, vocabulary)

        def forward(self, tokens: Any) -> Any:
            return self.head(self.lstm(self.embedding(tokens))[0])

    model = seeded(lib, Model())
    text = classes(n, length + 1, below=vocabulary)
    return training(
        lib, model, lib.optim.Adam(model.parameters(), lr=1e-3), text[:, :-1].copy(), text[:, 1:], vocabulary
    )


# --- how time and memory grow with width and batch; with depth: parts.py --------------------------------------------

for width in (64, 256, 1024, 2048):
    workload(f"width.{width}", f"MLP of two {width:,} x {width:,} layers, batch 128")(
        partial(perceptron, (width, width, width, 10), 128)
    )
for batch in (1, 16, 128, 1024, 8192):
    workload(f"batch.{batch}", f"MLP 784-512-256-10, batch {batch:,}")(partial(perceptron, MLP, batch))
