"""Larger architectures: a residual net, a vision transformer, a U-Net, a GRU; inference alone, and batches of one."""

from collections.abc import Callable
from functools import partial
from typing import Any

from tests.benchmarks.nets import cnn_of, gpt_of, seeded, training
from tests.benchmarks.workload import Step, classes, numbers, workload

Made = tuple[Any, Any, Any]  # a model, a batch, and its classes


def resnet(lib: Any, small: bool) -> Made:
    """ResNet-18 for 32 x 32 (He et al., 2015): four stages of two blocks of two convolutions, half as wide."""
    nn = lib.nn
    n, side, width = (2, 16, 2) if small else (32, 32, 32)

    class Block(nn.Module):
        def __init__(self, a: int, b: int, stride: int) -> None:
            super().__init__()
            self.main = nn.Sequential(
                nn.Conv2d(a, b, 3, stride, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU(),
                nn.Conv2d(b, b, 3, 1, 1, bias=False), nn.BatchNorm2d(b),
            )  # fmt: skip
            same = a == b and stride == 1
            self.skip = nn.Identity() if same else nn.Sequential(nn.Conv2d(a, b, 1, stride), nn.BatchNorm2d(b))
            self.relu = nn.ReLU()

        def forward(self, x: Any) -> Any:
            return self.relu(self.main(x) + self.skip(x))

    layers, before = [nn.Conv2d(3, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()], width
    for stage in range(4):
        for block in range(2):
            layers.append(Block(before, width << stage, 2 if stage and not block else 1))
            before = width << stage
    model = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, 10))
    return seeded(lib, model), numbers(n, 3, side, side), classes(n)


def vit(lib: Any, small: bool) -> Made:
    """A vision transformer (Dosovitskiy et al., 2020): 64 patches of 4 x 4, 6 layers of width 192."""
    nn, F = lib.nn, lib.nn.functional
    n, side, layers, width, heads = (2, 8, 1, 8, 2) if small else (32, 32, 6, 192, 3)

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.ln1, self.ln2 = nn.LayerNorm(width), nn.LayerNorm(width)
            self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

        def forward(self, x: Any) -> Any:
            b, t, c = x.shape
            q, k, v = self.qkv(self.ln1(x)).reshape(b, t, 3, heads, c // heads).permute(2, 0, 3, 1, 4)
            x = x + self.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, t, c))
            return x + self.mlp(self.ln2(x))

    class ViT(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.patches = nn.Conv2d(3, width, 4, 4)
            self.position = nn.Parameter(lib.zeros((side // 4) ** 2, width))
            self.blocks, self.norm = nn.Sequential(*(Block() for _ in range(layers))), nn.LayerNorm(width)
            self.head = nn.Linear(width, 10)

        def forward(self, x: Any) -> Any:
            tokens = self.patches(x).flatten(2).transpose(1, 2) + self.position
            return self.head(self.norm(self.blocks(tokens)).mean(1))

    return seeded(lib, ViT()), numbers(n, 3, side, side), classes(n)


def unet(lib: Any, small: bool) -> Made:
    """A U-Net (Ronneberger et al., 2015): two levels, up again by transposed convolutions; a class a pixel."""
    nn = lib.nn
    n, side, w = (1, 8, 2) if small else (16, 64, 16)

    def twice(a: int, b: int) -> Any:
        return nn.Sequential(nn.Conv2d(a, b, 3, padding=1), nn.ReLU(), nn.Conv2d(b, b, 3, padding=1), nn.ReLU())

    class UNet(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.down1, self.down2, self.deep = twice(3, w), twice(w, 2 * w), twice(2 * w, 4 * w)
            self.pool = nn.MaxPool2d(2)
            self.up2, self.up1 = nn.ConvTranspose2d(4 * w, 2 * w, 2, 2), nn.ConvTranspose2d(2 * w, w, 2, 2)
            self.join2, self.join1, self.head = twice(4 * w, 2 * w), twice(2 * w, w), nn.Conv2d(w, 10, 1)

        def forward(self, x: Any) -> Any:
            first = self.down1(x)
            second = self.down2(self.pool(first))
            y = self.up2(self.deep(self.pool(second)))
            y = self.join2(lib.cat([second, y], 1))
            y = self.join1(lib.cat([first, self.up1(y)], 1))
            return self.head(y).permute(0, 2, 3, 1)

    return seeded(lib, UNet()), numbers(n, 3, side, side), classes(n, side, side)


def gru(lib: Any, small: bool) -> Made:
    """A classifier of sequences: one GRU, and a linear layer on its last state."""
    nn = lib.nn
    n, length, inputs, hidden = (2, 4, 3, 4) if small else (32, 32, 64, 128)

    class Classifier(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gru, self.head = nn.GRU(inputs, hidden, batch_first=True), nn.Linear(hidden, 10)

        def forward(self, x: Any) -> Any:
            return self.head(self.gru(x)[1][0])

    return seeded(lib, Classifier()), numbers(n, length, inputs), classes(n)


def step_of(make: Callable[[Any, bool], Made], lib: Any, small: bool, one: bool = False) -> Step:
    """A step of training by SGD, on the batch or on its first element."""
    model, x, y = make(lib, small)
    x, y = (x[:1], y[:1]) if one else (x, y)
    below = 65 if make is gpt_of else 10
    return training(lib, model, lib.optim.SGD(model.parameters(), lr=1e-3), x, y, below)


def inference_of(make: Callable[[Any, bool], Made], lib: Any, small: bool, one: bool = False) -> Step:
    """The model's answer, nothing recorded."""
    model, x, _ = make(lib, small)
    model.eval()
    x = lib.from_numpy(x[:1] if one else x)

    def step() -> Any:
        with lib.inference_mode():
            return model(x).sum()

    return step


ROWS = {
    "resnet": ("ResNet-18, half as wide, 32 x 32", resnet), "vit": ("ViT, 6 x 192, 64 tokens", vit),
    "unet": ("U-Net, 3 x 64 x 64", unet), "gru": ("GRU classifier, 64 -> 128, 32 steps", gru),
}  # fmt: skip
for name, (title, make) in ROWS.items():
    workload(name, f"{title}; batch {16 if name == 'unet' else 32}, SGD", goal=1.0)(partial(step_of, make))
for name, make in {"cnn": cnn_of, "gpt": gpt_of}.items():
    workload(f"infer.{name}", f"inference of `{name}`", goal=1.0)(partial(inference_of, make))
    workload(f"infer.{name}-1", f"inference of `{name}`, batch of 1", goal=1.0)(partial(inference_of, make, one=True))
for name, make in {"cnn": cnn_of, "gpt": gpt_of, **{name: row[1] for name, row in ROWS.items()}}.items():
    workload(f"one.{name}", f"`{name}`, training on a batch of 1", goal=1.0)(partial(step_of, make, one=True))
