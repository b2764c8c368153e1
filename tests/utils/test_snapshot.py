"""Snapshots: a run that is killed and resumed ends bit for bit where it would have ended."""

import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim, snapshot
from minigrad.utils.data import DataLoader, TensorDataset

ROOT = Path(__file__).parents[2]
RUN = """
import os, random, signal, sys
import numpy as np
import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn, optim, snapshot
from minigrad.utils.data import DataLoader, TensorDataset

path, result, last, kill = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4] == "kill"
resume = os.path.exists(path)
mg.manual_seed(7 + resume), np.random.seed(7 + resume), random.seed(7 + resume)  # resumed: different, unless restored
data = mg.Generator().manual_seed(1)
dataset = TensorDataset(mg.randn(50, 4, generator=data), mg.randint(3, (50,), generator=data))
model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 3))
optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
loader = DataLoader(dataset, 8, shuffle=True)
losses = []
if resume:
    losses = snapshot.load(path, model=model, optimizer=optimizer, loader=loader)["losses"]
while len(losses) < last:
    for x, y in loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x + 0.01 * float(np.random.rand()) + 0.01 * random.random()), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if kill and len(losses) == last // 2:
            snapshot.save(path, model=model, optimizer=optimizer, loader=loader, losses=losses)
            os.kill(os.getpid(), signal.SIGKILL)
        if len(losses) == last:
            break
mg.save([losses, model.state_dict(), optimizer.state_dict(), mg.rand(3), random.random()], result)
"""


def run(*args: Any) -> int:
    return subprocess.run([sys.executable, "-c", RUN, *map(str, args)], cwd=ROOT, timeout=60).returncode


def test_a_hundred_steps_are_fifty_a_kill_and_fifty_more_bit_for_bit(tmp_path: Path) -> None:
    path = tmp_path / "snapshot"
    assert run(path, tmp_path / "straight", 100, "no") == 0
    assert run(path, tmp_path / "never", 100, "kill") == -signal.SIGKILL and not (tmp_path / "never").exists()
    assert run(path, tmp_path / "resumed", 100, "no") == 0
    straight, resumed = (mg.load(tmp_path / name) for name in ("straight", "resumed"))
    assert len(straight[0]) == 100 and straight[0] == resumed[0]
    assert (tmp_path / "straight").read_bytes() == (tmp_path / "resumed").read_bytes()


def test_all_three_generators_go_on(tmp_path: Path) -> None:
    def numbers() -> list[Any]:
        return [mg.randn(3).tolist(), np.random.rand(), random.random(), mg.randint(9, (3,)).tolist()]

    mg.rand(3)
    snapshot.save(tmp_path / "s")
    first = numbers()
    assert numbers() != first
    snapshot.load(tmp_path / "s")
    assert numbers() == first
    snapshot.load(tmp_path / "s", rng=False)
    assert numbers() != first


class Scheduler:
    """What a scheduler is to a snapshot."""

    last_epoch = 3

    def state_dict(self) -> dict[str, Any]:
        return {"last_epoch": self.last_epoch}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.last_epoch = state["last_epoch"]


def test_extras_and_schedulers_come_back(tmp_path: Path) -> None:
    snapshot.save(tmp_path / "s", scheduler=Scheduler(), best=0.5, history=[1, (2, None)])
    other = Scheduler()
    other.last_epoch = 0
    assert snapshot.load(tmp_path / "s", scheduler=other) == {"best": 0.5, "history": [1, (2, None)]}
    assert other.last_epoch == 3


def test_searches_can_be_saved(tmp_path: Path) -> None:
    net = nn.Linear(2, 2)
    optimizer = optim.RandomLocalSearch(net.parameters())
    optimizer.step(lambda: net(mg.ones(2)).square().sum())
    snapshot.save(tmp_path / "s", model=net, optimizer=optimizer)
    other = nn.Linear(2, 2)
    snapshot.load(tmp_path / "s", model=other, optimizer=optim.RandomLocalSearch(other.parameters()))
    assert other.weight.tolist() == net.weight.tolist()


def test_what_is_missing_is_said_before_anything_changes(tmp_path: Path) -> None:
    net = nn.Linear(2, 2)
    snapshot.save(tmp_path / "s", model=net, rng=False)
    with pytest.raises(ValueError, match="expected a loader, got only model"):
        snapshot.load(tmp_path / "s", model=net, loader=DataLoader(TensorDataset(mg.ones(3))))
    with pytest.raises(ValueError, match="saved without random states; pass rng=False"):
        snapshot.load(tmp_path / "s", model=net)
    with pytest.raises(TypeError, match=r"snapshot.save: model: expected something with state_dict\(\), got int"):
        snapshot.save(tmp_path / "s", model=3)
    mg.save([1], tmp_path / "other")
    with pytest.raises(ValueError, match="expected a file that snapshot.save wrote; read it by minigrad.load"):
        snapshot.load(tmp_path / "other")


def test_frozen_layers_stay_in_their_mode(tmp_path: Path) -> None:
    net, twin = (nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Dropout(0.5)) for _ in range(2))
    net[1].eval()
    snapshot.save(tmp_path / "run", model=net)
    snapshot.load(tmp_path / "run", model=twin)
    assert [layer.training for layer in twin] == [True, False, True] and twin.training
