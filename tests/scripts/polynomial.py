"""A cubic fitted to a sine in seven ways, from bare tensors to a module whose graph changes from call to call."""

import math
import random

import torch
from torch import nn
from torch.autograd import Variable

torch.manual_seed(0)
random.seed(0)
dtype, device = torch.float, torch.device("cpu")
x = torch.linspace(-math.pi, math.pi, 500, device=device, dtype=dtype)
y = torch.sin(x)


def by_hand():
    a, b, c, d = (torch.randn((), device=device, dtype=dtype) for _ in range(4))
    for _ in range(1500):
        prediction = a + b * x + c * x**2 + d * x**3
        loss = (prediction - y).pow(2).sum().item()
        g = 2.0 * (prediction - y)
        a -= 1e-6 * g.sum()
        b -= 1e-6 * (g * x).sum()
        c -= 1e-6 * (g * x**2).sum()
        d -= 1e-6 * (g * x**3).sum()
    return loss


def by_autograd():
    ws = [torch.randn((), device=device, dtype=dtype, requires_grad=True) for _ in range(4)]
    for _ in range(1500):
        loss = (sum(w * x**k for k, w in enumerate(ws)) - y).pow(2).sum()
        loss.backward()
        with torch.no_grad():
            for w in ws:
                w -= 1e-6 * w.grad
                w.grad = None
    return loss.item()


class Legendre3(torch.autograd.Function):
    @staticmethod
    def forward(ctx, t):
        ctx.save_for_backward(t)
        return 0.5 * (5 * t**3 - 3 * t)

    @staticmethod
    def backward(ctx, grad_output):
        (t,) = ctx.saved_tensors
        return grad_output * 1.5 * (5 * t**2 - 1)


def by_own_function():
    a = torch.full((), 0.0, requires_grad=True)
    b = torch.full((), -1.0, requires_grad=True)
    c = torch.full((), 0.0, requires_grad=True)
    d = torch.full((), 0.3, requires_grad=True)
    p3 = Legendre3.apply
    for _ in range(1500):
        loss = (a + b * p3(c + d * x) - y).pow(2).sum()
        loss.backward()
        with torch.no_grad():
            for w in (a, b, c, d):
                w -= 5e-6 * w.grad
                w.grad = None
    return loss.item()


powers = x.unsqueeze(-1).pow(torch.tensor([1, 2, 3]))


def by_layers(make_optimizer=None):
    model = nn.Sequential(nn.Linear(3, 1), nn.Flatten(0, 1))
    loss_fn = nn.MSELoss(reduction="sum")
    optimizer = make_optimizer(model.parameters()) if make_optimizer else None
    for _ in range(1500):
        loss = loss_fn(model(powers), y)
        model.zero_grad()
        loss.backward()
        if optimizer:
            optimizer.step()
            continue
        with torch.no_grad():
            for p in model.parameters():
                p -= 1e-6 * p.grad
    return loss.item()


class Cubic(nn.Module):
    def __init__(self):
        super().__init__()
        for name in "abcd":
            setattr(self, name, nn.Parameter(torch.randn(())))

    def forward(self, t):
        return self.a + self.b * t + self.c * t**2 + self.d * t**3


class Changing(Cubic):
    def __init__(self):
        super().__init__()
        self.e = nn.Parameter(torch.randn(()) * 0.001)

    def forward(self, t):
        out = super().forward(t)
        for power in range(4, random.randint(4, 6)):
            out = out + self.e * t**power
        return out


def by_module(model, momentum=0.0, lr=1e-6):
    criterion = torch.nn.MSELoss(reduction="sum")
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum)
    for _ in range(1500):
        loss = criterion(model(Variable(x)), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item()


print(f"by hand {by_hand():.4f}")
print(f"autograd {by_autograd():.4f}")
print(f"own function {by_own_function():.4f}")
print(f"layers {by_layers():.4f}")
print(f"optimizer {by_layers(lambda ps: torch.optim.RMSprop(ps, lr=1e-3)):.4f}")
print(f"module {by_module(Cubic()):.4f}")
print(f"changing graph {by_module(Changing(), 0.9, 1e-8):.4f}")
