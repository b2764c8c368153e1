"""What a training step asks of a GPU: it waits for nothing, and starts no more kernels than it did.

The bounds are what is reached now, in the first step, which also makes the optimizer's state; they may fall and must
not rise.
"""

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim

F: Any = nn.functional
RNG = np.random.default_rng(0)


def mlp() -> Any:
    return nn.Sequential(nn.Linear(20, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 10))


def cnn() -> Any:
    return nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                         nn.Linear(64, 10))  # fmt: skip


def transformer() -> Any:
    layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True)
    return nn.Sequential(nn.Embedding(10, 8), nn.TransformerEncoder(layer, 1), nn.Linear(8, 10))


ROWS = RNG.standard_normal((32, 20)).astype("float32")
PICTURES = RNG.standard_normal((4, 3, 8, 8)).astype("float32")
WORDS = RNG.integers(0, 10, (3, 6))
STEPS: dict[str, tuple[Any, Any, Any, Any, int]] = {
    "linear softmax, SGD": (lambda: nn.Linear(20, 10), lambda p: optim.SGD(p, lr=0.1), ROWS, (32,), 13),
    "three layers, momentum": (mlp, lambda p: optim.SGD(p, lr=0.1, momentum=0.9), ROWS, (32,), 31),
    "three layers, Adam": (mlp, lambda p: optim.Adam(p, lr=0.1), ROWS, (32,), 43),
    "convolution, SGD": (cnn, lambda p: optim.SGD(p, lr=0.1), PICTURES, (4,), 54),
    "transformer, AdamW": (transformer, lambda p: optim.AdamW(p, lr=0.1), WORDS, (3, 6), 134),
}


@pytest.mark.parametrize("what", STEPS)
def test_a_training_step_waits_for_nothing_and_starts_no_more_than_it_did(what: str, cupy: Any) -> None:
    make, optimize, data, shape, bound = STEPS[what]
    model = make().cuda()
    optimizer = optimize(model.parameters())
    x = mg.tensor(data, device="cuda")
    y = mg.tensor(RNG.integers(0, 10, shape), device="cuda")
    started, losses = [], []
    for _ in range(4):
        before, uploads = cupy.launches, cupy.uploads
        with cupy.no_waits():
            optimizer.zero_grad()
            out = model(x)
            loss = F.cross_entropy(out.reshape(-1, 10), y.reshape(-1))
            loss.backward()
            optimizer.step()
        started.append(cupy.launches - before)
        losses.append(loss)
    assert losses[-1].item() < losses[0].item()
    assert max(started) <= bound, f"{what}: {started}"
    assert cupy.uploads == uploads, "a step copies nothing from the host"


def test_counts_do_not_grow_with_steps_or_rows(cupy: Any) -> None:
    def launches(rows: int) -> list[int]:
        layer = nn.Linear(5, 3).cuda()
        optimizer = optim.Adam(layer.parameters())
        x, y = mg.ones(rows, 5, device="cuda"), mg.zeros(rows, dtype="int64", device="cuda")
        out = []
        for _ in range(6):
            before = cupy.launches
            optimizer.zero_grad()
            F.cross_entropy(layer(x), y).backward()
            optimizer.step()
            out.append(cupy.launches - before)
        return out[2:]

    few, many = launches(4), launches(400)
    assert len(set(few)) == 1 and few == many
